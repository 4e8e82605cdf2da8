//! What the steps of an installation do to a machine. Acting makes no decision: which bytes go where is for `run`.

pub mod fake;
mod files;
mod lvm;
mod machine;
mod partitions;

use std::io;

use pocketstack_model::bytes::ByteCount;

pub use files::Mounted;
pub use machine::Machine;

use crate::pool::Pool;
use pocketstack_disk::Guid;

/// A partition, which the disk's own table need not have yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Kernel name of its disk.
    pub disk: String,
    /// Number.
    pub number: usize,
    /// First byte.
    pub start: u64,
    /// Size in bytes.
    pub size: u64,
}

impl Part {
    /// Its kernel name: `sda1`, `nvme0n1p1`.
    pub fn name(&self) -> String {
        let between = if self.disk.ends_with(|c: char| c.is_ascii_digit()) {
            "p"
        } else {
            ""
        };
        format!("{}{between}{}", self.disk, self.number)
    }
}

/// Kinds of file systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// FAT32, for firmware.
    Fat,
    /// ext4, for state.
    Ext4,
}

/// A file to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewFile<'a> {
    /// Path in its file system, without a slash in front. Missing folders are made.
    pub path: &'a str,
    /// Content.
    pub bytes: &'a [u8],
}

/// The thin pool as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSeen {
    /// Size of the data.
    pub data: ByteCount,
    /// Whether data and metadata are mirrored.
    pub mirror: bool,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The kernel said so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A program said so.
    #[error(transparent)]
    Program(#[from] pocketstack_exec::Error),
    /// What a program said is not understood, or a device does not appear.
    #[error("{0}")]
    Other(String),
}

impl HostError {
    /// Whether it is the disk that failed, and not what was asked of it.
    pub fn is_disk(&self) -> bool {
        match self {
            // What the block layer makes of a disk's errors (block/blk-core.c, blk_errors): medium, transport, target, the
            // disk gone, protection, time out.
            Self::Io(error) => error
                .raw_os_error()
                .is_some_and(|code| [5, 6, 19, 52, 61, 67, 84, 110, 121].contains(&code)),
            Self::Program(error) => error.to_string().contains("Input/output error"),
            Self::Other(_) => false,
        }
    }
}

/// The machine. Everything blocks. Places and sizes of [`Host::read`] and [`Host::write`] are whole sectors.
pub trait Host {
    /// Size of the disk's sectors in bytes.
    ///
    /// # Errors
    /// There is no such disk.
    fn sector(&mut self, disk: &str) -> Result<u64, HostError>;

    /// A new id.
    ///
    /// # Errors
    /// The kernel has none.
    fn id(&mut self) -> Result<Guid, HostError>;

    /// Reads from the disk itself, not from what the kernel remembers of it.
    ///
    /// # Errors
    /// The disk's.
    fn read(&mut self, disk: &str, at: u64, into: &mut [u8]) -> Result<(), HostError>;

    /// Writes to the disk, which may keep it in its cache until [`Host::flush`].
    ///
    /// # Errors
    /// The disk's.
    fn write(&mut self, disk: &str, at: u64, bytes: &[u8]) -> Result<(), HostError>;

    /// Waits until everything written is where no power cut can take it.
    ///
    /// # Errors
    /// The disk's.
    fn flush(&mut self, disk: &str) -> Result<(), HostError>;

    /// Makes the kernel know exactly these partitions of the disk, whatever stands in its table.
    ///
    /// # Errors
    /// One that has to go is in use.
    fn show(&mut self, disk: &str, parts: &[Part]) -> Result<(), HostError>;

    /// Makes a file system, with the label that PocketStack gives one of this kind.
    ///
    /// # Errors
    /// The program's, or the disk's.
    fn format(&mut self, part: &Part, kind: FileSystem) -> Result<(), HostError>;

    /// Writes files, each whole or not at all.
    ///
    /// # Errors
    /// The file system cannot be mounted, is full, or the disk fails.
    fn put(&mut self, part: &Part, kind: FileSystem, files: &[NewFile<'_>]) -> Result<(), HostError>;

    /// Reads files back from a file system that is mounted anew; the path of the first that is not as it should be.
    ///
    /// # Errors
    /// The file system cannot be mounted, or the disk fails.
    fn check(
        &mut self,
        part: &Part,
        kind: FileSystem,
        files: &[NewFile<'_>],
    ) -> Result<Option<String>, HostError>;

    /// Names and contents of the files in a folder, in order; none if it does not exist.
    ///
    /// # Errors
    /// As [`Host::check`].
    fn list(
        &mut self,
        part: &Part,
        kind: FileSystem,
        folder: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, HostError>;

    /// Switches off the volume groups that are on the disk.
    ///
    /// # Errors
    /// A volume is in use.
    fn release(&mut self, disk: &str) -> Result<(), HostError>;

    /// The disks that a volume group `pocketstack` is on; none if there is none.
    ///
    /// # Errors
    /// LVM's.
    fn group(&mut self) -> Result<Vec<String>, HostError>;

    /// Makes the volume group `pocketstack` over these partitions, with the thin pool `pool`, and switches it off again.
    ///
    /// # Errors
    /// LVM's.
    fn make_pool(&mut self, parts: &[Part], pool: &Pool) -> Result<(), HostError>;

    /// The thin pool as LVM reads it from the disks.
    ///
    /// # Errors
    /// LVM's.
    fn pool(&mut self) -> Result<Option<PoolSeen>, HostError>;

    /// Lets go of the disks: the kernel and udev read their tables anew.
    ///
    /// # Errors
    /// The kernel does not take the new table.
    fn finish(&mut self, disks: &[String]) -> Result<(), HostError>;
}
