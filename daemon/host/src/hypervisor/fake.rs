//! The fake: a libvirt that can be stopped and started.

use std::sync::Mutex;

use super::{Error, Hypervisor, Seen};

/// Answers with what it was given, unless it is stopped.
#[derive(Debug)]
pub struct FakeHypervisor {
    seen: Mutex<Option<Seen>>,
}

impl FakeHypervisor {
    /// A libvirt that runs.
    pub fn running(seen: Seen) -> Self {
        Self {
            seen: Mutex::new(Some(seen)),
        }
    }

    /// Stops it (`None`), or starts it with other answers.
    pub fn set(&self, seen: Option<Seen>) {
        *self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = seen;
    }
}

impl Hypervisor for FakeHypervisor {
    fn look(&self) -> Result<Seen, Error> {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.clone()
            .ok_or_else(|| Error("Failed to connect socket: Connection refused".to_owned()))
    }
}
