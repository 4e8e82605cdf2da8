//! Choices between texts; the texts are in `locales/`.

use pocketstack_model::access::Weak;
use pocketstack_model::node::{ComponentKind, Firmware, Medium};
use rocket::http::Status;

use super::{Frame, RETRY_AFTER};
use crate::access::NotSignedIn;
use crate::confirm::Refusal;
use crate::locale::{Key, Language, Said};
use crate::node::{NotDone, Unavailable};

/// Name of a component and what it is for.
pub fn component(kind: ComponentKind) -> (&'static str, Key) {
    match kind {
        ComponentKind::Kvm => ("KVM", Key("component-kvm")),
        ComponentKind::Libvirt => ("libvirt", Key("component-libvirt")),
        ComponentKind::Drbd => ("DRBD", Key("component-drbd")),
        ComponentKind::Heartbeat => ("Heartbeat", Key("component-heartbeat")),
    }
}

/// Firmware of a machine.
pub fn firmware(firmware: Firmware) -> Key {
    match firmware {
        Firmware::Bios => Key("firmware-bios"),
        Firmware::Uefi => Key("firmware-uefi"),
    }
}

/// What a machine runs from.
pub fn medium(medium: Medium) -> Key {
    match medium {
        Medium::Disk => Key("medium-disk"),
        Medium::Iso => Key("medium-iso"),
        Medium::Network => Key("medium-network"),
        Medium::Other => Key("medium-other"),
    }
}

/// "1 day 2 h 3 min", at most three parts, nothing below a minute once there is one.
pub fn duration<'a>(language: Language, seconds: u64) -> Said<'a> {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let key = match (days, hours, minutes) {
        (0, 0, 0) => return language.say("duration-seconds").count("seconds", seconds),
        (0, 0, minutes) => return language.say("duration-minutes").count("minutes", minutes),
        (0, ..) => Key("duration-hours"),
        _ => Key("duration-days"),
    };
    let said = language.say(key).count("hours", hours).count("minutes", minutes);
    if days == 0 { said } else { said.count("days", days) }
}

/// Speed of a link given in Mbit/s.
pub fn speed(language: Language, mbps: u32) -> String {
    if mbps < 1000 {
        format!("{mbps} Mbit/s")
    } else if mbps.is_multiple_of(1000) {
        format!("{} Gbit/s", mbps / 1000)
    } else {
        let number = format!("{}.{}", mbps / 1000, mbps / 100 % 10);
        format!("{} Gbit/s", language.decimal(&number))
    }
}

/// Why the machine cannot be shown, and what the system said of it in English.
pub fn unavailable<'a, 'w>(frame: &Frame<'_>, why: &'w Unavailable) -> (Said<'a>, Option<&'w str>) {
    match why {
        Unavailable::NoBus(why) => (frame.say("unavailable-no-bus"), Some(why)),
        Unavailable::NotRunning => (frame.say("unavailable-not-running"), None),
        Unavailable::TimedOut(seconds) => (
            frame.say("unavailable-timed-out").count("seconds", *seconds),
            None,
        ),
        Unavailable::Refused(why) => (frame.say("unavailable-refused"), Some(why)),
        Unavailable::Failed(why) => (frame.say("unavailable-failed"), Some(why)),
        Unavailable::Unreadable(why) => (frame.say("unavailable-unreadable"), Some(why)),
    }
}

/// What a person can do about it.
pub fn advice(why: &Unavailable) -> Key {
    match why {
        Unavailable::NotRunning | Unavailable::TimedOut(_) | Unavailable::NoBus(_) => Key("advice-wait"),
        Unavailable::Failed(_) => Key("advice-console"),
        Unavailable::Refused(_) | Unavailable::Unreadable(_) => Key("advice-parts"),
    }
}

/// Why something was not done, and what the node controller said of it in English.
pub fn not_done<'a>(frame: &Frame<'_>, why: &NotDone) -> (Said<'a>, Option<String>) {
    let key = match why {
        NotDone::WrongCode(_) => Key("not-done-wrong-code"),
        NotDone::TooManyTries(_) => Key("not-done-too-many-tries"),
        NotDone::NothingWaits(_) => Key("not-done-nothing-waits"),
        NotDone::Unconfirmed(_) => Key("not-done-unconfirmed"),
        NotDone::NotStored(_) => Key("not-done-not-stored"),
        NotDone::Refused(_) => Key("not-done-refused"),
        NotDone::Unavailable(why) => {
            let (said, why) = unavailable(frame, why);
            return (said, why.map(str::to_owned));
        }
    };
    (frame.say(key), Some(why.to_string()))
}

