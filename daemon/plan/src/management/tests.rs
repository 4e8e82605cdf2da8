use pocketstack_model::config::network::Role;
use pocketstack_model::link::{BondMode, LinkAction, LinkIndex, LinkKind, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;

use crate::made_up::{bond, bridge, card, link, mac};

use super::{BOND, BRIDGE, MIIMON_MS, plan, unsettled};

/// What a finished pass leaves behind for the cards with these last bytes of their addresses.
fn finished(cards: &[u8], address: MacAddress) -> Links {
    let mut links: Vec<ObservedLink> = cards
        .iter()
        .zip(2..)
        .map(|(last, index)| card(index, &format!("enp{last}s0"), mac(*last)))
        .collect();
    for card in &mut links {
        card.master = Some(LinkIndex(90));
        card.mac = Some(address);
    }
    let mut bond = bond(90, BOND, BondMode::ActiveBackup, address);
    bond.master = Some(LinkIndex(91));
    links.push(bond);
    links.push(bridge(91, BRIDGE, address));
    for link in &mut links {
        link.up = true;
    }
    Links { links }
}

fn told(links: &Links) -> Vec<String> {
    plan(links).iter().map(ToString::to_string).collect()
}

#[test]
fn two_new_cards_become_ports_of_one_bond_under_the_bridge() {
    let mut first = card(2, "enp2s0", mac(9));
    first.up = true;
    let links = Links {
        links: vec![first, card(3, "enp3s0", mac(4))],
    };
    assert_eq!(
        told(&links),
        [
            "switching enp2s0 off",
            "making the bond bond-mgmt",
            "making the bridge br-mgmt",
            "making enp2s0 a port of bond-mgmt",
            "making enp3s0 a port of bond-mgmt",
            "making bond-mgmt a port of br-mgmt",
            "switching bond-mgmt on",
            "switching br-mgmt on",
        ]
    );
}

#[test]
fn nothing_is_done_when_all_is_as_it_should_be() {
    assert_eq!(told(&finished(&[4, 9], mac(4))), [""; 0]);
}

#[test]
fn without_a_card_nothing_is_touched() {
    assert_eq!(told(&Links::default()), [""; 0]);
    let mut links = finished(&[4], mac(4));
    links.links.remove(0);
    assert_eq!(told(&links), [""; 0]);
}

#[test]
fn a_new_card_joins_and_the_address_stays_even_if_the_new_one_is_lower() {
    let mut links = finished(&[4], mac(4));
    links.links.push(card(92, "enp1s0", mac(1)));
    assert_eq!(told(&links), ["making enp1s0 a port of bond-mgmt"]);
}

#[test]
fn the_address_goes_when_its_card_goes() {
    let mut links = finished(&[4, 9], mac(4));
    links.links.remove(0);
    assert_eq!(
        told(&links),
        [
            "giving bond-mgmt the address 00:1b:21:00:00:09",
            "giving br-mgmt the address 00:1b:21:00:00:09"
        ]
    );
}

#[test]
fn a_burnt_in_address_goes_before_a_made_up_one() {
    let made_up: MacAddress = "02:00:00:00:00:01".parse().expect("a MAC address");
    let links = Links {
        links: vec![card(2, "enp2s0", made_up), card(3, "enp3s0", mac(200))],
    };
    assert!(told(&links).contains(&"making the bond bond-mgmt".to_owned()));
    assert!(plan(&links).contains(&LinkAction::AddBridge {
        name: LinkName::bridge(Role::Management),
        mac: mac(200)
    }));
}

#[test]
fn a_card_in_another_bridge_is_taken_out_first() {
    let mut links = finished(&[4, 9], mac(4));
    links.links[1].master = Some(LinkIndex(91));
    assert_eq!(
        told(&links),
        [
            "taking enp9s0 out of what it is a port of",
            "switching enp9s0 off",
            "making enp9s0 a port of bond-mgmt"
        ]
    );
}

#[test]
fn a_bond_in_the_wrong_mode_is_made_anew() {
    let mut links = finished(&[4], mac(4));
    links.links[1].kind = LinkKind::Bond {
        mode: BondMode::Other,
        miimon_ms: MIIMON_MS,
    };
    assert_eq!(
        told(&links),
        [
            "taking enp4s0 out of what it is a port of",
            "removing bond-mgmt",
            "switching enp4s0 off",
            "making the bond bond-mgmt",
            "making enp4s0 a port of bond-mgmt",
            "making bond-mgmt a port of br-mgmt",
            "switching bond-mgmt on"
        ]
    );
}

#[test]
fn something_else_under_the_name_of_the_bridge_is_removed() {
    let mut links = finished(&[4], mac(4));
    links.links[2].kind = LinkKind::Other;
    assert_eq!(
        told(&links),
        [
            "taking bond-mgmt out of what it is a port of",
            "removing br-mgmt",
            "making the bridge br-mgmt",
            "making bond-mgmt a port of br-mgmt",
            "switching br-mgmt on"
        ]
    );
}

#[test]
fn what_was_switched_off_is_switched_on_and_spanning_tree_goes() {
    let mut links = finished(&[4], mac(4));
    links.links[0].up = false;
    links.links[2].up = false;
    links.links[2].kind = LinkKind::Bridge { stp: true };
    assert_eq!(
        told(&links),
        [
            "switching the spanning tree protocol of br-mgmt off",
            "switching enp4s0 on",
            "switching br-mgmt on"
        ]
    );
}

#[test]
fn a_card_the_device_manager_is_not_done_with_is_left_for_later() {
    let mut links = finished(&[4], mac(4));
    let mut fresh = card(92, "eth0", mac(7));
    let LinkKind::Wired(kind) = &mut fresh.kind else {
        unreachable!("made as a card above")
    };
    kind.settled = false;
    links.links.push(fresh);
    assert!(unsettled(&links));
    assert_eq!(told(&links), [""; 0]);
}

#[test]
fn what_a_vm_is_attached_to_stays_on_the_bridge() {
    let mut links = finished(&[4], mac(4));
    let mut tap = link(93, "vnet0", LinkKind::Other, mac(50));
    tap.master = Some(LinkIndex(91));
    links.links.push(tap);
    assert_eq!(told(&links), [""; 0]);
}
