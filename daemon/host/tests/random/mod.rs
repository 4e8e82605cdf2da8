//! Machines and settings that nobody would make on purpose.

use pocketstack_model::config::names::{CardName, Mtu, VlanId};
use pocketstack_model::config::network::{BondPolicy, NetworkSettings, Role, RoleNetwork};
use pocketstack_model::link::{BondMode, Card, LinkIndex, LinkKind, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;
use pocketstack_plan::network::MIIMON_MS;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Somebody else's bridge.
pub const FOREIGN: &str = "br-old";
/// What a VM is attached to.
pub const TAP: &str = "vnet0";

pub fn mac(first: u8, last: u8) -> MacAddress {
    MacAddress::try_from([first, 0, 0, 0, 0, last].as_slice()).expect("a MAC address")
}

fn name(text: &str) -> LinkName {
    LinkName::try_from(text).expect("a name")
}

/// Names and addresses of cards 0 to 5; those a machine does not have are missing.
fn card_name() -> impl Strategy<Value = CardName> {
    (0u8..6, any::<bool>()).prop_map(|(number, by_mac)| {
        if by_mac {
            CardName::Mac(mac(0, number + 1))
        } else {
            CardName::Link(name(&format!("card{number}")))
        }
    })
}

prop_compose! {
    fn role_network()(
        cards in prop::collection::vec(card_name(), 0..4),
        lacp: bool,
        vlan in prop::option::of(select(vec![5u16, 6])),
        mtu in select(vec![1280u16, 1500, 9000]),
    ) -> RoleNetwork {
        RoleNetwork {
            cards,
            bond: if lacp { BondPolicy::Lacp } else { BondPolicy::ActiveBackup },
            vlan: vlan.map(|id| VlanId::try_from(id).expect("a VLAN")),
            mtu: Mtu::try_from(mtu).expect("an MTU"),
            ..RoleNetwork::default()
        }
    }
}

prop_compose! {
    /// Any settings, also such as contradict themselves.
    pub fn settings()(
        management in role_network(),
        external in prop::option::of(role_network()),
        bmc in prop::option::of(role_network()),
    ) -> NetworkSettings {
        NetworkSettings { management, external, bmc }
    }
}

/// What is random about one link.
#[derive(Debug, Clone)]
struct Dice {
    there: bool,
    settled: bool,
    up: bool,
    kind: Index,
    on: Index,
    mac: u8,
    mtu: u32,
}

prop_compose! {
    fn dice()(
        there: bool,
        settled in prop::bool::weighted(0.9),
        up: bool,
        kind: Index,
        on: Index,
        mac in 1u8..9,
        mtu in select(vec![1280u32, 1400, 1500, 9000]),
    ) -> Dice {
        Dice { there, settled, up, kind, on, mac, mtu }
    }
}

fn link(links: &[ObservedLink], name_: &str, kind: LinkKind, dice: &Dice) -> ObservedLink {
    ObservedLink {
        index: LinkIndex(u32::try_from(links.len()).expect("few") + 2),
        name: name(name_),
        kind,
        mac: Some(mac(0, dice.mac)),
        up: dice.up,
        carrier: false,
        master: None,
        mtu: dice.mtu,
        addresses: Vec::new(),
    }
}

/// A machine on which anything may have happened, short of what the kernel does not let happen.
pub fn machine() -> impl Strategy<Value = Links> {
    let masters = prop::collection::vec(0usize..60, 18);
    (prop::collection::vec(dice(), 17), masters).prop_map(|(dice, masters)| {
        let mut dice = dice.into_iter();
        let mut links: Vec<ObservedLink> = Vec::new();
        for (number, dice) in dice.by_ref().take(5).enumerate() {
            if dice.there {
                let card = Card {
                    permanent_mac: mac(0, u8::try_from(number).expect("few") + 1),
                    driver: None,
                    mbps: None,
                    largest_mtu: None,
                    settled: dice.settled,
                };
                links.push(link(
                    &links,
                    &format!("card{number}"),
                    LinkKind::Wired(card),
                    &dice,
                ));
            }
        }
        let cards = links.len();
        let modes = [BondMode::ActiveBackup, BondMode::Lacp, BondMode::Other];
        for (role, dice) in Role::ALL.into_iter().zip(dice.by_ref()) {
            if dice.there {
                let good = LinkKind::Bond {
                    mode: *dice.kind.get(&modes),
                    miimon_ms: MIIMON_MS,
                };
                let kinds = [good.clone(), good, LinkKind::Other];
                links.push(link(&links, role.bond(), dice.on.get(&kinds).clone(), &dice));
            }
        }
        let below = links.len();
        for (role, dice) in Role::ALL.into_iter().zip(dice.by_ref()) {
            let Some(lower) = links
                .get(dice.on.index(below.max(1)))
                .cloned()
                .filter(|_| dice.there)
            else {
                continue;
            };
            let kind = LinkKind::Vlan {
                id: VlanId::try_from(*dice.kind.get(&[5u16, 6])).expect("a VLAN"),
                lower: lower.index,
            };
            // The kernel makes no VLAN twice, and none larger than what it is on or on without that.
            if links.iter().all(|link| link.kind != kind) {
                let mut vlan = link(&links, role.vlan(), kind, &dice);
                vlan.mtu = vlan.mtu.min(lower.mtu);
                vlan.up &= lower.up;
                links.push(vlan);
            }
        }
        let ports = links.len();
        for (bridge, dice) in Role::ALL
            .map(Role::bridge)
            .into_iter()
            .chain([FOREIGN])
            .zip(dice.by_ref())
        {
            let kinds = [
                LinkKind::Bridge { stp: false },
                LinkKind::Bridge { stp: true },
                LinkKind::Other,
            ];
            if dice.there {
                links.push(link(&links, bridge, dice.kind.get(&kinds).clone(), &dice));
            }
        }
        let all = links.len();
        let tap_dice = dice.next().expect("dice for all");
        links.push(link(&links, TAP, LinkKind::Other, &tap_dice));
        // Bonds and VLANs are ports of bridges only, and bridges of nothing.
        for (at, wish) in masters.into_iter().enumerate().take(links.len()) {
            let (from, to) = match at {
                at if at < cards => (cards, all),
                at if at < ports || at == all => (below, all),
                _ => continue,
            };
            let there: Vec<LinkIndex> = links[from..to]
                .iter()
                .filter(|master| matches!(master.kind, LinkKind::Bond { .. } | LinkKind::Bridge { .. }))
                .map(|master| master.index)
                .collect();
            links[at].master = there.get(wish % (there.len() + 1)).copied();
        }
        // The kernel gives the ports of a bond the bond's address.
        for bond in links.clone() {
            for port in links.iter_mut().filter(|port| port.master == Some(bond.index)) {
                if matches!(bond.kind, LinkKind::Bond { .. }) {
                    port.mac = bond.mac;
                }
            }
        }
        Links { links }
    })
}
