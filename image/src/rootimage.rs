//! The root file system as erofs with its dm-verity tree.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use pocketstack_exec::run;

use crate::hash;
use crate::namespace::Chroot;

/// Raised when this file changes what is made.
pub const RECIPE: u32 = 2;

/// Ids of a root: all derived from what is in it, so the same root has the same ids in every build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootIds {
    /// dm-verity root hash, 64 hexadecimal digits.
    pub hash: String,
}

impl RootIds {
    /// Reads back what [`make`] left in `dir`.
    ///
    /// # Errors
    /// If the file is not there.
    pub fn read(dir: &Path) -> Result<Self> {
        let hash = fs::read_to_string(dir.join("roothash")).context("the root image has no root hash")?;
        Ok(Self {
            hash: hash.trim().to_owned(),
        })
    }

    /// Partition id of the data: the first half of the hash. That is how systemd-veritysetup-generator(8) finds it.
    pub fn data_partition(&self) -> String {
        uuid(&self.hash[..32])
    }

    /// Partition id of the hash tree: the second half of the hash.
    pub fn tree_partition(&self) -> String {
        uuid(&self.hash[32..])
    }
}

/// 32 hexadecimal digits as an id.
pub fn uuid(hex: &str) -> String {
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32]
    )
}

/// Makes `root.erofs`, `root.verity` and `roothash` in the tools root's `/parts`, from `/parts/tree`.
///
/// # Errors
/// The tools' own words.
pub fn make(tools: &Chroot, work: &Path, epoch: u64, jobs: usize) -> Result<()> {
    // Measured on this root: levels 9 and 12 save less than 1 % and take two and three times as long; so do clusters of
    // 256 KiB, which make reads long.
    // No fragments, no dedupe: both make mkfs.erofs work on one processor, for minutes instead of seconds.
    run(tools
        .cmd("mkfs.erofs")
        .args(["-zzstd,level=6", "-C65536", "--quiet"])
        .arg(format!("-T{epoch}"))
        .arg(format!(
            "-U{}",
            uuid(&hash::of_bytes(b"PocketStack root file system")[..32])
        ))
        .arg(format!("--workers={jobs}"))
        .args(["/parts/root.erofs", "/parts/tree"]))
    .context("cannot make the root file system")?;
    // The salt is no secret (veritysetup(8)); it only has to differ between images, and to be the same in two builds.
    let (content, _) = hash::of_file(&work.join("root.erofs"))?;
    let output = run(tools
        .cmd("veritysetup")
        .args(["format", "/parts/root.erofs", "/parts/root.verity"])
        .arg(format!("--salt={content}"))
        .arg(format!(
            "--uuid={}",
            uuid(&hash::of_bytes(content.as_bytes())[..32])
        )))
    .context("cannot make the dm-verity tree")?;
    let text = output.text();
    let root_hash = text
        .lines()
        .find_map(|line| line.strip_prefix("Root hash:"))
        .map(str::trim)
        .filter(|hash| hash.len() == 64)
        .context("veritysetup told no root hash")?;
    fs::write(work.join("roothash"), root_hash)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_found_by_the_halves_of_the_hash() {
        let ids = RootIds {
            hash: "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef".to_owned(),
        };
        assert_eq!(ids.data_partition(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(ids.tree_partition(), "01234567-89ab-cdef-0123-456789abcdef");
    }
}
