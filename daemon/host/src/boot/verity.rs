//! Whether the root file system is verified (`admin-guide/device-mapper/verity.rst` in the kernel's documentation).

use std::path::Path;

use pocketstack_model::node::Root as RootState;

use super::DeviceMapper;
use crate::mounts::{Mount, under};
use crate::root::Root;

/// Follows what is mounted at `/` to its device and asks the kernel whether and how dm-verity guards that. The
/// root hash is the one the kernel checks against, not what a command line once asked for. Blocks.
pub fn root_state(root: &Root, mounts: &[Mount], mapper: &impl DeviceMapper) -> RootState {
    match verified(root, mounts, mapper) {
        Ok(state) => state,
        Err(why) => RootState::Unverified { why },
    }
}

fn verified(root: &Root, mounts: &[Mount], mapper: &impl DeviceMapper) -> Result<RootState, String> {
    let mount = under(mounts, Path::new("/")).ok_or("what is mounted at / cannot be read")?;
    let attribute = |file: &str| root.text(format!("/sys/dev/block/{}/dm/{file}", mount.device));
    let not_verity = || {
        format!(
            "/ is on {} ({}), which is not under dm-verity",
            mount.source, mount.kind
        )
    };
    // Every program that sets up dm-verity begins the mapping's UUID like this (cryptsetup, lib/utils_device.c).
    attribute("uuid")
        .filter(|uuid| uuid.starts_with("CRYPT-VERITY-"))
        .ok_or_else(not_verity)?;
    let name = attribute("name").ok_or_else(not_verity)?;
    let status = mapper
        .status(&name)
        .map_err(|why| format!("the state of {name} cannot be read: {why}"))?;
    let table = mapper
        .table(&name)
        .map_err(|why| format!("the settings of {name} cannot be read: {why}"))?;
    let root_hash =
        root_hash(&table).ok_or_else(|| format!("the settings of {name} are not understood: {table}"))?;
    // "0 409600 verity V": V as long as every block read was right, C after one was not.
    match status.split_whitespace().collect::<Vec<_>>().as_slice() {
        [_, _, "verity", "V", ..] => Ok(RootState::Verified {
            root_hash,
            read_only: mount.read_only,
        }),
        [_, _, "verity", "C", ..] => Ok(RootState::Corrupted { root_hash }),
        _ => Err(format!("the state of {name} is not understood: {status}")),
    }
}

/// Start, length, `verity`, then version, data device, hash device, two block sizes, number of blocks, start of the
/// hashes, algorithm, root hash, salt.
fn root_hash(table: &str) -> Option<String> {
    let words: Vec<&str> = table.split_whitespace().collect();
    if *words.get(2)? != "verity" {
        return None;
    }
    let hash = *words.get(11)?;
    (hash.len() >= 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| hash.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::FakeDeviceMapper;
    use super::*;
    use crate::mounts::mounts;

    const HASH: &str = "4392712ba01368efdf14b05c76f9e4df0d53664630b5d48632ed17a137f39076";

    fn machine(kind: &str) -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write(
            "proc/1/mountinfo",
            "22 1 254:0 / / ro,relatime - erofs /dev/mapper/root ro\n",
        );
        write("sys/dev/block/254:0/dm/name", "root\n");
        write("sys/dev/block/254:0/dm/uuid", kind);
        let root = Root::at(dir.path());
        (dir, root)
    }

    fn table() -> String {
        format!("0 409600 verity 1 8:3 8:4 4096 4096 51200 1 sha256 {HASH} aabb 1 panic_on_corruption")
    }

    #[test]
    fn verified_then_corrupted() {
        let (_dir, root) = machine("CRYPT-VERITY-0123-root\n");
        let mapper = FakeDeviceMapper::default();
        mapper.set("root", "0 409600 verity V", &table());
        let state = root_state(&root, &mounts(&root), &mapper);
        assert_eq!(
            state,
            RootState::Verified {
                root_hash: HASH.to_owned(),
                read_only: true
            }
        );
        mapper.set("root", "0 409600 verity C", &table());
        let state = root_state(&root, &mounts(&root), &mapper);
        assert_eq!(
            state,
            RootState::Corrupted {
                root_hash: HASH.to_owned()
            }
        );
    }

    #[test]
    fn anything_else_is_unverified_and_says_why() {
        let why = |kind: &str, status: &str, table: &str| {
            let (_dir, root) = machine(kind);
            let mapper = FakeDeviceMapper::default();
            mapper.set("root", status, table);
            match root_state(&root, &mounts(&root), &mapper) {
                RootState::Unverified { why } => why,
                other => panic!("{other:?}"),
            }
        };
        let linear = why("LVM-abc\n", "0 1 linear", "0 1 linear 8:3 0");
        assert_eq!(
            linear,
            "/ is on /dev/mapper/root (erofs), which is not under dm-verity"
        );
        assert!(why("CRYPT-VERITY-1-root\n", "0 1 verity", &table()).contains("not understood"));
        assert!(why("CRYPT-VERITY-1-root\n", "0 1 verity V", "0 1 verity 1 8:3").contains("not understood"));
    }
}
