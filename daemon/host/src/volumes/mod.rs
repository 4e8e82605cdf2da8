//! Small files on volumes that are not mounted: those a person has plugged in, found by the label of their file system,
//! and the state partition of another installation.

mod fake;
mod labelled;

pub use fake::FakeVolumes;
pub use labelled::Labelled;

use std::path::PathBuf;

/// Reads files on volumes that are not mounted.
pub trait Volumes: Send + Sync {
    /// Waits until the device manager is done with the devices it knows, at most half a minute. Blocks.
    fn settle(&self);

    /// Devices with a file system of this label, in the order of their names. `disk` keeps to the partitions of one.
    fn labelled(&self, label: &str, disk: Option<&str>) -> Vec<String>;

    /// Text of a file on the device; `None` if it is not there. Blocks.
    ///
    /// # Errors
    /// [`Error`].
    fn read(&self, device: &str, path: &str, limit: usize) -> Result<Option<String>, Error>;
}

/// Why a file on a volume could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The volume could not be mounted.
    #[error("{device} cannot be mounted: {source}")]
    Mount {
        /// Kernel name.
        device: String,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The folder to mount it at could not be made.
    #[error("{} cannot be made: {source}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The file is there and cannot be read.
    #[error("{path} on {device} cannot be read: {source}")]
    Read {
        /// Kernel name.
        device: String,
        /// The file.
        path: String,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{path} on {device} {why}")]
    Unfit {
        /// Kernel name.
        device: String,
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}
