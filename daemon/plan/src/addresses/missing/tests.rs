use pocketstack_model::link::LinkIndex;

use super::*;
use crate::made_up::{bridge, card, mac};

const SECOND: Duration = Duration::from_secs(1);

fn management(ipv4: Ipv4Settings, ipv6: Ipv6Settings) -> NetworkSettings {
    NetworkSettings {
        management: RoleNetwork {
            ipv4,
            ipv6,
            ..RoleNetwork::default()
        },
        ..NetworkSettings::default()
    }
}

fn by_hand(gateway: Option<&str>) -> NetworkSettings {
    let ipv4 = Ipv4Settings::Static {
        address: "192.0.2.10/24".parse().expect("an address"),
        gateway: gateway.map(|gateway| gateway.parse().expect("a router")),
    };
    management(ipv4, Ipv6Settings::Auto)
}

fn address(text: &str) -> Address {
    let (address, prefix) = text.split_once('/').expect("with prefix");
    Address {
        address: address.parse().expect("an address"),
        prefix: prefix.parse().expect("a number"),
    }
}

/// A bridge with link and these addresses on two cards.
fn machine(addresses: &[&str]) -> Links {
    let mut bridge = bridge(9, "br-mgmt", mac(1));
    (bridge.up, bridge.carrier) = (true, true);
    bridge.addresses = addresses.iter().map(|text| address(text)).collect();
    let cards = [(2, "enp1s0"), (3, "enp2s0")].map(|(index, name)| {
        let mut card = card(index, name, mac(1));
        (card.up, card.carrier, card.master) = (true, true, Some(LinkIndex(9)));
        card
    });
    Links {
        links: cards.into_iter().chain([bridge]).collect(),
    }
}

fn answer(about: &str, by: Option<MacAddress>, ago: Duration, silences: u32) -> Option<Answer> {
    Some(Answer {
        about: about.parse().expect("an address"),
        by,
        ago,
        silences,
    })
}

fn late() -> Known {
    Known {
        missing_for: PATIENCE,
        ..Known::default()
    }
}

fn judged(settings: &NetworkSettings, addresses: &[&str], known: &Known) -> (Verdict, Vec<String>) {
    let verdict = judge(settings, Role::Management, &machine(addresses), known);
    let said = verdict
        .troubles
        .iter()
        .map(|trouble| trouble.words().to_string())
        .collect();
    (verdict, said)
}

#[test]
fn what_is_missing_has_its_time_to_come() {
    let wanted = [
        NetworkSettings::default(),
        by_hand(None),
        management(
            Ipv4Settings::Off,
            Ipv6Settings::Static {
                address: "2001:db8::10/64".parse().expect("an address"),
                gateway: None,
            },
        ),
    ];
    for settings in &wanted {
        let early = Known {
            missing_for: PATIENCE - SECOND,
            ..Known::default()
        };
        let (verdict, said) = judged(settings, &["fe80::1/64"], &early);
        assert!(verdict.missing);
        assert_eq!((verdict.step, said.len()), (Step::Nothing, 0));
        assert_eq!(judged(settings, &["fe80::1/64"], &late()).1.len(), 1);
        let all = ["192.0.2.10/24", "2001:db8::10/64"];
        assert_eq!(judged(settings, &all, &late()).0, Verdict::default());
        // Without link or bridge nothing can come.
        let mut links = machine(&[]);
        links.links[2].carrier = false;
        assert_eq!(
            judge(settings, Role::Management, &links, &late()),
            Verdict::default()
        );
        assert_eq!(
            judge(settings, Role::External, &machine(&[]), &late()),
            Verdict::default()
        );
    }
}

#[test]
fn a_dhcp_server_that_is_not_there_is_told_with_the_cards() {
    let settings = NetworkSettings::default();
    assert_eq!(
        judged(&settings, &["fe80::1/64"], &late()).1,
        [
            "no DHCP server answers on br-mgmt (cards enp1s0, enp2s0): check the cable and the server, or press N on the \
             console to set an address by hand"
        ]
    );
    let lost = Known {
        lease: Some(address("192.0.2.7/24")),
        ..late()
    };
    let said = judged(&settings, &["2001:db8::7/64"], &lost).1;
    assert!(
        said[0].starts_with(
            "the address 192.0.2.7 that DHCP gave br-mgmt (cards enp1s0, enp2s0) is lost, and no DHCP server answers any more: check"
        ) && said[0].ends_with("IPv6 works meanwhile"),
        "{said:?}"
    );
}

