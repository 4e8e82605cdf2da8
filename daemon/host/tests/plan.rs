//! The plan of the management network against any mess, carried out on the fake.

use pocketstack_host::links::{FakeLinks, NetworkLinks};
use pocketstack_model::link::{BondMode, Card, LinkIndex, LinkKind, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;
use pocketstack_plan::management::{BOND, BRIDGE, MIIMON_MS, plan, wired};
use proptest::prelude::*;

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
            let kind = LinkKind::Wired(Card { permanent_mac: own, driver: None, mbps: None, settled });
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
