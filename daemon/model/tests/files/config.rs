//! The configuration as a file and as a document.

use pocketstack_model::access::AccessSettings;
use pocketstack_model::config::file::{from_toml, to_toml};
use pocketstack_model::config::names::{CardName, Mtu, TimeServer, VlanId};
use pocketstack_model::config::network::{
    BondPolicy, Ipv4Settings, Ipv6Settings, NetworkSettings, RoleNetwork,
};
use pocketstack_model::config::{Configuration, NodeSettings};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::common::{compare, folder, read};

/// What `tests/golden/config-v1.toml` says.
fn golden() -> Configuration {
    let parsed = |text: &str| text.parse::<CardName>().expect("a card");
    Configuration {
        version: 1,
        node: NodeSettings {
            name: "lab1".parse().expect("a name"),
            time_zone: "America/Sao_Paulo".parse().expect("a time zone"),
            ntp: vec!["ntp.example.org".parse().expect("a time server")],
        },
        network: NetworkSettings {
            management: RoleNetwork {
                cards: vec![parsed("enp1s0"), parsed("52:54:00:12:34:56")],
                bond: BondPolicy::Lacp,
                vlan: Some(VlanId::try_from(10).expect("a VLAN")),
                mtu: Mtu::try_from(9000).expect("an MTU"),
                ipv4: Ipv4Settings::Static {
                    address: "192.0.2.10/24".parse().expect("an address"),
                    gateway: Some([192, 0, 2, 1].into()),
                },
                ipv6: Ipv6Settings::Static {
                    address: "2001:db8::10/64".parse().expect("an address"),
                    gateway: Some("fe80::1".parse().expect("an address")),
                },
                dns: vec!["192.0.2.53".parse().expect("an address")],
            },
            external: Some(RoleNetwork {
                vlan: Some(VlanId::try_from(20).expect("a VLAN")),
                ..RoleNetwork::default()
            }),
            bmc: Some(RoleNetwork {
                cards: vec![parsed("enp2s0")],
                ipv4: Ipv4Settings::Off,
                ipv6: Ipv6Settings::Off,
                ..RoleNetwork::default()
            }),
        },
        access: AccessSettings::default(),
    }
}

#[test]
fn who_may_come_in_is_read_and_written_as_ever() {
    let hash =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$IJIcN1Dv5Gzw6W2tVYoe8R3J6zv9Qk5D7rYtFqf0bWE";
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ana@laptop";
    let configuration = Configuration {
        access: AccessSettings {
            password: Some(hash.parse().expect("a hash")),
            ssh_keys: vec![key.parse().expect("a key")],
        },
        ..Configuration::default()
    };
    assert!(configuration.is_set_up() && !golden().is_set_up());
    let path = folder("golden/config-v1-access.toml");
    compare(&path, &to_toml(&configuration).expect("it is written"));
    assert_eq!(from_toml(&read(&path)), Ok(configuration));
}

#[test]
fn version_1_is_read_and_written_as_ever() {
    let path = folder("golden/config-v1.toml");
    compare(&path, &to_toml(&golden()).expect("it is written"));
    assert_eq!(from_toml(&read(&path)), Ok(golden()));
}

fn some<T: Clone + std::fmt::Debug + 'static>(of: Vec<T>) -> impl Strategy<Value = T> {
    proptest::sample::select(of)
}

fn ipv4() -> impl Strategy<Value = Ipv4Settings> {
    let gateways = some(vec![
        None,
        None,
        Some([10, 0, 0, 1]),
        Some([10, 1, 0, 1]),
        Some([10, 0, 0, 9]),
    ]);
    let addresses = some(vec!["10.0.0.9/24", "10.1.0.9/24", "10.2.0.8/31", "10.0.0.9/8"]);
    prop_oneof![
        Just(Ipv4Settings::Dhcp),
        Just(Ipv4Settings::Off),
        (addresses, gateways).prop_map(|(address, gateway)| Ipv4Settings::Static {
            address: address.parse().expect("an address"),
            gateway: gateway.map(Into::into),
        }),
    ]
}

fn ipv6() -> impl Strategy<Value = Ipv6Settings> {
    let gateways = some(vec![
        None,
        None,
        Some("fe80::1"),
        Some("fd00::1"),
        Some("fd00::9"),
    ]);
    let addresses = some(vec!["fd00::9/64", "fd00:0:0:1::9/64", "fd00:0:0:2::9/128"]);
    prop_oneof![
        Just(Ipv6Settings::Auto),
        Just(Ipv6Settings::Off),
        (addresses, gateways).prop_map(|(address, gateway)| Ipv6Settings::Static {
            address: address.parse().expect("an address"),
            gateway: gateway.map(|gateway| gateway.parse().expect("an address")),
        }),
    ]
}

