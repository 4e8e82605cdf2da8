//! What is wanted, what is seen, and what is being done about it: how the page tells of everything that
//! `pocketstackd` keeps as configured.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::install::{DiskChoice, Then};
use crate::words::Words;

/// One thing that is kept as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What it is, e.g. "network management", "name", "time".
    pub subject: Words,
    /// What is wanted, in words.
    pub want: Words,
    /// What is seen, in words.
    pub see: Words,
    /// What is done about it.
    pub doing: Doing,
}

/// What is done about a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Doing {
    /// There is none.
    Nothing,
    /// It is being put right.
    Changing {
        /// Since when, in UTC.
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
        /// Which step.
        step: Words,
    },
    /// It cannot be put right now, and is tried again.
    Stuck {
        /// What is wrong and what to do, in words.
        why: Words,
    },
}

/// A change of the networks that is kept only if it is confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum NetworkChange {
    /// No change waits.
    #[default]
    None,
    /// The new networks are in use and go away again by themselves.
    Unconfirmed {
        /// When they go, in UTC.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
    /// The last change was taken back.
    Reverted {
        /// When, in UTC.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Why, in words.
        why: Words,
    },
}

/// An installation that was begun, as it is noted until the machine restarts: a daemon that died in the middle would
/// otherwise know nothing of it when it is started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The disk, as it was asked for.
    pub disk: DiskChoice,
    /// What the machine does at the end.
    pub then: Then,
    /// Whether answers asked for it, which are looked for again.
    pub by_answers: bool,
    /// The disk by kernel name, once everything on it was read back.
    pub installed: Option<String>,
}

/// An installation to disk on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Installation {
    /// None was asked for.
    #[default]
    None,
    /// It runs.
    Running {
        /// Step now, in words.
        step: Words,
        /// Done so far, 0 to 100.
        percent: u8,
    },
    /// It stopped; the disk is as the text says.
    Failed {
        /// What is wrong and what to do, in words.
        why: Words,
    },
    /// It is complete and was read back; the machine restarts, or is switched off, by itself.
    Done {
        /// The disk, by kernel name.
        disk: String,
    },
}
