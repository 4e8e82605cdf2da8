//! The plans against any mess, carried out on the fake.

mod random;

use pocketstack_host::links::{FakeLinks, NetworkLinks};
use pocketstack_model::config::names::CardName;
use pocketstack_model::config::network::{NetworkSettings, Role, RoleNetwork};
use pocketstack_model::link::{BondMode, Card, LinkIndex, LinkKind, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;
use pocketstack_plan::management::{BOND, BRIDGE, MIIMON_MS, plan, wired};
use pocketstack_plan::network::{self, Finding, findings};
use proptest::prelude::*;
use random::{FOREIGN, TAP, machine, settings};

const BRIDGE_INDEX: LinkIndex = LinkIndex(50);
const BOND_INDEX: LinkIndex = LinkIndex(51);
const FOREIGN_INDEX: LinkIndex = LinkIndex(52);

fn mac(first: u8, last: u8) -> MacAddress {
    MacAddress::try_from([first, 0, 0, 0, 0, last].as_slice()).expect("a MAC address")
}

fn link(index: LinkIndex, name: &str, kind: LinkKind, (up, address): (bool, MacAddress)) -> ObservedLink {
    ObservedLink {
        index,
        name: LinkName::try_from(name).expect("a name"),
        kind,
        mac: Some(address),
        up,
        carrier: false,
        master: None,
        mtu: 1500,
        addresses: Vec::new(),
    }
}

fn master() -> impl Strategy<Value = Option<LinkIndex>> {
    prop::sample::select(vec![
        None,
        Some(BRIDGE_INDEX),
        Some(BOND_INDEX),
        Some(FOREIGN_INDEX),
    ])
}

prop_compose! {
    fn card()(settled in prop::bool::weighted(0.9), up: bool, local: bool, own in 1u8..20, now in 1u8..20, master in master())
        -> (bool, bool, MacAddress, MacAddress, Option<LinkIndex>) {
        (settled, up, mac(if local { 2 } else { 0 }, own), mac(0, now), master)
    }
}

/// What may be found under a wanted name.
fn found(good: Vec<LinkKind>) -> impl Strategy<Value = Option<(LinkKind, bool, u8)>> {
    let kinds: Vec<LinkKind> = good
        .into_iter()
        .chain([LinkKind::Other, LinkKind::Bridge { stp: true }])
        .collect();
    prop::option::of((prop::sample::select(kinds), any::<bool>(), 1u8..20))
}

fn bonds() -> Vec<LinkKind> {
    let bond = |mode, miimon_ms| LinkKind::Bond { mode, miimon_ms };
    vec![
        bond(BondMode::ActiveBackup, MIIMON_MS),
        bond(BondMode::ActiveBackup, 0),
        bond(BondMode::Other, MIIMON_MS),
    ]
}

prop_compose! {
    fn mess()(
        cards in prop::collection::vec(card(), 0..5),
        bridge in found(vec![LinkKind::Bridge { stp: false }]),
        bond in found(bonds()),
        bond_master in master(),
        foreign: bool,
    ) -> Links {
        let mut links = Vec::new();
        for (number, (settled, up, own, now, master)) in cards.into_iter().enumerate() {
            let kind = LinkKind::Wired(Card { permanent_mac: own, driver: None, mbps: None, largest_mtu: None, settled });
            let index = LinkIndex(u32::try_from(number).expect("few") + 2);
            let mut card = link(index, &format!("card{number}"), kind, (up, now));
            card.master = master;
            links.push(card);
        }
        for (index, name, found) in [(BRIDGE_INDEX, BRIDGE, bridge), (BOND_INDEX, BOND, bond)] {
            if let Some((kind, up, last)) = found {
                links.push(link(index, name, kind, (up, mac(0, last))));
            }
        }
        if foreign {
            links.push(link(FOREIGN_INDEX, "br-old", LinkKind::Bridge { stp: false }, (true, mac(0, 30))));
        }
        if let Some(bond) = links.iter_mut().find(|link| link.index == BOND_INDEX) {
            bond.master = bond_master.filter(|master| *master != BOND_INDEX);
        }
        // Nobody is a port of what is not there.
        let there: Vec<LinkIndex> = links.iter().map(|link| link.index).collect();
        for link in &mut links {
            link.master = link.master.filter(|master| there.contains(master));
        }
        // The kernel gives the ports of a bond the bond's address.
        let bond = links.iter().find(|link| matches!(link.kind, LinkKind::Bond { .. })).cloned();
        if let Some(bond) = bond {
            for port in links.iter_mut().filter(|port| port.master == Some(bond.index)) {
                port.mac = bond.mac;
            }
        }
        Links { links }
    }
}

/// Cards that are ports of a bridge themselves, which is what makes loops and joins networks.
fn bridged(links: &Links) -> usize {
    let is_bridge = |master| {
        links
            .at(master)
            .is_some_and(|master| matches!(master.kind, LinkKind::Bridge { .. }))
    };
    wired(links)
        .filter(|(link, _)| link.master.is_some_and(is_bridge))
        .count()
}

proptest! {
    // A failing case is printed whole, so that it can be made a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mess_is_put_in_order_from_wherever_a_pass_was_cut(start in mess(), cut in 0usize..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let fake = FakeLinks::with(start);
            for at_most in [cut, usize::MAX] {
                let before = fake.observe().await.expect("observed");
                let mut joined = bridged(&before);
                for action in plan(&before).iter().take(at_most) {
                    let done = fake.act(action).await;
                    prop_assert!(done.is_ok(), "{:?}", done);
                    let now = bridged(&fake.observe().await.expect("observed"));
                    prop_assert!(now <= joined, "{} put a card straight into a bridge", action);
                    joined = now;
                }
            }
            let end = fake.observe().await.expect("observed");
            prop_assert_eq!(plan(&end), []);
            let settled: Vec<_> = wired(&end).filter(|(_, card)| card.settled).collect();
            if let (false, Some(bridge), Some(bond)) = (settled.is_empty(), end.named(BRIDGE), end.named(BOND)) {
                prop_assert!(bridge.up && bond.up && bond.master == Some(bridge.index));
                prop_assert!(wired(&end).any(|(_, card)| Some(card.permanent_mac) == bridge.mac));
                prop_assert_eq!(bridge.mac, bond.mac);
                for (link, _) in settled {
                    prop_assert!(link.up && link.master == Some(bond.index) && link.mac == bond.mac);
                }
            } else {
                prop_assert!(settled.is_empty());
            }
            Ok(())
        })?;
    }
}