/// The status that says the same.
pub fn not_done_status(why: &NotDone) -> Status {
    match why {
        NotDone::WrongCode(_) => Status::Forbidden,
        NotDone::TooManyTries(_) => Status::TooManyRequests,
        NotDone::NothingWaits(_) | NotDone::Unconfirmed(_) => Status::Conflict,
        NotDone::NotStored(_) => Status::InsufficientStorage,
        NotDone::Refused(_) => Status::UnprocessableEntity,
        NotDone::Unavailable(_) => Status::ServiceUnavailable,
    }
}

/// Why somebody is not signed in.
pub fn not_signed_in<'a>(frame: &Frame<'_>, why: &NotSignedIn) -> (Said<'a>, Option<String>) {
    match why {
        NotSignedIn::Wrong => (frame.say("sign-in-wrong"), None),
        NotSignedIn::Wait { seconds } => (frame.say("sign-in-wait").count("seconds", *seconds), None),
        NotSignedIn::TooBusy(_) => (frame.say("sign-in-busy"), None),
        NotSignedIn::NotSetUp => (frame.say("sign-in-not-set-up"), None),
        NotSignedIn::Unavailable(why) => {
            let (said, why) = unavailable(frame, why);
            (said, why.map(str::to_owned))
        }
    }
}

/// The status that says the same.
pub fn not_signed_in_status(why: &NotSignedIn) -> Status {
    match why {
        NotSignedIn::Wrong => Status::Forbidden,
        NotSignedIn::Wait { .. } => Status::TooManyRequests,
        NotSignedIn::NotSetUp => Status::Conflict,
        NotSignedIn::TooBusy(_) | NotSignedIn::Unavailable(_) => Status::ServiceUnavailable,
    }
}

/// In how many seconds it is worth coming back, where only time helps.
pub fn retry_after(why: &NotSignedIn) -> Option<u32> {
    match why {
        NotSignedIn::Wait { seconds } => Some(*seconds),
        NotSignedIn::TooBusy(_) | NotSignedIn::Unavailable(_) => Some(RETRY_AFTER),
        NotSignedIn::Wrong | NotSignedIn::NotSetUp => None,
    }
}

/// What is wrong with a password.
pub fn weak(why: Weak) -> Key {
    match why {
        Weak::Short => Key("password-short"),
        Weak::Long => Key("password-long"),
        Weak::Name => Key("password-name"),
        Weak::Worst => Key("password-worst"),
    }
}

/// Why a change of the networks was not confirmed.
pub fn refusal<'a>(frame: &Frame<'_>, why: &Refusal) -> (Said<'a>, Option<String>) {
    match why {
        Refusal::NothingWaits => (frame.say("network-nothing-waits"), None),
        Refusal::NoCode => (frame.say("network-no-code"), None),
        Refusal::Refused { why, left } => (
            frame.say("network-wrong-code").count("left", *left),
            Some(why.clone()),
        ),
        Refusal::TooMany { .. } => (frame.say("network-too-many"), None),
        Refusal::NotKept(why) => (frame.say("network-not-kept"), Some(why.clone())),
        Refusal::Unavailable(why) => {
            let (said, why) = unavailable(frame, why);
            (said, why.map(str::to_owned))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Portuguese};

    #[test]
    fn durations_are_read_at_a_glance() {
        let shown = |language| {
            [0, 59, 60, 3599, 3600, 86_399, 86_400, 2 * 86_400 + 61]
                .map(|seconds| duration(language, seconds).to_string())
        };
        let english = [
            "0 s",
            "59 s",
            "1 min",
            "59 min",
            "1 h 0 min",
            "23 h 59 min",
            "1 day 0 h 0 min",
            "2 days 0 h 1 min",
        ];
        assert_eq!(shown(English), english);
        let portuguese = english.map(|text| text.replace("days", "dias").replace("day", "dia"));
        assert_eq!(shown(Portuguese), portuguese);
    }

    #[test]
    fn moments_are_in_utc_and_written_as_people_do() {
        let at = time::OffsetDateTime::from_unix_timestamp(1_795_248_252).expect("in range");
        let east = at.to_offset(time::UtcOffset::from_hms(3, 0, 0).expect("in range"));
        assert_eq!(English.moment(east), "2026-11-21 08:04:12 UTC");
        assert_eq!(Portuguese.moment(east), "21/11/2026 08:04:12 UTC");
    }

    #[test]
    fn speeds_have_the_unit_on_the_box() {
        let shown = |language| [10, 100, 1000, 2500, 10_000].map(|mbps| speed(language, mbps));
        assert_eq!(
            shown(English),
            ["10 Mbit/s", "100 Mbit/s", "1 Gbit/s", "2.5 Gbit/s", "10 Gbit/s"]
        );
        assert_eq!(shown(Portuguese)[3], "2,5 Gbit/s");
    }
}
