//! Changes of the configuration: used, confirmed, stored, taken back.

use std::future::Future;
use std::time::Duration;

use pocketstack_model::config::Configuration;
use pocketstack_model::status::NetworkChange;
use pocketstack_model::words::kept as words;
use pocketstack_plan::setup::follows;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, sleep_until};

use super::state::{Pending, State};
use super::{ChangeError, Control, code};
use crate::store::{Loaded, StoreError};

/// How long a change of the networks waits to be confirmed.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// Wrong codes from elsewhere that are answered; a code is not to be found by trying.
pub const TRIES: u32 = 5;
/// Between two looks whether something can be stored again.
pub const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Who gives a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Giver {
    /// A console of this machine, which knows the code of the change that was made there.
    Console,
    /// Anybody who reaches the page.
    Elsewhere,
}

/// What is known of a change of the networks when the daemon starts.
pub fn at_the_start(loaded: &Loaded) -> NetworkChange {
    if !loaded.cut_off {
        return NetworkChange::None;
    }
    NetworkChange::Reverted {
        at: OffsetDateTime::now_utc(),
        why: words::change_cut_off(),
    }
}

impl Control {
    /// Whether a configuration was ever stored on this node.
    pub async fn configured(&self) -> bool {
        self.0.state.lock().await.stored.is_some()
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

    /// Makes the change of the networks that waits a lasting one, for whoever has its code.
    ///
    /// # Errors
    /// [`ChangeError`]. If storing fails the change goes on waiting, and can be confirmed again.
    pub async fn confirm(&self, code: &str) -> Result<(), ChangeError> {
        let code = code.to_owned();
        self.apart(|control| async move { control.confirm_now(&code, Giver::Elsewhere).await })
            .await
    }

    /// The same for a console of this machine. It is not kept from it by wrong codes of others, and its own do not count:
    /// nobody can try codes there.
    ///
    /// # Errors
    /// As [`Control::confirm`].
    pub async fn confirm_at_console(&self, code: &str) -> Result<(), ChangeError> {
        let code = code.to_owned();
        self.apart(|control| async move { control.confirm_now(&code, Giver::Console).await })
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
                () = due => self.expire().await?,
                changed = deadline.changed() => changed?,
            }
        }
    }

    async fn expire(&self) -> Result<(), ChangeError> {
        let mut state = self.0.state.lock().await;
        if state
            .pending
            .take_if(|pending| pending.until <= Instant::now())
            .is_none()
        {
            return Ok(());
        }
        tracing::warn!("the change of the networks was not confirmed and is taken back");
        self.put_in_use(state.settled.clone());
        self.0.network_change.send_replace(NetworkChange::Reverted {
            at: OffsetDateTime::now_utc(),
            why: words::change_unconfirmed(CONFIRM_WITHIN.as_secs()),
        });
        self.0.deadline.send_replace(None);
        state.with_store(|store| store.forget_unconfirmed()).await
    }

    async fn change_now(&self, new: Configuration) -> Result<Option<String>, ChangeError> {
        let mut state = self.0.state.lock().await;
        state.nothing_waits()?;
        follows(&state.settled, &new)?;
        if new.network == state.settled.network {
            self.settle(&mut state, new).await?;
            return Ok(None);
        }
        self.try_out(&mut state, new).await.map(Some)
    }

    /// Uses other networks until they are confirmed or taken back; the answer is the code.
    pub(super) async fn try_out(&self, state: &mut State, new: Configuration) -> Result<String, ChangeError> {
        let code = code::fresh().map_err(ChangeError::Code)?;
        // Before it is used, so that nobody wonders after a restart where it has gone.
        let noted = state.with_store(|store| store.note_unconfirmed()).await?;
        self.written(state, noted)?;
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
        self.put_in_use(new);
        Ok(code)
    }

    async fn confirm_now(&self, code: &str, giver: Giver) -> Result<(), ChangeError> {
        let mut state = self.0.state.lock().await;
        let Some(pending) = &mut state.pending else {
            return Err(ChangeError::NothingWaits);
        };
        if pending.until <= Instant::now() {
            // The lock was ours before the one who takes it back; it is too late all the same.
            return Err(ChangeError::NothingWaits);
        }
        if giver == Giver::Elsewhere && pending.wrong >= TRIES {
            return Err(ChangeError::TooManyTries {
                seconds: pending.seconds(),
            });
        }
        if !code::matches(&pending.code, code) {
            pending.wrong += u32::from(giver == Giver::Elsewhere);
            return Err(ChangeError::WrongCode);
        }
        let new = pending.configuration.clone();
        self.settle(&mut state, new).await?;
        state.pending = None;
        tracing::info!("the change of the networks was confirmed");
        self.0.deadline.send_replace(None);
        self.0.network_change.send_replace(NetworkChange::None);
        state.with_store(|store| store.forget_unconfirmed()).await
    }

    async fn adopt_now(&self, new: Configuration, lasting: bool) -> Result<(), ChangeError> {
        let mut state = self.0.state.lock().await;
        state.nothing_waits()?;
        if lasting {
            self.settle(&mut state, new).await
        } else {
            state.settled = new.clone();
            self.put_in_use(new);
            Ok(())
        }
    }

    /// Stores a configuration and puts it in use.
    pub(super) async fn settle(&self, state: &mut State, new: Configuration) -> Result<(), ChangeError> {
        if state.stored.as_ref() != Some(&new) {
            let saved = new.clone();
            let saved = state.with_store(move |store| store.save(&saved)).await?;
            let generation = self.written(state, saved)?;
            tracing::info!("configuration {generation} is stored");
            state.generation = generation;
            state.stored = Some(new.clone());
            state.damage.clear();
            state.unwritable = None;
            state.tell(&self.0.board);
        }
        state.settled = new.clone();
        self.put_in_use(new);
        Ok(())
    }

    /// Tells that nothing can be stored, until it can be again.
    fn written<T>(&self, state: &mut State, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|error| {
            let watched = state.unwritable.replace(error.to_string()).is_some();
            state.tell(&self.0.board);
            if !watched {
                tokio::spawn(self.clone().wait_for_room());
            }
        })
    }

    async fn wait_for_room(self) {
        loop {
            sleep(LOOK_AGAIN).await;
            let mut state = self.0.state.lock().await;
            if state.unwritable.is_none() {
                return;
            }
            if let Ok(Ok(())) = state.with_store(|store| store.check_room()).await {
                tracing::info!("configurations can be stored again");
                state.unwritable = None;
                state.tell(&self.0.board);
                return;
            }
        }
    }

    /// Runs to its end even if whoever asked goes away in the middle.
    pub(super) async fn apart<T, E, F>(&self, act: impl FnOnce(Self) -> F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ChangeError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        match tokio::spawn(act(self.clone())).await {
            Ok(result) => result,
            Err(_) => Err(ChangeError::Ending.into()),
        }
    }
}

#[cfg(test)]
mod tests;
