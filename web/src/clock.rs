//! Time that only goes forward, whatever somebody sets the clock to.

use std::sync::Arc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Tells how long the machine runs, sleep included. What is kept in `/run` lives as long, so its times stay right over a
/// restart of this program.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// The kernel's (`CLOCK_BOOTTIME`, clock_gettime(2)).
    pub fn boot() -> Self {
        Self(Arc::new(|| {
            // It fails only on kernels without this clock, before 2.6.39.
            clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
        }))
    }

    /// Time since the machine was started.
    pub fn now(&self) -> Duration {
        (self.0)()
    }
}

/// A clock that a test sets.
#[cfg(test)]
#[derive(Clone, Default)]
pub struct Hand(Arc<std::sync::atomic::AtomicU64>);

#[cfg(test)]
impl Hand {
    /// The clock with this hand.
    pub fn clock(&self) -> Clock {
        let seconds = self.0.clone();
        Clock(Arc::new(move || {
            Duration::from_secs(seconds.load(std::sync::atomic::Ordering::SeqCst))
        }))
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.0
            .fetch_add(time.as_secs(), std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_the_kernel_goes_forward() {
        let clock = Clock::boot();
        let first = clock.now();
        assert!(first > Duration::ZERO && clock.now() >= first);
    }
}
