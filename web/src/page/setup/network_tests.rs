use pocketstack_model::config::network::{BondPolicy, Ipv4Settings};

use super::*;
use crate::locale::Key;

fn told(fields: &[(&str, &str)]) -> Result<NetworkSettings, Troubles> {
    read(&Fields::of(fields.iter().copied()))
}

#[track_caller]
fn wrong(fields: &[(&str, &str)], at: &str, key: Key) {
    let troubles = told(fields).expect_err("it is wrong");
    assert_eq!(troubles.at(at), Some(key), "{troubles:?}");
}

#[test]
fn nothing_typed_is_dhcp_on_all_cards() {
    assert_eq!(told(&[]), Ok(NetworkSettings::default()));
    let dhcp = [
        ("management-ipv4", "dhcp"),
        ("management-ipv6", "auto"),
        ("dns", ""),
    ];
    assert_eq!(told(&dhcp), Ok(NetworkSettings::default()));
}

#[test]
fn all_that_is_typed_is_read_and_stands_there_again() {
    let fields = [
        ("management-cards", "enp1s0"),
        ("management-cards", "enp2s0"),
        ("management-bond", "lacp"),
        ("management-vlan", "10"),
        ("management-ipv4", "static"),
        ("management-ipv4-address", "192.0.2.10/24"),
        ("management-ipv4-gateway", "192.0.2.1"),
        ("management-ipv6", "static"),
        ("management-ipv6-address", "2001:db8::10/64"),
        ("management-ipv6-gateway", "fe80::1"),
        ("dns", "192.0.2.53, 2001:db8::53"),
        ("external", "yes"),
        ("external-cards", "enp3s0"),
        ("external-ipv4", "off"),
        ("external-ipv6", "off"),
    ];
    let networks = told(&fields).expect("right");
    assert_eq!(networks.management.bond, BondPolicy::Lacp);
    assert_eq!(networks.management.dns.len(), 2);
    assert_eq!(
        networks.external.as_ref().expect("separate").ipv4,
        Ipv4Settings::Off
    );
    assert_eq!(read(&suggested(&networks)), Ok(networks));
}

#[test]
fn each_wrong_value_is_told_at_its_field() {
    let set = |address: &'static str, gateway: &'static str| {
        [
            ("management-ipv4", "static"),
            ("management-ipv4-address", address),
            ("management-ipv4-gateway", gateway),
        ]
    };
    wrong(&set("", ""), "management-ipv4-address", Key("setup-ipv4-wrong"));
    wrong(
        &set("192.0.2.10", ""),
        "management-ipv4-address",
        Key("setup-ipv4-wrong"),
    );
    wrong(
        &set("192.0.2.10/24", "x"),
        "management-ipv4-gateway",
        Key("setup-gateway-wrong"),
    );
    wrong(
        &set("192.0.2.10/24", "198.51.100.1"),
        "management-ipv4-gateway",
        Key("setup-gateway-unfit"),
    );
    wrong(
        &set("192.0.2.10/24", "192.0.2.10"),
        "management-ipv4-gateway",
        Key("setup-gateway-unfit"),
    );
    wrong(
        &[("management-vlan", "4095")],
        "management-vlan",
        Key("setup-vlan-wrong"),
    );
    wrong(
        &[("management-cards", "a/b")],
        "management-cards",
        Key("setup-cards-wrong"),
    );
    wrong(
        &[("management-bond", "lacp")],
        "management-bond",
        Key("setup-bond-unfit"),
    );
    wrong(&[("dns", "dns.example.org")], "dns", Key("setup-dns-wrong"));
    wrong(&[("dns", "127.0.0.1")], "dns", Key("setup-dns-wrong"));
    let off = [("management-ipv4", "off"), ("management-ipv6", "off")];
    wrong(&off, "management-ipv4", Key("setup-both-off"));
    let ipv6 = [
        ("management-ipv6", "static"),
        ("management-ipv6-address", "fe80::1/64"),
    ];
    wrong(&ipv6, "management-ipv6-address", Key("setup-ipv6-wrong"));
}

#[test]
fn what_does_not_fit_together_is_told_at_a_field_of_the_second_network() {
    let external = ("external", "yes");
    wrong(&[external], "external-cards", Key("setup-external-nowhere"));
    let shared = [
        ("management-cards", "enp1s0"),
        external,
        ("external-cards", "enp1s0"),
    ];
    wrong(&shared, "external-vlan", Key("setup-vlan-unfit"));
    let half = [
        ("management-cards", "enp1s0"),
        ("management-cards", "enp2s0"),
        external,
        ("external-cards", "enp1s0"),
        ("external-vlan", "5"),
    ];
    wrong(&half, "external-cards", Key("setup-cards-unfit"));
    let overlap = [
        ("management-ipv4", "static"),
        ("management-ipv4-address", "192.0.2.10/24"),
        external,
        ("external-vlan", "5"),
        ("external-ipv4", "static"),
        ("external-ipv4-address", "192.0.2.20/24"),
    ];
    wrong(&overlap, "external-ipv4-address", Key("setup-address-unfit"));
    let not_separate: Vec<(&str, &str)> = overlap
        .iter()
        .copied()
        .filter(|field| *field != external)
        .collect();
    assert_eq!(told(&not_separate).expect("not asked for").external, None);
}
