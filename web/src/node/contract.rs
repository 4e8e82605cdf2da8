//! What every [`NodeSource`] does, the real one and the fake.

use std::time::Duration;

use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::InstallSettings;
use pocketstack_model::journal::{JournalFilter, Priority};
use pocketstack_model::node::Overview;
use pocketstack_model::status::Installation;
use pocketstack_model::unit::{Active, UnitAction};
use rocket::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;

use super::example::{configuration, journal, units};
use super::{CODE, NodeSource, NotDone, Power, SETUP_CODE, Unavailable, disks, example, metrics};

/// The machine behind a source, as a test handles it. Each change of the overview is announced.
#[async_trait]
pub trait Machine: Send + Sync {
    /// From now on this is what the machine is like.
    async fn become_like(&self, overview: Overview);
    /// The node controller is gone.
    async fn leave(&self);
    /// From now on nothing is done, for this reason.
    async fn refuse(&self, why: NotDone);
}

/// Waits until the count has grown, with a limit so that a failure is a failure and not a hang.
pub async fn changed(changes: &mut watch::Receiver<u64>) {
    timeout(Duration::from_secs(10), changes.changed())
        .await
        .expect("a change within ten seconds")
        .expect("the source lives");
}

fn answers() -> Answers {
    let text = "version = 1\n[node]\nname = \"lab-one\"\n[install]\ndisk = { serial = \"S5GXNX0T\" }\n";
    Answers {
        access: configuration().access,
        ..Answers::parse(text).expect("answers")
    }
}

fn installation() -> InstallSettings {
    answers().install.expect("they install")
}

/// Runs the contract over a source whose machine is like [`example`] at the start, but not set up.
pub async fn check(source: &dyn NodeSource, machine: &dyn Machine) {
    let bare = Overview {
        setup_needed: true,
        ..example()
    };
    assert_eq!(source.overview().await, Ok(bare), "the overview arrives whole");
    assert_eq!(source.disks().await, Ok(disks()), "the disks arrive whole");
    assert_eq!(source.metrics().await, Ok(metrics()), "the rows arrive whole");
    changes(source, machine).await;
    services(source).await;
    setup(source, machine).await;
    acts(source).await;
    installs(source, machine).await;
    refusals(source, machine).await;
    away(source, machine).await;
}

async fn changes(source: &dyn NodeSource, machine: &dyn Machine) {
    let mut changes = source.changes();
    let before = *changes.borrow_and_update();
    let renamed = Overview {
        name: "renamed".to_owned(),
        setup_needed: true,
        ..example()
    };
    machine.become_like(renamed.clone()).await;
    changed(&mut changes).await;
    assert!(*changes.borrow_and_update() > before, "the count only grows");
    assert_eq!(
        source.overview().await,
        Ok(renamed),
        "what is told after an announcement is new"
    );
}

async fn setup(source: &dyn NodeSource, _machine: &dyn Machine) {
    assert_eq!(source.configuration().await, Ok(Configuration::default()));
    assert!(matches!(
        source.check_setup_code("WRNG-2345").await,
        Err(NotDone::WrongCode(_))
    ));
    assert_eq!(
        source.check_setup_code(SETUP_CODE).await,
        Ok(()),
        "asking uses nothing up"
    );
    let wrong = source.finish_setup("WRNG-2345", &answers()).await;
    assert!(matches!(wrong, Err(NotDone::WrongCode(_))), "{wrong:?}");
    assert_eq!(
        source.configuration().await,
        Ok(Configuration::default()),
        "nothing has changed"
    );

    let mut heard = source.changes();
    heard.borrow_and_update();
    let before = source.install(&installation()).await;
    assert!(
        matches!(before, Err(NotDone::Refused(_))),
        "the code comes first: {before:?}"
    );
    assert_eq!(source.finish_setup(SETUP_CODE, &answers()).await, Ok(None));
    changed(&mut heard).await;
    assert_eq!(
        source.configuration().await,
        Ok(answers().configuration()),
        "with the password"
    );
    assert_eq!(
        source.overview().await.map(|overview| overview.setup_needed),
        Ok(false)
    );
    let again = source.finish_setup(SETUP_CODE, &answers()).await;
    assert!(matches!(again, Err(NotDone::NothingWaits(_))), "once: {again:?}");
}

