//! Where state is kept.

use std::path::Path;

use nix::sys::statvfs::statvfs;
use pocketstack_disk::parts;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::State;

use crate::inventory::{partition_name, partition_named};
use crate::mounts::{Mount, under};
use crate::root::Root;

/// File systems whose content is gone after a restart, or that cannot be written at all.
const NOT_KEPT: [&str; 7] = [
    "tmpfs", "ramfs", "rootfs", "overlay", "erofs", "squashfs", "iso9660",
];

/// What `/var` is on.
pub fn state(root: &Root, mounts: &[Mount]) -> State {
    let Some(mount) = under(mounts, Path::new("/var")) else {
        return State::Volatile;
    };
    if mount.read_only || NOT_KEPT.contains(&mount.kind.as_str()) {
        return State::Volatile;
    }
    let Ok(space) = statvfs(&root.path("/var")) else {
        return State::Volatile;
    };
    let bytes = |blocks: u64| ByteCount(blocks.saturating_mul(space.fragment_size()));
    State::Persistent {
        device: mount.source.clone(),
        size: bytes(space.blocks()),
        used: bytes(space.blocks().saturating_sub(space.blocks_free())),
    }
}

/// Whether what is at `/var` is a state partition on a disk of its own, beside the medium this machine runs from.
pub fn is_apart(root: &Root, mounts: &[Mount]) -> bool {
    let part = under(mounts, Path::new("/var")).map(|mount| format!("/sys/dev/block/{}", mount.device));
    part.and_then(|part| partition_name(root, part)).as_deref() == Some(parts::STATE_OF_MEDIUM)
}

/// Kernel names of the disks that have such a state partition.
pub fn disks_with_state(root: &Root) -> Vec<String> {
    let mut disks = root.names("/sys/block");
    disks.retain(|disk| partition_named(root, disk, parts::STATE_OF_MEDIUM).is_some());
    disks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(kind: &str, point: &str, read_only: bool) -> Mount {
        Mount {
            device: "8:5".to_owned(),
            point: point.into(),
            kind: kind.to_owned(),
            source: "/dev/sda5".to_owned(),
            read_only,
        }
    }

    #[test]
    fn only_a_writable_disk_keeps_state() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("var")).expect("made");
        let root = Root::at(dir.path());
        let base = mount("erofs", "/", true);
        let on = |kind: &str, read_only| state(&root, &[base.clone(), mount(kind, "/var", read_only)]);
        let State::Persistent { device, size, used } = on("ext4", false) else {
            panic!("ext4 keeps state")
        };
        assert_eq!(device, "/dev/sda5");
        assert!(size > ByteCount(0) && used <= size);
        assert_eq!(on("ext4", true), State::Volatile);
        assert_eq!(on("tmpfs", false), State::Volatile);
        assert_eq!(state(&root, &[base]), State::Volatile);
    }

    #[test]
    fn state_on_a_disk_of_its_own_is_known_by_the_name_of_the_partition() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Root::at(dir.path());
        let write = |path: &str, name: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(&path).expect("made");
            std::fs::write(path.join("uevent"), format!("PARTNAME={name}\n")).expect("written");
        };
        std::fs::create_dir_all(dir.path().join("sys/block/sda")).expect("made");
        std::fs::create_dir_all(dir.path().join("sys/block/sdb")).expect("made");
        write("sys/class/block/sda/sda7", "pocketstack-state");
        write("sys/dev/block/8:5", "pocketstack-state");
        let base = Mount {
            device: "254:0".to_owned(),
            ..mount("erofs", "/", true)
        };
        let mounts = [base, mount("ext4", "/var", false)];
        assert!(!is_apart(&root, &mounts));
        assert_eq!(disks_with_state(&root), [""; 0]);
        write("sys/class/block/sdb/sdb1", "pocketstack-state-of-medium");
        write("sys/dev/block/8:5", "pocketstack-state-of-medium");
        assert!(is_apart(&root, &mounts));
        assert!(!is_apart(&root, &mounts[..1]));
        assert_eq!(disks_with_state(&root), ["sdb"]);
    }
}
