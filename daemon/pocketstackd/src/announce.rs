//! Finds out when something a person would notice has changed, and tells the bus and the consoles.

use std::sync::Arc;
use std::time::Duration;

use pocketstack_host::links::NetworkLinks;
use pocketstack_model::node::{Health, Management, Overview};
use pocketstack_model::status::{Doing, Kept};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use zbus::Connection;

use crate::bus::tell_changed;
use crate::collect::Facts;
use crate::node::{Node, notable, pages};
use crate::notify::Notifier;

/// Waits for the end of a burst of events.
const SETTLE: Duration = Duration::from_millis(200);
/// Host name, disks and memory tell of no change: they are looked at so often.
const SLOW: Duration = Duration::from_secs(10);

/// Runs until links can no longer be heard.
pub async fn announce<L: NetworkLinks + 'static>(
    node: Arc<Node<L>>,
    links: Arc<L>,
    mut facts: watch::Receiver<Facts>,
    mut trouble: watch::Receiver<Option<String>>,
    mut bus: watch::Receiver<Option<Connection>>,
    seen: watch::Sender<Option<Arc<Overview>>>,
    notifier: Arc<Notifier>,
) -> anyhow::Result<()> {
    let mut changes = links.changes();
    let mut status = node.status.clone();
    loop {
        status.mark_seen();
        changes.borrow_and_update();
        facts.borrow_and_update();
        trouble.borrow_and_update();
        bus.borrow_and_update();
        let now = node.overview().await;
        let before = seen.borrow().clone();
        if before.is_none_or(|before| notable(&before) != notable(&now)) {
            notifier.status(&summary(&now));
            seen.send_replace(Some(Arc::new(now)));
            let connection = bus.borrow().clone();
            if let Some(connection) = connection
                && let Err(error) = tell_changed(&connection).await
            {
                tracing::debug!("nobody could be told of a change: {error}");
            }
        }
        let something = async {
            tokio::select! {
                heard = changes.changed() => heard,
                heard = trouble.changed() => heard,
                heard = status.changed() => heard,
                heard = noticeable(&mut facts) => heard,
            }
        };
        if let Ok(heard) = timeout(SLOW, something).await {
            heard?;
            sleep(SETTLE).await;
        }
    }
}

/// Waits for a change of the facts other than load, which changes with every look.
async fn noticeable(facts: &mut watch::Receiver<Facts>) -> Result<(), watch::error::RecvError> {
    let still = |facts: &Facts| Facts {
        busy_percent: None,
        ..facts.clone()
    };
    let before = still(&facts.borrow());
    loop {
        facts.changed().await?;
        if still(&facts.borrow_and_update()) != before {
            return Ok(());
        }
    }
}

/// One line for `systemctl status`.
fn summary(overview: &Overview) -> String {
    let network = match &overview.management {
        management @ Management::Up { .. } => pages(management).join(" "),
        Management::NoNic => "no wired network card".to_owned(),
        Management::NoLink { .. } => "no network cable".to_owned(),
        Management::NoAddress { .. } => "waiting for an address".to_owned(),
        Management::Failed { why } => format!("no management network: {why}"),
    };
    let stuck = |kept: &&Kept| matches!(kept.doing, Doing::Stuck { .. });
    let bad = overview.kept.iter().filter(stuck).count()
        + overview
            .components
            .iter()
            .filter(|part| matches!(part.health, Health::Failed { .. }))
            .count()
        + overview.units.failed().len();
    if bad == 0 {
        network
    } else {
        format!("{network}; {bad} not well")
    }
}
