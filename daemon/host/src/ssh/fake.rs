//! The fake: a key in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Error, Fingerprint, HostKey};

/// A node without a key. Each one it makes is another.
#[derive(Debug, Default)]
pub struct FakeHostKey(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    made: usize,
    usable: bool,
    missing: bool,
}

impl FakeHostKey {
    /// The key is not whole any more.
    pub fn spoil(&self) {
        self.locked().usable = false;
    }

    /// Whether ssh-keygen is not there from now on.
    pub fn lose_keygen(&self, missing: bool) {
        self.locked().missing = missing;
    }

    /// How many keys were made.
    pub fn made(&self) -> usize {
        self.locked().made
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ready(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.locked();
        if state.missing {
            return Err(Error::Program(pocketstack_exec::Error::Missing {
                program: "ssh-keygen".to_owned(),
            }));
        }
        Ok(state)
    }
}

impl HostKey for FakeHostKey {
    fn fingerprint(&self) -> Result<Option<Fingerprint>, Error> {
        let state = self.ready()?;
        Ok(state
            .usable
            .then(|| Fingerprint(format!("SHA256:fake{}", state.made))))
    }

    fn make(&self) -> Result<(), Error> {
        let mut state = self.ready()?;
        state.made += 1;
        state.usable = true;
        Ok(())
    }
}
