//! What udev knows about devices, and names of partitions.

use std::path::Path;

use crate::root::Root;

/// A property udev keeps about the device with this folder in sysfs.
pub fn udev_property(root: &Root, folder: impl AsRef<Path>, key: &str) -> Option<String> {
    let number = root.text(folder.as_ref().join("dev"))?;
    let udev = root.text(format!("/run/udev/data/b{number}"))?;
    udev.lines()
        .find_map(|line| line.strip_prefix("E:")?.strip_prefix(key)?.strip_prefix('='))
        .map(str::to_owned)
}

/// Name in the partition table of the partition with this folder in sysfs. The kernel knows the names of partitions
/// that it has read itself, and none of those that it was told of while the disk was in use; udev reads the table.
pub fn partition_name(root: &Root, folder: impl AsRef<Path>) -> Option<String> {
    let folder = folder.as_ref();
    let uevent = root.text(folder.join("uevent")).unwrap_or_default();
    let name = uevent.lines().find_map(|line| line.strip_prefix("PARTNAME="));
    name.map(str::to_owned)
        .or_else(|| udev_property(root, folder, "ID_PART_ENTRY_NAME"))
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
        fs::write(part.join("uevent"), "PARTN=2\nPARTNAME=kernel\n").expect("written");
        assert_eq!(name().as_deref(), Some("kernel"));
    }
}
