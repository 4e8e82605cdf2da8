//! Units and the journal: looked at, and a unit started or stopped by a person.

use std::time::Duration;

use pocketstack_host::systemd::UnitName;
use pocketstack_model::journal::{Journal, JournalFilter};
use pocketstack_model::unit::{Unit, UnitAction};
use pocketstack_plan::units::{actions, answer_first, decide, shown};
use tokio::time::{sleep, timeout};

use super::Control;

/// So long whoever asked waits for a unit; the list tells how it goes on.
const PATIENCE: Duration = Duration::from_secs(3);
/// So long an answer takes to whoever is ended by what was asked.
const ANSWER: Duration = Duration::from_secs(1);

impl Control {
    /// The units that a person has to do with, and all that have failed, with what may be done with each.
    ///
    /// # Errors
    /// Why systemd does not say, in words.
    pub async fn units(&self) -> Result<Vec<Unit>, String> {
        let names = shown().map(UnitName::try_from).collect::<Result<Vec<_>, _>>();
        let names = names.map_err(|error| error.to_string())?;
        let mut units = self.0.machine.units(names).await?;
        for unit in &mut units {
            unit.actions = actions(unit);
        }
        Ok(units)
    }

    /// Starts, stops or restarts a unit. One that takes longer than a few seconds goes on by itself.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn unit_action(&self, name: &str, action: UnitAction) -> Result<(), String> {
        let unit = UnitName::try_from(name).map_err(|error| error.to_string())?;
        decide(&self.units().await?, name, action).map_err(|error| error.to_string())?;
        tracing::info!("{unit}: {} was asked for", action.word());
        let (control, first) = (self.clone(), answer_first(name));
        let act = tokio::spawn(async move {
            if first {
                sleep(ANSWER).await;
            }
            let done = control.0.machine.unit_action(unit, action).await;
            done.inspect_err(|why| tracing::error!("{why}"))
        });
        if first {
            return Ok(());
        }
        match timeout(PATIENCE, act).await {
            Ok(done) => done.map_err(|error| error.to_string())?,
            Err(_) => Ok(()),
        }
    }

    /// Entries of the journal.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub async fn journal(&self, filter: JournalFilter) -> Result<Journal, String> {
        self.0.machine.journal(filter).await
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_host::systemd::UnitState;
    use pocketstack_model::unit::Active;
    use tokio::time::Instant;

    use super::*;
    use crate::control::testing::Node;

    fn name(name: &str) -> UnitName {
        UnitName::try_from(name).expect("a name")
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_person_has_to_do_with_is_shown_and_can_be_restarted() {
        let node = Node::new();
        let control = node.start();
        let systemd = node.machine.asked().systemd.clone();
        systemd.set(&name("libvirtd.service"), UnitState::Active);
        systemd.set(&name("dbus.service"), UnitState::Active);
        systemd.set(&name("unrelated.service"), UnitState::Active);
        systemd.set_broken(&name("a.mount"));
        systemd.set(&name("b.mount"), UnitState::Failed);
        let units = control.units().await.expect("told");
        let told: Vec<(&str, Active, usize)> = units
            .iter()
            .map(|unit| (unit.name.as_str(), unit.active, unit.actions.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("b.mount", Active::Failed, 1),
                ("dbus.service", Active::Active, 0),
                ("libvirtd.service", Active::Active, 2),
            ]
        );
        let act = async |unit: &str, action| control.unit_action(unit, action).await;
        assert_eq!(act("libvirtd.service", UnitAction::Restart).await, Ok(()));
        assert_eq!(systemd.restarted(), ["libvirtd.service"]);
        for (unit, action) in [
            ("dbus.service", UnitAction::Stop),
            ("unrelated.service", UnitAction::Stop),
            ("nowhere.service", UnitAction::Start),
            ("--now", UnitAction::Start),
        ] {
            assert!(act(unit, action).await.is_err(), "{unit}");
        }
        assert_eq!(act("b.mount", UnitAction::Restart).await, Ok(()));
        systemd.set_broken(&name("heartbeat.service"));
        let said = act("heartbeat.service", UnitAction::Start)
            .await
            .expect_err("broken");
        assert!(said.contains("did not start (failed)"), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_slow_unit_and_the_page_answers_before_it_ends() {
        let node = Node::new();
        let control = node.start();
        let systemd = node.machine.asked().systemd.clone();
        for unit in ["libvirtd.service", "pocketstack-web.service"] {
            systemd.set(&name(unit), UnitState::Active);
        }
        node.machine.asked().slow = Duration::from_secs(60);
        let begun = Instant::now();
        let done = control.unit_action("libvirtd.service", UnitAction::Restart).await;
        assert_eq!(done, Ok(()));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        node.machine.asked().slow = Duration::ZERO;
        let done = control
            .unit_action("pocketstack-web.service", UnitAction::Restart)
            .await;
        assert_eq!(done, Ok(()));
        assert_eq!(systemd.restarted(), [""; 0]);
        sleep(Duration::from_secs(90)).await;
        assert_eq!(
            systemd.restarted(),
            ["pocketstack-web.service", "libvirtd.service"]
        );
    }
}
