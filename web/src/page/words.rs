//! Texts that are chosen by code; all others stand in `templates/`.

use pocketstack_model::node::{ComponentKind, Firmware, Medium};
use time::OffsetDateTime;

pub const NODE_AWAY: &str = "This machine cannot be shown right now";
pub const NO_SUCH_PAGE: &str = "There is no such page";
pub const NO_SUCH_PAGE_DETAIL: &str = "Nothing is served at this address.";
pub const NOT_ALLOWED: &str = "This page can only be read";
pub const NOT_ALLOWED_DETAIL: &str = "The method of the request is not allowed here; use GET.";
pub const BAD_REQUEST_DETAIL: &str = "The request could not be served as it was sent.";
pub const OUR_FAULT_DETAIL: &str =
    "Something went wrong on this machine while the page was made. Its log says more.";
pub const CONFIRM: &str = "Keep the new network settings?";
pub const CONFIRM_DETAIL: &str =
    "The new settings are in use. That you can read this page over them shows that they work for you.";
pub const CONFIRMED: &str = "The new network settings are kept";
pub const CONFIRMED_DETAIL: &str = "They are stored, and stay after a restart.";
pub const NO_CHANGE: &str = "No change of the networks waits";
pub const NO_CHANGE_DETAIL: &str = "The network settings in use are the ones that are kept.";
pub const REVERTED: &str = "The network settings were taken back";
pub const GO_TO_OVERVIEW: &str = "Go to the overview of this machine.";

/// Name of a component and what it is for.
pub fn component(kind: ComponentKind) -> (&'static str, &'static str) {
    match kind {
        ComponentKind::Kvm => ("KVM", "hardware virtualisation"),
        ComponentKind::Libvirt => ("libvirt", "virtual machines"),
        ComponentKind::Drbd => ("DRBD", "replicated disks"),
        ComponentKind::Heartbeat => ("Heartbeat", "cluster membership"),
    }
}

pub fn firmware(firmware: Firmware) -> &'static str {
    match firmware {
        Firmware::Bios => "BIOS (legacy)",
        Firmware::Uefi => "UEFI",
    }
}

pub fn medium(medium: Medium) -> &'static str {
    match medium {
        Medium::Disk => "Disk or USB stick",
        Medium::Iso => "ISO image",
        Medium::Network => "Network (in memory)",
        Medium::Other => "Other: not a PocketStack medium",
    }
}

/// "1 day 2 h 3 min", at most three parts, nothing below a minute once there is one.
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, minutes) => format!("1 day {hours} h {minutes} min"),
        (days, hours, minutes) => format!("{days} days {hours} h {minutes} min"),
    }
}

/// "2026-11-21 08:04:12 UTC".
pub fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// What became of a change that was not kept.
pub fn reverted(at: OffsetDateTime, why: &str) -> String {
    format!(
        "Since {} the settings before are in use again: {why}.",
        moment(at)
    )
}

/// Speed of a link given in Mbit/s.
pub fn speed(mbps: u32) -> String {
    if mbps < 1000 {
        format!("{mbps} Mbit/s")
    } else if mbps.is_multiple_of(1000) {
        format!("{} Gbit/s", mbps / 1000)
    } else {
        format!("{}.{} Gbit/s", mbps / 1000, mbps / 100 % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_at_a_glance() {
        let shown = [0, 59, 60, 3599, 3600, 86_399, 86_400, 2 * 86_400 + 61].map(duration);
        let expected = [
            "0 s",
            "59 s",
            "1 min",
            "59 min",
            "1 h 0 min",
            "23 h 59 min",
            "1 day 0 h 0 min",
            "2 days 0 h 1 min",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn moments_are_in_utc() {
        let at = OffsetDateTime::from_unix_timestamp(1_795_248_252).expect("in range");
        let east = at.to_offset(time::UtcOffset::from_hms(3, 0, 0).expect("in range"));
        assert_eq!(moment(east), "2026-11-21 08:04:12 UTC");
    }

    #[test]
    fn speeds_have_the_unit_on_the_box() {
        assert_eq!(
            [10, 100, 1000, 2500, 10_000].map(speed),
            ["10 Mbit/s", "100 Mbit/s", "1 Gbit/s", "2.5 Gbit/s", "10 Gbit/s"]
        );
    }
}
