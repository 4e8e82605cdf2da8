//! What must hold between the values of a network configuration, whatever machine it is for.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::names::Cidr;
use super::network::{BondPolicy, Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork};
use super::problem::Problem;

/// All that is wrong, in the order of [`Role::ALL`].
pub(super) fn problems(networks: &NetworkSettings) -> Vec<Problem> {
    let mut found = Vec::new();
    for (role, network) in networks.roles() {
        cards(role, network, networks, &mut found);
        gateway4(role, network, &mut found);
        gateway6(role, network, &mut found);
        name_servers(role, network, &mut found);
    }
    let management = &networks.management;
    if management.ipv4 == Ipv4Settings::Off && management.ipv6 == Ipv6Settings::Off {
        found.push(Problem::new(
            key(Role::Management, "ipv4"),
            "IPv4 and IPv6 are both off, so nobody could reach this machine",
            "let one of them be automatic, or give an address",
        ));
    }
    let roles: Vec<(Role, &RoleNetwork)> = networks.roles().collect();
    for (index, first) in roles.iter().enumerate() {
        for second in &roles[index + 1..] {
            shared_cards(networks, *first, *second, &mut found);
            overlap(*first, *second, &mut found);
        }
    }
    one_gateway(
        &roles,
        "ipv4",
        |network| matches!(network.ipv4, Ipv4Settings::Static { gateway: Some(_), .. }),
        &mut found,
    );
    one_gateway(
        &roles,
        "ipv6",
        |network| matches!(network.ipv6, Ipv6Settings::Static { gateway: Some(_), .. }),
        &mut found,
    );
    found
}

fn key(role: Role, name: &str) -> String {
    format!("network.{role}.{name}")
}

/// The cards of a role alone, and how they are bonded.
fn cards(role: Role, network: &RoleNetwork, networks: &NetworkSettings, found: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for card in &network.cards {
        let name = card.to_string();
        let ours = Role::ALL
            .iter()
            .any(|role| [role.bridge(), role.bond(), role.vlan()].contains(&name.as_str()));
        if ours || name == "lo" {
            found.push(Problem::new(
                key(role, "cards"),
                format!("{name:?} is no network card but a link that is made by software"),
                "name the cards themselves",
            ));
        }
        if !seen.insert(name.clone()) {
            found.push(Problem::new(
                key(role, "cards"),
                format!("the card {name:?} is there twice"),
                "name it once",
            ));
        }
    }
    if network.cards.is_empty() && role != Role::Management {
        if network.vlan.is_none() {
            found.push(Problem::new(
                format!("network.{role}"),
                "neither cards nor a VLAN are named",
                "name the cards it is on, or a VLAN on the management network's cards, or leave the whole section out",
            ));
        } else if network.bond == BondPolicy::Lacp && networks.management.bond != BondPolicy::Lacp {
            found.push(Problem::new(
                key(role, "bond"),
                "this network is on the management network's cards, which are no LACP bond",
                "set bond in network.management",
            ));
        }
    } else if network.bond == BondPolicy::Lacp && seen.len() < 2 {
        found.push(Problem::new(
            key(role, "bond"),
            "LACP joins two or more cards, and fewer are named",
            "name at least two cards, those that the switch has in one group, or leave bond out",
        ));
    }
}

/// The cards a role is on: its own, or with none named the management network's. Empty: all that no role names.
fn cards_of(network: &RoleNetwork, networks: &NetworkSettings) -> BTreeSet<String> {
    let own = if network.cards.is_empty() {
        &networks.management.cards
    } else {
        &network.cards
    };
    own.iter().map(ToString::to_string).collect()
}

/// Two roles on one card are on the same bond of the same cards, and tell their packets apart by VLAN.
fn shared_cards(
    networks: &NetworkSettings,
    (first, one): (Role, &RoleNetwork),
    (second, two): (Role, &RoleNetwork),
    found: &mut Vec<Problem>,
) {
    let (ones, twos) = (cards_of(one, networks), cards_of(two, networks));
    let Some(shared) = ones
        .intersection(&twos)
        .next()
        .map(|card| format!("the card {card:?}"))
        .or_else(|| (ones.is_empty() && twos.is_empty()).then(|| "its cards".to_owned()))
    else {
        return;
    };
    if two.cards.is_empty() && two.vlan.is_none() {
        // It was already said that it is on nothing.
        return;
    }
    if ones != twos {
        found.push(Problem::new(
            key(second, "cards"),
            format!("{shared} is also used by the {first} network, but not all cards are the same"),
            "give both the same cards, or cards of their own",
        ));
    } else if !two.cards.is_empty() && !one.cards.is_empty() && one.bond != two.bond {
        found.push(Problem::new(
            key(second, "bond"),
            format!("the {first} network uses the same cards in another kind of bond"),
            "set the same bond in both",
        ));
    }
    if one.vlan == two.vlan {
        let which = match two.vlan {
            Some(vlan) => format!("both have the VLAN {vlan}"),
            None => "neither has a VLAN".to_owned(),
        };
        found.push(Problem::new(
            key(second, "vlan"),
            format!("it shares {shared} with the {first} network, and {which}"),
            "give one of them another VLAN, or cards of its own",
        ));
    }
}

