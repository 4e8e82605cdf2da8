//! Why an installation stops, and how it leaves the disk.

use std::io;

use pocketstack_disk::bios::BiosError;
use pocketstack_model::config::file::FileError;
use pocketstack_model::words::{Words, install as words};

use crate::host::HostError;
use crate::payload::PayloadError;
use crate::plan::{Goal, Step};

/// Why an installation stopped, and how it left the disk.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.words())]
pub struct InstallError {
    /// At which step.
    pub step: Step,
    /// Why.
    #[source]
    pub trouble: Trouble,
    /// How the disk is now.
    pub left: Left,
}

impl InstallError {
    /// What is wrong, how the disk is, and what to do.
    pub fn words(&self) -> Words {
        words::failed(self.step.words(), self.trouble.words(), self.left.words())
    }
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

    fn words(self) -> Words {
        match self {
            Self::Untouched => words::left_untouched(),
            Self::Empty => words::left_empty(),
            Self::Unsure => words::left_unsure(),
            Self::Closed => words::left_closed(),
        }
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.words())]
pub enum Trouble {
    /// Something could not be done.
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
    Source(io::Error),
    /// What is installed is larger than its place.
    TooLarge {
        /// Bytes it has.
        size: u64,
        /// Bytes there are.
        room: u64,
    },
    /// What was read back is not what was written.
    ReadBack {
        /// The disk.
        disk: String,
        /// What differs.
        what: String,
    },
    /// There is a volume group of that name elsewhere.
    Group(Vec<String>),
    /// A kept disk is not laid out as it has to be.
    Layout {
        /// The disk.
        disk: String,
        /// What is wrong.
        why: String,
    },
    /// The state of a kept disk cannot be read.
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
    Configuration(#[from] FileError),
}

impl Trouble {
    fn words(&self) -> Words {
        match self {
            Self::Host { disk, source } if source.is_disk() => {
                words::trouble_failing(disk.as_str(), source.to_string())
            }
            Self::Host { disk, source } => words::trouble_on(disk.as_str(), source.to_string()),
            Self::Payload(error) => error.to_string().into(),
            Self::Source(error) => words::source_unreadable(error.to_string()),
            Self::TooLarge { size, room } => words::system_too_large(*size, *room),
            Self::ReadBack { disk, what } => words::read_back_differs(disk.as_str(), what.as_str()),
            Self::Group(devices) => words::group_elsewhere(devices.join(", ")),
            Self::Layout { disk, why } => words::layout_unkept(disk.as_str(), why.as_str()),
            Self::State { disk, source } => words::state_unreadable(disk.as_str(), source.to_string()),
            Self::Bios(error) => error.to_string().into(),
            Self::Configuration(error) => words::configuration_refused(error.to_string()),
        }
    }
}
