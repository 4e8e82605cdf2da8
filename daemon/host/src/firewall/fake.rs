//! The fake: rules in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pocketstack_exec::Error as ExecError;
use pocketstack_model::firewall::{Rule, Seen};

use super::{Error, Firewall};

/// A kernel with a packet filter; at first it lets everything in.
#[derive(Debug, Default)]
pub struct FakeFirewall(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    seen: Seen,
    loads: usize,
    missing: bool,
}

impl FakeFirewall {
    /// Somebody takes all rules away.
    pub fn flush(&self) {
        self.locked().seen = Seen::default();
    }

    /// Somebody adds a rule at the end, with these words.
    pub fn add(&self, words: &str) {
        self.locked().seen.rules.push(words.to_owned());
    }

    /// Whether nft is not there from now on.
    pub fn lose_nft(&self, missing: bool) {
        self.locked().missing = missing;
    }

    /// How often rules were replaced.
    pub fn loads(&self) -> usize {
        self.locked().loads
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ready(&self) -> Result<MutexGuard<'_, State>, ExecError> {
        let state = self.locked();
        if state.missing {
            return Err(ExecError::Missing {
                program: "nft".to_owned(),
            });
        }
        Ok(state)
    }
}

impl Firewall for FakeFirewall {
    fn observe(&self) -> Result<Seen, Error> {
        Ok(self.ready().map_err(Error::Read)?.seen.clone())
    }

    fn load(&self, rules: &[Rule]) -> Result<(), Error> {
        let mut state = self.ready().map_err(Error::Load)?;
        state.loads += 1;
        state.seen = Seen {
            closed: true,
            rules: rules.iter().map(ToString::to_string).collect(),
        };
        Ok(())
    }
}