fn gateway4(role: Role, network: &RoleNetwork, found: &mut Vec<Problem>) {
    let Ipv4Settings::Static {
        address,
        gateway: Some(gateway),
    } = &network.ipv4
    else {
        return;
    };
    let reserved = address.prefix < 31 && [address.network(), address.broadcast()].contains(gateway);
    gateway_problem(
        role,
        "ipv4",
        (
            gateway == &address.address,
            address.contains(*gateway) && !reserved,
        ),
        (&gateway.to_string(), &address.to_string()),
        found,
    );
}

fn gateway6(role: Role, network: &RoleNetwork, found: &mut Vec<Problem>) {
    let Ipv6Settings::Static {
        address,
        gateway: Some(gateway),
    } = &network.ipv6
    else {
        return;
    };
    let reachable = address.contains(*gateway) || gateway.is_unicast_link_local();
    gateway_problem(
        role,
        "ipv6",
        (gateway == &address.address, reachable),
        (&gateway.to_string(), &address.to_string()),
        found,
    );
}

fn gateway_problem(
    role: Role,
    family: &str,
    (own, reachable): (bool, bool),
    (gateway, address): (&str, &str),
    found: &mut Vec<Problem>,
) {
    let key = key(role, &format!("{family}.gateway"));
    if own {
        found.push(Problem::new(
            key,
            format!("{gateway} is this machine's own address"),
            "name the router, or leave gateway out if there is none",
        ));
    } else if !reachable {
        found.push(Problem::new(
            key,
            format!("{gateway} is no router that {address} can reach"),
            "name one inside that network, correct the prefix, or leave gateway out",
        ));
    }
}

fn name_servers(role: Role, network: &RoleNetwork, found: &mut Vec<Problem>) {
    for server in &network.dns {
        if server.is_unspecified() || server.is_loopback() || server.is_multicast() {
            found.push(Problem::new(
                key(role, "dns"),
                format!("{server} is not the address of another machine"),
                "name the address of a name server",
            ));
        }
    }
}

fn overlap(
    (first, one): (Role, &RoleNetwork),
    (second, two): (Role, &RoleNetwork),
    found: &mut Vec<Problem>,
) {
    let mut tell = |family: &str, same: Option<(String, String)>| {
        if let Some((a, b)) = same {
            found.push(Problem::new(
                key(second, &format!("{family}.address")),
                format!("{b} overlaps {a} of the {first} network, so it would be unclear where packets go"),
                "use separate networks, or leave this section out to use one network for both",
            ));
        }
    };
    tell(
        "ipv4",
        both(static4(one), static4(two), Cidr::<Ipv4Addr>::overlaps),
    );
    tell(
        "ipv6",
        both(static6(one), static6(two), Cidr::<Ipv6Addr>::overlaps),
    );
}

/// The two in words, if both are there and overlap.
fn both<A: Copy>(
    one: Option<Cidr<A>>,
    two: Option<Cidr<A>>,
    overlaps: fn(&Cidr<A>, &Cidr<A>) -> bool,
) -> Option<(String, String)>
where
    Cidr<A>: std::fmt::Display,
{
    let (one, two) = (one?, two?);
    overlaps(&one, &two).then(|| (one.to_string(), two.to_string()))
}

fn static4(network: &RoleNetwork) -> Option<Cidr<Ipv4Addr>> {
    match network.ipv4 {
        Ipv4Settings::Static { address, .. } => Some(address),
        _ => None,
    }
}

fn static6(network: &RoleNetwork) -> Option<Cidr<Ipv6Addr>> {
    match network.ipv6 {
        Ipv6Settings::Static { address, .. } => Some(address),
        _ => None,
    }
}

fn one_gateway(
    roles: &[(Role, &RoleNetwork)],
    family: &str,
    has: fn(&RoleNetwork) -> bool,
    found: &mut Vec<Problem>,
) {
    let mut with = roles
        .iter()
        .filter(|(_, network)| has(network))
        .map(|(role, _)| *role);
    let Some(first) = with.next() else {
        return;
    };
    for role in with {
        found.push(Problem::new(
            key(role, &format!("{family}.gateway")),
            format!(
                "the {first} network has a gateway already, and a machine has one way to everywhere else"
            ),
            "leave one of them out",
        ));
    }
}
