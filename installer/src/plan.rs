//! Which disks an installation takes and what becomes of them: decided from what was asked and what is there, without
//! touching either.

mod error;

use std::fmt;

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::install::{Candidate, Content, DiskChoice, Existing, InstallSettings, What};
use pocketstack_model::words::{Words, install as words, kept};

pub use error::PlanError;

/// What is going to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The disk that is started from, or that holds the state.
    pub disk: Target,
    /// Further disks for volumes.
    pub data: Vec<Target>,
    /// Whether volumes are kept on both disks.
    pub mirror: bool,
    /// What the disk is to become.
    pub goal: Goal,
}

/// What a disk is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// One with a system and an empty state.
    System,
    /// The same with the system written anew; state and volumes stay.
    SystemAnew,
    /// One with the state of a machine that goes on being started from its medium.
    State,
}

/// What this machine runs from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// A stick, a disc, or the network.
    FromMedium,
    /// A disk it was installed on.
    Installed,
}

/// A disk of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Kernel name.
    pub name: String,
    /// Capacity.
    pub size: ByteCount,
    /// How people know it.
    pub shown: Words,
    /// What is on it now, in words.
    pub now: Words,
}

/// One step of an installation, in the words that progress and errors use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Looks whether all is as the plan takes it to be. Nothing is changed.
    Look,
    /// Switches off volumes that are on the disks.
    Release,
    /// Makes the disks empty ones.
    Clear,
    /// Takes the disk's boot entries away; state and volumes stay.
    Close,
    /// Copies the root and its hash tree.
    Copy,
    /// Reads both back from the disk and proves them by the root hash.
    Prove,
    /// Makes the state partition, with the configuration in it.
    State,
    /// Makes the volume group and its pool.
    Volumes,
    /// Writes what firmware starts, and reads it back.
    Boot,
    /// Adds the configuration to the state that stays.
    Configure,
    /// Writes the partition tables with the boot sector, and reads them back. From here on the disk is started from.
    Activate,
    /// Writes the partition tables, and reads them back, where there is nothing to start from.
    Write,
}

impl Step {
    /// What is done in it.
    pub fn words(self) -> Words {
        match self {
            Self::Look => words::step_look(),
            Self::Release => words::step_release(),
            Self::Clear => words::step_clear(),
            Self::Close => words::step_close(),
            Self::Copy => words::step_copy(),
            Self::Prove => words::step_prove(),
            Self::State => words::step_state(),
            Self::Volumes => words::step_volumes(),
            Self::Boot => words::step_boot(),
            Self::Configure => words::step_configure(),
            Self::Activate => words::step_activate(),
            Self::Write => words::step_write(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().fmt(f)
    }
}

impl Plan {
    /// What is done, in order.
    pub fn steps(&self) -> Vec<Step> {
        match self.goal {
            Goal::SystemAnew => vec![
                Step::Look,
                Step::Close,
                Step::Copy,
                Step::Prove,
                Step::Boot,
                Step::Configure,
                Step::Activate,
            ],
            Goal::State => vec![
                Step::Look,
                Step::Release,
                Step::Clear,
                Step::State,
                Step::Volumes,
                Step::Write,
            ],
            Goal::System => vec![
                Step::Look,
                Step::Release,
                Step::Clear,
                Step::Copy,
                Step::Prove,
                Step::State,
                Step::Volumes,
                Step::Boot,
                Step::Activate,
            ],
        }
    }

    /// What will happen to which disk, a sentence each, for the person who decides.
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.goal == Goal::SystemAnew {
            lines.push(format!(
                "{}: the system is written anew; state and volumes stay.",
                self.disk.shown
            ));
            let kept = self
                .data
                .iter()
                .map(|disk| format!("{}: its volumes stay.", disk.shown));
            lines.extend(kept);
            return lines;
        }
        let becomes = match self.goal {
            Goal::State => {
                "the state of this machine is put on it, and the machine goes on being started from its medium"
            }
            _ => "PocketStack is installed on it, and the machine starts from it",
        };
        lines.push(format!(
            "{}: wiped (now: {}); {becomes}.",
            self.disk.shown, self.disk.now
        ));
        for disk in &self.data {
            lines.push(format!(
                "{}: wiped (now: {}), and used for volumes.",
                disk.shown, disk.now
            ));
        }
        if self.mirror {
            lines.push("Volumes are kept on both disks; the room is that of the smaller one.".to_owned());
        }
        lines
    }

    /// All disks of the plan, the one that is started from first.
    pub fn disks(&self) -> impl Iterator<Item = &Target> {
        std::iter::once(&self.disk).chain(&self.data)
    }
}

/// Decides. `candidates` are all disks of the machine, those that are not offered as well; `runs` is what it runs from.
///
/// # Errors
/// [`PlanError`]: nothing is ever guessed.
pub fn plan(settings: &InstallSettings, candidates: &[Candidate], runs: Runs) -> Result<Plan, PlanError> {
    let goal = match (settings.what, settings.existing) {
        (What::State, _) if runs == Runs::Installed => return Err(PlanError::HasState),
        (What::State, Existing::Keep) => return Err(PlanError::NothingAnew),
        (What::State, Existing::Refuse | Existing::Erase) => Goal::State,
        (What::System, Existing::Keep) => Goal::SystemAnew,
        (What::System, Existing::Refuse | Existing::Erase) => Goal::System,
    };
    if candidates.is_empty() {
        return Err(PlanError::NoDisks);
    }
    if settings.mirror {
        match settings.data_disks.len() {
            0 => return Err(PlanError::MirrorAlone),
            1 => {}
            more => return Err(PlanError::MirrorOfMany(more + 1)),
        }
    }
    let disk = choose(&settings.disk, candidates)?;
    let mut data: Vec<&Candidate> = Vec::new();
    for choice in &settings.data_disks {
        let further = choose(choice, candidates)?;
        if further.name == disk.name || data.iter().any(|other| other.name == further.name) {
            return Err(PlanError::Twice(shown(further)));
        }
        data.push(further);
    }
    let chosen = |other: &Candidate| {
        std::iter::once(disk)
            .chain(data.iter().copied())
            .any(|chosen| chosen.name == other.name)
    };
    let other = candidates
        .iter()
        .find(|other| other.content == Content::StateOfMedium && !chosen(other));
    if let (Goal::State, Some(other)) = (goal, other) {
        return Err(PlanError::OtherState(shown(other)));
    }
    match settings.existing {
        Existing::Erase => {}
        Existing::Refuse => std::iter::once(disk)
            .chain(data.iter().copied())
            .try_for_each(is_free)?,
        Existing::Keep => {
            can_stay(disk)?;
            data.iter().copied().try_for_each(has_volumes)?;
        }
    }
    Ok(Plan {
        disk: target(disk),
        data: data.into_iter().map(target).collect(),
        mirror: settings.mirror,
        goal,
    })
}

fn choose<'a>(choice: &DiskChoice, candidates: &'a [Candidate]) -> Result<&'a Candidate, PlanError> {
    let (matching, choice): (Vec<&Candidate>, Words) = match choice {
        DiskChoice::Serial(serial) => (
            matching(candidates, |disk| disk.serial.as_ref() == Some(serial)),
            words::by_serial(serial.as_str()),
        ),
        DiskChoice::Name(name) => {
            let plain = name.strip_prefix("/dev/").unwrap_or(name);
            (matching(candidates, |disk| disk.name == plain), plain.into())
        }
        DiskChoice::Path(path) => {
            let plain = path.strip_prefix("/dev/disk/by-path/").unwrap_or(path);
            let found = matching(candidates, |disk| disk.path.as_deref() == Some(plain));
            (found, words::by_path(plain))
        }
    };
    match matching.as_slice() {
        [] => Err(PlanError::NoSuchDisk {
            choice,
            there: list(candidates.iter()),
        }),
        [disk] => match &disk.refused {
            None => Ok(disk),
            Some(why) => Err(PlanError::Refused {
                disk: shown(disk),
                why: why.clone(),
                there: list(candidates.iter()),
            }),
        },
        several => Err(PlanError::Ambiguous {
            choice,
            matching: list(several.iter().copied()),
        }),
    }
}

