//! Keeps the management network as `pocketstack-plan` wants it.

use std::sync::Arc;
use std::time::Duration;

use pocketstack_host::links::NetworkLinks;
use pocketstack_plan::management::{plan, unsettled};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::notify::Notifier;

/// Changes come in bursts; a pass waits so long for the end of one.
const SETTLE: Duration = Duration::from_millis(100);
/// A pass without a reason, should an event have been lost.
const SLOW: Duration = Duration::from_secs(60);
/// A pass after one that failed. What fails makes events itself, so this is also a lower limit.
const RETRY: Duration = Duration::from_secs(2);
/// While the device manager still works on a card: it tells its end through no netlink event.
const SOON: Duration = Duration::from_millis(250);

/// Runs until the kernel can no longer be heard, which is an error. The first pass makes the daemon ready: from
/// then on a DHCP client has something to work on.
pub async fn reconcile<L: NetworkLinks>(
    links: Arc<L>,
    trouble: watch::Sender<Option<String>>,
    notifier: Arc<Notifier>,
) -> anyhow::Result<()> {
    let mut changes = links.changes();
    let mut ready = false;
    loop {
        changes.borrow_and_update();
        let pass = pass(links.as_ref()).await;
        let why = (!pass.trouble.is_empty()).then(|| pass.trouble.join("; "));
        trouble.send_if_modified(|known| {
            if let Some(why) = why.as_ref().filter(|_| *known != why) {
                tracing::error!("management network: {why}");
            }
            std::mem::replace(known, why.clone()) != why
        });
        if !std::mem::replace(&mut ready, true) {
            notifier.ready();
        }
        if why.is_some() {
            sleep(RETRY).await;
            continue;
        }
        let wait = if pass.look_again { SOON } else { SLOW };
        match timeout_at(Instant::now() + wait, changes.changed()).await {
            Ok(Ok(())) => sleep(SETTLE).await,
            Ok(Err(_)) => anyhow::bail!("the kernel can no longer be heard about network links"),
            Err(_) => {}
        }
    }
}

/// What came of one pass.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pass {
    /// What went wrong, in words; empty if the network is as it should be.
    trouble: Vec<String>,
    /// Whether a card will be usable soon.
    look_again: bool,
}

/// Looks, plans, acts, and looks again whether all of it came true. One card that refuses does not keep the others
/// from being used, so all actions are tried.
async fn pass<L: NetworkLinks>(links: &L) -> Pass {
    let mut trouble = Vec::new();
    let observed = match links.observe().await {
        Ok(observed) => observed,
        Err(error) => {
            return Pass {
                trouble: vec![error.to_string()],
                look_again: false,
            };
        }
    };
    let actions = plan(&observed);
    for action in &actions {
        match links.act(action).await {
            Ok(()) => tracing::info!("management network: {action}"),
            Err(error) => trouble.push(error.to_string()),
        }
    }
    if actions.is_empty() {
        return Pass {
            trouble,
            look_again: unsettled(&observed),
        };
    }
    match links.observe().await {
        Ok(after) => {
            if trouble.is_empty() {
                // What is left may be a change that came in between; the next pass tells.
                return Pass {
                    trouble,
                    look_again: !plan(&after).is_empty() || unsettled(&after),
                };
            }
            Pass {
                trouble,
                look_again: true,
            }
        }
        Err(error) => {
            trouble.push(error.to_string());
            Pass {
                trouble,
                look_again: true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_host::links::FakeLinks;
    use pocketstack_model::link::LinkName;

    use super::*;

    fn name(text: &str) -> LinkName {
        LinkName::try_from(text).expect("a name")
    }

    async fn port_of_bond(links: &FakeLinks, card: &str) -> bool {
        let now = links.observe().await.expect("observed");
        let bond = now.named("bond-mgmt").map(|bond| bond.index);
        bond.is_some() && now.named(card).is_some_and(|card| card.master == bond && card.up)
    }

    async fn until(links: &FakeLinks, card: &str) {
        let joined = async {
            while !port_of_bond(links, card).await {
                // Polled, as only the observed state counts: a change signal may come before the last action.
                sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), joined)
            .await
            .expect("the card joins");
    }

    #[tokio::test]
    async fn cards_join_at_the_start_later_and_after_trouble() {
        let links = Arc::new(FakeLinks::default());
        links.plug_in(
            &name("enp1s0"),
            "00:1b:21:00:00:01".parse().expect("a MAC address"),
        );
        let (trouble_in, trouble) = watch::channel(None);
        let task = tokio::spawn(reconcile(
            links.clone(),
            trouble_in,
            Arc::new(Notifier::from_environment()),
        ));
        until(&links, "enp1s0").await;

        links.fail_after(Some(0));
        links.plug_in(
            &name("enp2s0"),
            "00:1b:21:00:00:02".parse().expect("a MAC address"),
        );
        let mut told = trouble.clone();
        told.wait_for(Option::is_some).await.expect("the trouble is told");
        assert!(!port_of_bond(&links, "enp2s0").await);

        links.fail_after(None);
        until(&links, "enp2s0").await;
        told.wait_for(Option::is_none).await.expect("the trouble is over");
        task.abort();
    }
}