/// What connects our bridges with cards.
fn uplinks<'a>(links: &'a Links, bridge: &ObservedLink) -> Vec<&'a ObservedLink> {
    let ours = |link: &ObservedLink| {
        Role::ALL
            .iter()
            .any(|role| [role.bond(), role.vlan()].contains(&link.name.as_str()))
    };
    let bridge = bridge.index;
    links
        .links
        .iter()
        .filter(|link| link.master == Some(bridge))
        .filter(|link| matches!(&link.kind, LinkKind::Wired(card) if card.settled) || ours(link))
        .collect()
}

/// The largest number of uplinks of one bridge: with more than one there are loops, and networks are joined.
fn most_uplinks(links: &Links) -> usize {
    Role::ALL
        .iter()
        .filter_map(|role| links.named(role.bridge()))
        .map(|bridge| uplinks(links, bridge).len())
        .max()
        .unwrap_or(0)
}

/// The settled cards that a link's frames go over.
fn cards_under<'a>(links: &'a Links, link: &'a ObservedLink) -> Vec<&'a ObservedLink> {
    match &link.kind {
        LinkKind::Vlan { lower, .. } => cards_under(links, links.at(*lower).expect("a VLAN is on something")),
        LinkKind::Bond { .. } => links
            .links
            .iter()
            .filter(|port| port.master == Some(link.index))
            .filter(|port| matches!(&port.kind, LinkKind::Wired(card) if card.settled))
            .collect(),
        LinkKind::Wired(_) => vec![link],
        _ => Vec::new(),
    }
}

fn is_named(card: &ObservedLink, names: &[CardName]) -> bool {
    let LinkKind::Wired(kind) = &card.kind else {
        return false;
    };
    names.contains(&CardName::Link(card.name.clone())) || names.contains(&CardName::Mac(kind.permanent_mac))
}

/// Whether the machine has a settled card for the role.
fn has_card(wanted: &NetworkSettings, settings: &RoleNetwork, links: &Links) -> bool {
    let names = if settings.cards.is_empty() {
        &wanted.management.cards
    } else {
        &settings.cards
    };
    let taken = |card: &ObservedLink| wanted.roles().any(|(_, other)| is_named(card, &other.cards));
    wired(links)
        .filter(|(_, card)| card.settled)
        .any(|(link, _)| is_named(link, names) || (names.is_empty() && !taken(link)))
}

