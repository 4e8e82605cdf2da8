//! The machine's time, as the page of it shows it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::clock::ObservedClock;
use crate::config::NodeSettings;
use crate::config::names::{TimeServer, TimeZone};

/// Time zone, clocks, and the server that sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timekeeping {
    /// The time zone in use.
    pub zone: TimeZone,
    /// What the clock says, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub now: OffsetDateTime,
    /// The time servers that are named; empty for the ones Debian's package names.
    pub servers: Vec<TimeServer>,
    /// Whether a time server has set the clock since the machine started.
    pub synchronized: bool,
    /// The one that is asked now, if one answers.
    pub server: Option<String>,
    /// How far the clock was behind it at its last answer, in milliseconds; ahead if negative.
    pub behind_ms: Option<i64>,
    /// What the clock says that goes on while the machine is switched off, in UTC.
    #[serde(with = "time::serde::rfc3339::option")]
    pub hardware: Option<OffsetDateTime>,
}

impl Timekeeping {
    /// As it is configured and seen.
    pub fn of(node: &NodeSettings, clock: ObservedClock) -> Self {
        let millis = |behind: time::Duration| i64::try_from(behind.whole_milliseconds()).ok();
        Self {
            zone: node.time_zone.clone(),
            now: clock.now,
            servers: node.ntp.clone(),
            synchronized: clock.synchronized,
            server: clock.server,
            behind_ms: clock.behind.and_then(millis),
            hardware: clock.hardware,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_crosses_the_bus_whole() {
        let node = NodeSettings {
            time_zone: "America/Sao_Paulo".parse().expect("a zone"),
            ntp: vec!["ntp.example".parse().expect("a server")],
            ..NodeSettings::default()
        };
        let clock = ObservedClock {
            now: OffsetDateTime::UNIX_EPOCH,
            built: None,
            hardware: Some(OffsetDateTime::UNIX_EPOCH),
            synchronized: true,
            server: Some("192.0.2.1".to_owned()),
            behind: Some(time::Duration::microseconds(-2_500)),
        };
        let told = Timekeeping::of(&node, clock);
        assert_eq!(told.behind_ms, Some(-2));
        let text = serde_json::to_string(&told).expect("JSON");
        assert_eq!(serde_json::from_str::<Timekeeping>(&text).ok(), Some(told));
    }
}
