use pocketstack_model::config::names::{CardName, Mtu, VlanId};
use pocketstack_model::config::network::{BondPolicy, NetworkSettings, Role, RoleNetwork};
use pocketstack_model::link::{BondMode, LinkIndex, LinkKind, Links, ObservedLink};

use super::{findings, plan};
use crate::made_up::{bond, bridge, card, link, mac};

fn on(cards: &[&str]) -> RoleNetwork {
    RoleNetwork {
        cards: cards
            .iter()
            .map(|name| name.parse().expect("a card's name"))
            .collect(),
        ..RoleNetwork::default()
    }
}

fn vlan(id: u16, network: RoleNetwork) -> RoleNetwork {
    RoleNetwork {
        vlan: Some(VlanId::try_from(id).expect("a VLAN")),
        ..network
    }
}

fn mtu(bytes: u16, network: RoleNetwork) -> RoleNetwork {
    RoleNetwork {
        mtu: Mtu::try_from(bytes).expect("an MTU"),
        ..network
    }
}

fn management(management: RoleNetwork) -> NetworkSettings {
    NetworkSettings {
        management,
        ..NetworkSettings::default()
    }
}

fn with_external(settings: NetworkSettings, external: RoleNetwork) -> NetworkSettings {
    NetworkSettings {
        external: Some(external),
        ..settings
    }
}

/// Cards that are switched on and have a cable.
fn machine(cards: &[(&str, u8)]) -> Links {
    let links = cards
        .iter()
        .zip(2..)
        .map(|((name, last), index)| {
            let mut card = card(index, name, mac(*last));
            (card.up, card.carrier) = (true, true);
            card
        })
        .collect();
    Links { links }
}

fn add(links: &mut Links, mut link: ObservedLink, master: Option<u32>) {
    link.up = true;
    link.master = master.map(LinkIndex);
    links.links.push(link);
}

fn vlan_link(index: u32, name: &str, id: u16, lower: u32) -> ObservedLink {
    let kind = LinkKind::Vlan {
        id: VlanId::try_from(id).expect("a VLAN"),
        lower: LinkIndex(lower),
    };
    link(index, name, kind, mac(1))
}

fn told(settings: &NetworkSettings, links: &Links) -> Vec<String> {
    plan(settings, links).iter().map(ToString::to_string).collect()
}

fn found(settings: &NetworkSettings, links: &Links) -> Vec<String> {
    findings(settings, links)
        .iter()
        .map(|finding| finding.words().to_string())
        .collect()
}

/// Management on a bond of all cards, as a node comes up without a configuration.
fn unconfigured() -> Links {
    let mut links = machine(&[("enp1s0", 1), ("enp2s0", 2)]);
    for card in &mut links.links {
        card.master = Some(LinkIndex(90));
        card.mac = Some(mac(1));
    }
    add(
        &mut links,
        bond(90, "bond-mgmt", BondMode::ActiveBackup, mac(1)),
        Some(91),
    );
    add(&mut links, bridge(91, "br-mgmt", mac(1)), None);
    links
}

#[test]
fn one_named_card_needs_no_bond() {
    assert_eq!(
        told(
            &management(on(&["enp2s0"])),
            &machine(&[("enp1s0", 1), ("enp2s0", 2)])
        ),
        [
            "making the bridge br-mgmt",
            "making enp2s0 a port of br-mgmt",
            "switching br-mgmt on"
        ]
    );
}

#[test]
fn cards_are_found_by_address_as_well_and_counted_once() {
    let links = machine(&[("enp1s0", 1), ("enp2s0", 2)]);
    let twice = management(on(&["enp2s0", "00:1b:21:00:00:02"]));
    assert_eq!(told(&twice, &links), told(&management(on(&["enp2s0"])), &links));
}

#[test]
fn management_moves_to_a_vlan_under_the_same_bridge() {
    assert_eq!(
        told(&management(vlan(5, on(&[]))), &unconfigured()),
        [
            "taking bond-mgmt out of what it is a port of",
            "making vlan-mgmt for VLAN 5 of bond-mgmt",
            "making vlan-mgmt a port of br-mgmt",
            "switching vlan-mgmt on"
        ]
    );
}

