//! Which disk the verified root is on, and what partitions that disk has, read from sysfs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::gpt::{self, Entry};

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
    let Some(at) = table.iter().position(|entry| entry.name == label) else {
        return Ok(None);
    };
    let parts = names(&sys.join("class/block"));
    let wanted = Some((disk.to_owned(), at + 1));
    Ok(parts.into_iter().find(|part| place(sys, part) == wanted))
}

/// The partition table of the disk.
///
/// # Errors
/// The disk cannot be read, or has none.
pub fn table(sys: &Path, dev: &Path, disk: &str) -> Result<Vec<Entry>> {
    let path = dev.join(disk);
    let size = text(
        &sys.join("class/block")
            .join(disk)
            .join("queue/logical_block_size"),
    );
    let sector = size.and_then(|size| size.parse().ok()).unwrap_or(512);
    File::open(&path)
        .and_then(|mut file| gpt::entries(&mut file, sector))
        .with_context(|| format!("cannot read the partition table of {}", path.display()))
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

    use super::*;
    use crate::gpt::Guid;

    /// EFI partitions of `sda` and `sdb`.
    const ESPS: [&str; 2] = [
        "aaaaaaaa-0000-0000-0000-000000000001",
        "bbbbbbbb-0000-0000-0000-000000000001",
    ];

    /// A machine with an installed disk `sda`, a stick `sdb` and a disc's image `loop0`, the same root on all three;
    /// its `sys`, `dev` and `proc` are folders of what is returned, and the ids those of the EFI partitions.
    pub fn machine() -> (tempfile::TempDir, [&'static str; 2]) {
        let machine = tempfile::tempdir().expect("a folder");
        let root = machine.path();
        let class = root.join("sys/class/block");
        let devices = root.join("sys/devices");
        for folder in ["sys/class/block", "dev", "proc"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        let add = |path: &str, files: &[(&str, &str)]| {
            let folder = devices.join(path);
            for (name, content) in files {
                let file = folder.join(name);
                fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                fs::write(file, content).expect("a file");
            }
            let name = folder.file_name().expect("a name").to_owned();
            symlink(&folder, class.join(name)).expect("a link");
        };
        let table = |disk: &str, entries: &[(Guid, &str)]| {
            fs::write(root.join("dev").join(disk), gpt::tests::disk(entries)).expect("written");
        };
        let (data, tree) = ([0x11; 16], [0x22; 16]);
        for (disk, esp) in ["sda", "sdb"].into_iter().zip(ESPS) {
            add(disk, &[("device/model", "disk\n"), ("ro", "0\n")]);
            for number in 1..=7 {
                add(
                    &format!("{disk}/{disk}{number}"),
                    &[("partition", &format!("{number}\n"))],
                );
            }
            let esp = gpt::parse(esp).expect("a GUID");
            let ids = [[1; 16], esp, data, tree, [2; 16], [3; 16], [4; 16]];
            let names = ["bios", "esp", "root-a", "verity-a", "", "", "pocketstack-state"];
            let entries: Vec<(Guid, &str)> = ids.into_iter().zip(names).collect();
            table(disk, &entries);
        }
        add("loop0", &[("loop/backing_file", "/pocketstack.img\n")]);
        add("loop0/loop0p1", &[("partition", "1\n")]);
        table("loop0", &[(data, "root"), (tree, "verity")]);
        (machine, ESPS)
    }

    /// The machine's sysfs, with the root on `under`.
    fn sysfs(machine: &Path, under: &str) -> PathBuf {
        let sys = machine.join("sys");
        fs::create_dir_all(sys.join("devices/dm-0/dm")).expect("a folder");
        fs::write(sys.join("devices/dm-0/dm/name"), "root\n").expect("a file");
        fs::create_dir_all(sys.join("devices/dm-0/slaves").join(under)).expect("a folder");
        symlink(sys.join("devices/dm-0"), sys.join("class/block/dm-0")).expect("a link");
        sys
    }

    #[test]
    fn state_is_looked_for_on_the_disk_of_the_root_only() {
        let (machine, _) = machine();
        let sys = sysfs(machine.path(), "sdb3");
        assert_eq!(disk_under(&sys, "root").expect("found").as_deref(), Some("sdb"));
        let part = |label| partition(&sys, &machine.path().join("dev"), "sdb", label).expect("read");
        assert_eq!(part("pocketstack-state").as_deref(), Some("sdb7"));
        assert_eq!(part("pocketstack-stat"), None);
        assert!(!is_read_only(&sys, "sdb"));
    }

    #[test]
    fn a_file_in_memory_or_on_a_disc_is_no_disk() {
        let (machine, _) = machine();
        let sys = sysfs(machine.path(), "loop0p1");
        assert_eq!(disk_under(&sys, "root").expect("found"), None);
    }

    #[test]
    fn no_mapping_is_an_error() {
        let (machine, _) = machine();
        let sys = sysfs(machine.path(), "sda3");
        let error = disk_under(&sys, "usr").expect_err("none");
        assert_eq!(error.to_string(), "there is no device-mapper device called usr");
    }
}
