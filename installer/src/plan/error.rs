//! Why there is no plan.

use pocketstack_model::words::{Words, install as words};

/// Why there is no plan. The words say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub enum PlanError {
    /// The machine has no disk.
    NoDisks,
    /// No disk is meant.
    NoSuchDisk {
        /// What was asked for.
        choice: Words,
        /// What is there.
        there: Words,
    },
    /// Several are meant.
    Ambiguous {
        /// What was asked for.
        choice: Words,
        /// The disks.
        matching: Words,
    },
    /// A disk is meant that cannot be used.
    Refused {
        /// The disk.
        disk: Words,
        /// Why.
        why: Words,
        /// What is there.
        there: Words,
    },
    /// A disk is meant twice.
    Twice(Words),
    /// An installed machine has its state beside its system.
    HasState,
    /// A state alone cannot be written anew.
    NothingAnew,
    /// There would be two of them, and none would be used.
    OtherState(Words),
    /// A mirror without a second disk.
    MirrorAlone,
    /// A mirror over more than two.
    MirrorOfMany(usize),
    /// There is a PocketStack already.
    Installed {
        /// The disk.
        disk: Words,
    },
    /// There is something else.
    Occupied {
        /// The disk.
        disk: Words,
        /// What is on it.
        what: Words,
    },
    /// Nothing there that could stay.
    NothingToKeep {
        /// The disk.
        disk: Words,
        /// What is on it.
        now: Words,
        /// What to set instead.
        instead: Words,
    },
    /// A further disk that is not part of what is kept.
    NotItsDisk {
        /// The disk.
        disk: Words,
        /// What is on it.
        now: Words,
    },
}

impl PlanError {
    /// Why, and what to do.
    pub fn words(&self) -> Words {
        match self.clone() {
            Self::NoDisks => words::plan_no_disks(),
            Self::NoSuchDisk { choice, there } => words::plan_no_such_disk(choice, there),
            Self::Ambiguous { choice, matching } => words::plan_ambiguous(choice, matching),
            Self::Refused { disk, why, there } => words::plan_refused(disk, why, there),
            Self::Twice(disk) => words::plan_twice(disk),
            Self::HasState => words::plan_has_state(),
            Self::NothingAnew => words::plan_nothing_anew(),
            Self::OtherState(disk) => words::plan_other_state(disk),
            Self::MirrorAlone => words::plan_mirror_alone(),
            Self::MirrorOfMany(disks) => words::plan_mirror_of_many(disks.to_string()),
            Self::Installed { disk } => words::plan_installed(disk),
            Self::Occupied { disk, what } => words::plan_occupied(disk, what),
            Self::NothingToKeep { disk, now, instead } => words::plan_nothing_to_keep(disk, now, instead),
            Self::NotItsDisk { disk, now } => words::plan_not_its_disk(disk, now),
        }
    }
}
