//! Partitions of disks, and their names.

use std::path::Path;

use super::Udev;
use crate::root::Root;

/// Kernel names of a disk's partitions, in the order of their numbers.
pub fn partitions(root: &Root, disk: &str) -> Vec<String> {
    let folder = Path::new("/sys/block").join(disk);
    let mut numbered: Vec<(u64, String)> = root
        .names(&folder)
        .into_iter()
        .filter_map(|name| Some((root.number(folder.join(&name).join("partition"))?, name)))
        .collect();
    numbered.sort();
    numbered.into_iter().map(|(_, name)| name).collect()
}

/// Kernel name of the disk's partition that has this name in the partition table.
pub fn partition_named(root: &Root, disk: &str, name: &str) -> Option<String> {
    let folder = Path::new("/sys/class/block").join(disk);
    root.names(&folder).into_iter().find(|part| {
        part.starts_with(disk) && partition_name(root, folder.join(part)).as_deref() == Some(name)
    })
}

/// Name in the partition table of the partition with this folder in sysfs. The kernel knows the names of partitions
/// that it has read itself, and none of those that it was told of while the disk was in use; udev reads the table.
pub fn partition_name(root: &Root, folder: impl AsRef<Path>) -> Option<String> {
    let folder = folder.as_ref();
    let uevent = root.text(folder.join("uevent")).unwrap_or_default();
    let name = uevent.lines().find_map(|line| line.strip_prefix("PARTNAME="));
    name.map(str::to_owned).or_else(|| {
        Udev::of(root, folder)
            .property("ID_PART_ENTRY_NAME")
            .map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn udev_tells_the_name_where_the_kernel_does_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Root::at(dir.path());
        let part = dir.path().join("sys/class/block/sda/sda2");
        fs::create_dir_all(&part).expect("made");
        fs::create_dir_all(dir.path().join("run/udev/data")).expect("made");
        let name = || partition_name(&root, "/sys/class/block/sda/sda2");
        fs::write(part.join("dev"), "8:2\n").expect("written");
        fs::write(part.join("uevent"), "PARTN=2\n").expect("written");
        assert_eq!(name(), None);
        fs::write(
            dir.path().join("run/udev/data/b8:2"),
            "I:1\nE:ID_PART_ENTRY_NAME=udev\n",
        )
        .expect("written");
        assert_eq!(name().as_deref(), Some("udev"));
        assert_eq!(partition_named(&root, "sda", "udev").as_deref(), Some("sda2"));
        assert_eq!(partition_named(&root, "sda", "kernel"), None);
        fs::write(part.join("uevent"), "PARTN=2\nPARTNAME=kernel\n").expect("written");
        assert_eq!(name().as_deref(), Some("kernel"));
    }
}