#[test]
fn an_address_of_another_machine_is_asked_for_told_and_taken_when_it_is_free() {
    let settings = by_hand(None);
    let step = |known: &Known| judged(&settings, &[], known).0.step;
    let ask = Step::Ask {
        address: [192, 0, 2, 10].into(),
        from: None,
    };
    assert_eq!(step(&late()), ask);

    let mut known = late();
    known.answer = answer("192.0.2.10", Some(mac(7)), SECOND, 0);
    let (verdict, said) = judged(&settings, &[], &known);
    assert_eq!(verdict.step, Step::Nothing);
    assert!(
        said[0].starts_with(
            "192.0.2.10 is in use by another machine on br-mgmt, the one with the MAC address 00:1b:21:00:00:07: give one"
        ),
        "{said:?}"
    );
    known.answer = answer("192.0.2.10", Some(mac(7)), ASK, 0);
    assert_eq!(step(&known), ask);
    // An answer about something else is none.
    known.answer = answer("192.0.2.11", None, SECOND, 1);
    assert_eq!(step(&known), ask);

    known.answer = answer("192.0.2.10", None, SECOND, 1);
    assert_eq!(step(&known), Step::Reconfigure);
    known.tried = Some(TRY - SECOND);
    let (verdict, said) = judged(&settings, &[], &known);
    assert_eq!(verdict.step, Step::Nothing);
    assert!(said[0].contains("no other machine answers to it"), "{said:?}");
    known.tried = Some(TRY);
    assert_eq!(step(&known), Step::Reconfigure);
}

#[test]
fn an_ipv6_address_is_tried_again_where_that_disturbs_nothing_that_was_set_by_hand() {
    let ipv6 = Ipv6Settings::Static {
        address: "2001:db8::10/64".parse().expect("an address"),
        gateway: None,
    };
    let settings = management(Ipv4Settings::Off, ipv6.clone());
    let mut known = late();
    let (verdict, said) = judged(&settings, &[], &known);
    assert_eq!(verdict.step, Step::Reconfigure);
    assert!(
        said[0].contains("another machine may have this address"),
        "{said:?}"
    );
    known.tried = Some(TRY_RARELY - SECOND);
    assert_eq!(judged(&settings, &[], &known).0.step, Step::Nothing);
    let both = NetworkSettings {
        management: RoleNetwork {
            ipv6,
            ..by_hand(None).management
        },
        ..NetworkSettings::default()
    };
    assert_eq!(judged(&both, &["192.0.2.10/24"], &late()).0.step, Step::Nothing);
}

#[test]
fn a_router_is_asked_for_rarely_and_told_when_it_stays_silent() {
    let settings = by_hand(Some("192.0.2.1"));
    let own = ["192.0.2.10/24"];
    let with = |answer| Known {
        answer,
        ..Known::default()
    };
    let ask = Step::Ask {
        address: [192, 0, 2, 1].into(),
        from: Some([192, 0, 2, 10].into()),
    };
    let (verdict, said) = judged(&settings, &own, &Known::default());
    assert_eq!((verdict.step, said.len()), (ask, 0));
    for (answer, step, troubles) in [
        (answer("192.0.2.1", Some(mac(9)), SECOND, 0), Step::Nothing, 0),
        (answer("192.0.2.1", Some(mac(9)), ASK_RARELY, 0), ask, 0),
        (answer("192.0.2.1", None, SECOND, 1), Step::Nothing, 0),
        (answer("192.0.2.1", None, ASK, SILENCES - 1), ask, 0),
        (answer("192.0.2.1", None, SECOND, SILENCES), Step::Nothing, 1),
        (answer("192.0.2.1", None, ASK, SILENCES), ask, 1),
    ] {
        let (verdict, said) = judged(&settings, &own, &with(answer));
        assert_eq!((verdict.step, said.len()), (step, troubles), "{answer:?}");
        assert!(!verdict.missing && verdict.again.is_some());
    }
    let silent = with(answer("192.0.2.1", None, SECOND, SILENCES));
    let said = judged(&settings, &own, &silent).1;
    assert!(
        said[0].starts_with(
            "the router 192.0.2.1 does not answer on br-mgmt, so 192.0.2.10/24 reaches only its own network: check"
        ),
        "{said:?}"
    );
}
