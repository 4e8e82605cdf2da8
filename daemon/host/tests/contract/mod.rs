//! What every adapter of `NetworkLinks` keeps, and the networks made with it.

pub mod neighbours;
pub mod networks;
pub mod software;
pub mod storm;
pub mod traffic;

use std::time::Duration;

use pocketstack_host::links::{Error, NetworkLinks};
use pocketstack_model::config::names::Mtu;
use pocketstack_model::link::{LinkAction, LinkKind, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;
use pocketstack_plan::management::{BOND, BRIDGE, plan};

use crate::bench::Bench;

fn name(text: &str) -> LinkName {
    LinkName::try_from(text).expect("a name of a link")
}

fn mac(last: u8) -> MacAddress {
    MacAddress::try_from([0x52, 0x54, 0, 0, 0, last].as_slice()).expect("a MAC address")
}

async fn find(bench: &impl Bench, link: &str) -> anyhow::Result<Option<ObservedLink>> {
    Ok(bench.links().observe().await?.named(link).cloned())
}

async fn get(bench: &impl Bench, link: &str) -> anyhow::Result<ObservedLink> {
    find(bench, link)
        .await?
        .ok_or_else(|| anyhow::anyhow!("{link} is not there"))
}

/// What the kernel says to an action that cannot be.
async fn refused(bench: &impl Bench, action: LinkAction) -> String {
    match bench.links().act(&action).await {
        Err(Error::Act { action: told, why }) if told == action => why,
        other => panic!("{action} must be refused, not {other:?}"),
    }
}

/// Reading, and every action that needs no bond.
pub async fn links(bench: &impl Bench) -> anyhow::Result<()> {
    let mut changes = bench.links().changes();
    changes.borrow_and_update();
    bench.plug_in(&name("card1"), mac(1)).await?;
    tokio::time::timeout(Duration::from_secs(10), changes.changed()).await??;

    let card = get(bench, "card1").await?;
    let LinkKind::Wired(wired) = &card.kind else {
        panic!("{card:?} is a card")
    };
    assert_eq!((wired.permanent_mac, card.mac), (mac(1), Some(mac(1))));
    assert_eq!((card.up, card.master), (false, None));

    let bridge = name("br-test");
    let add = LinkAction::AddBridge {
        name: bridge.clone(),
        mac: mac(9),
    };
    bench.links().act(&add).await?;
    assert!(refused(bench, add).await.starts_with("File exists"));
    let made = get(bench, "br-test").await?;
    assert_eq!(
        (made.kind, made.mac, made.up),
        (LinkKind::Bridge { stp: false }, Some(mac(9)), false)
    );

    let card1 = name("card1");
    // Everything that sets a state can be repeated.
    let steps = [
        LinkAction::Attach {
            port: card1.clone(),
            master: bridge.clone(),
        },
        LinkAction::SetUp { link: card1.clone() },
        LinkAction::SetUp { link: bridge.clone() },
        LinkAction::StopStp {
            bridge: bridge.clone(),
        },
        LinkAction::SetMac {
            link: bridge.clone(),
            mac: mac(8),
        },
    ];
    for step in &steps {
        bench.links().act(step).await?;
        bench.links().act(step).await?;
    }
    let (card, made) = (get(bench, "card1").await?, get(bench, "br-test").await?);
    assert_eq!(
        (card.master, card.up, card.carrier),
        (Some(made.index), true, true)
    );
    // A port of a bridge keeps its own address, and the bridge the one it was given.
    assert_eq!((card.mac, made.mac, made.up), (Some(mac(1)), Some(mac(8)), true));

    sizes(bench, &card1, &bridge).await?;

    let address = Address {
        address: [192, 0, 2, 7].into(),
        prefix: 24,
    };
    bench.add_address(&bridge, address).await?;
    assert_eq!(get(bench, "br-test").await?.reachable_addresses(), [address]);

    let undo = [
        LinkAction::Detach { port: card1.clone() },
        LinkAction::SetDown { link: card1.clone() },
    ];
    for step in &undo {
        bench.links().act(step).await?;
        bench.links().act(step).await?;
    }
    let card = get(bench, "card1").await?;
    assert_eq!((card.master, card.up), (None, false));

    let remove = LinkAction::Remove {
        index: made.index,
        name: bridge.clone(),
    };
    bench.links().act(&remove).await?;
    assert_eq!(find(bench, "br-test").await?, None);
    assert!(refused(bench, remove).await.starts_with("No such device"));
    assert!(
        refused(
            bench,
            LinkAction::SetUp {
                link: name("nowhere")
            }
        )
        .await
        .starts_with("No such device")
    );

    bench.pull_out(&card1).await?;
    assert_eq!(find(bench, "card1").await?, None);
    Ok(())
}

/// A bridge has the MTU of its smallest port until it is given one.
async fn sizes(bench: &impl Bench, card: &LinkName, bridge: &LinkName) -> anyhow::Result<()> {
    let both = async || {
        let (card, bridge) = (
            get(bench, card.as_str()).await?,
            get(bench, bridge.as_str()).await?,
        );
        anyhow::Ok((card.mtu, bridge.mtu))
    };
    assert_eq!(both().await?, (1500, 1500));
    set_mtu(bench, card, 1400).await?;
    assert_eq!(both().await?, (1400, 1400));
    set_mtu(bench, bridge, 1500).await?;
    set_mtu(bench, card, 1300).await?;
    assert_eq!(both().await?, (1300, 1500));
    set_mtu(bench, card, 1500).await
}

async fn set_mtu(bench: &impl Bench, link: &LinkName, mtu: u16) -> anyhow::Result<()> {
    let set = LinkAction::SetMtu {
        link: link.clone(),
        mtu: Mtu::try_from(mtu)?,
    };
    bench.links().act(&set).await?;
    Ok(bench.links().act(&set).await?)
}

async fn act(bench: &impl Bench, actions: impl IntoIterator<Item = LinkAction>) -> anyhow::Result<()> {
    for action in actions {
        bench.links().act(&action).await?;
    }
    Ok(())
}

fn up(link: &str) -> LinkAction {
    LinkAction::SetUp { link: name(link) }
}

fn attach(port: &str, master: &str) -> LinkAction {
    LinkAction::Attach {
        port: name(port),
        master: name(master),
    }
}

async fn remove(bench: &impl Bench, link: &str) -> anyhow::Result<()> {
    let link = get(bench, link).await?;
    let remove = LinkAction::Remove {
        index: link.index,
        name: link.name,
    };
    Ok(bench.links().act(&remove).await?)
}

async fn pass(bench: &impl Bench, at_most: usize) -> anyhow::Result<usize> {
    let actions = plan(&bench.links().observe().await?);
    for action in actions.iter().take(at_most) {
        bench.links().act(action).await?;
    }
    Ok(actions.len())
}

fn check(links: &Links, cards: &[&str], address: MacAddress) {
    assert_eq!(plan(links), [], "{links:?}");
    let (bridge, bond) = (
        links.named(BRIDGE).expect("a bridge"),
        links.named(BOND).expect("a bond"),
    );
    assert_eq!((bridge.mac, bond.mac), (Some(address), Some(address)));
    assert!(
        bridge.up && bond.up && bond.master == Some(bridge.index),
        "{links:?}"
    );
    for card in cards {
        let card = links.named(card).expect("a card");
        assert!(
            card.up && card.master == Some(bond.index) && card.mac == Some(address),
            "{card:?}"
        );
    }
}

/// The management network is made, from whatever step a pass is cut short at; cards join and leave.
pub async fn management(bench: &impl Bench) -> anyhow::Result<()> {
    bench.plug_in(&name("card2"), mac(2)).await?;
    bench.plug_in(&name("card3"), mac(3)).await?;
    bench
        .links()
        .act(&LinkAction::SetUp { link: name("card3") })
        .await?;

    let steps = plan(&bench.links().observe().await?).len();
    assert!(steps > 5);
    for cut in 0..=steps {
        pass(bench, cut).await?;
        // Killed here. Whoever comes next knows nothing of it.
        pass(bench, usize::MAX).await?;
        check(&bench.links().observe().await?, &["card2", "card3"], mac(2));
        for link in [BRIDGE, BOND] {
            let link = get(bench, link).await?;
            bench
                .links()
                .act(&LinkAction::Remove {
                    index: link.index,
                    name: link.name,
                })
                .await?;
        }
    }

    pass(bench, usize::MAX).await?;
    bench.plug_in(&name("card1"), mac(1)).await?;
    pass(bench, usize::MAX).await?;
    check(
        &bench.links().observe().await?,
        &["card1", "card2", "card3"],
        mac(2),
    );

    bench.pull_out(&name("card2")).await?;
    pass(bench, usize::MAX).await?;
    check(&bench.links().observe().await?, &["card1", "card3"], mac(1));
    let own: Vec<_> = ["card1", "card3"].iter().map(|card| get(bench, card)).collect();
    for (card, last) in own.into_iter().zip([1, 3]) {
        let LinkKind::Wired(card) = card.await?.kind else {
            panic!("a card")
        };
        assert_eq!(card.permanent_mac, mac(last));
    }
    Ok(())
}
