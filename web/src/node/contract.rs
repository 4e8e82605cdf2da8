//! What every [`NodeSource`] does, the real one and the fake.

use std::time::Duration;

use pocketstack_model::node::Overview;
use rocket::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{NodeSource, NotConfirmed, Unavailable, example};

/// The machine behind a source, as a test handles it. Each change is announced.
#[async_trait]
pub trait Machine: Send + Sync {
    /// From now on this is what the machine is like.
    async fn become_like(&self, overview: Overview);
    /// The node controller is gone.
    async fn leave(&self);
}

/// The only code that a machine of the contract takes.
pub const CODE: &str = "ABCD2345";
/// The right code, while the state partition is full.
pub const NO_ROOM: &str = "FULL2345";
/// A code of a change that is over.
pub const TOO_LATE: &str = "LATE2345";
/// A code after too many wrong ones.
pub const TOO_OFTEN: &str = "MANY2345";

/// Waits until the count has grown, with a limit so that a failure is a failure and not a hang.
pub async fn changed(changes: &mut watch::Receiver<u64>) {
    timeout(Duration::from_secs(10), changes.changed())
        .await
        .expect("a change within ten seconds")
        .expect("the source lives");
}

/// Runs the contract over a source whose machine is like [`example`] at the start.
pub async fn check(source: &dyn NodeSource, machine: &dyn Machine) {
    assert_eq!(
        source.overview().await,
        Ok(example()),
        "the overview arrives whole"
    );

    let mut changes = source.changes();
    let before = *changes.borrow_and_update();
    let renamed = Overview {
        name: "renamed".to_owned(),
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

    assert_eq!(source.confirm_network(CODE).await, Ok(()), "the code is taken");
    assert_eq!(
        source.confirm_network("WRNG2345").await,
        Err(NotConfirmed::WrongCode("the code is wrong".to_owned())),
        "a refusal comes with its reason"
    );
    for (code, refusal) in [
        (NO_ROOM, NotConfirmed::Refused("make room".to_owned())),
        (TOO_LATE, NotConfirmed::NothingWaits),
        (TOO_OFTEN, NotConfirmed::TooManyTries),
    ] {
        assert_eq!(
            source.confirm_network(code).await,
            Err(refusal),
            "it is told apart"
        );
    }

    machine.leave().await;
    changed(&mut changes).await;
    assert_eq!(
        source.confirm_network(CODE).await,
        Err(NotConfirmed::Unavailable(Unavailable::NotRunning)),
        "away is no refusal"
    );
    assert_eq!(
        source.overview().await,
        Err(Unavailable::NotRunning),
        "away is said"
    );

    machine.become_like(example()).await;
    changed(&mut changes).await;
    assert_eq!(source.overview().await, Ok(example()), "and back");
}