fn matching(candidates: &[Candidate], is: impl Fn(&Candidate) -> bool) -> Vec<&Candidate> {
    candidates.iter().filter(|disk| is(disk)).collect()
}

fn is_free(disk: &Candidate) -> Result<(), PlanError> {
    match &disk.content {
        Content::Empty => Ok(()),
        Content::PocketStack { complete: true } => Err(PlanError::Installed { disk: shown(disk) }),
        Content::PocketStack { complete: false } | Content::StateOfMedium | Content::Foreign { .. } => {
            Err(PlanError::Occupied {
                disk: shown(disk),
                what: now(disk),
            })
        }
    }
}

fn can_stay(disk: &Candidate) -> Result<(), PlanError> {
    let instead = match &disk.content {
        Content::PocketStack { complete: true } => return Ok(()),
        Content::Empty => words::instead_leave_out(),
        Content::PocketStack { complete: false } | Content::StateOfMedium | Content::Foreign { .. } => {
            words::instead_erase()
        }
    };
    Err(PlanError::NothingToKeep {
        disk: shown(disk),
        now: now(disk),
        instead,
    })
}

fn has_volumes(disk: &Candidate) -> Result<(), PlanError> {
    match &disk.content {
        Content::Foreign { what } if *what == words::volumes() => Ok(()),
        _ => Err(PlanError::NotItsDisk {
            disk: shown(disk),
            now: now(disk),
        }),
    }
}

fn target(disk: &Candidate) -> Target {
    Target {
        name: disk.name.clone(),
        size: disk.size,
        shown: shown(disk),
        now: now(disk),
    }
}

/// "sda (WDC WD10EZEX, 100 GiB, serial number S1, pci-0000:00:05.0-ata-1)".
fn shown(disk: &Candidate) -> Words {
    let text = |text: &Option<String>| text.as_deref().map(Words::from);
    let facts = [
        text(&disk.model),
        Some(words::size(disk.size)),
        disk.serial.as_deref().map(words::serial),
        text(&disk.path),
    ];
    let name = disk.name.as_str();
    match Words::joined(facts.into_iter().flatten(), kept::list) {
        Some(facts) => words::disk_shown(name, facts),
        None => name.into(),
    }
}

fn now(disk: &Candidate) -> Words {
    match &disk.content {
        Content::Empty => words::now_empty(),
        Content::PocketStack { complete: true } => words::now_pocketstack(),
        Content::PocketStack { complete: false } => words::now_incomplete(),
        Content::StateOfMedium => words::now_state(),
        Content::Foreign { what } => what.clone(),
    }
}

fn list<'a>(disks: impl Iterator<Item = &'a Candidate>) -> Words {
    Words::joined(disks.map(shown), kept::also).unwrap_or_else(kept::unknown)
}

#[cfg(test)]
pub(crate) mod tests;
