//! What can be asked of this node, by D-Bus and by the console: changes of its configuration, an installation, power.
//!
//! ```text
//!   change ──► wanted (watch) ──► keep: networks, name, time
//!      │          ▲
//!      │          │ taken back after 60 s, or when the daemon dies: only the stored one is read at the start
//!      └─ networks differ: waits for confirm ──► store
//! ```
//!
//! A change that leaves the networks as they are is stored before it is used. One that does not is used first and
//! stored only when it is confirmed, so that nothing, a power cut included, keeps a person locked out.

mod code;
mod machine;

pub use machine::{Job, Machine};
pub use pocketstack_host::systemd::Power;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, Existing, InstallSettings, Then};
use pocketstack_model::status::{Installation, Kept, NetworkChange};
use time::OffsetDateTime;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::keep::{Board, Section};
use crate::store::{Loaded, Store, StoreError};

/// How long a change of the networks waits to be confirmed.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// Wrong codes that are answered; a code is not to be found by trying.
const TRIES: u32 = 5;
/// So long the end of an installation can be read before the machine restarts.
const READ_THE_END: Duration = Duration::from_secs(5);

/// Why a change was not made or not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Another one has to be confirmed, or taken back, first.
    #[error(
        "a change of the networks still waits to be confirmed: confirm it, or wait {seconds} s until it is taken back"
    )]
    Unconfirmed {
        /// Until then.
        seconds: u64,
    },
    /// There is nothing to confirm.
    #[error(
        "no change of the networks waits to be confirmed; it may have been taken back already: make it again"
    )]
    NothingWaits,
    /// It is not the code.
    #[error("the code is wrong: type it as it was given when the change was made")]
    WrongCode,
    /// It was not the code too often.
    #[error("too many wrong codes were given: the change is taken back in {seconds} s, make it again then")]
    TooManyTries {
        /// Until then.
        seconds: u64,
    },
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel gave no random numbers for a code.
    #[error("no code for confirming the change could be made: {0}")]
    Code(std::io::Error),
    /// The daemon is about to end.
    #[error("pocketstackd is about to end: try again in a few seconds")]
    Ending,
}

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
    board: Board,
}

struct State {
    store: Arc<std::sync::Mutex<Store>>,
    /// What comes back if the change is not confirmed.
    settled: Configuration,
    /// What is on the disk; `None` if nothing was ever stored.
    stored: Option<Configuration>,
    pending: Option<Pending>,
}

struct Pending {
    configuration: Configuration,
    code: String,
    until: Instant,
    wrong: u32,
}

impl Pending {
    fn seconds(&self) -> u64 {
        self.until
            .saturating_duration_since(Instant::now())
            .as_secs()
            .saturating_add(1)
    }
}

impl Control {
    /// Controls over what was stored.
    pub fn new(store: Store, loaded: Loaded, machine: Arc<dyn Machine>, board: Board) -> Self {
        board.trouble(
            Section::Configuration,
            "configuration",
            "the newest one stored",
            &format!("generation {}", loaded.generation),
            &loaded.trouble,
        );
        Self(Arc::new(Inner {
            wanted: watch::Sender::new(loaded.configuration.clone()),
            state: Mutex::new(State {
                store: Arc::new(std::sync::Mutex::new(store)),
                stored: (loaded.generation > 0).then(|| loaded.configuration.clone()),
                settled: loaded.configuration,
                pending: None,
            }),
            machine,
            network_change: watch::Sender::new(NetworkChange::None),
            deadline: watch::Sender::new(None),
            installation: watch::Sender::new(Installation::None),
            board,
        }))
    }

    /// The configuration in use, an unconfirmed one included.
    pub async fn configuration(&self) -> Configuration {
        self.0.wanted.borrow().clone()
    }

