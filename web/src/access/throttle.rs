//! Slows down who tries passwords, by address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// Wrong passwords that cost nothing but the time to type them.
const FREE: u32 = 5;
/// Wait after the first one beyond; each further one doubles it.
const FIRST: Duration = Duration::from_secs(5);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After so long without a try the count starts anew.
const FORGET: Duration = Duration::from_secs(3600);
/// Addresses that are remembered; the one that was quiet longest goes first.
const MOST: usize = 1024;

/// Counts wrong passwords.
pub struct Throttle {
    clock: Clock,
    wrong: Mutex<HashMap<IpAddr, Wrong>>,
}

#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    last: Duration,
}

/// It is not yet time for another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Seconds that are left, at least one.
    pub seconds: u32,
}

impl Throttle {
    /// Nobody has tried yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            wrong: Mutex::default(),
        }
    }

    /// Begins a try, which counts as a wrong one until [`Throttle::right`] says otherwise: many at the same time get no more
    /// tries than one after the other.
    ///
    /// # Errors
    /// [`Wait`], and the try does not count.
    pub fn begin(&self, from: IpAddr) -> Result<(), Wait> {
        let (now, from) = (self.clock.now(), source(from));
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, wrong| now.saturating_sub(wrong.last) < FORGET);
        let so_far = wrong.get(&from).copied().unwrap_or(Wrong { count: 0, last: now });
        let left = pause(so_far.count).saturating_sub(now.saturating_sub(so_far.last));
        if so_far.count >= FREE && !left.is_zero() {
            // A part of a second counts as a whole one: who comes back then is not sent away again.
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            return Err(Wait {
                seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            });
        }
        if wrong.len() >= MOST && !wrong.contains_key(&from) {
            let quiet = wrong
                .iter()
                .min_by_key(|(_, wrong)| wrong.last)
                .map(|(from, _)| *from);
            quiet.map(|from| wrong.remove(&from));
        }
        let count = so_far.count.saturating_add(1);
        wrong.insert(from, Wrong { count, last: now });
        Ok(())
    }

    /// The try was right: nothing is held against this address any more.
    pub fn right(&self, from: IpAddr) {
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&source(from));
    }

    /// The try could not be judged: it counts neither way.
    pub fn undecided(&self, from: IpAddr) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wrong) = wrong.get_mut(&source(from)) {
            wrong.count = wrong.count.saturating_sub(1);
        }
    }
}

/// How long after so many wrong ones.
fn pause(count: u32) -> Duration {
    match count.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(beyond) => FIRST.saturating_mul(1 << beyond.min(16)).min(LONGEST),
    }
}

/// What counts as one address: with IPv6 a single machine has the last 64 bits to itself (RFC 4291 section 2.5.4).
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Hand;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn after_five_wrong_ones_each_further_costs_more() {
        let hand = Hand::default();
        let throttle = Throttle::new(hand.clock());
        let from = address("192.0.2.1");
        for _ in 0..5 {
            assert_eq!(throttle.begin(from), Ok(()));
        }
        for seconds in [5, 10, 20, 40, 80, 160, 320, 640, 900, 900] {
            assert_eq!(throttle.begin(from), Err(Wait { seconds }));
            hand.pass(Duration::from_secs(u64::from(seconds) - 1));
            assert_eq!(throttle.begin(from), Err(Wait { seconds: 1 }));
            hand.pass(Duration::from_secs(1));
            assert_eq!(throttle.begin(from), Ok(()));
        }
        assert_eq!(throttle.begin(address("192.0.2.2")), Ok(()), "others do not wait");
        throttle.right(from);
        assert_eq!(throttle.begin(from), Ok(()));
    }

    #[test]
    fn a_quiet_hour_is_a_new_start_and_what_was_not_judged_does_not_count() {
        let hand = Hand::default();
        let throttle = Throttle::new(hand.clock());
        let from = address("192.0.2.1");
        for _ in 0..20 {
            throttle.begin(from).expect("undecided ones do not count");
            throttle.undecided(from);
        }
        for _ in 0..5 {
            throttle.begin(from).expect("free");
        }
        assert!(throttle.begin(from).is_err());
        hand.pass(FORGET);
        assert_eq!(throttle.begin(from), Ok(()));
    }

    #[test]
    fn a_network_of_one_machine_is_one_address_and_memory_is_bounded() {
        let throttle = Throttle::new(Hand::default().clock());
        for last in 0..5 {
            throttle
                .begin(address(&format!("2001:db8::{last}")))
                .expect("free");
        }
        assert!(throttle.begin(address("2001:db8::ffff")).is_err());
        for _ in 0..5 {
            throttle.begin(address("::ffff:192.0.2.7")).expect("free");
        }
        assert!(throttle.begin(address("192.0.2.7")).is_err());
        for number in 0..3000_u32 {
            throttle
                .begin(IpAddr::from((0x0a00_0000 + number).to_be_bytes()))
                .expect("free");
        }
        assert_eq!(throttle.wrong.lock().expect("not poisoned").len(), MOST);
    }
}
