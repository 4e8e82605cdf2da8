//! What is asked for an installation to disk.

use serde::{Deserialize, Serialize};

use crate::bytes::ByteCount;
use crate::words::Words;

/// Smallest disk PocketStack is installed on: boot, ESP of 1 GiB, both slots, state of 2 GiB, and some room for volumes.
pub const SMALLEST_DISK: ByteCount = ByteCount(8 << 30);

/// The installation that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallSettings {
    /// What is put on the disk.
    #[serde(default)]
    pub what: What,
    /// The disk that is installed on and started from, or that holds the state.
    pub disk: DiskChoice,
    /// Further disks for the volume group `pocketstack`. They are wiped whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_disks: Vec<DiskChoice>,
    /// Whether volumes are kept on two disks of this machine each; needs at least one data disk.
    #[serde(default)]
    pub mirror: bool,
    /// What becomes of a PocketStack, or of anything else, that is on the disks.
    #[serde(default)]
    pub existing: Existing,
    /// What the machine does afterwards.
    #[serde(default)]
    pub then: Then,
}

/// What is put on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The whole system with its state: the machine starts from the disk.
    #[default]
    System,
    /// Only the state and volumes of a machine that goes on being started from a stick, a disc or the network.
    State,
}

/// One disk. Exactly one must be meant: none or several is an error that lists what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskChoice {
    /// By serial number, which survives being plugged in elsewhere.
    Serial(String),
    /// By kernel name ("vda", "nvme0n1").
    Name(String),
    /// By what `/dev/disk/by-path` calls it.
    Path(String),
}

impl DiskChoice {
    /// The way to name this disk among all of a machine that survives most: serial number, place, kernel name.
    pub fn of(disk: &Candidate, all: &[Candidate]) -> Self {
        let alone = |same: &dyn Fn(&Candidate) -> bool| all.iter().filter(|other| same(other)).count() == 1;
        match (&disk.serial, &disk.path) {
            (Some(serial), _)
                if !serial.trim().is_empty() && alone(&|other| other.serial.as_ref() == Some(serial)) =>
            {
                Self::Serial(serial.clone())
            }
            (_, Some(path)) if alone(&|other| other.path.as_ref() == Some(path)) => Self::Path(path.clone()),
            _ => Self::Name(disk.name.clone()),
        }
    }
}

/// What becomes of what is on the disks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Anything found is an error: nothing is wiped.
    #[default]
    Refuse,
    /// State and volumes of a PocketStack stay, the system is written anew. Anything but a PocketStack is an error.
    Keep,
    /// Everything on the disks is wiped.
    Erase,
}

/// What the machine does when it is installed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It restarts: from the disk, if the system is on it.
    #[default]
    Restart,
    /// It is switched off.
    PowerOff,
}

/// A disk of this machine that PocketStack could be installed on, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Kernel name ("sda").
    pub name: String,
    /// What `/dev/disk/by-path` calls it, if it is there.
    pub path: Option<String>,
    /// Model, if the disk tells one.
    pub model: Option<String>,
    /// Serial number, if the disk tells one.
    pub serial: Option<String>,
    /// Capacity.
    pub size: ByteCount,
    /// What is on it now.
    pub content: Content,
    /// Why it is not offered; `None` if it is.
    pub refused: Option<Words>,
}

/// What is on a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Nothing that is known.
    Empty,
    /// A PocketStack installation.
    PocketStack {
        /// Whether it is complete: all partitions, and a state partition that can be read.
        complete: bool,
    },
    /// The state and volumes of a machine that is started from a stick, a disc or the network.
    StateOfMedium,
    /// Something else: partitions, file systems, LVM, RAID.
    Foreign {
        /// In words, for the person who decides ("ext4 \"data\", LVM of the volume group vg0").
        what: Words,
    },
}