    /// Whether a configuration was ever stored on this node.
    pub async fn configured(&self) -> bool {
        self.0.state.lock().await.stored.is_some()
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

    /// Changes the configuration. With other networks than now it is used at once, and the answer is the code that
    /// [`Control::confirm`] must be given within a minute for it to stay.
    ///
    /// # Errors
    /// [`ChangeError`]; everything is then as before.
    pub async fn change(&self, new: Configuration) -> Result<Option<String>, ChangeError> {
        self.apart(|control| async move { control.change_now(new).await })
            .await
    }

    /// Makes the change of the networks that waits a lasting one.
    ///
    /// # Errors
    /// [`ChangeError`]. If storing fails the change goes on waiting, and can be confirmed again.
    pub async fn confirm(&self, code: &str) -> Result<(), ChangeError> {
        let code = code.to_owned();
        self.apart(|control| async move { control.confirm_now(&code).await })
            .await
    }

    /// Uses a configuration without asking for a confirmation: answers that came with the machine. Stored only if
    /// `lasting`.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn adopt(&self, new: Configuration, lasting: bool) -> Result<(), ChangeError> {
        self.apart(|control| async move { control.adopt_now(new, lasting).await })
            .await
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

    /// The disks of this machine, and which of them PocketStack could be installed on.
    ///
    /// # Errors
    /// Why they cannot be looked at, in words.
    pub async fn disks(&self) -> Result<Vec<Candidate>, String> {
        self.0.machine.disks().await
    }

    /// Starts an installation to disk of this system, with the configuration in use unless a state there is kept. How it
    /// goes on is told by [`Control::installation`].
    ///
    /// # Errors
    /// If one runs, or what is wrong with the wish, in words.
    pub async fn install(&self, settings: InstallSettings) -> Result<(), String> {
        let settled = self.0.state.lock().await.settled.clone();
        let configuration = Job::configuration(settled);
        self.start_installation(Job {
            configuration: configuration.filter(|_| settings.existing != Existing::Keep),
            settings,
            answers: None,
        })
    }

    /// Starts an installation; see [`Control::install`].
    ///
    /// # Errors
    /// If one runs.
    pub fn start_installation(&self, job: Job) -> Result<(), String> {
        let free = self.0.installation.send_if_modified(|now| {
            let free = !matches!(now, Installation::Running { .. } | Installation::Done { .. });
            if free {
                *now = Installation::Running {
                    step: "looking at the disks".to_owned(),
                    percent: 0,
                };
            }
            free
        });
        if !free {
            return Err("an installation runs already, or has just ended".to_owned());
        }
        let control = self.clone();
        tokio::spawn(async move { control.installed(job).await });
        Ok(())
    }

    /// The disk of this machine that was installed from answers with this SHA-256, if there is one.
    ///
    /// # Errors
    /// Why the disks cannot be looked at, in words.
    pub async fn installed_from(&self, answers: String) -> Result<Option<String>, String> {
        self.0.machine.installed_from(answers).await
    }

    /// Says on pages and consoles why no installation was begun.
    fn installation_refused(&self, why: String) {
        tracing::error!("installation: {why}");
        self.0.installation.send_replace(Installation::Failed { why });
    }

    async fn installed(&self, job: Job) {
        let then = job.settings.then;
        match self.0.machine.install(job, self.0.installation.clone()).await {
            Ok(disk) => {
                tracing::info!("installed on {disk}");
                self.0.installation.send_replace(Installation::Done { disk });
                sleep(READ_THE_END).await;
                let power = match then {
                    Then::Restart => Power::Restart,
                    Then::PowerOff => Power::Off,
                };
                if let Err(why) = self.0.machine.power(power).await {
                    tracing::error!("the machine is installed, but goes on running: {why}");
                }
            }
            Err(why) => self.installation_refused(why),
        }
    }

    /// Takes back what is not confirmed in time; for ever.
    ///
    /// # Errors
    /// None while the daemon runs.
    pub async fn take_back(self) -> anyhow::Result<()> {
        let mut deadline = self.0.deadline.subscribe();
        loop {
            let until = *deadline.borrow_and_update();
            let due = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.expire().await,
                changed = deadline.changed() => changed?,
            }
        }
    }

