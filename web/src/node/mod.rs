//! Where the pages get their knowledge of this machine from, and through what they act on it.

mod cache;
#[cfg(test)]
mod contract;
mod dbus;
mod errors;
#[cfg(test)]
mod example;
#[cfg(test)]
mod fake;

pub use cache::{Cached, MAX_AGE};
pub use dbus::{DbusNode, connect};
pub use errors::{NotDone, Unavailable};
#[cfg(test)]
pub use example::{PASSWORD, disks, entry, example, metrics, password_hash};
#[cfg(test)]
pub use fake::{CODE, FakeNode, SETUP_CODE};

use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::journal::{Journal, JournalFilter};
use pocketstack_model::metrics::Metrics;
use pocketstack_model::node::Overview;
use pocketstack_model::unit::{Unit, UnitAction};
use rocket::async_trait;
use tokio::sync::watch;

/// The node controller as the pages see it. Every question is answered within seconds, if only with an error.
#[async_trait]
pub trait NodeSource: Send + Sync {
    /// The machine as it is now.
    async fn overview(&self) -> Result<Overview, Unavailable>;

    /// The configuration in use, with the hash of the password.
    async fn configuration(&self) -> Result<Configuration, Unavailable>;

    /// The disks, and which of them PocketStack could be installed on.
    async fn disks(&self) -> Result<Vec<Candidate>, Unavailable>;

    /// How busy the machine was over the last minutes.
    async fn metrics(&self) -> Result<Metrics, Unavailable>;

    /// The units that a person has to do with.
    async fn units(&self) -> Result<Vec<Unit>, Unavailable>;

    /// Starts a unit, stops it, or does both.
    async fn unit_action(&self, unit: &str, action: UnitAction) -> Result<(), NotDone>;

    /// Entries of the journal, oldest first.
    async fn journal(&self, filter: &JournalFilter) -> Result<Journal, NotDone>;

    /// Whether this is the setup code that the console shows.
    async fn check_setup_code(&self, code: &str) -> Result<(), NotDone>;

    /// Sets the machine up: stores the configuration among the answers, and starts the installation if they ask for one.
    /// The code for [`NodeSource::confirm_network`] if the networks of this node change with it.
    async fn finish_setup(&self, code: &str, answers: &Answers) -> Result<Option<String>, NotDone>;

    /// Uses another configuration: the code for [`NodeSource::confirm_network`] if the networks change with it.
    async fn change_configuration(&self, new: &Configuration) -> Result<Option<String>, NotDone>;

    /// Keeps the change of the networks that this code belongs to.
    async fn confirm_network(&self, code: &str) -> Result<(), NotDone>;

    /// Ends the machine.
    async fn power(&self, how: Power) -> Result<(), NotDone>;

    /// Starts an installation to disk; the overview tells how it goes.
    async fn install(&self, settings: &InstallSettings) -> Result<(), NotDone>;

    /// Restarts the machine as it was before its setup.
    async fn factory_reset(&self) -> Result<(), NotDone>;

    /// A count that grows whenever the overview has changed, and whenever the node controller has gone or come
    /// back. Never shrinks; several changes may be seen as one.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// How a machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It starts again.
    Restart,
    /// It stays off.
    Off,
}

impl Power {
    /// As the bus calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Off => "off",
        }
    }

    /// The one with this word.
    pub fn called(word: &str) -> Option<Self> {
        [Self::Restart, Self::Off]
            .into_iter()
            .find(|how| how.word() == word)
    }
}
