//! Networks in words, for the page and the console.

use pocketstack_model::config::network::{BondPolicy, Ipv4Settings, Ipv6Settings, Role, RoleNetwork};
use pocketstack_model::link::Links;

/// What a network is called.
pub fn subject(role: Role) -> String {
    let name = match role {
        Role::Management => "management",
        Role::External => "external",
        Role::Bmc => "BMC",
    };
    format!("network {name}")
}

/// What is wanted of a network.
pub fn want(role: Role, network: &RoleNetwork) -> String {
    let cards: Vec<String> = network.cards.iter().map(ToString::to_string).collect();
    let on = match (cards.is_empty(), role) {
        (false, _) => cards.join(" and "),
        (true, Role::Management) => "all other cards".to_owned(),
        (true, _) => "the cards of the management network".to_owned(),
    };
    let mut words = format!("{} on {on}", role.bridge());
    if network.bond == BondPolicy::Lacp {
        words.push_str(" (LACP)");
    }
    if let Some(vlan) = network.vlan {
        words.push_str(&format!(", VLAN {}", u16::from(vlan)));
    }
    let mtu = u16::from(network.mtu);
    if mtu != 1500 {
        words.push_str(&format!(", MTU {mtu}"));
    }
    words.push_str(&match &network.ipv4 {
        Ipv4Settings::Dhcp => ", IPv4 by DHCP".to_owned(),
        Ipv4Settings::Off => String::new(),
        Ipv4Settings::Static { address, .. } => format!(", {address}"),
    });
    words.push_str(&match &network.ipv6 {
        Ipv6Settings::Auto => ", IPv6 by router advertisements".to_owned(),
        Ipv6Settings::Off => String::new(),
        Ipv6Settings::Static { address, .. } => format!(", {address}"),
    });
    words
}

/// What is there of it.
pub fn see(role: Role, links: &Links) -> String {
    let Some(bridge) = links.named(role.bridge()) else {
        return format!("no {}", role.bridge());
    };
    let addresses: Vec<String> = bridge
        .reachable_addresses()
        .iter()
        .map(|found| format!("{}/{}", found.address, found.prefix))
        .collect();
    let addresses = if addresses.is_empty() {
        "no address".to_owned()
    } else {
        addresses.join(", ")
    };
    let link = if bridge.carrier { "" } else { ", no link" };
    format!("{} with {addresses}{link}", role.bridge())
}
