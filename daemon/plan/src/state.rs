//! Whether there is room where state is kept.

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::State;
use pocketstack_model::words::{Words, kept as words};

/// From here on a change of the configuration may find no room: logs and what else grows take the rest in no time.
const FULL_PERCENT: u64 = 95;

/// The state partition is full, or nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// How full, in percent.
    pub percent: u64,
    /// Size of the file system.
    pub size: ByteCount,
}

impl Full {
    /// What is wrong, and what to do.
    pub fn words(&self) -> Words {
        words::state_full(self.percent, self.size)
    }
}

/// Whether it is.
pub fn full(state: &State) -> Option<Full> {
    let State::Persistent { size, used, .. } = state else {
        return None;
    };
    let percent = u128::from(used.0) * 100 / u128::from(size.0.max(1));
    let percent = u64::try_from(percent).unwrap_or(100).min(100);
    (size.0 > 0 && percent >= FULL_PERCENT).then_some(Full { percent, size: *size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(size: u64, used: u64) -> State {
        State::Persistent {
            device: "/dev/sda6".to_owned(),
            size: ByteCount(size),
            used: ByteCount(used),
        }
    }

    #[test]
    fn room_is_missed_before_there_is_none() {
        const GIB: u64 = 1 << 30;
        assert_eq!(full(&state(100 * GIB, 95 * GIB - 1)), None);
        let full_now = full(&state(2 * GIB, 2 * GIB)).expect("full");
        assert!(
            full_now.words().starts_with("100 % of its 2.0 GiB are used"),
            "{full_now:?}"
        );
        assert_eq!(
            full(&state(100 * GIB, 95 * GIB)).map(|full| full.percent),
            Some(95)
        );
        assert_eq!(full(&state(0, 0)), None);
        assert_eq!(full(&State::Volatile), None);
        assert!(full(&state(u64::MAX, u64::MAX)).is_some());
    }
}
