use std::os::unix::fs::symlink;
use std::path::PathBuf;

use pocketstack_disk::Guid;
use pocketstack_disk::bios::PASS_ON;
use pocketstack_disk::parts;

use super::*;
use crate::layout;
use crate::verity::RootHash;

/// 100 GB in units of 512 bytes.
const LARGE: &str = "195312500\n";

/// A made-up machine that runs from memory.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().expect("a folder"));
        machine.write("proc/1/mountinfo", "22 1 0:2 / / rw - rootfs rootfs rw\n");
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    /// A disk of 100 GB with this number and what udev says of it.
    fn disk(&self, name: &str, number: &str, udev: &str) {
        for (file, text) in [
            ("size", LARGE),
            ("dev", number),
            ("ro", "0\n"),
            ("device/model", "Disk\n"),
        ] {
            self.write(&format!("sys/block/{name}/{file}"), text);
        }
        self.write(&format!("run/udev/data/b{number}"), &format!("I:1\n{udev}"));
    }

    fn part(&self, disk: &str, part: &str, number: &str, name: &str, udev: &str) {
        let folder = format!("sys/block/{disk}/{part}");
        self.write(&format!("{folder}/partition"), "1\n");
        self.write(&format!("{folder}/dev"), number);
        // The kernel leaves the name out if there is none.
        let name = if name.is_empty() {
            String::new()
        } else {
            format!("PARTNAME={name}\n")
        };
        self.write(&format!("{folder}/uevent"), &format!("DEVTYPE=partition\n{name}"));
        self.write(&format!("run/udev/data/b{number}"), &format!("I:1\n{udev}"));
        self.link(disk, part);
    }

    fn link(&self, disk: &str, part: &str) {
        std::fs::create_dir_all(self.path("sys/class/block")).expect("made");
        let to = self.path(&format!("sys/block/{disk}/{part}"));
        symlink(to, self.path(&format!("sys/class/block/{part}"))).expect("linked");
    }

    /// A device-mapper device over a partition.
    fn mapping(&self, over: &str, dm: &str, number: &str, name: &str, uuid: &str) {
        self.write(&format!("sys/block/{over}/holders/{dm}"), "");
        self.write(&format!("sys/class/block/{dm}/dm/name"), name);
        self.write(&format!("sys/class/block/{dm}/dm/uuid"), uuid);
        self.write(&format!("sys/class/block/{dm}/dev"), number);
    }

    /// An installed PocketStack; `state` is the kind of its state partition.
    fn pocketstack(&self, disk: &str, state: &str) {
        self.stick(disk, state);
        self.part(
            disk,
            &format!("{disk}8"),
            "8:8",
            parts::LVM,
            "E:ID_FS_TYPE=LVM2_member\n",
        );
    }

    /// The same system on a stick.
    fn stick(&self, disk: &str, state: &str) {
        let names = [parts::BIOS, parts::ESP, parts::ROOT_A, parts::VERITY_A];
        for (index, name) in names.iter().chain(&[parts::STATE]).enumerate() {
            let kind = if *name == parts::STATE { state } else { "" };
            let (part, number) = (format!("{disk}{}", index + 1), format!("8:{}", index + 1));
            self.part(disk, &part, &number, name, &format!("E:ID_FS_TYPE={kind}\n"));
        }
    }

    fn all(&self) -> Vec<Candidate> {
        candidates(&Root::at(self.0.path()))
    }

    fn one(&self) -> Candidate {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

fn foreign(what: impl Into<Words>) -> Content {
    Content::Foreign { what: what.into() }
}

/// The same as its English text alone.
fn plain(content: &Content) -> Content {
    match content {
        Content::Foreign { what } => foreign(what.as_str()),
        other => other.clone(),
    }
}

#[test]
fn an_empty_disk_is_offered_and_told_by_its_path() {
    let machine = Machine::new();
    let udev = "S:disk/by-path/pci-0000:00:05.0-ata-1.0\nS:disk/by-path/pci-0000:00:05.0-ata-1\n\
                E:ID_PATH=pci-0000:00:05.0-ata-1\nE:ID_SERIAL_SHORT=S1\n";
    machine.disk("sda", "8:0", udev);
    let expected = Candidate {
        name: "sda".to_owned(),
        path: Some("pci-0000:00:05.0-ata-1".to_owned()),
        model: Some("Disk".to_owned()),
        serial: Some("S1".to_owned()),
        size: ByteCount(100_000_000_000),
        content: Content::Empty,
        refused: None,
    };
    assert_eq!(machine.one(), expected);
}

#[test]
fn two_identical_disks_differ_by_their_paths() {
    let machine = Machine::new();
    machine.disk("vda", "254:0", "S:disk/by-path/pci-0000:00:05.0\n");
    machine.disk("vdb", "254:16", "S:disk/by-path/pci-0000:00:06.0\n");
    let paths: Vec<Option<String>> = machine.all().into_iter().map(|disk| disk.path).collect();
    let paths: Vec<Option<&str>> = paths.iter().map(Option::as_deref).collect();
    assert_eq!(paths, [Some("pci-0000:00:05.0"), Some("pci-0000:00:06.0")]);
}

#[test]
fn file_systems_lvm_and_raid_are_told() {
    let machine = Machine::new();
    machine.disk("sda", "8:0", "E:ID_PART_TABLE_TYPE=gpt\n");
    machine.part(
        "sda",
        "sda1",
        "8:1",
        "",
        "E:ID_FS_TYPE=ext4\nE:ID_FS_LABEL=data\n",
    );
    machine.part("sda", "sda2", "8:2", "", "E:ID_FS_TYPE=LVM2_member\n");
    machine.part("sda", "sda3", "8:3", "stuff", "");
    machine.mapping("sda/sda2", "dm-0", "254:0", "my--vg-root", "LVM-abc\n");
    machine.disk(
        "sdb",
        "8:16",
        "E:ID_FS_TYPE=linux_raid_member\nE:ID_FS_LABEL=nas:0\n",
    );
    let all = machine.all();
    assert_eq!(
        plain(&all[0].content),
        foreign(
            "LVM of the volume group my-vg, a partition \"stuff\" without a known content, ext4 \"data\""
        )
    );
    assert_eq!(all[0].refused, None);
    assert_eq!(plain(&all[1].content), foreign("a part of a RAID \"nas:0\""));
}

#[test]
fn a_pocketstack_is_recognised_with_and_without_its_state() {
    for (state, complete) in [("ext4", true), ("", false)] {
        let machine = Machine::new();
        machine.disk("sda", "8:0", "");
        machine.pocketstack("sda", state);
        assert_eq!(machine.one().content, Content::PocketStack { complete });
    }
}

#[test]
fn a_further_disk_counts_once_the_first_is_complete() {
    for (name, system, expected) in [
        (parts::LVM, false, foreign(words::volumes())),
        (parts::LVM_NEW, false, Content::Empty),
        (parts::LVM_NEW, true, foreign(words::volumes())),
    ] {
        let machine = Machine::new();
        machine.disk("sdb", "8:16", "");
        machine.part("sdb", "sdb1", "8:17", name, "E:ID_FS_TYPE=LVM2_member\n");
        machine.disk("sda", "8:0", "");
        if system {
            machine.pocketstack("sda", "ext4");
        } else {
            // It is whole as well, and what the installation was started from.
            machine.stick("sda", "ext4");
        }
        assert_eq!(machine.all()[1].content, expected, "{name} {system}");
    }
}

#[test]
fn the_state_of_a_medium_is_known_with_its_further_disk() {
    let machine = Machine::new();
    machine.disk("sda", "8:0", "");
    machine.part(
        "sda",
        "sda1",
        "8:1",
        parts::STATE_OF_MEDIUM,
        "E:ID_FS_TYPE=ext4\n",
    );
    machine.part("sda", "sda2", "8:2", parts::LVM, "E:ID_FS_TYPE=LVM2_member\n");
    machine.disk("sdb", "8:16", "");
    machine.part(
        "sdb",
        "sdb1",
        "8:17",
        parts::LVM_NEW,
        "E:ID_FS_TYPE=LVM2_member\n",
    );
    let contents: Vec<Content> = machine.all().into_iter().map(|disk| disk.content).collect();
    assert_eq!(contents, [Content::StateOfMedium, foreign(words::volumes())]);
}

#[test]
fn a_disk_in_use_is_refused_with_what_uses_it() {
    let refused = |prepare: &dyn Fn(&Machine)| {
        let machine = Machine::new();
        machine.disk("sda", "8:0", "");
        machine.part("sda", "sda1", "8:1", "", "E:ID_FS_TYPE=ext4\n");
        prepare(&machine);
        machine.one().refused.map_or_else(String::new, String::from)
    };
    assert_eq!(refused(&|_| {}), "");
    let mounted = "22 1 0:2 / / rw - rootfs rootfs rw\n23 22 8:1 / /var rw - ext4 /dev/sda1 rw\n";
    let why = refused(&|machine| machine.write("proc/1/mountinfo", mounted));
    assert_eq!(why, "it is in use: sda1 is mounted at /var");
    let swaps = "Filename Type Size\n/dev/sda1 partition 1\n";
    let why = refused(&|machine| machine.write("proc/swaps", swaps));
    assert_eq!(why, "it is in use: sda1 is swap");
    let why = refused(&|machine| machine.write("sys/block/sda/sda1/holders/md127", ""));
    assert_eq!(why, "it is in use: sda1 is part of md127");
    let why = refused(&|machine| {
        machine.mapping("sda/sda1", "dm-0", "254:0", "vg-root", "LVM-abc");
        machine.write("proc/1/mountinfo", &mounted.replace("8:1", "254:0"));
    });
    assert_eq!(why, "it is in use: dm-0 is mounted at /var");
    let why = refused(&|machine| machine.mapping("sda/sda1", "dm-0", "254:0", "secret", "CRYPT-LUKS2-abc"));
    assert_eq!(why, "it is in use: sda1 is part of secret");
}

#[test]
fn what_cannot_be_installed_on_is_refused_with_the_reason() {
    let machine = Machine::new();
    for (name, number) in [("sda", "8:0"), ("sdb", "8:16"), ("sdc", "8:32"), ("sr0", "11:0")] {
        machine.disk(name, number, "E:ID_CDROM_MEDIA=1\n");
    }
    machine.write("sys/block/sda/size", "2097152\n");
    machine.write("sys/block/sdb/ro", "1\n");
    std::fs::remove_file(machine.path("run/udev/data/b8:32")).expect("removed");
    let refused: Vec<Words> = machine
        .all()
        .into_iter()
        .filter_map(|disk| disk.refused)
        .collect();
    assert_eq!(
        refused,
        [
            "it has 1.0 GiB, and at least 8.0 GiB are needed",
            "it is write-protected",
            "it has not been looked at yet: try again in a moment",
            "it is a disc",
        ]
    );
}

#[test]
fn the_disk_this_machine_runs_from_is_never_offered() {
    let machine = Machine::new();
    let folder = "sys/devices/pci/block/sda";
    for (file, text) in [
        ("size", LARGE),
        ("dev", "8:0"),
        ("device/model", "Stick\n"),
        ("sda3/partition", "3\n"),
    ] {
        machine.write(&format!("{folder}/{file}"), text);
    }
    for folder in ["sys/block", "sys/class/block", "sys/dev/block"] {
        std::fs::create_dir_all(machine.path(folder)).expect("made");
    }
    let link = |to: &str, at: &str| symlink(machine.path(to), machine.path(at)).expect("linked");
    link(folder, "sys/block/sda");
    link(folder, "sys/class/block/sda");
    link(&format!("{folder}/sda3"), "sys/class/block/sda3");
    machine.write("sys/devices/virtual/block/dm-0/slaves/sda3", "");
    link("sys/devices/virtual/block/dm-0", "sys/class/block/dm-0");
    link("sys/devices/virtual/block/dm-0", "sys/dev/block/254:0");
    machine.write(
        "proc/1/mountinfo",
        "22 1 254:0 / / ro - erofs /dev/mapper/root ro\n",
    );
    machine.write("run/udev/data/b8:0", "I:1\n");
    assert_eq!(
        machine.one().refused.as_deref(),
        Some("this machine runs from it")
    );
}

#[test]
fn a_damaged_table_does_not_make_a_disk_look_empty() {
    let machine = Machine::new();
    machine.disk("sda", "8:0", "");
    let shape = Shape {
        size: 100_000_000_000,
        sector: 512,
    };
    let mut ids = || Guid([7; 16]);
    let bytes = layout::system(shape, &RootHash([1; 32]), &mut ids).bytes(shape, &PASS_ON);
    machine.write("dev/sda", "");
    let device = File::options()
        .write(true)
        .open(machine.path("dev/sda"))
        .expect("opened");
    device.set_len(shape.size).expect("grown");
    device.write_all_at(&bytes.head[..512], 0).expect("written");
    device.write_all_at(&bytes.tail, bytes.tail_at).expect("written");
    assert_eq!(machine.one().content, Content::PocketStack { complete: true });
}

#[test]
fn what_an_installation_that_was_ended_told_the_kernel_does_not_count() {
    let machine = Machine::new();
    machine.disk("sda", "8:0", "");
    machine.part("sda", "sda7", "8:7", "", "E:ID_FS_TYPE=ext4\n");
    machine.part("sda", "sda8", "8:8", "", "E:ID_FS_TYPE=LVM2_member\n");
    machine.mapping("sda/sda8", "dm-0", "254:0", "pocketstack-pool", "LVM-abc\n");
    assert_eq!(
        plain(&machine.one().content),
        foreign("LVM of the volume group pocketstack, ext4")
    );
    let mut start = vec![0; 16384];
    let mut with = |at: usize, byte: u8| {
        start[at] = byte;
        std::fs::create_dir_all(machine.path("dev")).expect("made");
        std::fs::write(machine.path("dev/sda"), &start).expect("written");
        machine.one()
    };
    assert_eq!(with(0, 0).content, Content::Empty);
    assert_eq!(with(0, 0).refused, None);
    assert!(matches!(with(510, 0x55).content, Content::Foreign { .. }));
}
