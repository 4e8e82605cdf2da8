//! Whether the machine's clock can be right. Times that decisions wait for are measured by another clock, which
//! never jumps; this one dates logs and certificates.

use std::time::Duration;

use pocketstack_model::clock::ObservedClock;
use pocketstack_model::words::{Words, kept as words};
use time::OffsetDateTime;

/// So long a time server has before its silence is told: one that is named is asked again after 30 seconds, then after
/// longer and longer (timesyncd.conf(5)).
pub const PATIENCE: Duration = Duration::from_secs(300);
/// A clock that keeps local time differs by hours, which a time server puts right; a day is another matter.
const DAY: time::Duration = time::Duration::DAY;
/// Nobody runs an image for so long. A clock that says so has lost its battery, or somebody set it.
const LIFE_OF_AN_IMAGE: time::Duration = time::Duration::days(3653);

/// Something about the clock that a person has to see to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is earlier than this image.
    BeforeImage {
        /// What the clock says.
        now: OffsetDateTime,
        /// When the image was built.
        built: OffsetDateTime,
    },
    /// It is so much later than this image that it cannot be right.
    LongAfterImage {
        /// What the clock says.
        now: OffsetDateTime,
        /// When the image was built.
        built: OffsetDateTime,
    },
    /// The clock that goes on while the machine is off is wrong, and the one in use would be after a restart.
    Hardware {
        /// What it says.
        says: OffsetDateTime,
    },
    /// The time servers that are named in the configuration do not answer.
    Silent {
        /// How long.
        minutes: u64,
        /// How far the clock was off when one last did.
        behind: Option<time::Duration>,
    },
}

impl Finding {
    /// What is wrong, and what to do.
    pub fn words(&self) -> Words {
        match self {
            Self::BeforeImage { now, built } => words::clock_before_image(*now, *built),
            Self::LongAfterImage { now, built } => words::clock_long_after_image(*now, *built),
            Self::Hardware { says } => words::clock_hardware(*says),
            Self::Silent {
                minutes,
                behind: None,
            } => words::clock_silent(*minutes),
            Self::Silent {
                minutes,
                behind: Some(behind),
            } => words::clock_silent_off(*minutes, off(*behind)),
        }
    }
}

/// All that is wrong. `named` says whether the configuration names time servers: those of Debian, which are asked
/// otherwise, are out of reach of many networks, and nobody said that they must not be. `unset_for` is for how long the
/// clock has been seen without any of them.
pub fn findings(clock: &ObservedClock, named: bool, unset_for: Duration) -> Vec<Finding> {
    let mut found = Vec::new();
    let wrong = |at: OffsetDateTime, built: OffsetDateTime, slack: time::Duration| {
        at < built.saturating_sub(slack) || at > built.saturating_add(LIFE_OF_AN_IMAGE)
    };
    if let Some(built) = clock.built {
        if clock.now < built.saturating_sub(DAY) {
            found.push(Finding::BeforeImage {
                now: clock.now,
                built,
            });
        } else if wrong(clock.now, built, DAY) {
            found.push(Finding::LongAfterImage {
                now: clock.now,
                built,
            });
        } else if let Some(says) = clock.hardware.filter(|says| wrong(*says, built, DAY)) {
            found.push(Finding::Hardware { says });
        }
    }
    if named && !clock.synchronized && unset_for >= PATIENCE {
        found.push(Finding::Silent {
            minutes: unset_for.as_secs() / 60,
            behind: clock.behind,
        });
    }
    found
}

/// The clock in words. They stay the same while nothing happens.
pub fn see(clock: &ObservedClock) -> Words {
    match (clock.synchronized, clock.server.as_deref()) {
        (true, Some(server)) => words::clock_set_by(server),
        (true, None) => words::clock_set(),
        (false, Some(server)) => match clock.behind {
            Some(behind) => words::clock_off(server, off(behind)),
            None => words::clock_asking(server),
        },
        (false, None) => words::clock_no_answer(),
    }
}

