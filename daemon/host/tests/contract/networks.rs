//! Any change from one configuration to another, cut short after any step.

use pocketstack_host::links::NetworkLinks;
use pocketstack_model::config::names::{Mtu, VlanId};
use pocketstack_model::config::network::{BondPolicy, NetworkSettings, Role, RoleNetwork};
use pocketstack_model::link::LinkIndex;
use pocketstack_plan::network::{findings, plan};

use super::{act, attach, get, mac, name, up};
use crate::bench::Bench;

/// A network on these cards.
pub fn on(cards: &[&str]) -> RoleNetwork {
    RoleNetwork {
        cards: cards
            .iter()
            .map(|card| card.parse().expect("a card's name"))
            .collect(),
        ..RoleNetwork::default()
    }
}

/// The same in a VLAN.
pub fn vlan(id: u16, network: RoleNetwork) -> RoleNetwork {
    RoleNetwork {
        vlan: Some(VlanId::try_from(id).expect("a VLAN")),
        ..network
    }
}

/// The same with larger packets.
pub fn large(network: RoleNetwork) -> RoleNetwork {
    RoleNetwork {
        mtu: Mtu::try_from(9000).expect("an MTU"),
        ..network
    }
}

/// Management and external.
pub fn two(management: RoleNetwork, external: RoleNetwork) -> NetworkSettings {
    NetworkSettings {
        management,
        external: Some(external),
        bmc: None,
    }
}

fn one(management: RoleNetwork) -> NetworkSettings {
    NetworkSettings {
        management,
        ..NetworkSettings::default()
    }
}

/// What needs neither bonds nor VLANs.
pub fn of_cards() -> Vec<NetworkSettings> {
    vec![
        one(on(&["card1"])),
        one(large(on(&["card2"]))),
        two(on(&["card1"]), on(&["card2"])),
        two(on(&["card2"]), large(on(&["card3"]))),
        NetworkSettings {
            bmc: Some(on(&["card2"])),
            ..one(on(&["card3"]))
        },
    ]
}

/// What needs both.
pub fn of_all_kinds() -> Vec<NetworkSettings> {
    let lacp = |network| RoleNetwork {
        bond: BondPolicy::Lacp,
        ..network
    };
    vec![
        NetworkSettings::default(),
        one(on(&["card1"])),
        one(vlan(5, on(&[]))),
        one(vlan(6, on(&["card2"]))),
        one(lacp(on(&["card1", "card2"]))),
        two(on(&[]), vlan(5, large(on(&[])))),
        two(on(&[]), on(&["card3"])),
        two(vlan(5, on(&["card1"])), on(&["card1"])),
        NetworkSettings {
            bmc: Some(vlan(6, on(&["card2", "card3"]))),
            ..two(on(&["card1"]), lacp(on(&["card2", "card3"])))
        },
    ]
}

async fn pass(bench: &impl Bench, settings: &NetworkSettings, at_most: usize) -> anyhow::Result<usize> {
    let actions = plan(settings, &bench.links().observe().await?);
    for action in actions.iter().take(at_most) {
        bench.links().act(action).await?;
    }
    Ok(actions.len())
}

/// The settings in force, each of our links wanted, and every bridge of before that is still wanted the same.
async fn check(
    bench: &impl Bench,
    settings: &NetworkSettings,
    before: &[(Role, LinkIndex)],
) -> anyhow::Result<()> {
    let links = bench.links().observe().await?;
    assert_eq!(plan(settings, &links), [], "{links:?}");
    assert_eq!(findings(settings, &links), [], "{links:?}");
    for role in Role::ALL {
        let bridge = links.named(role.bridge());
        let network = settings.roles().find(|(other, _)| *other == role);
        assert_eq!(bridge.is_some(), network.is_some(), "{role}");
        let vlan = network.is_some_and(|(_, network)| network.vlan.is_some());
        assert_eq!(links.named(role.vlan()).is_some(), vlan, "{role}");
        let known = before
            .iter()
            .find(|(other, _)| *other == role)
            .map(|(_, index)| *index);
        if let (Some(bridge), Some((_, network)), Some(index)) = (bridge, network, known) {
            assert_eq!(bridge.index, index, "{role} has another bridge");
            assert!(
                bridge.up && bridge.mtu == u32::from(u16::from(network.mtu)),
                "{bridge:?}"
            );
        }
    }
    // A VM stays where it is.
    let tap = get(bench, "vnet0").await?;
    assert_eq!(
        tap.master,
        links.named(Role::Management.bridge()).map(|bridge| bridge.index)
    );
    Ok(())
}

async fn bridges(bench: &impl Bench) -> anyhow::Result<Vec<(Role, LinkIndex)>> {
    let links = bench.links().observe().await?;
    Ok(Role::ALL
        .into_iter()
        .filter_map(|role| Some((role, links.named(role.bridge())?.index)))
        .collect())
}

/// Goes from each of the settings to each other, cut short after each step.
pub async fn changes(bench: &impl Bench, settings: &[NetworkSettings]) -> anyhow::Result<()> {
    for number in 1..=3 {
        bench
            .plug_in(&name(&format!("card{number}")), mac(number))
            .await?;
        act(bench, [up(&format!("card{number}"))]).await?;
    }
    pass(bench, &settings[0], usize::MAX).await?;
    bench.start_vm(&name("vnet0"), mac(50)).await?;
    act(bench, [attach("vnet0", Role::Management.bridge())]).await?;
    let mut steps = 0;
    for from in settings {
        for to in settings {
            let mut cut = 0;
            loop {
                pass(bench, from, usize::MAX).await?;
                let before = bridges(bench).await?;
                let all = pass(bench, to, cut).await?;
                // Killed here. Whoever comes next knows nothing of it.
                pass(bench, to, usize::MAX).await?;
                check(bench, to, &before).await?;
                steps += 1;
                if cut >= all {
                    break;
                }
                cut += 1;
            }
        }
    }
    assert!(steps > settings.len() * settings.len());
    Ok(())
}