/// Whether each role has the network it is to have, seen from the bridges downwards.
fn check(wanted: &NetworkSettings, links: &Links) -> Result<(), TestCaseError> {
    let found = findings(wanted, links);
    for role in Role::ALL {
        let settings = wanted
            .roles()
            .find(|(other, _)| *other == role)
            .map(|(_, settings)| settings);
        let Some(settings) = settings else {
            for name in [role.bridge(), role.vlan()] {
                prop_assert!(links.named(name).is_none(), "{} is left over", name);
            }
            continue;
        };
        let hindered = |finding: &Finding| {
            finding.role() == role
                || matches!(finding, Finding::Shared { with, .. } if *with == role)
                || (finding.role() == Role::Management && settings.cards.is_empty())
        };
        let bridge = links.named(role.bridge());
        let uplinks = bridge.map(|bridge| uplinks(links, bridge)).unwrap_or_default();
        prop_assert!(uplinks.len() <= 1, "{} has {:?}", role.bridge(), uplinks);
        if found.iter().any(hindered) || !has_card(wanted, settings, links) {
            continue;
        }
        let (Some(bridge), Some(uplink)) = (bridge, uplinks.first()) else {
            return Err(TestCaseError::fail(format!("{role} has nothing")));
        };
        let cards = cards_under(links, uplink);
        prop_assert!(!cards.is_empty(), "{:?} has no card", uplink);
        let mtu = u32::from(u16::from(settings.mtu));
        prop_assert!(
            bridge.up && uplink.up && bridge.mtu == mtu && uplink.mtu >= mtu,
            "{:?} {:?}",
            bridge,
            uplink
        );
        prop_assert_eq!(
            matches!(uplink.kind, LinkKind::Vlan { .. }),
            settings.vlan.is_some()
        );
        for card in &cards {
            prop_assert!(card.up && card.mtu >= mtu, "{:?}", card);
        }
        let own = |link: &&ObservedLink| matches!(&link.kind, LinkKind::Wired(card) if Some(card.permanent_mac) == bridge.mac);
        prop_assert!(
            wired(links).map(|(link, _)| link).any(|link| own(&link)),
            "{:?} has nobody's address",
            bridge
        );
        for (card, kind) in wired(links).filter(|(_, card)| card.settled) {
            let under = cards.iter().any(|under| under.index == card.index);
            let wanted = if settings.cards.is_empty() {
                under
            } else {
                is_named(card, &settings.cards)
            };
            prop_assert_eq!(under, wanted, "{:?} and {}", kind, bridge.name);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_settings_come_true_from_anywhere_whatever_failed_before(
        start in machine(),
        history in prop::collection::vec((settings(), 0usize..30, prop::collection::vec(prop::bool::weighted(0.2), 0..30)), 0..3),
        last in settings(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let fake = FakeLinks::with(start.clone());
            for (wanted, cut, refused) in &history {
                fake.refuse(refused.iter().copied());
                let before = fake.observe().await.expect("observed");
                for action in network::plan(wanted, &before).iter().take(*cut) {
                    // Refused or not: the daemon goes on with the rest, and so does the next plan.
                    let _ = fake.act(action).await;
                }
            }
            fake.refuse([]);
            let before = fake.observe().await.expect("observed");
            let mut most = most_uplinks(&before).max(1);
            for action in network::plan(&last, &before) {
                let done = fake.act(&action).await;
                prop_assert!(done.is_ok(), "{:?} in {:?}", done, network::plan(&last, &before));
                let now = most_uplinks(&fake.observe().await.expect("observed"));
                prop_assert!(now <= most, "{} makes a loop", action);
                most = now.max(1);
            }
            let end = fake.observe().await.expect("observed");
            prop_assert_eq!(network::plan(&last, &end), [], "after {:?}", network::plan(&last, &before));
            check(&last, &end)?;
            for (role, _) in last.roles() {
                let bridge = |links: &Links| {
                    let bridge = links.named(role.bridge())?;
                    matches!(bridge.kind, LinkKind::Bridge { .. }).then_some(bridge.index)
                };
                if let Some(index) = bridge(&before) {
                    prop_assert_eq!(bridge(&end), Some(index), "a bridge was made anew");
                }
            }
            let foreign = |links: &Links| links.named(FOREIGN).map(|link| (link.index, link.up, link.mtu));
            prop_assert_eq!(foreign(&start), foreign(&end));
            let tap = end.named(TAP).expect("a VM stays");
            let bridge = before.named(TAP).and_then(|tap| tap.master).filter(|master| end.at(*master).is_some());
            prop_assert_eq!(tap.master, bridge);
            Ok(())
        })?;
    }
}