/// How far off, in one unit.
fn off(behind: time::Duration) -> Words {
    let seconds = behind.whole_seconds().unsigned_abs();
    let span: Words = match seconds {
        0..120 => format!("{seconds} s").into(),
        120..7200 => format!("{} min", seconds / 60).into(),
        7200..172_800 => format!("{} h", seconds / 3600).into(),
        _ => words::days(seconds / 86_400),
    };
    if behind.is_negative() {
        words::clock_ahead(span)
    } else {
        words::clock_behind(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01 and so many days.
    fn day(days: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_454 + days)
    }

    fn clock(now: OffsetDateTime) -> ObservedClock {
        ObservedClock {
            now,
            built: Some(day(0)),
            hardware: Some(now),
            synchronized: false,
            server: None,
            behind: None,
        }
    }

    fn said(clock: &ObservedClock, named: bool, unset_for: Duration) -> Vec<String> {
        findings(clock, named, unset_for)
            .iter()
            .map(|finding| finding.words().to_string())
            .collect()
    }

    #[test]
    fn a_clock_that_may_be_right_is_not_doubted() {
        // Local time where it should be UTC counts as nearly right.
        for days in [-1, 0, 1, 3650] {
            assert_eq!(said(&clock(day(days)), false, PATIENCE * 10), [""; 0]);
        }
        let unknown = ObservedClock {
            built: None,
            ..clock(OffsetDateTime::UNIX_EPOCH)
        };
        assert_eq!(said(&unknown, false, PATIENCE), [""; 0]);
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_told_with_its_date() {
        let said_of = |now| said(&clock(now), false, Duration::ZERO);
        let old = said_of(day(-9_862));
        assert_eq!(old.len(), 1);
        assert!(
            old[0].starts_with(
                "the clock says 1999-01-01, which is before this image was built (2026-01-01): set"
            ),
            "{old:?}"
        );
        let far = said_of(day(5_113));
        assert!(
            far[0].starts_with("the clock says 2040-01-01, which is more than ten years after"),
            "{far:?}"
        );
    }

    #[test]
    fn an_empty_battery_is_told_when_the_clock_was_put_right() {
        let mut clock = clock(day(30));
        clock.synchronized = true;
        clock.hardware = Some(day(-9_862));
        let said = said(&clock, false, Duration::ZERO);
        assert!(
            said[0].contains("says 1999-01-01") && said[0].contains("battery"),
            "{said:?}"
        );
    }

    #[test]
    fn silence_of_named_servers_is_told_when_they_have_had_their_time() {
        let mut clock = clock(day(30));
        assert_eq!(said(&clock, true, PATIENCE - Duration::from_secs(1)), [""; 0]);
        assert_eq!(
            said(&clock, true, PATIENCE),
            [
                "no time server has set the clock for 5 minutes: check the names of the time servers, and that they are \
                 reached (UDP port 123)"
            ]
        );
        clock.behind = Some(time::Duration::hours(3));
        assert!(said(&clock, true, PATIENCE)[0].contains("and it is 3 h behind"));
        clock.synchronized = true;
        assert_eq!(said(&clock, true, PATIENCE), [""; 0]);
    }

    #[test]
    fn what_is_seen_names_the_server_and_how_far_off_the_clock_is() {
        let mut clock = clock(day(30));
        assert_eq!(see(&clock), "not set by a time server, as none answers");
        clock.server = Some("ntp.example".to_owned());
        assert_eq!(
            see(&clock),
            "not set by a time server; ntp.example is being asked"
        );
        clock.behind = Some(time::Duration::seconds(-90));
        assert!(see(&clock).ends_with("ntp.example says it is 90 s ahead"));
        clock.behind = Some(time::Duration::days(9_000));
        assert!(see(&clock).ends_with("9000 days behind"));
        clock.synchronized = true;
        assert_eq!(see(&clock), "set by ntp.example");
    }
}
