//! Systemd's units, as far as a person has to do with them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A unit as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Full name ("libvirtd.service").
    pub name: String,
    /// What systemd says it is.
    pub description: String,
    /// Whether it runs.
    pub active: Active,
    /// The same in more detail, in systemd's words ("running", "exited", "dead").
    pub sub: String,
    /// Whether it is started with the machine.
    pub at_start: AtStart,
    /// Since when it is so, in UTC; `None` if it never was otherwise.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// What may be done with it.
    pub actions: Vec<UnitAction>,
}

/// Whether a unit runs (org.freedesktop.systemd1(5), `ActiveState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Active {
    /// It runs.
    Active,
    /// It runs, and reads its configuration.
    Reloading,
    /// It does not run.
    Inactive,
    /// It ended otherwise than it should.
    Failed,
    /// It is on its way up.
    Activating,
    /// It is on its way down.
    Deactivating,
    /// Systemd says something newer than this list.
    Other,
}

/// Whether a unit is started with the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtStart {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// When something else needs it.
    IfNeeded,
    /// It cannot be started.
    Masked,
}

/// What can be done with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitAction {
    /// It is started.
    Start,
    /// It is stopped.
    Stop,
    /// It is stopped if it runs, and started.
    Restart,
}

impl UnitAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Start, Self::Stop, Self::Restart];

    /// As the bus calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }

    /// The one with this word.
    pub fn called(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

impl Active {
    /// As systemd calls it.
    pub fn called(word: &str) -> Self {
        match word {
            "active" => Self::Active,
            "reloading" | "refreshing" => Self::Reloading,
            "inactive" => Self::Inactive,
            "failed" => Self::Failed,
            "activating" => Self::Activating,
            "deactivating" => Self::Deactivating,
            _ => Self::Other,
        }
    }
}

impl AtStart {
    /// As systemd calls the state of a unit's file; nothing for units without one.
    pub fn called(word: &str) -> Self {
        match word {
            "enabled" | "enabled-runtime" | "linked" | "linked-runtime" | "alias" => Self::Yes,
            "masked" | "masked-runtime" => Self::Masked,
            "disabled" => Self::No,
            _ => Self::IfNeeded,
        }
    }
}
