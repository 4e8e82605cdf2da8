//! The real adapter on a real block device: a file behind a loop device. Needs root and a kernel with loop devices;
//! without them it says so and passes.

use std::fs::File;
use std::path::Path;

use pocketstack_disk::bios::PASS_ON;
use pocketstack_disk::parts::number;
use pocketstack_disk::table::{Shape, Table};
use pocketstack_exec::{Cmd, run};
use pocketstack_installer::host::{FileSystem, NewFile, Part};
use pocketstack_installer::layout;
use pocketstack_installer::verity::RootHash;
use pocketstack_installer::{Host, Machine};

const SIZE: u64 = 10 << 30;

/// A loop device; dropping it detaches it.
struct Loop(String);

impl Loop {
    fn over(file: &Path) -> Result<Self, String> {
        let attach = Cmd::new("losetup")
            .args(["--partscan", "--find", "--show"])
            .arg(file);
        let device = run(attach).map_err(|error| error.to_string())?.text();
        let name = device.trim().strip_prefix("/dev/").unwrap_or_default();
        Ok(Self(name.to_owned()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if let Err(error) = run(Cmd::new("losetup").args(["--detach", &format!("/dev/{}", self.0)])) {
            eprintln!("{} stays: {error}", self.0);
        }
    }
}

#[test]
fn partitions_are_used_before_the_disk_has_them() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let path = dir.path().join("disk");
    File::create(&path)
        .and_then(|file| file.set_len(SIZE))
        .expect("a file");
    let device = match Loop::over(&path) {
        Ok(device) => device,
        Err(why) => return println!("skipped, there are no loop devices here: {why}"),
    };
    let disk = device.0.as_str();
    let mut machine = Machine::new(dir.path().join("work"));
    let shape = Shape {
        size: SIZE,
        sector: machine.sector(disk).expect("a sector size"),
    };
    let mut ids = Vec::new();
    for _ in 0..16 {
        ids.push(machine.id().expect("an id"));
    }
    let table = layout::system(shape, &RootHash([0xab; 32]), &mut || {
        ids.pop().unwrap_or_default()
    });
    let part = |number| {
        let entry = table.number(number).expect("a partition");
        Part {
            disk: disk.to_owned(),
            number,
            start: entry.start,
            size: entry.size,
        }
    };

    let state = part(number::STATE);
    machine
        .show(disk, &[state.clone(), part(number::LVM)])
        .expect("shown");
    machine
        .show(disk, std::slice::from_ref(&state))
        .expect("shown again");
    machine.format(&state, FileSystem::Ext4).expect("made");
    let file = NewFile {
        path: "lib/pocketstack/config/00000001.toml",
        bytes: b"version = 1\n",
    };
    machine.put(&state, FileSystem::Ext4, &[file]).expect("written");
    let different = NewFile {
        bytes: b"version = 2\n",
        ..file
    };
    let mut wrong = |files: &[NewFile<'_>]| machine.check(&state, FileSystem::Ext4, files).expect("read");
    assert_eq!(wrong(&[file]), None);
    assert_eq!(wrong(&[file, different]).as_deref(), Some(file.path));

    // To the disk itself it is still empty.
    let read = |machine: &mut Machine| {
        Table::read(shape, &mut |at, into| {
            machine.read(disk, at, into).map_err(std::io::Error::other)
        })
        .expect("read")
    };
    assert_eq!(read(&mut machine), None);
    let bytes = table.bytes(shape, &PASS_ON);
    machine.write(disk, bytes.tail_at, &bytes.tail).expect("written");
    machine.write(disk, 0, &bytes.head).expect("written");
    machine.flush(disk).expect("flushed");
    assert_eq!(read(&mut machine).as_ref(), Some(&table));
    machine
        .finish(&[disk.to_owned()])
        .expect("the kernel takes the table");

    // Somebody else reads the table in the same way, and the state is where it says. (Not every kernel that has loop
    // devices reads this kind of table, so it is told once more.)
    let columns = [
        "--show",
        "--noheadings",
        "--bytes",
        "--output",
        "NR,START,SIZE,UUID,NAME",
    ];
    let shown = run(Cmd::new("partx").args(columns).arg(&path))
        .expect("partx runs")
        .text();
    let shown: Vec<String> = shown
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let expected: Vec<String> = (1..)
        .zip(table.entries.iter().flatten())
        .map(|(number, entry)| {
            let start = entry.start / shape.sector;
            format!("{number} {start} {} {} {}", entry.size, entry.id, entry.name)
        })
        .collect();
    assert_eq!(shown, expected);
    machine.show(disk, std::slice::from_ref(&state)).expect("shown");
    let listed = machine
        .list(&state, FileSystem::Ext4, "lib/pocketstack/config")
        .expect("read");
    assert_eq!(listed, [("00000001.toml".to_owned(), file.bytes.to_vec())]);
    let probe = Cmd::new("blkid").args(["--probe", "-o", "export", "-O"]);
    let probe = probe
        .arg(state.start.to_string())
        .arg("-S")
        .arg(state.size.to_string())
        .arg(&path);
    let text = run(probe).expect("blkid runs").text();
    assert!(text.contains("LABEL=pocketstack-stat\n"), "{text}");
    machine.show(disk, &[]).expect("forgotten");
}