    async fn expire(&self) {
        let mut state = self.0.state.lock().await;
        if state
            .pending
            .take_if(|pending| pending.until <= Instant::now())
            .is_none()
        {
            return;
        }
        tracing::warn!("the change of the networks was not confirmed and is taken back");
        self.0.wanted.send_replace(state.settled.clone());
        self.0.network_change.send_replace(NetworkChange::Reverted {
            at: OffsetDateTime::now_utc(),
            why: format!("nobody confirmed it within {} seconds", CONFIRM_WITHIN.as_secs()),
        });
        self.0.deadline.send_replace(None);
    }

    async fn change_now(&self, new: Configuration) -> Result<Option<String>, ChangeError> {
        let mut state = self.0.state.lock().await;
        if let Some(pending) = &state.pending {
            return Err(ChangeError::Unconfirmed {
                seconds: pending.seconds(),
            });
        }
        if new.network == state.settled.network {
            self.settle(&mut state, new).await?;
            return Ok(None);
        }
        let code = code::fresh().map_err(ChangeError::Code)?;
        let until = Instant::now() + CONFIRM_WITHIN;
        state.pending = Some(Pending {
            configuration: new.clone(),
            code: code.clone(),
            until,
            wrong: 0,
        });
        tracing::info!(
            "the networks are changed; without a confirmation that is taken back in {} s",
            CONFIRM_WITHIN.as_secs()
        );
        self.0.network_change.send_replace(NetworkChange::Unconfirmed {
            until: OffsetDateTime::now_utc() + CONFIRM_WITHIN,
        });
        self.0.deadline.send_replace(Some(until));
        self.0.wanted.send_replace(new);
        Ok(Some(code))
    }

    async fn confirm_now(&self, code: &str) -> Result<(), ChangeError> {
        let mut state = self.0.state.lock().await;
        let Some(pending) = &mut state.pending else {
            return Err(ChangeError::NothingWaits);
        };
        if pending.until <= Instant::now() {
            // The lock was ours before the one who takes it back; it is too late all the same.
            return Err(ChangeError::NothingWaits);
        }
        if pending.wrong >= TRIES {
            return Err(ChangeError::TooManyTries {
                seconds: pending.seconds(),
            });
        }
        if !code::matches(&pending.code, code) {
            pending.wrong += 1;
            return Err(ChangeError::WrongCode);
        }
        let new = pending.configuration.clone();
        self.settle(&mut state, new).await?;
        state.pending = None;
        tracing::info!("the change of the networks was confirmed");
        self.0.deadline.send_replace(None);
        self.0.network_change.send_replace(NetworkChange::None);
        Ok(())
    }

    async fn adopt_now(&self, new: Configuration, lasting: bool) -> Result<(), ChangeError> {
        let mut state = self.0.state.lock().await;
        if let Some(pending) = &state.pending {
            return Err(ChangeError::Unconfirmed {
                seconds: pending.seconds(),
            });
        }
        if lasting {
            self.settle(&mut state, new).await
        } else {
            state.settled = new.clone();
            self.0.wanted.send_replace(new);
            Ok(())
        }
    }

    /// Stores a configuration and puts it in use.
    async fn settle(&self, state: &mut State, new: Configuration) -> Result<(), ChangeError> {
        if state.stored.as_ref() != Some(&new) {
            let (store, saved) = (state.store.clone(), new.clone());
            // Flushing to a slow disk takes a moment: others wait for the lock, the daemon's thread does not.
            let save = move || {
                store
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .save(&saved)
            };
            let generation = tokio::task::spawn_blocking(save)
                .await
                .map_err(|_| ChangeError::Ending)??;
            tracing::info!("configuration {generation} is stored");
            self.0.board.trouble(
                Section::Configuration,
                "configuration",
                "the newest one stored",
                &format!("generation {generation}"),
                &[],
            );
            state.stored = Some(new.clone());
        }
        state.settled = new.clone();
        self.0.wanted.send_replace(new);
        Ok(())
    }

    /// Runs to its end even if whoever asked goes away in the middle.
    async fn apart<T, F>(&self, act: impl FnOnce(Self) -> F) -> Result<T, ChangeError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ChangeError>> + Send + 'static,
    {
        match tokio::spawn(act(self.clone())).await {
            Ok(result) => result,
            Err(_) => Err(ChangeError::Ending),
        }
    }
}

#[cfg(test)]
pub mod tests;
