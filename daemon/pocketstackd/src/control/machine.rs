//! What control has done by the machine itself.

use futures_util::future::BoxFuture;
use pocketstack_host::systemd::UnitName;
use pocketstack_model::clock::ObservedClock;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::journal::{Journal, JournalFilter};
use pocketstack_model::node::State;
use pocketstack_model::status::{Begun, Installation};
use pocketstack_model::unit::{Unit, UnitAction};
use pocketstack_model::words::Words;
use tokio::sync::watch;

use super::Power;

/// An installation to disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Where to, and what becomes of what is there.
    pub settings: InstallSettings,
    /// The configuration the installed node comes up with. Without one it comes up for its setup, or, where the state is
    /// kept, as it was.
    pub configuration: Option<Configuration>,
    /// SHA-256 of the answers that asked for it, by which it is recognised later.
    pub answers: Option<String>,
}

/// The machine, behind a pointer: control is not made of the types of adapters. Errors are words for a person.
pub trait Machine: Send + Sync {
    /// Restarts the machine or switches it off.
    fn power(&self, power: Power) -> BoxFuture<'_, Result<(), String>>;

    /// The last lines of the log.
    fn log(&self, unit: Option<String>, lines: u32) -> BoxFuture<'_, Result<Vec<String>, String>>;

    /// The clock now.
    fn clock(&self) -> BoxFuture<'_, ObservedClock>;

    /// Where state is kept.
    fn state(&self) -> BoxFuture<'_, State>;

    /// Leaves the mark by which all state is removed at the next start, or takes it away again.
    fn mark_for_reset(&self, wanted: bool) -> BoxFuture<'_, Result<(), String>>;

    /// Entries of the journal.
    fn journal(&self, filter: JournalFilter) -> BoxFuture<'_, Result<Journal, String>>;

    /// Those of these units that there are, and all that have failed.
    fn units(&self, names: Vec<UnitName>) -> BoxFuture<'_, Result<Vec<Unit>, String>>;

    /// Does something with a unit, and waits until it is done.
    fn unit_action(&self, unit: UnitName, action: UnitAction) -> BoxFuture<'_, Result<(), String>>;

    /// Disks.
    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>>;

    /// What an installation would do, in words.
    fn planned(&self, settings: InstallSettings) -> BoxFuture<'_, Result<Vec<String>, String>>;

    /// Installs, tells how far it is, and returns the disk's name once everything was read back.
    fn install(
        &self,
        job: Job,
        progress: watch::Sender<Installation>,
    ) -> BoxFuture<'_, Result<String, Words>>;

    /// The disk that was installed from answers with this SHA-256, if one is in this machine.
    fn installed_from(&self, answers: String) -> BoxFuture<'_, Result<Option<String>, String>>;

    /// Notes what is installed, until the machine restarts, or that nothing is. Short enough to be called from anywhere.
    fn note(&self, begun: Option<&Begun>) -> Result<(), String>;

    /// What was noted. Nothing if it cannot be read.
    fn noted(&self) -> Option<Begun>;
}
