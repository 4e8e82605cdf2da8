//! The contract of `Systemd`, kept by the fake and by the real adapter. The real one speaks D-Bus over a pair of
//! sockets to the fake at the other end, so no bus and no systemd are needed.

use std::os::unix::net::UnixStream;

use pocketstack_host::systemd::{DbusSystemd, Error, FakeSystemd, Power, Systemd, UnitName, UnitState};
use pocketstack_model::unit::{Active, AtStart};

fn unit(name: &str) -> UnitName {
    UnitName::try_from(name).expect("a name of a unit")
}

async fn contract(systemd: &impl Systemd, machine: &FakeSystemd) -> anyhow::Result<()> {
    let (good, broken, masked) = (
        unit("good.service"),
        unit("broken@1.service"),
        unit("masked.service"),
    );
    machine.set(&good, UnitState::Inactive);
    machine.set_broken(&broken);
    machine.set(&masked, UnitState::Masked);

    assert_eq!(systemd.failed_units().await?, [""; 0]);
    assert_eq!(systemd.unit_state(&good).await?, UnitState::Inactive);
    assert_eq!(systemd.unit_state(&masked).await?, UnitState::Masked);
    assert_eq!(
        systemd.unit_state(&unit("nowhere.service")).await?,
        UnitState::Missing
    );

    for _ in 0..2 {
        systemd.start(&good).await?;
        assert_eq!(systemd.unit_state(&good).await?, UnitState::Active);
    }

    let error = systemd
        .start(&broken)
        .await
        .expect_err("it fails when it is started");
    assert!(
        matches!(&error, Error::Start { unit, result } if *unit == broken && result == "failed"),
        "{error}"
    );
    assert_eq!(systemd.unit_state(&broken).await?, UnitState::Failed);
    machine.set(&unit("another.mount"), UnitState::Failed);
    assert_eq!(
        systemd.failed_units().await?,
        ["another.mount", "broken@1.service"]
    );

    let names = [good.clone(), masked.clone(), unit("nowhere.service")];
    let shown = systemd.units(&names).await?;
    let told: Vec<(&str, Active, AtStart)> = shown
        .iter()
        .map(|unit| (unit.name.as_str(), unit.active, unit.at_start))
        .collect();
    assert_eq!(
        told,
        [
            ("another.mount", Active::Failed, AtStart::No),
            ("broken@1.service", Active::Failed, AtStart::No),
            ("good.service", Active::Active, AtStart::No),
            ("masked.service", Active::Inactive, AtStart::Masked),
        ]
    );
    assert!(
        shown
            .iter()
            .all(|unit| unit.since.is_some() && !unit.description.is_empty())
    );

    for refused in [&masked, &unit("nowhere.service")] {
        let error = systemd.start(refused).await.expect_err("it cannot be started");
        assert!(matches!(error, Error::Ask(_)), "{error}");
    }

    systemd.restart_if_running(&good).await?;
    systemd.restart(&good).await?;
    assert_eq!(machine.restarted(), ["good.service", "good.service"]);
    for _ in 0..2 {
        systemd.stop(&good).await?;
        assert_eq!(systemd.unit_state(&good).await?, UnitState::Inactive);
    }
    systemd.restart_if_running(&good).await?;
    assert_eq!(systemd.unit_state(&good).await?, UnitState::Inactive);

    for enabled in [true, false] {
        systemd.set_enabled(&good, enabled).await?;
        assert_eq!(systemd.enabled(&good).await?, enabled);
    }
    assert!(systemd.enabled(&unit("nowhere.service")).await.is_err());

    for how in [Power::Restart, Power::Off] {
        systemd.end_machine(how).await?;
        assert_eq!(machine.ended(), Some(how));
    }

    // What the machine does by itself is seen at the next question: nothing is remembered.
    machine.set(&good, UnitState::Changing);
    assert_eq!(systemd.unit_state(&good).await?, UnitState::Changing);
    Ok(())
}

#[tokio::test]
async fn the_fake_keeps_the_contract() -> anyhow::Result<()> {
    let machine = FakeSystemd::default();
    contract(&machine.clone(), &machine).await
}

#[tokio::test]
async fn the_real_adapter_keeps_the_contract() -> anyhow::Result<()> {
    let machine = FakeSystemd::default();
    let (here, there) = UnixStream::pair()?;
    let client = zbus::connection::Builder::unix_stream(here).p2p().build();
    let (_served, client) = tokio::try_join!(machine.serve(there), client)?;
    contract(&DbusSystemd::new(client), &machine).await
}

#[tokio::test]
async fn a_systemd_that_goes_away_is_an_error_and_no_hang() -> anyhow::Result<()> {
    let machine = FakeSystemd::default();
    let (here, there) = UnixStream::pair()?;
    let client = zbus::connection::Builder::unix_stream(here).p2p().build();
    let (served, client) = tokio::try_join!(machine.serve(there), client)?;
    let systemd = DbusSystemd::new(client);
    systemd.failed_units().await?;
    served.close().await?;
    assert!(systemd.failed_units().await.is_err());
    Ok(())
}

#[tokio::test]
async fn changes_of_units_are_heard() -> anyhow::Result<()> {
    let machine = FakeSystemd::default();
    let good = unit("good.service");
    machine.set(&good, UnitState::Inactive);
    let (here, there) = UnixStream::pair()?;
    let client = zbus::connection::Builder::unix_stream(here).p2p().build();
    let (served, client) = tokio::try_join!(machine.serve(there), client)?;
    let systemd = DbusSystemd::new(client);
    let mut changes = systemd.changes().await?;
    systemd.start(&good).await?;
    let limit = std::time::Duration::from_secs(30);
    assert!(tokio::time::timeout(limit, changes.changed()).await?);
    // Many of them, which nobody looks at, hold up nothing.
    for _ in 0..200 {
        tokio::time::timeout(limit, systemd.restart(&good)).await??;
    }
    served.close().await?;
    tokio::time::timeout(limit, async { while changes.changed().await {} }).await?;
    Ok(())
}
