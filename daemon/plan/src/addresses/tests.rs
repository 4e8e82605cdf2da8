use pocketstack_model::config::names::{Cidr, Mtu};
use pocketstack_model::config::network::{Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork};

use super::{file_name, files};

fn static4(address: &str, gateway: Option<&str>) -> Ipv4Settings {
    Ipv4Settings::Static {
        address: address.parse::<Cidr<_>>().expect("an address"),
        gateway: gateway.map(|gateway| gateway.parse().expect("a router")),
    }
}

fn static6(address: &str, gateway: Option<&str>) -> Ipv6Settings {
    Ipv6Settings::Static {
        address: address.parse::<Cidr<_>>().expect("an address"),
        gateway: gateway.map(|gateway| gateway.parse().expect("a router")),
    }
}

/// The files under each other, with their names.
fn written(settings: &NetworkSettings) -> String {
    files(settings)
        .iter()
        .map(|file| format!("==> {}\n{}", file.name, file.content))
        .collect::<Vec<_>>()
        .join("\n")
}

fn settings_of(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

#[test]
fn the_default_is_what_is_in_the_image() {
    let shipped = include_str!("../../../../image/rootfs/usr/lib/systemd/network/20-management.network");
    let made = files(&NetworkSettings::default());
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].name, "20-management.network");
    assert_eq!(settings_of(&made[0].content), settings_of(shipped));
}

#[test]
fn everything_set_by_hand() {
    let settings = NetworkSettings {
        management: RoleNetwork {
            mtu: Mtu::try_from(9000).expect("an MTU"),
            ipv4: static4("192.168.1.10/24", Some("192.168.1.1")),
            ipv6: static6("2001:db8::10/64", Some("fe80::1")),
            dns: vec![
                [192, 168, 1, 2].into(),
                "2001:db8::53".parse().expect("an address"),
            ],
            ..RoleNetwork::default()
        },
        external: Some(RoleNetwork {
            ipv4: static4("203.0.113.10/28", None),
            ipv6: Ipv6Settings::Off,
            ..RoleNetwork::default()
        }),
        bmc: Some(RoleNetwork {
            ipv4: Ipv4Settings::Off,
            ipv6: static6("fd00::10/64", Some("fd00::1")),
            ..RoleNetwork::default()
        }),
    };
    assert_eq!(written(&settings), include_str!("golden/static.txt"));
}

#[test]
fn everything_automatic() {
    let settings = NetworkSettings {
        external: Some(RoleNetwork::default()),
        bmc: Some(RoleNetwork::default()),
        ..NetworkSettings::default()
    };
    assert_eq!(written(&settings), include_str!("golden/automatic.txt"));
}

#[test]
fn one_family_only() {
    let settings = NetworkSettings {
        management: RoleNetwork {
            ipv4: Ipv4Settings::Off,
            ..RoleNetwork::default()
        },
        external: Some(RoleNetwork {
            ipv4: static4("203.0.113.10/28", Some("203.0.113.1")),
            ..RoleNetwork::default()
        }),
        bmc: Some(RoleNetwork {
            ipv6: Ipv6Settings::Off,
            ..RoleNetwork::default()
        }),
    };
    assert_eq!(written(&settings), include_str!("golden/one-family.txt"));
}

#[test]
fn file_names_are_different() {
    let mut names = Role::ALL.map(file_name);
    names.sort_unstable();
    assert!(names.windows(2).all(|two| two[0] != two[1]));
}
