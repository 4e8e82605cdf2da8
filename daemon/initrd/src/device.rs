//! Which disk the verified root is on, and what disks and partitions there are, read from sysfs.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pocketstack_disk::table::{Shape, Table};

/// The disk of the device-mapper device called `mapping`, by its kernel name. `None` if that is no disk: a loop device
/// over a file of a disc, or of the initrd itself.
///
/// # Errors
/// If there is no such mapping, or nothing below it.
pub fn disk_under(sys: &Path, mapping: &str) -> Result<Option<String>> {
    let class = sys.join("class/block");
    let device = names(&class)
        .into_iter()
        .find(|name| text(&class.join(name).join("dm/name")).as_deref() == Some(mapping))
        .with_context(|| format!("there is no device-mapper device called {mapping}"))?;
    // Data and hash tree are on the same disk.
    let part = names(&class.join(&device).join("slaves"))
        .into_iter()
        .next()
        .with_context(|| format!("{device} has nothing below it"))?;
    let disk = parent(&class, &part).with_context(|| format!("{part} is no partition"))?;
    let real = class.join(&disk).join("device").exists();
    Ok(real.then_some(disk))
}

/// The partition of the disk that has this name in the partition table, by kernel name.
///
/// # Errors
/// The disk cannot be read, or has no partition table.
pub fn partition(sys: &Path, dev: &Path, disk: &str, label: &str) -> Result<Option<String>> {
    let table = table(sys, dev, disk)?;
    let Some((number, _)) = table.named(label) else {
        return Ok(None);
    };
    let parts = names(&sys.join("class/block"));
    let wanted = Some((disk.to_owned(), number));
    Ok(parts.into_iter().find(|part| place(sys, part) == wanted))
}

/// The disks that can have partitions and hold something, by kernel name.
pub fn disks(sys: &Path) -> Vec<String> {
    let class = sys.join("class/block");
    let mut disks = names(&class);
    disks.retain(|name| {
        let folder = class.join(name);
        let is = |file: &str, value: &str| text(&folder.join(file)).as_deref() == Some(value);
        // A drive for discs is asked for one that may not be there. Hidden are the single paths of a multipath disk.
        folder.join("device").exists() && !name.starts_with("sr") && !is("hidden", "1") && !is("size", "0")
    });
    disks
}

/// The partition table of the disk, from the disk itself: the kernel does not know the names of partitions that were
/// added while it ran.
///
/// # Errors
/// The disk cannot be read, or has none.
pub fn table(sys: &Path, dev: &Path, disk: &str) -> Result<Table> {
    let path = dev.join(disk);
    let size = text(
        &sys.join("class/block")
            .join(disk)
            .join("queue/logical_block_size"),
    );
    let sector = size.and_then(|size| size.parse().ok()).unwrap_or(512);
    let read = || {
        let mut file = File::open(&path)?;
        let size = file.seek(SeekFrom::End(0))?;
        let table = Table::read(Shape { size, sector }, &mut |at, into| {
            file.read_exact_at(into, at)
        })?;
        table.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it has no GUID partition table"))
    };
    read().with_context(|| format!("cannot read the partition table of {}", path.display()))
}

/// A partition's disk and its number on it.
pub fn place(sys: &Path, part: &str) -> Option<(String, usize)> {
    let class = sys.join("class/block");
    let number = text(&class.join(part).join("partition"))?.parse().ok()?;
    Some((parent(&class, part)?, number))
}

/// Whether the disk is a file behind a loop device.
pub fn is_loop(sys: &Path, disk: &str) -> bool {
    sys.join("class/block").join(disk).join("loop").exists()
}

/// Whether nothing can be written to the disk.
pub fn is_read_only(sys: &Path, disk: &str) -> bool {
    text(&sys.join("class/block").join(disk).join("ro")).as_deref() == Some("1")
}

/// A partition's disk: sysfs keeps the one in the folder of the other.
fn parent(class: &Path, part: &str) -> Option<String> {
    let path = class.join(part);
    path.join("partition").exists().then_some(())?;
    let folder: PathBuf = fs::canonicalize(path).ok()?;
    Some(folder.parent()?.file_name()?.to_string_lossy().into_owned())
}

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn text(path: &Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim_end().to_owned())
}

#[cfg(test)]
pub mod tests {
    use std::os::unix::fs::symlink;

    use pocketstack_disk::Guid;
    use pocketstack_disk::bios::CODE;
    use pocketstack_disk::parts;
    use pocketstack_disk::table::Entry;

    use super::*;

    /// EFI partitions of `sda` and `sdb`.
    pub const ESPS: [&str; 2] = [
        "aaaaaaaa-0000-0000-0000-000000000001",
        "bbbbbbbb-0000-0000-0000-000000000001",
    ];

    /// A made-up machine: its `sys`, `dev` and `proc` are folders of a temporary one.
    pub struct Machine(tempfile::TempDir);

