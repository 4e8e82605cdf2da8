//! Networks in words, for the page and the console.

use pocketstack_model::config::network::{BondPolicy, Ipv4Settings, Ipv6Settings, Role, RoleNetwork};
use pocketstack_model::link::Links;
use pocketstack_model::words::{Words, kept as said};

/// What a network is called.
pub fn subject(role: Role) -> Words {
    said::network(said::role(role))
}

/// What is wanted of a network.
pub fn want(role: Role, network: &RoleNetwork) -> Words {
    let cards = network.cards.iter().map(|card| card.to_string().into());
    let on = Words::joined(cards, said::both).unwrap_or_else(|| match role {
        Role::Management => said::cards_all_other(),
        Role::External | Role::Bmc => said::cards_of_management(),
    });
    let mut words = said::network_on(role.bridge(), on);
    if network.bond == BondPolicy::Lacp {
        words = said::with_lacp(words);
    }
    let mtu = u16::from(network.mtu);
    let more = [
        network.vlan.map(|vlan| said::vlan(u64::from(u16::from(vlan)))),
        (mtu != 1500).then(|| said::mtu(u64::from(mtu))),
        match &network.ipv4 {
            Ipv4Settings::Dhcp => Some(said::ipv4_by_dhcp()),
            Ipv4Settings::Off => None,
            Ipv4Settings::Static { address, .. } => Some(address.to_string().into()),
        },
        match &network.ipv6 {
            Ipv6Settings::Auto => Some(said::ipv6_by_router()),
            Ipv6Settings::Off => None,
            Ipv6Settings::Static { address, .. } => Some(address.to_string().into()),
        },
    ];
    more.into_iter().flatten().fold(words, said::list)
}

/// What is there of it.
pub fn see(role: Role, links: &Links) -> Words {
    let Some(bridge) = links.named(role.bridge()) else {
        return said::bridge_missing(role.bridge());
    };
    let addresses: Vec<String> = bridge
        .reachable_addresses()
        .iter()
        .map(|found| format!("{}/{}", found.address, found.prefix))
        .collect();
    let addresses = if addresses.is_empty() {
        said::no_address()
    } else {
        addresses.join(", ").into()
    };
    let words = said::bridge_with(role.bridge(), addresses);
    if bridge.carrier {
        words
    } else {
        said::list(words, said::no_link())
    }
}
