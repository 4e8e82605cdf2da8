//! What can be asked of this node, by D-Bus and by the console: changes of its configuration, an installation, power.
//!
//! ```text
//!   change ──► wanted (watch) ──► keep: networks, name, time
//!      │          ▲
//!      │          │ taken back after 60 s, or when the daemon dies: only the stored one is read at the start
//!      └─ networks differ: waits for confirm ──► store
//!
//!   install ──► machine (noted in /run) ──► installation (watch) ──► restarts or is switched off
//!      ▲
//!   finish_setup (code, or at the console) ──► store; then change, install, or nothing
//! ```
//!
//! A change that leaves the networks as they are is stored before it is used. One that does not is used first and
//! stored only when it is confirmed, so that nothing, a power cut included, keeps a person locked out.

mod changes;
mod code;
mod error;
mod installation;
mod machine;
mod reset;
mod setup;
mod state;
#[cfg(test)]
pub mod testing;
mod units;

pub use code::SetupCode;
pub use error::ChangeError;
pub use machine::{Job, Machine};
pub use pocketstack_host::systemd::Power;
pub use setup::SetupError;

use std::sync::Arc;

use pocketstack_model::config::Configuration;
use pocketstack_model::install::Candidate;
use pocketstack_model::status::{Installation, Kept, NetworkChange};
use pocketstack_model::timekeeping::Timekeeping;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::keep::Board;
use crate::store::{Loaded, Store};
use setup::Setup;
use state::State;

/// The node's controls. Clones are the same.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    machine: Arc<dyn Machine>,
    wanted: watch::Sender<Configuration>,
    network_change: watch::Sender<NetworkChange>,
    /// When the unconfirmed change goes.
    deadline: watch::Sender<Option<Instant>>,
    installation: watch::Sender<Installation>,
    /// What is to be told of an installation if the answers that asked for it are not found again.
    awaited: std::sync::Mutex<Option<pocketstack_model::words::Words>>,
    setup: Setup,
    board: Board,
}

impl Control {
    /// Controls over what was stored. What an earlier daemon was in the middle of is told, or brought to its end. Must be
    /// called inside a runtime.
    pub fn new(store: Store, loaded: Loaded, machine: Arc<dyn Machine>, board: Board) -> Self {
        let set_up = loaded.configuration.is_set_up();
        let wanted = watch::Sender::new(loaded.configuration.clone());
        let network_change = watch::Sender::new(changes::at_the_start(&loaded));
        let state = State::new(store, loaded);
        state.tell(&board);
        let control = Self(Arc::new(Inner {
            state: Mutex::new(state),
            wanted,
            network_change,
            machine,
            deadline: watch::Sender::new(None),
            installation: watch::Sender::new(Installation::None),
            awaited: std::sync::Mutex::default(),
            setup: Setup::new(set_up),
            board,
        }));
        control.go_on_after_restart();
        control
    }

    /// The configuration in use, an unconfirmed one included.
    pub async fn configuration(&self) -> Configuration {
        self.0.wanted.borrow().clone()
    }

    /// Uses a configuration from now on.
    fn put_in_use(&self, new: Configuration) {
        self.0.setup.know(new.is_set_up());
        self.0.wanted.send_replace(new);
    }

    /// The configuration in use, for those who make it so.
    pub fn wanted(&self) -> watch::Receiver<Configuration> {
        self.0.wanted.subscribe()
    }

    /// A change of the networks that waits, or was taken back.
    pub fn network_change(&self) -> watch::Receiver<NetworkChange> {
        self.0.network_change.subscribe()
    }

    /// The installation to disk.
    pub fn installation(&self) -> watch::Receiver<Installation> {
        self.0.installation.subscribe()
    }

    /// What is kept as configured.
    pub fn kept(&self) -> watch::Receiver<Vec<Kept>> {
        self.0.board.read()
    }

    /// Restarts the machine or switches it off.
    ///
    /// # Errors
    /// Why it goes on, in words.
    pub async fn power(&self, power: Power) -> Result<(), String> {
        if matches!(*self.0.installation.borrow(), Installation::Running { .. }) {
            return Err("an installation to disk runs: wait until it has ended".to_owned());
        }
        self.0.machine.power(power).await
    }

    /// The last lines of the log of this boot, oldest first; of one unit or of all.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub async fn log(&self, unit: Option<String>, lines: u32) -> Result<Vec<String>, String> {
        self.0.machine.log(unit, lines).await
    }

    /// The time and what sets it.
    pub async fn time(&self) -> Timekeeping {
        let clock = self.0.machine.clock().await;
        Timekeeping::of(&self.0.wanted.borrow().node, clock)
    }

    /// The disks of this machine, and which of them PocketStack could be installed on.
    ///
    /// # Errors
    /// Why they cannot be looked at, in words.
    pub async fn disks(&self) -> Result<Vec<Candidate>, String> {
        self.0.machine.disks().await
    }
}