    impl Machine {
        /// One with an installed disk `sda`, a stick `sdb` and a disc's image `loop0`, the same root on all three.
        pub fn new() -> Self {
            let machine = Self(tempfile::tempdir().expect("a folder"));
            for folder in ["sys/class/block", "dev", "proc"] {
                fs::create_dir_all(machine.root().join(folder)).expect("a folder");
            }
            let (data, tree) = (Guid([0x11; 16]), Guid([0x22; 16]));
            for (disk, esp) in ["sda", "sdb"].into_iter().zip(ESPS) {
                let mut all = vec![
                    (Guid([1; 16]), parts::BIOS),
                    (esp.parse().expect("a GUID"), parts::ESP),
                    (data, parts::ROOT_A),
                    (tree, parts::VERITY_A),
                    (Guid([2; 16]), parts::EMPTY),
                    (Guid([3; 16]), parts::EMPTY),
                    (Guid([4; 16]), parts::STATE),
                ];
                if disk == "sda" {
                    all.push((Guid([5; 16]), parts::LVM));
                }
                machine.disk(disk, &all);
            }
            machine.add("loop0", &[("loop/backing_file", "/pocketstack.img\n")]);
            machine.add("loop0/loop0p1", &[("partition", "1\n")]);
            machine.table("loop0", &[(data, "root"), (tree, "verity")]);
            machine
        }

        pub fn root(&self) -> &Path {
            self.0.path()
        }

        pub fn sys(&self) -> PathBuf {
            self.root().join("sys")
        }

        pub fn dev(&self) -> PathBuf {
            self.root().join("dev")
        }

        /// Plugs in a disk with these partitions.
        pub fn disk(&self, disk: &str, entries: &[(Guid, &str)]) {
            self.add(
                disk,
                &[("device/model", "disk\n"), ("ro", "0\n"), ("size", "2048\n")],
            );
            for number in 1..=entries.len() {
                let part = format!("{disk}/{disk}{number}");
                self.add(&part, &[("partition", &format!("{number}\n"))]);
            }
            self.table(disk, entries);
        }

        /// Adds a device.
        pub fn add(&self, path: &str, files: &[(&str, &str)]) {
            let folder = self.sys().join("devices").join(path);
            for (name, content) in files {
                let file = folder.join(name);
                fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                fs::write(file, content).expect("a file");
            }
            let name = folder.file_name().expect("a name").to_owned();
            symlink(&folder, self.sys().join("class/block").join(name)).expect("a link");
        }

        fn table(&self, disk: &str, entries: &[(Guid, &str)]) {
            let shape = Shape {
                size: 1 << 20,
                sector: 512,
            };
            let entry = |(id, name): &(Guid, &str)| Entry {
                kind: Guid([9; 16]),
                id: *id,
                start: 64 << 10,
                size: 4096,
                flags: 0,
                name: (*name).to_owned(),
            };
            let table = Table {
                id: Guid([7; 16]),
                entries: entries.iter().map(entry).map(Some).collect(),
            };
            let bytes = table.bytes(shape, &[0; CODE]);
            let mut disk_bytes = vec![0; shape.size as usize];
            disk_bytes[..bytes.head.len()].copy_from_slice(&bytes.head);
            disk_bytes[bytes.tail_at as usize..].copy_from_slice(&bytes.tail);
            fs::write(self.dev().join(disk), disk_bytes).expect("written");
        }

        /// Has the root on this partition.
        pub fn runs_from(self, under: &str) -> Self {
            let sys = self.sys();
            fs::create_dir_all(sys.join("devices/dm-0/dm")).expect("a folder");
            fs::write(sys.join("devices/dm-0/dm/name"), "root\n").expect("a file");
            fs::create_dir_all(sys.join("devices/dm-0/slaves").join(under)).expect("a folder");
            symlink(sys.join("devices/dm-0"), sys.join("class/block/dm-0")).expect("a link");
            self
        }
    }

    #[test]
    fn the_partitions_of_the_disk_of_the_root_are_found() {
        let machine = Machine::new().runs_from("sdb3");
        let sys = machine.sys();
        assert_eq!(disk_under(&sys, "root").expect("found").as_deref(), Some("sdb"));
        let part = |label| partition(&sys, &machine.dev(), "sdb", label).expect("read");
        assert_eq!(part(parts::STATE).as_deref(), Some("sdb7"));
        assert_eq!(part("pocketstack-stat"), None);
        assert!(!is_read_only(&sys, "sdb"));
    }

    #[test]
    fn a_file_in_memory_or_on_a_disc_is_no_disk() {
        let machine = Machine::new().runs_from("loop0p1");
        assert_eq!(disk_under(&machine.sys(), "root").expect("found"), None);
    }

    #[test]
    fn no_mapping_is_an_error() {
        let machine = Machine::new().runs_from("sda3");
        let error = disk_under(&machine.sys(), "usr").expect_err("none");
        assert_eq!(error.to_string(), "there is no device-mapper device called usr");
    }

    #[test]
    fn what_can_have_partitions_is_a_disk() {
        let machine = Machine::new();
        machine.add("sr0", &[("device/model", "DVD\n"), ("size", "600000\n")]);
        machine.add("sdc", &[("device/model", "reader\n"), ("size", "0\n")]);
        machine.add("nvme0c0n1", &[("device/x", ""), ("hidden", "1\n")]);
        assert_eq!(disks(&machine.sys()), ["sda", "sdb"]);
        fs::write(machine.dev().join("sda"), vec![0; 4096]).expect("written");
        let error = table(&machine.sys(), &machine.dev(), "sda").expect_err("no table");
        assert!(
            format!("{error:#}").ends_with("it has no GUID partition table"),
            "{error:#}"
        );
    }
}