#[test]
fn management_moves_to_a_card_and_the_bridge_keeps_its_address_if_it_is_that_cards() {
    assert_eq!(
        told(&management(on(&["enp1s0"])), &unconfigured()),
        [
            "switching enp2s0 off",
            "taking enp2s0 out of what it is a port of",
            "taking enp1s0 out of what it is a port of",
            "removing bond-mgmt",
            "giving enp1s0 an MTU of 1500",
            "making enp1s0 a port of br-mgmt",
            "switching enp1s0 on"
        ]
    );
    assert!(
        told(&management(on(&["enp2s0"])), &unconfigured())
            .contains(&"giving br-mgmt the address 00:1b:21:00:00:02".to_owned())
    );
}

#[test]
fn a_bond_for_lacp_is_another_bond() {
    let lacp = management(RoleNetwork {
        bond: BondPolicy::Lacp,
        ..on(&["enp1s0", "enp2s0"])
    });
    let mut links = unconfigured();
    let actions = told(&lacp, &links);
    assert!(actions.contains(&"removing bond-mgmt".to_owned()));
    links.links[2] = ObservedLink {
        up: true,
        master: Some(LinkIndex(91)),
        ..bond(90, "bond-mgmt", BondMode::Lacp, mac(1))
    };
    assert_eq!(told(&lacp, &links), [""; 0]);
}

#[test]
fn a_second_network_on_the_same_cards_leaves_the_first_alone() {
    let both = with_external(NetworkSettings::default(), vlan(7, on(&[])));
    let actions = [
        "making the bridge br-ext",
        "making vlan-ext for VLAN 7 of bond-mgmt",
        "making vlan-ext a port of br-ext",
        "switching vlan-ext on",
        "switching br-ext on",
    ];
    assert_eq!(told(&both, &unconfigured()), actions);
    // The same cards by name are the same cards.
    let named = with_external(
        management(on(&["enp1s0", "enp2s0"])),
        vlan(7, on(&["enp2s0", "enp1s0"])),
    );
    assert_eq!(told(&named, &unconfigured()), actions);
}

#[test]
fn a_second_network_takes_its_card_out_of_the_bond_of_all() {
    assert_eq!(
        told(
            &with_external(NetworkSettings::default(), on(&["enp2s0"])),
            &unconfigured()
        ),
        [
            "taking enp2s0 out of what it is a port of",
            "giving enp2s0 an MTU of 1500",
            "making the bridge br-ext",
            "making enp2s0 a port of br-ext",
            "switching enp2s0 on",
            "switching br-ext on"
        ]
    );
}

#[test]
fn a_bond_is_named_after_the_first_role_that_has_it() {
    let settings = NetworkSettings {
        bmc: Some(vlan(9, on(&["enp2s0", "enp3s0"]))),
        ..with_external(management(on(&["enp1s0"])), on(&["enp2s0", "enp3s0"]))
    };
    let actions = told(
        &settings,
        &machine(&[("enp1s0", 1), ("enp2s0", 2), ("enp3s0", 3)]),
    );
    for action in [
        "making the bond bond-ext",
        "making bond-ext a port of br-ext",
        "making vlan-bmc for VLAN 9 of bond-ext",
    ] {
        assert!(actions.contains(&action.to_owned()), "{action}: {actions:?}");
    }
}

#[test]
fn a_network_that_goes_leaves_nothing_and_takes_nothing_else_with_it() {
    let mut links = unconfigured();
    add(&mut links, bridge(92, "br-ext", mac(1)), None);
    add(&mut links, vlan_link(93, "vlan-ext", 7, 90), Some(92));
    add(&mut links, bridge(94, "br-old", mac(7)), None);
    add(&mut links, vlan_link(95, "vlan-mine", 8, 90), Some(94));
    add(&mut links, link(96, "vnet0", LinkKind::Other, mac(8)), Some(91));
    assert_eq!(
        told(&NetworkSettings::default(), &links),
        ["removing vlan-ext", "removing br-ext"]
    );
}

