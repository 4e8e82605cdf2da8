//! Where state is kept.

use std::path::Path;

use nix::sys::statvfs::statvfs;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::State;

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
}
