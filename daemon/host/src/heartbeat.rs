//! Heartbeat, the cluster's membership daemon.

use std::time::Duration;

use pocketstack_exec::{Cmd, run};
use pocketstack_model::node::{Component, ComponentKind, Health};

use crate::component::failed;
use crate::systemd::UnitState;

/// Where Debian has the program. It is not meant to be called by people, so it is in no `PATH`.
pub const PROGRAM: &str = "/usr/libexec/heartbeat/heartbeat";

/// Version the program tells; otherwise why it did not. Blocks.
///
/// # Errors
/// In words, for people.
pub fn version(program: &str) -> Result<String, String> {
    let output = run(Cmd::new(program).arg("-V").within(Duration::from_secs(10)));
    let text = output.map_err(|error| error.to_string())?.text();
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    version
        .map(str::to_owned)
        .ok_or_else(|| format!("{program} -V tells no version"))
}

/// What to tell about Heartbeat. `unit` is the state of `heartbeat.service`; otherwise why it is not known.
pub fn judge(version: Result<String, String>, unit: Result<UnitState, String>) -> Component {
    let kind = ComponentKind::Heartbeat;
    let version = match version {
        Ok(version) => Some(version),
        Err(why) => return failed(kind, None, why),
    };
    let health = match unit {
        Ok(UnitState::Active) => Health::Working,
        // It is started when this node belongs to a cluster, and not before.
        Ok(UnitState::Inactive) => Health::Ready,
        Ok(UnitState::Changing) => Health::Checking,
        Ok(UnitState::Failed) => Health::Failed {
            why: "heartbeat.service has failed; `journalctl -u heartbeat` says why".to_owned(),
        },
        Ok(UnitState::Missing) => Health::Failed {
            why: "heartbeat.service is not installed".to_owned(),
        },
        Ok(UnitState::Masked) => Health::Failed {
            why: "heartbeat.service is masked; unmask it with `systemctl unmask heartbeat`".to_owned(),
        },
        Err(why) => Health::Failed { why },
    };
    Component {
        kind,
        version,
        health,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let component = judge(version("/no/such/heartbeat"), Ok(UnitState::Inactive));
        let Health::Failed { why } = component.health else {
            panic!("it must not be {:?}", component.health)
        };
        assert_eq!(why, "cannot start /no/such/heartbeat: it is not installed");
    }

    #[test]
    fn the_state_of_its_unit_decides() {
        let health = |unit| judge(Ok("3.0.6".to_owned()), unit).health;
        assert_eq!(health(Ok(UnitState::Active)), Health::Working);
        assert_eq!(health(Ok(UnitState::Inactive)), Health::Ready);
        assert_eq!(health(Ok(UnitState::Changing)), Health::Checking);
        for unit in [
            Ok(UnitState::Failed),
            Ok(UnitState::Missing),
            Ok(UnitState::Masked),
            Err("gone".to_owned()),
        ] {
            assert!(matches!(health(unit.clone()), Health::Failed { .. }), "{unit:?}");
        }
    }
}
