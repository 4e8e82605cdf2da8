//! Changes of the networks of an installed machine, over D-Bus as root on it, looked at from outside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pocketstack_model::status::NetworkChange;
use pocketstack_tests::net::Segment;
use pocketstack_tests::node::Node;
use pocketstack_tests::poll::{self, Probe};
use serde_json::{Value, json};

use super::route::Route;
use super::site::{CARDS, EXTERNAL, Running, Site};
use super::wait;
use super::{Body, on_the_first};
use crate::case::{Case, Notes};

/// Addresses that the cases give to the machine.
pub const FIXED: [Ipv4Addr; 3] = [
    Segment::Main.address(50),
    Segment::Tagged.address(50),
    Segment::Second.address(50),
];
/// How long a change stays unless it is confirmed.
const CONFIRM: Duration = Duration::from_secs(60);

/// The cases. Each leaves a machine whose page answers at `running.node`.
pub fn cases() -> Vec<Case<Site>> {
    let bodies: [(&str, Body); 5] = [
        ("a_change_that_locks_out_is_taken_back", a_change_that_locks_out),
        ("to_a_static_address", to_a_static_address),
        ("to_a_vlan", to_a_vlan),
        ("to_a_bond", to_a_bond),
        ("to_the_second_card", to_the_second_card),
    ];
    let mut cases = on_the_first(&bodies, "networks");
    cases.push(Case::new(
        "install::networks::a_confirmed_change_survives_a_restart",
        survives_a_restart,
    ));
    cases
}

/// A management network on this address.
fn management(cards: &[&str], vlan: Option<u16>, address: Ipv4Addr) -> Value {
    let mut network =
        json!({ "cards": cards, "ipv4": { "address": format!("{address}/24") }, "ipv6": "off" });
    if let Some(vlan) = vlan {
        network["vlan"] = json!(vlan);
    }
    network
}

/// The external network as it was answered.
fn external() -> Value {
    json!({ "cards": [CARDS[1]], "ipv4": { "address": EXTERNAL }, "ipv6": "off" })
}

/// A ping from the node over its external network, which goes on until it is looked at.
struct Ping;

impl Ping {
    fn start(running: &mut Running) -> Result<Self> {
        let to = Segment::Second.own();
        let limit = running.patience(20);
        let shell = running.shell()?;
        shell.check(&format!(
            "ping -n -i 0.2 {to} >/run/test-ping.log 2>&1 & echo $! >/run/test-ping.pid"
        ))?;
        poll::until("the first answer to the ping", limit, || {
            let said = shell.check("cat /run/test-ping.log")?;
            Ok(match said.contains("icmp_seq=1 ") {
                true => Probe::Done(()),
                false => Probe::NotYet(said),
            })
        })?;
        Ok(Self)
    }

    /// Ends it; an error if any packet got lost.
    fn has_lost_nothing(self, running: &mut Running, notes: &mut Notes) -> Result<()> {
        let shell = running.shell()?;
        // At SIGINT ping says how it went (ping(8)).
        shell.check("kill -INT $(cat /run/test-ping.pid)")?;
        let limit = Duration::from_secs(20);
        let summary = poll::until("the summary of the ping", limit, || {
            let said = shell.check("tail -n 3 /run/test-ping.log")?;
            let line = said.lines().find(|line| line.contains("packets transmitted"));
            Ok(line.map_or_else(
                || Probe::NotYet(said.clone()),
                |line| Probe::Done(line.to_owned()),
            ))
        })?;
        notes.measured("ping_on_the_untouched_bridge", &summary);
        let (sent, received) = counts(&summary).with_context(|| format!("ping said: {summary}"))?;
        // One may be on its way when the signal comes.
        ensure!(
            sent > 5 && sent - received <= 1,
            "packets were lost on a bridge that nobody has touched: {summary}"
        );
        Ok(())
    }
}

/// Packets sent and received, of "12 packets transmitted, 12 received, 0% packet loss, time 2200ms".
fn counts(summary: &str) -> Option<(u32, u32)> {
    let mut parts = summary.split(", ");
    let number = |part: &str| part.split_whitespace().next()?.parse().ok();
    Some((number(parts.next()?)?, number(parts.next()?)?))
}

/// Sets the networks and hands back the code that confirms them.
pub(super) fn change(running: &mut Running, networks: &Value) -> Result<String> {
    let mut node1 = running.node1()?;
    let mut configuration = node1.configuration()?;
    configuration["network"] = networks.clone();
    let code = node1.change(&configuration)?;
    code.context("a change of the networks was kept without a code to confirm it")
}

/// Sets the networks, waits for the page at the new address, confirms there, and goes on with that address.
fn change_and_confirm(running: &mut Running, networks: &Value, address: Ipv4Addr) -> Result<()> {
    let started = Instant::now();
    let code = change(running, networks)?;
    let node = running.node.moved_to(SocketAddr::new(IpAddr::V4(address), 443));
    confirm(&node, &code).with_context(|| format!("{} s after the change", started.elapsed().as_secs()))?;
    running.node = node;
    let limit = running.patience(30);
    let overview = wait::settled(&running.node, limit)?;
    ensure!(
        overview.network_change == NetworkChange::None,
        "after it was confirmed, the API says of the change: {:?}",
        overview.network_change
    );
    let kept = running.node1()?.configuration()?;
    ensure!(
        kept["network"]["management"]["ipv4"] == networks["management"]["ipv4"],
        "another configuration is kept than was confirmed: {kept}"
    );
    Ok(())
}

