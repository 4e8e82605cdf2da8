//! Disks of virtual machines. Artifacts are never written: a machine gets a copy-on-write overlay.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use pocketstack_exec::{Cmd, run};

use crate::gpt::{self, Partition};

/// A qcow2 overlay over a read-only base.
#[derive(Debug, Clone)]
pub struct Overlay {
    path: PathBuf,
}

impl Overlay {
    /// Makes an overlay of `bytes` size at `path` over the raw image `base`, replacing one that is there.
    ///
    /// # Errors
    /// qemu-img fails.
    pub fn over_raw(base: &Path, path: &Path, bytes: u64) -> Result<Self> {
        run(Cmd::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"])
            .args([base, path])
            .arg(bytes.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// An overlay that an earlier run has left.
    pub fn existing(path: &Path) -> Option<Self> {
        path.exists().then(|| Self {
            path: path.to_owned(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Partitions that the disk has now. No machine may be using it.
    ///
    /// # Errors
    /// qemu-img fails, or there is no partition table.
    pub fn partitions(&self) -> Result<Vec<Partition>> {
        gpt::partitions(&self.read(0, gpt::TABLE_BYTES)?)
    }

    /// The partition that `is` picks, called `what` in errors.
    ///
    /// # Errors
    /// There is none.
    pub fn partition(&self, what: &str, is: impl Fn(&Partition) -> bool) -> Result<Partition> {
        let all = self.partitions()?;
        let found = all.iter().find(|partition| is(partition)).cloned();
        found.with_context(|| format!("{} has no {what}, only: {all:?}", self.path.display()))
    }

    /// Reads bytes as the machine would see them. `offset` must be a multiple of 512.
    ///
    /// # Errors
    /// qemu-img fails.
    pub fn read(&self, offset: u64, count: usize) -> Result<Vec<u8>> {
        ensure!(
            offset.is_multiple_of(512),
            "offset {offset} is not at the start of a sector"
        );
        let dir = tempfile::tempdir()?;
        let out = dir.path().join("bytes");
        let sectors = count.div_ceil(512);
        run(Cmd::new("qemu-img")
            .args(["dd", "-f", "qcow2", "-O", "raw", "bs=512"])
            .arg(format!("skip={}", offset / 512))
            .arg(format!("count={}", offset / 512 + sectors as u64))
            .arg(format!("if={}", self.path.display()))
            .arg(format!("of={}", out.display())))?;
        let mut bytes = Vec::new();
        fs::File::open(&out)?.take(count as u64).read_to_end(&mut bytes)?;
        ensure!(
            bytes.len() == count,
            "read {} of {count} bytes at {offset}",
            bytes.len()
        );
        Ok(bytes)
    }

    /// Inverts all bits of the byte at `offset` and reads it back.
    ///
    /// # Errors
    /// qemu-io fails, or the byte did not change.
    pub fn flip_byte(&self, offset: u64) -> Result<()> {
        let sector = offset / 512 * 512;
        let index = usize::try_from(offset - sector)?;
        let before = self.read(sector, 512)?[index];
        self.io(&format!("write -P {} {offset} 1", !before))?;
        let after = self.read(sector, 512)?[index];
        ensure!(
            after == !before,
            "the byte at {offset} is {after:#x} and not {:#x}",
            !before
        );
        Ok(())
    }

    /// Fills a region with one byte.
    ///
    /// # Errors
    /// qemu-io fails.
    pub fn fill(&self, offset: u64, length: u64, byte: u8) -> Result<()> {
        self.io(&format!("write -P {byte} {offset} {length}"))
    }

    /// Whether a region consists of nothing but this byte.
    ///
    /// # Errors
    /// qemu-io fails for another reason than a difference.
    pub fn is_filled_with(&self, offset: u64, length: u64, byte: u8) -> Result<bool> {
        let step = 64 << 20;
        for at in (offset..offset + length).step_by(step) {
            let count = (offset + length - at).min(step as u64);
            if self.io(&format!("read -P {byte} {at} {count}")).is_err() {
                // qemu-io gives the same status for a difference and for a failure: reading alone tells them apart.
                self.io(&format!("read {at} {count}"))?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn io(&self, command: &str) -> Result<()> {
        run(Cmd::new("qemu-io")
            .args(["-f", "qcow2", "-c", command])
            .arg(&self.path)
            .within(Duration::from_secs(120)))?;
        Ok(())
    }
}

/// Makes a disk with an ext4 file system holding everything in `folder`.
///
/// # Errors
/// mke2fs fails.
pub fn ext4_from_folder(folder: &Path, path: &Path, mib: u32, label: &str) -> Result<()> {
    run(Cmd::new("mke2fs")
        .args(["-q", "-F", "-t", "ext4", "-L", label, "-d"])
        .args([folder, path])
        .arg(format!("{mib}M")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::installed;

    #[test]
    fn an_overlay_changes_and_its_base_does_not() {
        if !installed("qemu-img") {
            return;
        }
        let dir = tempfile::tempdir().expect("folder");
        let base = dir.path().join("base.raw");
        fs::write(&base, vec![7; 1 << 20]).expect("written");
        let overlay = Overlay::over_raw(&base, &dir.path().join("o.qcow2"), 4 << 20).expect("made");
        overlay.flip_byte(70_001).expect("flipped");
        assert_eq!(overlay.read(69_632, 512).expect("read")[70_001 - 69_632], !7);
        assert_eq!(overlay.read(0, 512).expect("read"), vec![7; 512]);
        assert!(
            fs::read(&base).expect("read").iter().all(|byte| *byte == 7),
            "the base was written"
        );
        overlay.fill(2 << 20, 1 << 20, 0xb5).expect("filled");
        assert!(overlay.is_filled_with(2 << 20, 1 << 20, 0xb5).expect("read"));
        overlay.flip_byte((2 << 20) + 5).expect("flipped");
        assert!(!overlay.is_filled_with(2 << 20, 1 << 20, 0xb5).expect("read"));
    }
}
