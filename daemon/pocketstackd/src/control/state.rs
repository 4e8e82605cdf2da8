//! What is stored, what is in use instead, and what waits to be confirmed.

use std::sync::{Arc, PoisonError};

use pocketstack_model::config::Configuration;
use pocketstack_model::words::kept as words;
use tokio::time::Instant;

use super::ChangeError;
use crate::keep::{Board, Section};
use crate::store::{Loaded, Store};

/// What changes work on.
pub struct State {
    store: Arc<std::sync::Mutex<Store>>,
    /// What comes back if the change is not confirmed.
    pub settled: Configuration,
    /// What is on the disk; `None` if nothing was ever stored.
    pub stored: Option<Configuration>,
    /// Its generation.
    pub generation: u64,
    /// What waits to be confirmed.
    pub pending: Option<Pending>,
    /// What could not be read at the start; told until something good is stored.
    pub damage: Vec<String>,
    /// Why nothing can be stored.
    pub unwritable: Option<String>,
}

/// A change of the networks that is in use and waits to be confirmed.
pub struct Pending {
    /// All of it.
    pub configuration: Configuration,
    /// By whom it is confirmed.
    pub code: String,
    /// When it goes.
    pub until: Instant,
    /// Wrong codes so far.
    pub wrong: u32,
}

impl Pending {
    /// So long it waits yet, rounded up.
    pub fn seconds(&self) -> u64 {
        self.until
            .saturating_duration_since(Instant::now())
            .as_secs()
            .saturating_add(1)
    }
}

impl State {
    /// As it was stored.
    pub fn new(store: Store, loaded: Loaded) -> Self {
        Self {
            store: Arc::new(std::sync::Mutex::new(store)),
            stored: (loaded.generation > 0).then(|| loaded.configuration.clone()),
            generation: loaded.generation,
            settled: loaded.configuration,
            pending: None,
            damage: loaded.trouble,
            unwritable: None,
        }
    }

    /// Tells what is stored, and what is wrong with it.
    pub fn tell(&self, board: &Board) {
        let trouble = self.damage.iter().chain(&self.unwritable);
        board.trouble(
            Section::Configuration,
            words::configuration(),
            words::configuration_newest(),
            words::generation(self.generation),
            trouble.map(|why| why.as_str().into()).collect(),
        );
    }

    /// Refuses a second change while one waits.
    ///
    /// # Errors
    /// [`ChangeError::Unconfirmed`].
    pub fn nothing_waits(&self) -> Result<(), ChangeError> {
        match &self.pending {
            Some(pending) => Err(ChangeError::Unconfirmed {
                seconds: pending.seconds(),
            }),
            None => Ok(()),
        }
    }

    /// Works on the store. Flushing to a slow disk takes a moment: others wait for the state, the daemon's thread does not.
    ///
    /// # Errors
    /// [`ChangeError::Ending`].
    pub async fn with_store<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Result<T, ChangeError> {
        let store = self.store.clone();
        let act = move || act(&mut store.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(act)
            .await
            .map_err(|_| ChangeError::Ending)
    }
}
