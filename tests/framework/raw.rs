//! Raw disk images that a machine may write: sparse files, so that a disk of 10 GiB costs what was written to it.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use pocketstack_exec::{Cmd, run};

use crate::gpt::{self, Partition};

/// A raw image with sectors of 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    path: PathBuf,
}

impl Raw {
    /// A disk of `bytes` zeros at `path`, replacing one that is there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn blank(path: &Path, bytes: u64) -> Result<Self> {
        File::create(path)
            .and_then(|file| file.set_len(bytes))
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// The disk that was made at this path.
    pub fn existing(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// A disk that starts as a copy of the image `from`, replacing one at `path`. Holes stay holes, and `from` is not
    /// written afterwards.
    ///
    /// # Errors
    /// cp(1) fails: `from` is missing, or the disk is full.
    pub fn copy_of(from: &Path, path: &Path) -> Result<Self> {
        run(Cmd::new("cp")
            .args(["--reflink=auto", "--sparse=always"])
            .args([from, path])
            .within(Duration::from_secs(300)))?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that the file takes on the host: 0 of a blank disk that nothing was written to.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn allocated(&self) -> Result<u64> {
        // In units of 512 bytes whatever the file system's block is (stat(2)).
        Ok(self.metadata()?.blocks() * 512)
    }

    fn metadata(&self) -> Result<fs::Metadata> {
        self.path
            .metadata()
            .with_context(|| format!("{}", self.path.display()))
    }

    /// The first `count` bytes. A machine may be using the disk.
    ///
    /// # Errors
    /// The file cannot be read, or is shorter.
    pub fn start(&self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(count);
        File::open(&self.path)
            .with_context(|| format!("{}", self.path.display()))?
            .take(count as u64)
            .read_to_end(&mut bytes)?;
        ensure!(
            bytes.len() == count,
            "{} has only {} bytes",
            self.path.display(),
            bytes.len()
        );
        Ok(bytes)
    }

    /// Partitions that the disk has now.
    ///
    /// # Errors
    /// There is no partition table.
    pub fn partitions(&self) -> Result<Vec<Partition>> {
        gpt::partitions(&self.start(gpt::TABLE_BYTES)?)
    }

    /// Opens it for writing at offsets.
    pub(crate) fn writer(&self) -> Result<Writer> {
        let file = OpenOptions::new().write(true).open(&self.path);
        let file = file.with_context(|| format!("cannot write {}", self.path.display()))?;
        let length = self.metadata()?.len();
        Ok(Writer { file, length })
    }
}

/// A disk that is written from the host.
#[derive(Debug)]
pub(crate) struct Writer {
    file: File,
    length: u64,
}

impl Writer {
    /// Writes at an offset inside the disk.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        ensure!(
            offset.saturating_add(bytes.len() as u64) <= self.length,
            "{} bytes at {offset} are beyond the end of a disk of {} bytes",
            bytes.len(),
            self.length
        );
        Ok(self.file.write_all_at(bytes, offset)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_disk_takes_nothing_until_it_is_written() {
        let dir = tempfile::tempdir().expect("folder");
        let disk = Raw::blank(&dir.path().join("a.raw"), 1 << 30).expect("made");
        assert_eq!(disk.allocated().expect("there"), 0);
        assert!(disk.partitions().is_err(), "a blank disk has no table");
        disk.writer()
            .expect("writable")
            .write(4096, &[7; 512])
            .expect("fits");
        assert!(disk.allocated().expect("there") > 0);
        assert_eq!(disk.start(4608).expect("read")[4096..], [7; 512]);
        let copy = Raw::copy_of(disk.path(), &dir.path().join("b.raw")).expect("copied");
        assert_eq!(copy.start(4608).expect("read")[4096..], [7; 512]);
        assert!(copy.allocated().expect("there") < 1 << 20, "holes were filled");
    }

    #[test]
    fn nothing_is_written_beyond_the_end() {
        let dir = tempfile::tempdir().expect("folder");
        let disk = Raw::blank(&dir.path().join("a.raw"), 1024).expect("made");
        let error = disk.writer().expect("writable").write(1000, &[0; 512]);
        assert!(error.expect_err("too far").to_string().contains("beyond the end"));
    }
}