#[test]
fn a_vlan_of_another_number_or_on_another_link_is_made_anew() {
    let settings = with_external(NetworkSettings::default(), vlan(7, on(&[])));
    for (id, lower) in [(6, 90), (7, 2)] {
        let mut links = unconfigured();
        add(&mut links, bridge(92, "br-ext", mac(1)), None);
        add(&mut links, vlan_link(93, "vlan-ext", id, lower), Some(92));
        assert_eq!(
            told(&settings, &links),
            [
                "removing vlan-ext",
                "making vlan-ext for VLAN 7 of bond-mgmt",
                "making vlan-ext a port of br-ext",
                "switching vlan-ext on"
            ]
        );
    }
}

#[test]
fn what_carries_several_networks_has_the_mtu_of_the_largest() {
    let settings = with_external(NetworkSettings::default(), mtu(9000, vlan(7, on(&[]))));
    assert_eq!(
        told(&settings, &unconfigured()),
        [
            "giving bond-mgmt an MTU of 9000",
            "making the bridge br-ext",
            "making vlan-ext for VLAN 7 of bond-mgmt",
            "making vlan-ext a port of br-ext",
            // It would follow the bond.
            "giving br-mgmt an MTU of 1500",
            "giving br-ext an MTU of 9000",
            "switching vlan-ext on",
            "switching br-ext on"
        ]
    );
}

#[test]
fn a_card_that_differs_from_its_bond_is_put_right() {
    let mut links = unconfigured();
    links.links[0].mtu = 1400;
    assert_eq!(
        told(&NetworkSettings::default(), &links),
        ["giving enp1s0 an MTU of 1500"]
    );
}

#[test]
fn a_vlan_on_a_card_that_leaves_a_bond_is_given_its_mtu_again() {
    let mut links = machine(&[("enp1s0", 1)]);
    links.links[0].master = Some(LinkIndex(90));
    add(&mut links, bond(90, "bond-old", BondMode::Other, mac(1)), None);
    add(&mut links, bridge(92, "br-mgmt", mac(1)), None);
    add(&mut links, vlan_link(93, "vlan-mgmt", 7, 2), Some(92));
    assert_eq!(
        told(&management(vlan(7, on(&["enp1s0"]))), &links),
        [
            "taking enp1s0 out of what it is a port of",
            "giving enp1s0 an MTU of 1500",
            "giving vlan-mgmt an MTU of 1500",
            "switching enp1s0 on"
        ]
    );
}

#[test]
fn without_its_card_a_network_stays_as_it_is_but_leaves_the_old_cards() {
    let gone = management(on(&["enp8s0", "enp9s0"]));
    assert_eq!(
        told(&gone, &unconfigured()),
        [
            "switching enp1s0 off",
            "taking enp1s0 out of what it is a port of",
            "switching enp2s0 off",
            "taking enp2s0 out of what it is a port of"
        ]
    );
    assert_eq!(
        found(&gone, &unconfigured()),
        [
            "the card enp8s0 of the management network is not in this machine: put it in, or name another one",
            "the card enp9s0 of the management network is not in this machine: put it in, or name another one"
        ]
    );
}

#[test]
fn an_ordinary_machine_has_no_findings() {
    assert_eq!(found(&NetworkSettings::default(), &unconfigured()), [""; 0]);
}