/// Confirms a change of the networks on the page at this address.
pub(super) fn confirm(node: &Node, code: &str) -> Result<()> {
    // It must be there while there is still time to confirm.
    wait::overview(node, "the page at the new address", CONFIRM, |overview| {
        matches!(overview.network_change, NetworkChange::Unconfirmed { .. })
    })?;
    let wrong = node.post(
        "/api/v1/network/confirm",
        &json!({ "code": "00000000" }),
        Duration::from_secs(20),
    )?;
    ensure!(
        (400..500).contains(&wrong.status),
        "a wrong code is answered with {}: {}",
        wrong.status,
        wrong.body
    );
    let answer = node.post(
        "/api/v1/network/confirm",
        &json!({ "code": code }),
        Duration::from_secs(20),
    )?;
    ensure!(
        (200..300).contains(&answer.status),
        "the right code is answered with {}: {}",
        answer.status,
        answer.body
    );
    Ok(())
}

fn a_change_that_locks_out(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let before = running.node1()?.configuration()?;
    let ping = Ping::start(running)?;
    let nowhere = Ipv4Addr::new(10, 99, 0, 5);
    let networks = json!({ "management": management(&CARDS[..1], None, nowhere), "external": external() });
    let started = Instant::now();
    change(running, &networks)?;
    let limit = running.patience(10);
    let shell = running.shell()?;
    poll::until("the change to be in use", limit.min(CONFIRM), || {
        let addresses = shell.check("ip -4 -brief address show br-mgmt")?;
        Ok(match addresses.contains("10.99.0.5/24") {
            true => Probe::Done(()),
            false => Probe::NotYet(addresses),
        })
    })?;
    let overview = wait::overview(
        &running.node,
        "the page to be back at the old address",
        CONFIRM + limit,
        |overview| matches!(overview.network_change, NetworkChange::Reverted { .. }),
    )?;
    notes.measured("locked_out_seconds", started.elapsed().as_secs_f64());
    notes.measured("network_change", &overview.network_change);
    ping.has_lost_nothing(running, notes)?;
    wait::settled(&running.node, running.patience(30))?;
    let after = running.node1()?.configuration()?;
    ensure!(
        before == after,
        "the configuration is {after} and not what it was, {before}"
    );
    let left = running.shell()?.check("ip -4 -brief address show br-mgmt")?;
    ensure!(!left.contains("10.99.0.5"), "br-mgmt has kept an address: {left}");
    Ok(())
}

fn to_a_static_address(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let ping = Ping::start(running)?;
    let address = Segment::Main.address(50);
    let networks = json!({ "management": management(&CARDS[..1], None, address), "external": external() });
    change_and_confirm(running, &networks, address)?;
    ping.has_lost_nothing(running, notes)
}

fn to_a_vlan(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let ping = Ping::start(running)?;
    let address = Segment::Tagged.address(50);
    let networks =
        json!({ "management": management(&CARDS[..1], Some(20), address), "external": external() });
    change_and_confirm(running, &networks, address)?;
    ping.has_lost_nothing(running, notes)?;
    let links = running.shell()?.check("ip -details link show vlan-mgmt")?;
    ensure!(
        links.contains("vlan protocol 802.1Q id 20"),
        "vlan-mgmt is: {links}"
    );
    Ok(())
}

/// Both cards in one bond, without an external network. The first card carries it: the second leads elsewhere.
fn to_a_bond(running: &mut Running, _notes: &mut Notes) -> Result<()> {
    let address = Segment::Main.address(50);
    let networks = json!({ "management": management(&CARDS, None, address) });
    // Which card an active-backup bond begins with is its own choice: the other one's cable is out for this.
    running.vm.set_link("nic1", false)?;
    let result = change_and_confirm(running, &networks, address);
    running.vm.set_link("nic1", true)?;
    result?;
    let links = running.shell()?.check("ip -brief link show")?;
    for gone in ["br-ext", "vlan-mgmt"] {
        ensure!(
            !links.contains(gone),
            "{gone} is left over, though nothing uses it:\n{links}"
        );
    }
    ensure!(links.contains("bond-mgmt"), "there is no bond:\n{links}");
    Ok(())
}

fn to_the_second_card(running: &mut Running, _notes: &mut Notes) -> Result<()> {
    let address = Segment::Second.address(50);
    let networks = json!({ "management": management(&CARDS[1..], None, address) });
    change_and_confirm(running, &networks, address)?;
    let links = running.shell()?.check("ip -brief link show")?;
    ensure!(
        !links.contains("bond-mgmt"),
        "the bond is left over, though one card needs none:\n{links}"
    );
    Ok(())
}

fn survives_a_restart(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let running = site.started(Route::FIRST)?;
    let (before, address) = (running.node1()?.configuration()?, running.node.address());
    site.switch_off()?;
    let running = site.started(Route::FIRST)?;
    notes.measured("boot_seconds", running.boot_seconds);
    ensure!(
        running.node.address() == address,
        "the page is at {} and was at {address}",
        running.node.address()
    );
    wait::settled(&running.node, running.patience(30))?;
    let after = running.node1()?.configuration()?;
    ensure!(before == after, "the configuration is {after} and was {before}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ping_is_understood() {
        let summary = "12 packets transmitted, 11 received, 8.33333% packet loss, time 2215ms";
        assert_eq!(counts(summary), Some((12, 11)));
        assert_eq!(counts("nothing"), None);
    }

    #[test]
    fn the_networks_are_what_a_configuration_may_have() {
        use pocketstack_model::config::Configuration;
        let mut configuration = serde_json::to_value(Configuration::default()).expect("JSON");
        for (cards, vlan) in [(&CARDS[..1], None), (&CARDS[..1], Some(20)), (&CARDS[..], None)] {
            let mut network = json!({ "management": management(cards, vlan, FIXED[0]) });
            if cards.len() == 1 {
                network["external"] = external();
            }
            configuration["network"] = network;
            serde_json::from_value::<Configuration>(configuration.clone()).expect("a right configuration");
        }
    }
}
