//! Bonds and VLANs, where the kernel makes them.

use pocketstack_host::links::NetworkLinks;
use pocketstack_model::config::names::{Mtu, VlanId};
use pocketstack_model::config::network::BondPolicy;
use pocketstack_model::link::{BondMode, LinkAction, LinkKind};

use super::{act, attach, find, get, mac, name, refused, remove, set_mtu, up};
use crate::bench::Bench;

fn bond(bond: &str, policy: BondPolicy) -> LinkAction {
    LinkAction::AddBond {
        name: name(bond),
        policy,
        mac: mac(7),
        miimon_ms: 100,
    }
}

fn vlan(vlan: &str, lower: &str, id: u16) -> LinkAction {
    LinkAction::AddVlan {
        name: name(vlan),
        lower: name(lower),
        id: VlanId::try_from(id).expect("a VLAN"),
    }
}

/// Why no bond can be made here, if none can.
pub async fn no_bonds(bench: &impl Bench) -> Option<String> {
    if let Err(error) = bench
        .links()
        .act(&bond("bond-try", BondPolicy::ActiveBackup))
        .await
    {
        return Some(error.to_string());
    }
    remove(bench, "bond-try")
        .await
        .err()
        .map(|error| error.to_string())
}

/// Why no VLAN can be made here, if none can.
pub async fn no_vlans(bench: &impl Bench) -> Option<String> {
    bench.plug_in(&name("card-try"), mac(99)).await.ok()?;
    let tried = bench.links().act(&vlan("vlan-try", "card-try", 7)).await;
    bench.pull_out(&name("card-try")).await.ok()?;
    tried.err().map(|error| error.to_string())
}

/// Both kinds of bond, and what a bond does to its ports.
pub async fn bonds(bench: &impl Bench) -> anyhow::Result<()> {
    for (policy, mode) in [
        (BondPolicy::ActiveBackup, BondMode::ActiveBackup),
        (BondPolicy::Lacp, BondMode::Lacp),
    ] {
        act(bench, [bond("bond-test", policy)]).await?;
        let made = get(bench, "bond-test").await?;
        let kind = LinkKind::Bond { mode, miimon_ms: 100 };
        assert_eq!((made.kind, made.mac, made.mtu), (kind, Some(mac(7)), 1500));
        remove(bench, "bond-test").await?;
    }

    bench.plug_in(&name("card1"), mac(1)).await?;
    let (card, bond_test) = (name("card1"), name("bond-test"));
    set_mtu(bench, &card, 1400).await?;
    act(bench, [bond("bond-test", BondPolicy::ActiveBackup), up("card1")]).await?;
    // It must be off to join, and is on once it has.
    refused(bench, attach("card1", "bond-test")).await;
    act(
        bench,
        [
            LinkAction::SetDown { link: card.clone() },
            attach("card1", "bond-test"),
        ],
    )
    .await?;
    let port = get(bench, "card1").await?;
    assert_eq!((port.up, port.mac, port.mtu), (true, Some(mac(7)), 1500));
    set_mtu(bench, &bond_test, 1450).await?;
    assert_eq!(get(bench, "card1").await?.mtu, 1450);
    act(bench, [LinkAction::Detach { port: card.clone() }]).await?;
    let port = get(bench, "card1").await?;
    assert_eq!(
        (port.up, port.mac, port.mtu, port.master),
        (false, Some(mac(1)), 1400, None)
    );
    // Without a port it makes an address up, and takes that of the next one.
    assert_ne!(get(bench, "bond-test").await?.mac, Some(mac(7)));
    act(bench, [attach("card1", "bond-test")]).await?;
    assert_eq!(get(bench, "bond-test").await?.mac, Some(mac(1)));
    remove(bench, "bond-test").await?;
    bench.pull_out(&card).await
}

/// VLANs, and what becomes of them with the link they are on.
pub async fn vlans(bench: &impl Bench) -> anyhow::Result<()> {
    bench.plug_in(&name("card1"), mac(1)).await?;
    act(bench, [vlan("vlan-test", "card1", 7)]).await?;
    let (card, made) = (get(bench, "card1").await?, get(bench, "vlan-test").await?);
    let kind = LinkKind::Vlan {
        id: VlanId::try_from(7)?,
        lower: card.index,
    };
    assert_eq!(
        (made.kind, made.mac, made.mtu, made.up),
        (kind, Some(mac(1)), 1500, false)
    );
    assert!(
        refused(bench, vlan("vlan-more", "card1", 7))
            .await
            .starts_with("File exists")
    );
    assert!(
        refused(bench, vlan("vlan-test", "card1", 8))
            .await
            .starts_with("File exists")
    );
    assert!(
        refused(bench, vlan("vlan-more", "nowhere", 8))
            .await
            .starts_with("No such device")
    );

    // On only where that is on, off and on with it.
    assert!(
        refused(bench, up("vlan-test"))
            .await
            .starts_with("Network is down")
    );
    act(bench, [up("card1"), up("vlan-test")]).await?;
    act(bench, [LinkAction::SetDown { link: name("card1") }]).await?;
    assert!(!get(bench, "vlan-test").await?.up);
    act(bench, [up("card1")]).await?;
    assert!(get(bench, "vlan-test").await?.up);

    // No larger than that, and smaller with it.
    let (card1, vlan_test) = (name("card1"), name("vlan-test"));
    let larger = LinkAction::SetMtu {
        link: vlan_test.clone(),
        mtu: Mtu::try_from(1600)?,
    };
    assert!(
        refused(bench, larger)
            .await
            .starts_with("Numerical result out of range")
    );
    set_mtu(bench, &card1, 1400).await?;
    assert_eq!(get(bench, "vlan-test").await?.mtu, 1400);
    set_mtu(bench, &card1, 1500).await?;
    assert_eq!(get(bench, "vlan-test").await?.mtu, 1400);
    set_mtu(bench, &vlan_test, 1500).await?;

    bench.pull_out(&card1).await?;
    assert_eq!(find(bench, "vlan-test").await?, None);
    Ok(())
}
