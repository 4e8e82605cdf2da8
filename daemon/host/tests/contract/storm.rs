//! A hundred cards that come and go while passes run.

use pocketstack_host::links::NetworkLinks;
use pocketstack_model::config::network::NetworkSettings;
use pocketstack_model::link::Links;
use pocketstack_plan::network::{plan, wired};
use tokio::sync::watch;

use super::{mac, name};
use crate::bench::Bench;

const CARDS: u8 = 100;

/// Passes as the daemon makes them: what fails is planned anew, from what is there then.
async fn pass(bench: &impl Bench, settings: &NetworkSettings) -> anyhow::Result<bool> {
    let actions = plan(settings, &bench.links().observe().await?);
    for action in &actions {
        // A card that has just gone makes its steps fail.
        let _ = bench.links().act(action).await;
    }
    Ok(actions.is_empty())
}

/// Names of all links that are neither loopback nor the other ends of cables.
fn names(links: &Links) -> Vec<String> {
    let mut names: Vec<String> = links
        .links
        .iter()
        .map(|link| link.name.to_string())
        .filter(|name| name != "lo" && !name.starts_with("p-"))
        .collect();
    names.sort_unstable();
    names
}

/// All cards come, every second one goes, half of these come again, and in the end all but the first three go.
async fn cards_come_and_go(bench: &impl Bench) -> anyhow::Result<()> {
    let card = |number: u8| name(&format!("card{number}"));
    for number in 1..=CARDS {
        bench.plug_in(&card(number), mac(number)).await?;
        tokio::task::yield_now().await;
    }
    for number in (2..=CARDS).step_by(2) {
        bench.pull_out(&card(number)).await?;
        tokio::task::yield_now().await;
    }
    for number in (2..=CARDS).step_by(4) {
        // Another card under the name of one that has gone.
        bench.plug_in(&card(number), mac(number + 100)).await?;
        tokio::task::yield_now().await;
    }
    let rest: Vec<u8> = (1..=CARDS).filter(|number| number % 4 != 0).collect();
    for number in rest.into_iter().filter(|number| *number > 3) {
        bench.pull_out(&card(number)).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// While they do, the settings are kept; afterwards all is as wanted, and nothing is left over.
pub async fn storm(bench: &impl Bench, settings: &NetworkSettings, ours: &[&str]) -> anyhow::Result<()> {
    let (over, is_over) = watch::channel(false);
    let mut passes = 0;
    let cards = async {
        let done = cards_come_and_go(bench).await;
        over.send_replace(true);
        done
    };
    let keeping = async {
        while !*is_over.borrow() {
            pass(bench, settings).await?;
            passes += 1;
            // The fake never waits for anything.
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    };
    let (came, kept) = tokio::join!(cards, keeping);
    came?;
    kept?;
    assert!(passes > 20, "only {passes} passes met the storm");
    // One pass for what is left, one that finds nothing to do.
    pass(bench, settings).await?;
    assert!(pass(bench, settings).await?);
    let end = bench.links().observe().await?;
    let mut expected: Vec<String> = [&["card1", "card2", "card3"], ours]
        .concat()
        .iter()
        .map(ToString::to_string)
        .collect();
    expected.sort_unstable();
    assert_eq!(names(&end), expected);
    for (card, _) in wired(&end) {
        // The kernel itself gives each port of a bridge a link-local one.
        assert_eq!(
            card.reachable_addresses(),
            [],
            "{} has an address of its own",
            card.name
        );
    }
    Ok(())
}