async fn services(source: &dyn NodeSource) {
    assert_eq!(source.units().await, Ok(units()), "the units arrive whole");
    let stopped = source.unit_action("libvirtd.service", UnitAction::Stop).await;
    assert_eq!(stopped, Ok(()));
    let after = source.units().await.expect("told");
    assert_eq!(after[0].active, Active::Inactive);
    let refused = source.unit_action("dbus.service", UnitAction::Stop).await;
    assert!(matches!(refused, Err(NotDone::Refused(_))), "{refused:?}");
    let mut filter = JournalFilter {
        unit: None,
        priority: None,
        text: None,
        since: None,
        after: None,
        lines: 500,
    };
    assert_eq!(
        source.journal(&filter).await,
        Ok(journal()),
        "the entries arrive whole"
    );
    filter.priority = Some(Priority::Error);
    filter.unit = Some("broken.service".to_owned());
    filter.text = Some("failed".to_owned());
    let found = source.journal(&filter).await.expect("told").entries;
    assert_eq!(found, journal().entries[1..2], "the filter arrives whole");
}

async fn acts(source: &dyn NodeSource) {
    let mut other = answers().configuration();
    other.node.name = "lab-two".parse().expect("a name");
    assert_eq!(
        source.change_configuration(&other).await,
        Ok(None),
        "nothing to confirm"
    );
    other.network.management.dns = vec![[192, 0, 2, 53].into()];
    let code = source.change_configuration(&other).await;
    assert_eq!(
        code,
        Ok(Some(CODE.to_owned())),
        "other networks are to be confirmed"
    );
    assert_eq!(source.configuration().await, Ok(other));
    let wrong = source.confirm_network("WRNG2345").await;
    assert_eq!(
        wrong,
        Err(NotDone::WrongCode("the code is wrong".to_owned())),
        "with its reason"
    );
    assert_eq!(source.confirm_network(CODE).await, Ok(()), "the code is taken");
    assert_eq!(source.power(Power::Restart).await, Ok(()));
    assert_eq!(source.factory_reset().await, Ok(()));
}

async fn installs(source: &dyn NodeSource, machine: &dyn Machine) {
    machine.become_like(example()).await;
    assert_eq!(source.install(&installation()).await, Ok(()));
    let told = source.overview().await.expect("told").installation;
    assert!(matches!(told, Installation::Running { .. }), "{told:?}");
    let again = source.install(&installation()).await;
    assert!(matches!(again, Err(NotDone::Refused(_))), "one runs: {again:?}");
}

async fn refusals(source: &dyn NodeSource, machine: &dyn Machine) {
    let words = || "the words of the node controller".to_owned();
    for why in [
        NotDone::WrongCode(words()),
        NotDone::TooManyTries(words()),
        NotDone::NothingWaits(words()),
        NotDone::Unconfirmed(words()),
        NotDone::NotStored(words()),
        NotDone::Refused(words()),
    ] {
        machine.refuse(why.clone()).await;
        assert_eq!(source.power(Power::Off).await, Err(why.clone()));
        assert_eq!(source.install(&installation()).await, Err(why.clone()));
        assert_eq!(source.factory_reset().await, Err(why.clone()));
        assert_eq!(source.finish_setup(SETUP_CODE, &answers()).await, Err(why));
    }
}

async fn away(source: &dyn NodeSource, machine: &dyn Machine) {
    let mut changes = source.changes();
    changes.borrow_and_update();
    machine.leave().await;
    changed(&mut changes).await;
    let gone = || Err(NotDone::Unavailable(Unavailable::NotRunning));
    assert_eq!(source.confirm_network(CODE).await, gone(), "away is no refusal");
    assert_eq!(source.check_setup_code(SETUP_CODE).await, gone());
    assert_eq!(
        source.overview().await,
        Err(Unavailable::NotRunning),
        "away is said"
    );
    assert_eq!(source.configuration().await, Err(Unavailable::NotRunning));
    assert_eq!(source.disks().await, Err(Unavailable::NotRunning));
    assert_eq!(source.units().await, Err(Unavailable::NotRunning));
    assert_eq!(source.metrics().await, Err(Unavailable::NotRunning));

    machine.become_like(example()).await;
    changed(&mut changes).await;
    assert_eq!(source.overview().await, Ok(example()), "and back");
}
