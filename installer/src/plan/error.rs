//! Why there is no plan.

/// Why there is no plan. The words say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The machine has no disk.
    #[error(
        "this machine has no disk: check that it is connected, and that its controller is switched on in the firmware"
    )]
    NoDisks,
    /// No disk is meant.
    #[error("there is no disk {choice}; there are: {there}")]
    NoSuchDisk {
        /// What was asked for.
        choice: String,
        /// What is there.
        there: String,
    },
    /// Several are meant.
    #[error("{choice} means more than one disk: {matching}; choose one by its path")]
    Ambiguous {
        /// What was asked for.
        choice: String,
        /// The disks.
        matching: String,
    },
    /// A disk is meant that cannot be used.
    #[error("{disk} cannot be used: {why}; there are: {there}")]
    Refused {
        /// The disk.
        disk: String,
        /// Why.
        why: String,
        /// What is there.
        there: String,
    },
    /// A disk is meant twice.
    #[error("{0} is chosen twice: name each disk once")]
    Twice(String),
    /// An installed machine has its state beside its system.
    #[error(
        "this machine runs from a disk it was installed on, and keeps its state there: a state on a disk of its own is for a machine that is started from a stick, a disc or the network"
    )]
    HasState,
    /// A state alone cannot be written anew.
    #[error(
        "only the state is to be put on the disk, so there is no system to write anew: leave out existing, or set existing = \"erase\" to wipe the disk"
    )]
    NothingAnew,
    /// There would be two of them, and none would be used.
    #[error(
        "{0} has the state of a machine that is started from a medium already, and only one such disk can be in a machine: name it in data_disks with existing = \"erase\" to wipe it, or take it out"
    )]
    OtherState(String),
    /// A mirror without a second disk.
    #[error("a mirror needs a second disk: name one in data_disks, or set mirror = false")]
    MirrorAlone,
    /// A mirror over more than two.
    #[error(
        "a mirror is over two disks, and there are {0}: name one disk in data_disks, or set mirror = false"
    )]
    MirrorOfMany(usize),
    /// There is a PocketStack already.
    #[error(
        "{disk} has a PocketStack already: set existing = \"keep\" to write its system anew, or existing = \"erase\" to wipe it"
    )]
    Installed {
        /// The disk.
        disk: String,
    },
    /// There is something else.
    #[error("{disk} is not empty ({what}): set existing = \"erase\" to wipe it, or choose another disk")]
    Occupied {
        /// The disk.
        disk: String,
        /// What is on it.
        what: String,
    },
    /// Nothing there that could stay.
    #[error("{disk} has no PocketStack whose state could be kept (now: {now}): {}", .instead)]
    NothingToKeep {
        /// The disk.
        disk: String,
        /// What is on it.
        now: String,
        /// What to set instead.
        instead: &'static str,
    },
    /// A further disk that is not part of what is kept.
    #[error(
        "{disk} is no disk of the PocketStack that is kept (now: {now}): leave it out of data_disks while the system is written anew"
    )]
    NotItsDisk {
        /// The disk.
        disk: String,
        /// What is on it.
        now: String,
    },
}
