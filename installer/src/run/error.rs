//! Why an installation stops, and how it leaves the disk.

use std::io;

use pocketstack_disk::bios::BiosError;
use pocketstack_model::config::file::FileError;

use crate::host::HostError;
use crate::payload::PayloadError;
use crate::plan::{Goal, Step};

/// Why an installation stopped, and how it left the disk.
#[derive(Debug, thiserror::Error)]
#[error("{step} failed: {trouble}. {}", .left.words())]
pub struct InstallError {
    /// At which step.
    pub step: Step,
    /// Why.
    #[source]
    pub trouble: Trouble,
    /// How the disk is now.
    pub left: Left,
}

/// How an installation that stopped has left the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// As it was.
    Untouched,
    /// Empty.
    Empty,
    /// With its state and volumes, but not started from.
    Closed,
    /// Complete, or as before the step.
    Unsure,
}

impl Left {
    /// After this step has failed.
    pub(super) fn after(step: Step, goal: Goal) -> Self {
        match (step, goal) {
            (Step::Look | Step::Release, _) => Self::Untouched,
            (Step::Activate | Step::Write, _) => Self::Unsure,
            (_, Goal::SystemAnew) => Self::Closed,
            (_, Goal::System | Goal::State) => Self::Empty,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Untouched => "Nothing was changed",
            Self::Empty => "The disk is empty now; start the installation again",
            Self::Unsure => "The disk may be complete or not; start the installation again",
            Self::Closed => {
                "State and volumes are as they were, but the disk cannot be started from until the installation is repeated"
            }
        }
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Something could not be done.
    #[error("{disk}: {source}{}", if .source.is_disk() { "; the disk is failing and has to be replaced" } else { "" })]
    Host {
        /// The disk.
        disk: String,
        /// Why.
        source: HostError,
    },
    /// There is nothing to install.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// What is installed cannot be read.
    #[error("what this machine runs from cannot be read ({0}): write the medium again, or use another one")]
    Source(io::Error),
    /// What is installed is larger than its place.
    #[error(
        "the system has {size} bytes, and there is room for {room}: this installer does not fit its system"
    )]
    TooLarge {
        /// Bytes it has.
        size: u64,
        /// Bytes there are.
        room: u64,
    },
    /// What was read back is not what was written.
    #[error(
        "{disk}: what is read back is not what was written ({what}); the disk is failing and has to be replaced"
    )]
    ReadBack {
        /// The disk.
        disk: String,
        /// What differs.
        what: String,
    },
    /// There is a volume group of that name elsewhere.
    #[error(
        "the volume group pocketstack is on {}, which is no disk of this installation: name it in data_disks with \
         existing = \"erase\", or take it out of the machine", .0.join(", ")
    )]
    Group(Vec<String>),
    /// A kept disk is not laid out as it has to be.
    #[error("the PocketStack on {disk} cannot be kept: {why}; set existing = \"erase\" to wipe it")]
    Layout {
        /// The disk.
        disk: String,
        /// What is wrong.
        why: String,
    },
    /// The state of a kept disk cannot be read.
    #[error("the state on {disk} cannot be read ({source}); set existing = \"erase\" to wipe it")]
    State {
        /// The disk.
        disk: String,
        /// Why.
        source: HostError,
    },
    /// GRUB's files are damaged.
    #[error(transparent)]
    Bios(#[from] BiosError),
    /// The configuration cannot be a file.
    #[error("the configuration {0}")]
    Configuration(#[from] FileError),
}