#[test]
fn findings_say_what_to_do() {
    let mut links = machine(&[("enp1s0", 1), ("enp2s0", 2), ("enp3s0", 3)]);
    links.links[0].carrier = false;
    if let LinkKind::Wired(card) = &mut links.links[1].kind {
        card.largest_mtu = Some(1500);
    }
    add(&mut links, bridge(94, "br-old", mac(7)), None);
    let settings = NetworkSettings {
        management: on(&["enp1s0", "enp3s0"]),
        external: Some(mtu(9000, on(&["enp2s0", "br-old"]))),
        bmc: Some(on(&["enp3s0"])),
    };
    assert_eq!(
        found(&settings, &links),
        [
            "no link on enp1s0 of the management network, which works over its other cards: check the cable",
            "br-old, which the external network is to use, is no wired network card: name a card",
            "enp2s0 of the external network carries packets of at most 1500 bytes, not 9000: set a smaller MTU, or name another card",
            "enp3s0 of the BMC network is used by the management network together with other cards: give both the same cards, or cards of their own"
        ]
    );
}

#[test]
fn of_two_networks_that_want_the_same_the_first_gets_it() {
    let mut links = machine(&[("enp1s0", 1)]);
    let untagged = with_external(management(on(&["enp1s0"])), on(&["00:1b:21:00:00:01"]));
    assert_eq!(
        found(&untagged, &links),
        [
            "the external and management networks both want the same cards without a VLAN: give one of them a VLAN, or cards of its own"
        ]
    );
    let alone = management(on(&["enp1s0"]));
    assert_eq!(told(&untagged, &links), told(&alone, &links));
    let tagged = with_external(management(vlan(5, on(&["enp1s0"]))), vlan(5, on(&[])));
    assert_eq!(
        found(&tagged, &links),
        [
            "the external and management networks both want VLAN 5 of the same cards: give one of them another VLAN, or cards of its own"
        ]
    );
    links.links[0].carrier = false;
    assert_eq!(
        found(
            &with_external(NetworkSettings::default(), on(&["enp1s0"])),
            &links
        ),
        [
            "no wired network card is left for the management network: put one in, or name one that other networks do not use",
            "no link on enp1s0, so the external network reaches nobody: check the cable"
        ]
    );
}

#[test]
fn unplugged_cards_that_nobody_named_are_nothing_to_tell_of() {
    let mut links = machine(&[("enp1s0", 1), ("enp2s0", 2)]);
    links.links[0].carrier = false;
    assert_eq!(found(&NetworkSettings::default(), &links), [""; 0]);
    links.links[1].carrier = false;
    assert_eq!(
        found(&NetworkSettings::default(), &links),
        ["no link on enp1s0, enp2s0, so the management network reaches nobody: check the cable"]
    );
    assert_eq!(
        findings(&NetworkSettings::default(), &links)[0].role(),
        Role::Management
    );
}

#[test]
fn a_card_that_is_named_by_its_address_is_told_by_its_address() {
    let settings = management(on(&["00:1b:21:00:00:05"]));
    let missing = found(&settings, &machine(&[]));
    assert!(
        missing[0].contains(&CardName::Mac(mac(5)).to_string()),
        "{missing:?}"
    );
}

#[test]
fn a_vlan_on_a_card_that_is_not_there_is_told_and_the_other_networks_are_made() {
    let settings = with_external(management(on(&["enp1s0"])), vlan(20, on(&["enp7s0"])));
    let links = machine(&[("enp1s0", 1)]);
    assert_eq!(
        found(&settings, &links),
        ["the card enp7s0 of the external network is not in this machine: put it in, or name another one"]
    );
    let actions = told(&settings, &links);
    assert!(
        actions.contains(&"making enp1s0 a port of br-mgmt".to_owned()),
        "{actions:?}"
    );
    assert!(
        actions.iter().all(|action| !action.contains("vlan-ext")),
        "{actions:?}"
    );
}

#[test]
fn the_cards_of_a_role_are_named() {
    let settings = with_external(management(on(&["enp2s0", "enp9s0"])), vlan(20, on(&[])));
    let links = machine(&[("enp1s0", 1), ("enp2s0", 2)]);
    for role in [Role::Management, Role::External] {
        let names: Vec<String> = super::cards(&settings, &links, role)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["enp2s0"], "{role}");
    }
    assert_eq!(super::cards(&settings, &links, Role::Bmc), []);
}
