//! Setting this node up: the code that only the console shows, and what a person has answered.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pocketstack_model::answers::Answers;
use pocketstack_model::status::Installation;
use pocketstack_plan::setup::{Refused, Then, Tries, finish};
use tokio::sync::watch;
use tokio::time::Instant;

use super::code::SetupCode;
use super::{ChangeError, Control, Job};

/// Why the node was not set up. `Display` says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// It is already.
    #[error("this machine is set up already: sign in with its password")]
    SetUp,
    /// It is not the code.
    #[error("this is not the setup code: type the one that the machine's console shows now")]
    WrongCode,
    /// It was not the code too often.
    #[error(
        "too many wrong setup codes were given: wait {seconds} s, and type the one that the machine's console shows then"
    )]
    TooManyTries {
        /// Until then.
        seconds: u64,
    },
    /// The answers are no good.
    #[error(transparent)]
    Answers(#[from] Refused),
    /// They cannot be done, in words.
    #[error("{0}")]
    Impossible(String),
    /// They could not be stored or used.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// The code of a node that is not set up. It is nowhere but in memory, and another one after each start.
pub struct Setup {
    code: watch::Sender<Option<SetupCode>>,
    tries: Mutex<Tries>,
    began: Instant,
}

impl Setup {
    /// Of a node that is set up, or not.
    pub fn new(set_up: bool) -> Self {
        let setup = Self {
            code: watch::Sender::new(None),
            tries: Mutex::default(),
            began: Instant::now(),
        };
        setup.know(set_up);
        setup
    }

    /// Takes the code away once the node is set up, and makes one as long as it is not.
    pub fn know(&self, set_up: bool) {
        self.code.send_if_modified(|code| match (set_up, &code) {
            (true, Some(_)) => code.take().is_some(),
            (false, None) => {
                *code = SetupCode::fresh()
                    .inspect_err(|error| tracing::error!("no setup code could be made: {error}"))
                    .ok();
                code.is_some()
            }
            _ => false,
        });
    }

    fn check(&self, given: &str) -> Result<(), SetupError> {
        let code = self.code.borrow().ok_or(SetupError::SetUp)?;
        let now = self.began.elapsed();
        let mut tries = self.tries();
        if let Some(wait) = tries.wait(now) {
            return Err(SetupError::TooManyTries {
                seconds: wait.as_secs().saturating_add(1),
            });
        }
        if code.matches(given) {
            tries.right();
            return Ok(());
        }
        tries.wrong(now);
        tracing::warn!("a wrong setup code was given");
        Err(SetupError::WrongCode)
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control {
    /// The code that the console shows as long as this node is not set up.
    pub fn setup_code(&self) -> watch::Receiver<Option<SetupCode>> {
        self.0.setup.code.subscribe()
    }

    /// Whether this is the setup code. Wrong ones count, right ones are not used up.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn check_setup_code(&self, code: &str) -> Result<(), SetupError> {
        self.0.setup.check(code)
    }

    /// Sets this node up for whoever has the code. If the networks change, the answer is the code for
    /// [`Control::confirm`].
    ///
    /// # Errors
    /// [`SetupError`]. Unless the networks could not be changed, everything is then as before.
    pub async fn finish_setup(&self, code: &str, answers: Answers) -> Result<Option<String>, SetupError> {
        self.0.setup.check(code)?;
        self.finish_setup_at_console(answers).await
    }

    /// The same at a console of this machine, which needs no code: it is where the code is read.
    ///
    /// # Errors
    /// As [`Control::finish_setup`].
    pub async fn finish_setup_at_console(&self, answers: Answers) -> Result<Option<String>, SetupError> {
        self.apart(|control| async move { control.finish_setup_now(answers).await })
            .await
    }

    async fn finish_setup_now(&self, answers: Answers) -> Result<Option<String>, SetupError> {
        if let Some(install) = &answers.install {
            // A disk that will not do is to be told while another one can still be chosen.
            let planned = self.0.machine.planned(install.clone()).await;
            planned.map_err(SetupError::Impossible)?;
        }
        let mut state = self.0.state.lock().await;
        if state.settled.is_set_up() {
            return Err(SetupError::SetUp);
        }
        state.nothing_waits()?;
        if matches!(
            *self.0.installation.borrow(),
            Installation::Running { .. } | Installation::Done { .. }
        ) {
            return Err(SetupError::Impossible(
                "an installation to disk runs, or has just ended: wait until the machine has restarted"
                    .to_owned(),
            ));
        }
        let decided = finish(answers, &state.settled)?;
        self.settle(&mut state, decided.now).await?;
        tracing::info!("this node is set up");
        match decided.then {
            Then::Nothing => Ok(None),
            Then::Change(new) => Ok(Some(self.try_out(&mut state, *new).await?)),
            Then::Install {
                settings,
                configuration,
            } => {
                let begun = self.start_installation(Job {
                    settings: *settings,
                    configuration: configuration.map(|new| *new),
                    answers: None,
                });
                begun.map_err(SetupError::Impossible)?;
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests;
