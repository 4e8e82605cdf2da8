//! Links for tests.

use pocketstack_model::link::{BondMode, Card, LinkIndex, LinkKind, LinkName, ObservedLink};
use pocketstack_model::mac::MacAddress;

use crate::network::MIIMON_MS;

pub fn mac(last: u8) -> MacAddress {
    MacAddress::try_from([0x00, 0x1b, 0x21, 0, 0, last].as_slice()).expect("a MAC address")
}

pub fn link(index: u32, name: &str, kind: LinkKind, address: MacAddress) -> ObservedLink {
    ObservedLink {
        index: LinkIndex(index),
        name: LinkName::try_from(name).expect("a link name"),
        kind,
        mac: Some(address),
        up: false,
        carrier: false,
        master: None,
        mtu: 1500,
        addresses: Vec::new(),
    }
}

pub fn card(index: u32, name: &str, address: MacAddress) -> ObservedLink {
    let card = Card {
        permanent_mac: address,
        driver: None,
        mbps: None,
        largest_mtu: None,
        settled: true,
    };
    link(index, name, LinkKind::Wired(card), address)
}

pub fn bond(index: u32, name: &str, mode: BondMode, address: MacAddress) -> ObservedLink {
    let kind = LinkKind::Bond {
        mode,
        miimon_ms: MIIMON_MS,
    };
    link(index, name, kind, address)
}

pub fn bridge(index: u32, name: &str, address: MacAddress) -> ObservedLink {
    link(index, name, LinkKind::Bridge { stp: false }, address)
}
