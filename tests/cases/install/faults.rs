//! What goes wrong around an installed machine while it runs: it says so, goes on with the rest, and is as configured
//! again when the fault is gone.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result, ensure};
use pocketstack_model::node::Management;
use pocketstack_tests::net::Segment;
use pocketstack_tests::poll::{self, Probe};
use serde_json::{Value, json};

use super::daemon::{CONFIGURATIONS, rename, with_another_name};
use super::networks::{change, confirm};
use super::site::{CARDS, Running, Site};
use super::wait;
use super::{Body, on_the_first};
use crate::case::{Case, Notes};

/// The cases, on the machine of the networks. Each leaves the networks as it has found them.
pub fn cases() -> Vec<Case<Site>> {
    let bodies: [(&str, Body); 2] = [
        (
            "an_address_of_another_machine_is_taken_when_it_is_free",
            an_address_of_another_machine,
        ),
        (
            "a_full_state_partition_keeps_the_old_configuration",
            a_full_state_partition,
        ),
    ];
    on_the_first(&bodies, "faults")
}

/// The card that management does not use, and the network its cable leads to: which it is depends on the cases before.
fn other_card(configuration: &Value) -> (&'static str, Segment) {
    match configuration["network"]["management"]["cards"] == json!([CARDS[1]]) {
        true => (CARDS[0], Segment::Main),
        false => (CARDS[1], Segment::Second),
    }
}

/// Sets the networks and confirms them on the page where it is.
fn change_elsewhere(running: &mut Running, networks: &Value) -> Result<()> {
    let code = change(running, networks)?;
    confirm(&running.node, &code)
}

fn an_address_of_another_machine(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let limit = running.patience(60);
    wait::settled(&running.node, limit)?;
    let before = running.node1()?.configuration()?["network"].clone();
    let (card, segment) = other_card(&json!({ "network": before }));
    let address = segment.address(60);
    let mut networks = before.clone();
    networks["external"] =
        json!({ "cards": [card], "ipv4": { "address": format!("{address}/24") }, "ipv6": "off" });
    running.net.take(segment, address)?;
    let told = change_elsewhere(running, &networks)
        .and_then(|()| conflict_is_told(running, notes, segment, address));
    running.net.give_back(segment, address)?;
    told?;
    // Nobody has it any more: the node takes it by itself.
    wait::settled(&running.node, running.patience(180))?;
    let has = running.shell()?.check("ip -4 -brief address show br-ext")?;
    ensure!(has.contains(&format!("{address}/24")), "br-ext is: {has}");
    change_elsewhere(running, &before)?;
    wait::settled(&running.node, limit)?;
    Ok(())
}

fn conflict_is_told(
    running: &mut Running,
    notes: &mut Notes,
    segment: Segment,
    address: Ipv4Addr,
) -> Result<()> {
    let words = [
        &address.to_string(),
        "another machine",
        &running.net.mac(segment)?,
    ];
    let overview = wait::overview(
        &running.node,
        "the node to say that another machine has the address",
        running.patience(60),
        |overview| wait::says(&wait::stuck(overview), &words),
    )?;
    notes.measured("said", wait::stuck(&overview));
    let page = running.node.get_ok("/")?;
    ensure!(
        page.contains("another machine"),
        "the page does not say that another machine has {address}"
    );
    let own: IpAddr = running.node.address().ip();
    ensure!(
        matches!(&overview.management, Management::Up { addresses, .. } if addresses.iter().any(|one| one.address == own)),
        "the management network is {:?}",
        overview.management
    );
    let has = running.shell()?.check("ip -4 -brief address show br-ext")?;
    ensure!(
        !has.contains(&address.to_string()),
        "br-ext has the address that another machine has: {has}"
    );
    Ok(())
}

/// Where the case puts what fills the partition.
const FILL: &str = "/var/lib/pocketstack-test-fill";

/// Leaves no block of the state partition free, not even those that only root may use: nearly all of it at once, what is
/// left in ever smaller pieces, as the file system keeps some for itself until what it has is written.
fn fill(running: &mut Running) -> Result<()> {
    let all = "$(( $(stat -f -c '%f * %S' /var) / 100 * 98 ))";
    let shell = running.shell()?;
    shell.check(&format!("mkdir -p {FILL}"))?;
    // Each of them ends with an error when nothing is left, as it is to.
    shell.run(&format!("fallocate -l {all} {FILL}/most"))?;
    for size in ["1M", "64k", "4k"] {
        shell.run(&format!("dd if=/dev/zero of={FILL}/{size} bs={size}; sync"))?;
    }
    Ok(())
}

fn a_full_state_partition(running: &mut Running, notes: &mut Notes) -> Result<()> {
    wait::settled(&running.node, running.patience(60))?;
    let refused = is_refused(running, notes);
    running.shell()?.check(&format!("rm -r {FILL}; sync"))?;
    refused?;
    // With room again a change is kept.
    let name = rename(running)?;
    let kept = running.node1()?.configuration()?;
    ensure!(kept["node"]["name"] == name, "the configuration is {kept}");
    wait::settled(&running.node, running.patience(120))?;
    Ok(())
}

fn is_refused(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let limit = running.patience(60);
    // The journal makes room for itself when it finds none: what it gave up has to be filled as well.
    let (used, why) = poll::until("a change to be refused for want of room", limit, || {
        fill(running)?;
        let used = running.node1()?.configuration()?;
        Ok(match running.node1()?.change(&with_another_name(&used).0) {
            Ok(_) => Probe::NotYet("it was stored".to_owned()),
            Err(error) => Probe::Done((used, format!("{error:#}"))),
        })
    })?;
    notes.measured("said", &why);
    ensure!(
        wait::says(
            &why,
            &["state partition is full", "make room", "the one before stays"]
        ),
        "the change was refused with: {why}"
    );
    let words = ["state partition", "may not be stored"];
    wait::overview(
        &running.node,
        "the node to say that the partition is full",
        limit,
        |overview| {
            let line = overview.kept.iter().find(|kept| kept.subject == words[0]);
            line.is_some() && wait::says(&wait::stuck(overview), &words[1..])
        },
    )?;
    let page = running.node.get_ok("/")?;
    ensure!(
        page.contains(words[1]),
        "the page does not say that the state partition is full"
    );
    is_used(running, &used).context("after the change was refused")?;
    let left = running
        .shell()?
        .run(&format!("ls {CONFIGURATIONS} | grep -v toml"))?;
    ensure!(left.text.trim().is_empty(), "there is left: {}", left.text);
    // What is on the disk is the same: a daemon that starts now reads it.
    running.shell()?.check("systemctl restart pocketstackd")?;
    wait::overview(&running.node, "the node to be back", limit, |overview| {
        overview.name == used["node"]["name"]
    })?;
    is_used(running, &used).context("after a restart of the daemon")
}

fn is_used(running: &mut Running, expected: &Value) -> Result<()> {
    let used = running.node1()?.configuration()?;
    ensure!(
        used == *expected,
        "the configuration was {expected} and is {used}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_card_is_the_one_management_does_not_use() {
        let with = |cards: &[&str]| json!({ "network": { "management": { "cards": cards } } });
        assert_eq!(other_card(&with(&CARDS[..1])), (CARDS[1], Segment::Second));
        assert_eq!(other_card(&with(&CARDS[1..])), (CARDS[0], Segment::Main));
    }
}