fn role(cards: &'static [&'static str]) -> impl Strategy<Value = RoleNetwork> {
    let cards = prop_oneof![
        3 => proptest::sample::subsequence(cards, 0..=cards.len()).prop_map(|cards| cards.to_vec()),
        1 => proptest::collection::vec(some(vec!["shared0", "shared1", "br-ext"]), 0..3),
    ];
    (
        cards,
        prop_oneof![4 => Just(BondPolicy::ActiveBackup), 1 => Just(BondPolicy::Lacp)],
        proptest::option::of(1_u16..=6),
        1280_u16..=9216,
        ipv4(),
        ipv6(),
        proptest::collection::vec(any::<std::net::IpAddr>(), 0..3),
    )
        .prop_map(|(cards, bond, vlan, mtu, ipv4, ipv6, dns)| RoleNetwork {
            cards: cards.iter().map(|card| card.parse().expect("a card")).collect(),
            bond,
            vlan: vlan.map(|vlan| VlanId::try_from(vlan).expect("a VLAN")),
            mtu: Mtu::try_from(mtu).expect("an MTU"),
            ipv4,
            ipv6,
            dns,
        })
}

/// Whether its networks fit together or not.
fn configuration() -> impl Strategy<Value = Configuration> {
    let server = prop_oneof![
        "[a-zA-Z0-9]{1,9}(\\.[a-z0-9]{1,9}){0,3}",
        any::<std::net::IpAddr>().prop_map(|ip| ip.to_string()),
    ];
    (
        "[0-9]{0,4}[a-z][a-z0-9-]{0,57}[a-z0-9]",
        "[A-Z][a-z_]{1,9}(/[A-Z][a-z_+-]{1,9}){0,2}",
        proptest::collection::vec(server, 0..3),
        role(&["a0", "a1"]),
        proptest::option::of(role(&["b0", "b1"])),
        proptest::option::of(role(&["52:54:00:12:34:56", "c1"])),
    )
        .prop_map(|(name, zone, ntp, management, external, bmc)| Configuration {
            version: 1,
            node: NodeSettings {
                name: name.parse().expect("a name"),
                time_zone: zone.parse().expect("a time zone"),
                ntp: ntp
                    .iter()
                    .map(|server| server.parse::<TimeServer>().expect("a time server"))
                    .collect(),
            },
            network: NetworkSettings {
                management,
                external,
                bmc,
            },
            access: AccessSettings::default(),
        })
}

proptest! {
    #[test]
    fn what_fits_together_comes_back_and_nothing_else_comes_in(configuration in configuration()) {
        let json = serde_json::to_string(&configuration).expect("it is JSON");
        // Not to_toml, which refuses what does not fit together: this is what somebody else could have written.
        let toml = toml::to_string_pretty(&configuration).expect("it is TOML");
        let problems = configuration.network.problems();
        if problems.is_empty() {
            prop_assert_eq!(&to_toml(&configuration), &Ok(toml.clone()));
            prop_assert_eq!(&from_toml(&toml), &Ok(configuration.clone()));
            prop_assert_eq!(&toml::from_str::<Configuration>(&toml), &Ok(configuration.clone()));
            prop_assert_eq!(serde_json::from_str::<Configuration>(&json).expect("it is taken"), configuration);
        } else {
            prop_assert!(to_toml(&configuration).is_err());
            let refused = from_toml(&toml).expect_err("it is refused").to_string();
            prop_assert!(serde_json::from_str::<Configuration>(&json).is_err());
            prop_assert!(toml::from_str::<Configuration>(&toml).is_err());
            for problem in problems.iter().take(10) {
                prop_assert!(refused.contains(&problem.to_string()), "{}: {}", problem, refused);
            }
        }
    }
}

/// The property above says nothing if one of its halves is never entered.
#[test]
fn both_kinds_of_configurations_are_tried() {
    let mut runner = TestRunner::deterministic();
    let fits = (0..500)
        .filter(|_| {
            let tree = configuration().new_tree(&mut runner).expect("a configuration");
            tree.current().network.problems().is_empty()
        })
        .count();
    assert!((50..450).contains(&fits), "{fits} of 500 fit together");
}
