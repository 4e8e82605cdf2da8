//! Which units a person sees, and what may be done with each of them.

use pocketstack_model::unit::{Active, Unit, UnitAction};

use UnitAction::{Restart, Start, Stop};

/// What may be done with a unit, and why no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    name: &'static str,
    actions: &'static [UnitAction],
    why: &'static str,
}

const ALL: &[UnitAction] = &UnitAction::ALL;
/// It may be down for a moment.
const UP: &[UnitAction] = &[Start, Restart];

const RULES: [Rule; 15] = [
    rule(
        "dbus-broker.service",
        &[],
        "all parts of this machine talk over it; restart the machine instead",
    ),
    rule(
        "dbus.service",
        &[],
        "all parts of this machine talk over it; restart the machine instead",
    ),
    rule("drbd.service", ALL, ""),
    rule("heartbeat.service", ALL, ""),
    rule("libvirtd.service", ALL, ""),
    rule(
        "lvm2-monitor.service",
        UP,
        "volumes are watched by it; it can only be restarted",
    ),
    rule(
        "pocketstack-web.service",
        UP,
        "it serves this page; it can only be restarted",
    ),
    rule(
        "pocketstackd.service",
        &[],
        "it would have to do it itself; restart the machine instead",
    ),
    rule(
        "ssh.service",
        &[],
        "it runs exactly while SSH keys are given: add or remove keys instead",
    ),
    rule(
        "systemd-journald.service",
        UP,
        "what goes wrong is written there; it can only be restarted",
    ),
    rule(
        "systemd-networkd.service",
        UP,
        "without it this machine loses its addresses; it can only be restarted",
    ),
    rule(
        "systemd-timesyncd.service",
        UP,
        "without it the clock goes wrong; it can only be restarted",
    ),
    rule(
        "systemd-udevd.service",
        UP,
        "disks and network cards are known by it; it can only be restarted",
    ),
    rule(
        "virtlockd.service",
        UP,
        "it guards the disks of virtual machines; it can only be restarted",
    ),
    rule(
        "virtlogd.service",
        UP,
        "virtual machines write their logs there; it can only be restarted",
    ),
];

const fn rule(name: &'static str, actions: &'static [UnitAction], why: &'static str) -> Rule {
    Rule { name, actions, why }
}

/// Why something is not done with a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not shown.
    #[error("{unit} is none of the units that can be controlled here")]
    Unknown {
        /// The unit.
        unit: String,
    },
    /// The rules do not have it.
    #[error("{unit} is not to be {done}: {why}")]
    Never {
        /// The unit.
        unit: String,
        /// What is not to be done.
        done: &'static str,
        /// Why.
        why: &'static str,
    },
}

/// Names of the units that are always shown, if this machine has them.
pub fn shown() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

/// What may be done with a unit as it is. Others than those that are always shown are there because they have failed:
/// they may be tried again.
pub fn actions(unit: &Unit) -> Vec<UnitAction> {
    let running = matches!(
        unit.active,
        Active::Active | Active::Reloading | Active::Activating
    );
    let makes_sense = |action: &UnitAction| match action {
        Start => !running,
        Stop => running,
        Restart => true,
    };
    let actions = match RULES.iter().find(|rule| rule.name == unit.name) {
        Some(rule) => rule.actions,
        None if unit.active == Active::Failed => &[Restart],
        None => &[],
    };
    actions.iter().copied().filter(makes_sense).collect()
}

/// Decides whether something is done with a unit, given all that are shown now.
///
/// # Errors
/// [`Refused`].
pub fn decide(units: &[Unit], name: &str, action: UnitAction) -> Result<(), Refused> {
    let unit = || name.to_owned();
    let known = units.iter().find(|unit| unit.name == name);
    match (RULES.iter().find(|rule| rule.name == name), known) {
        // What has changed since it was asked for, such as a start of what runs, does no harm.
        (Some(rule), Some(_)) if rule.actions.contains(&action) => Ok(()),
        (Some(rule), Some(_)) => Err(Refused::Never {
            unit: unit(),
            done: match action {
                Start => "started",
                Stop => "stopped",
                Restart => "restarted",
            },
            why: rule.why,
        }),
        (None, Some(known)) if actions(known).contains(&action) => Ok(()),
        _ => Err(Refused::Unknown { unit: unit() }),
    }
}

/// Whether the one who asks is ended by it, so that the answer has to come first.
pub fn answer_first(name: &str) -> bool {
    name == "pocketstack-web.service"
}

#[cfg(test)]
mod tests {
    use pocketstack_model::unit::AtStart;

    use super::*;

    fn unit(name: &str, active: Active) -> Unit {
        Unit {
            name: name.to_owned(),
            description: String::new(),
            active,
            sub: String::new(),
            at_start: AtStart::Yes,
            since: None,
            actions: Vec::new(),
        }
    }

    fn decided(name: &str, active: Active, action: UnitAction) -> Result<(), String> {
        decide(&[unit(name, active)], name, action).map_err(|error| error.to_string())
    }

    #[test]
    fn what_others_need_is_not_stopped() {
        for name in shown() {
            let stop = decided(name, Active::Active, Stop);
            let may = ["drbd.service", "heartbeat.service", "libvirtd.service"];
            assert_eq!(stop.is_ok(), may.contains(&name), "{name}: {stop:?}");
        }
        let said = decided("dbus.service", Active::Active, Restart).expect_err("never");
        assert!(
            said.starts_with("dbus.service is not to be restarted: all parts"),
            "{said}"
        );
        let said = decided("systemd-journald.service", Active::Active, Stop).expect_err("never");
        assert!(said.contains("only be restarted"), "{said}");
        assert_eq!(
            decided("systemd-journald.service", Active::Active, Restart),
            Ok(())
        );
    }

    #[test]
    fn each_rule_that_refuses_says_why() {
        for rule in &RULES {
            assert_eq!(
                rule.actions.len() == ALL.len(),
                rule.why.is_empty(),
                "{}",
                rule.name
            );
        }
        assert!(RULES.is_sorted_by_key(|rule| rule.name));
    }

    #[test]
    fn only_what_makes_sense_is_offered() {
        let offered = |active| actions(&unit("libvirtd.service", active));
        assert_eq!(offered(Active::Active), [Stop, Restart]);
        assert_eq!(offered(Active::Inactive), [Start, Restart]);
        assert_eq!(actions(&unit("ssh.service", Active::Active)), []);
    }

    #[test]
    fn other_units_can_be_tried_again_once_they_have_failed() {
        assert_eq!(decided("a.mount", Active::Failed, Restart), Ok(()));
        for (active, action) in [(Active::Failed, Stop), (Active::Active, Restart)] {
            let said = decided("a.mount", active, action).expect_err("not shown");
            assert!(said.contains("none of the units"), "{said}");
        }
        assert!(
            decide(&[], "libvirtd.service", Start).is_err(),
            "it is not in this machine"
        );
    }
}
