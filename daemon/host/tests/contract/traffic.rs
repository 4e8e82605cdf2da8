//! Packets over the networks, in a namespace where each card's cable leads to a link `p-CARD`.
//!
//! Datagrams go to all IPv6 nodes of one link (ff02::1), from its link-local address; the kernel tells the receiver
//! which link each came in by. So one socket sees all networks, and no address has to be set.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use pocketstack_host::links::NetworkLinks;
use pocketstack_model::config::names::VlanId;
use pocketstack_model::config::network::{NetworkSettings, RoleNetwork};
use pocketstack_model::link::LinkAction;
use pocketstack_plan::network::plan;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::networks::{on, two, vlan};
use super::{act, get, mac, name, up};
use crate::bench::Bench;

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const LIMIT: Duration = Duration::from_secs(20);
/// What is to arrive does so within microseconds.
const QUIET: Duration = Duration::from_millis(300);

async fn make(bench: &impl Bench, settings: &NetworkSettings) -> anyhow::Result<()> {
    act(bench, plan(settings, &bench.links().observe().await?)).await
}

/// Waits until the link's own address has been found to be nobody else's.
async fn usable(bench: &impl Bench, link: &str) -> anyhow::Result<u32> {
    let mut changes = bench.links().changes();
    let found = async {
        loop {
            changes.borrow_and_update();
            let link = get(bench, link).await?;
            if !link.addresses.is_empty() {
                return anyhow::Ok(link.index.0);
            }
            changes.changed().await?;
        }
    };
    timeout(LIMIT, found).await?
}

async fn socket() -> anyhow::Result<(UdpSocket, u16)> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await?;
    socket.set_multicast_loop_v6(false)?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

async fn send(socket: &UdpSocket, link: u32, port: u16, what: u32) -> anyhow::Result<()> {
    let to = SocketAddrV6::new(ALL_NODES, port, 0, link);
    socket.send_to(&what.to_be_bytes(), to).await?;
    Ok(())
}

/// The next datagram: its number, and the link it came in by.
async fn receive(socket: &UdpSocket) -> anyhow::Result<Option<(u32, u32)>> {
    let mut bytes = [0; 4];
    let Ok(received) = timeout(QUIET, socket.recv_from(&mut bytes)).await else {
        return Ok(None);
    };
    let (_, from) = received?;
    let SocketAddr::V6(from) = from else {
        anyhow::bail!("{from} is no IPv6 address");
    };
    Ok(Some((u32::from_be_bytes(bytes), from.scope_id())))
}

/// Untagged frames come in by the bridge without a VLAN and tagged ones by the other, on the same card, and go out
/// as they should.
pub async fn tagged_and_untagged(bench: &impl Bench) -> anyhow::Result<()> {
    bench.plug_in(&name("card1"), mac(1)).await?;
    make(bench, &two(on(&["card1"]), vlan(7, on(&["card1"])))).await?;
    // The other end of the cable, as another machine would have it.
    let other_end = LinkAction::AddVlan {
        name: name("p-vlan"),
        lower: name("p-card1"),
        id: VlanId::try_from(7)?,
    };
    act(bench, [other_end, up("p-vlan")]).await?;
    let (plain, tagged) = (usable(bench, "p-card1").await?, usable(bench, "p-vlan").await?);
    let (management, external) = (usable(bench, "br-mgmt").await?, usable(bench, "br-ext").await?);
    let (socket, port) = socket().await?;
    for (what, (from, to)) in (0..).zip([
        (plain, management),
        (tagged, external),
        (management, plain),
        (external, tagged),
    ]) {
        send(&socket, from, port, what).await?;
        assert_eq!(receive(&socket).await?, Some((what, to)), "from {from}");
        assert_eq!(receive(&socket).await?, None, "from {from} to {to} and elsewhere");
    }
    Ok(())
}

/// The external network on card2 is not disturbed while the management network goes through these.
pub async fn undisturbed(bench: &impl Bench, management: &[RoleNetwork]) -> anyhow::Result<()> {
    for number in 1..=3 {
        bench
            .plug_in(&name(&format!("card{number}")), mac(number))
            .await?;
    }
    let settings: Vec<NetworkSettings> = management
        .iter()
        .map(|management| two(management.clone(), on(&["card2"])))
        .collect();
    make(bench, &settings[0]).await?;
    let from = usable(bench, "p-card2").await?;
    let to = get(bench, "br-ext").await?.index.0;
    let (sender, _) = socket().await?;
    let (receiver, port) = socket().await?;
    let (over, is_over) = watch::channel(false);

    let (sent, mut sent_so_far) = watch::channel(0);
    let sending = async {
        let mut number = 0;
        while !*is_over.borrow() {
            send(&sender, from, port, number).await?;
            number += 1;
            sent.send_replace(number);
            // Real traffic has pauses: without them the receiver's buffer would overflow, which is no loss on the way.
            sleep(Duration::from_millis(1)).await;
        }
        anyhow::Ok(number)
    };
    let receiving = async {
        let mut numbers = Vec::new();
        while let Some((number, by)) = receive(&receiver).await? {
            assert_eq!(by, to);
            numbers.push(number);
        }
        anyhow::Ok(numbers)
    };
    let changing = async {
        for _ in 0..10 {
            for settings in &settings {
                make(bench, settings).await?;
                // Some go over the network as it is now.
                let before = *sent_so_far.borrow_and_update();
                let some = sent_so_far.wait_for(|now| *now >= before + 5);
                timeout(LIMIT, some).await??;
            }
        }
        over.send_replace(true);
        anyhow::Ok(())
    };
    let (sent, received, changed) = tokio::join!(sending, receiving, changing);
    changed?;
    let (sent, received) = (sent?, received?);
    assert!(sent > 100, "only {sent} were sent");
    assert_eq!(received, (0..sent).collect::<Vec<u32>>());
    Ok(())
}
