//! The real adapter: the kernel's rtnetlink (rtnetlink(7)).

use std::net::Ipv4Addr;

use futures_util::{StreamExt, TryStreamExt};
use pocketstack_model::config::names::VlanId;
use pocketstack_model::config::network::BondPolicy;
use pocketstack_model::link::{
    BondMode, Card, LinkAction, LinkIndex, LinkKind, LinkName, Links, ObservedLink,
};
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;
use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::link::{
    BondMode as KernelBondMode, BridgeStpState, InfoBond, InfoBondPort, InfoBridge, InfoData, InfoKind,
    InfoPortData, InfoVlan, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage, VlanProtocol,
};
use rtnetlink::{
    Handle, LinkBond, LinkBridge, LinkUnspec, LinkVlan, MulticastGroup, new_multicast_connection,
};
use tokio::sync::{Mutex, watch};

use super::{Error, NetworkLinks, arp, card::card};
use crate::root::Root;

/// One netlink socket of the network namespace it was made in.
#[derive(Debug)]
pub struct Rtnetlink {
    root: Root,
    handle: Handle,
    changes: watch::Receiver<u64>,
    /// Held while a request is under way: the kernel answers EBUSY to a second dump on one socket.
    turn: Mutex<()>,
    /// The task that moves messages; it ends with this adapter.
    moving: tokio::task::JoinHandle<()>,
}

impl Rtnetlink {
    /// Opens the socket and listens for changes from now on. `root` is where sysfs and udev's data are. Needs a
    /// tokio runtime with I/O.
    ///
    /// # Errors
    /// [`Error::Connect`].
    pub fn open(root: Root) -> Result<Self, Error> {
        let groups = [
            MulticastGroup::Link,
            MulticastGroup::Ipv4Ifaddr,
            MulticastGroup::Ipv6Ifaddr,
        ];
        let (connection, handle, mut messages) = new_multicast_connection(&groups).map_err(Error::Connect)?;
        let (tick, changes) = watch::channel(0);
        let moving = tokio::spawn(async move {
            let ticking = async move {
                while messages.next().await.is_some() {
                    tick.send_modify(|count| *count += 1);
                }
            };
            tokio::join!(connection, ticking);
        });
        Ok(Self {
            root,
            handle,
            changes,
            turn: Mutex::new(()),
            moving,
        })
    }

    async fn index(&self, name: &LinkName) -> Result<u32, rtnetlink::Error> {
        let found = self.handle.link().get().match_name(name.as_str()).execute();
        let link = std::pin::pin!(found)
            .try_next()
            .await?
            .ok_or(rtnetlink::Error::RequestFailed)?;
        Ok(link.header.index)
    }

    async fn change(&self, message: LinkMessage) -> Result<(), rtnetlink::Error> {
        self.handle.link().change(message).execute().await
    }

    async fn carry_out(&self, action: &LinkAction) -> Result<(), rtnetlink::Error> {
        match action {
            LinkAction::Remove { index, .. } => self.handle.link().del(index.0).execute().await,
            LinkAction::Detach { port } => {
                self.change(
                    LinkUnspec::new_with_index(self.index(port).await?)
                        .nocontroller()
                        .build(),
                )
                .await
            }
            LinkAction::SetDown { link } => {
                self.change(LinkUnspec::new_with_index(self.index(link).await?).down().build())
                    .await
            }
            LinkAction::SetUp { link } => {
                self.change(LinkUnspec::new_with_index(self.index(link).await?).up().build())
                    .await
            }
            LinkAction::AddBond {
                name,
                policy,
                mac,
                miimon_ms,
            } => {
                let bond = LinkBond::new(name.as_str())
                    .mode(kernel_mode(*policy))
                    .miimon(*miimon_ms)
                    .address(mac.bytes().to_vec());
                self.handle.link().add(bond.build()).execute().await
            }
            LinkAction::AddVlan { name, lower, id } => {
                let vlan = LinkVlan::new(name.as_str(), self.index(lower).await?, (*id).into());
                self.handle.link().add(vlan.build()).execute().await
            }
            LinkAction::AddBridge { name, mac } => {
                let bridge = LinkBridge::new(name.as_str())
                    .down()
                    .stp_state(BridgeStpState::Disabled)
                    .address(mac.bytes().to_vec());
                self.handle.link().add(bridge.build()).execute().await
            }
            LinkAction::StopStp { bridge } => {
                let off = LinkBridge::new(bridge.as_str())
                    .stp_state(BridgeStpState::Disabled)
                    .set_header(
                        LinkUnspec::new_with_index(self.index(bridge).await?)
                            .build()
                            .header,
                    );
                self.change(off.build()).await
            }
            LinkAction::SetMac { link, mac } => {
                let link = LinkUnspec::new_with_index(self.index(link).await?);
                self.change(link.address(mac.bytes().to_vec()).build()).await
            }
            LinkAction::SetMtu { link, mtu } => {
                let link = LinkUnspec::new_with_index(self.index(link).await?);
                self.change(link.mtu(u32::from(u16::from(*mtu))).build()).await
            }
            LinkAction::Attach { port, master } => {
                let master = self.index(master).await?;
                let port = LinkUnspec::new_with_index(self.index(port).await?);
                self.change(port.controller(master).build()).await
            }
        }
    }
}

impl Drop for Rtnetlink {
    fn drop(&mut self) {
        self.moving.abort();
    }
}

impl NetworkLinks for Rtnetlink {
    async fn observe(&self) -> Result<Links, Error> {
        let read = |error: rtnetlink::Error| Error::Read(words(&error));
        let _turn = self.turn.lock().await;
        let messages: Vec<LinkMessage> = self
            .handle
            .link()
            .get()
            .execute()
            .try_collect()
            .await
            .map_err(read)?;
        let addresses: Vec<AddressMessage> = self
            .handle
            .address()
            .get()
            .execute()
            .try_collect()
            .await
            .map_err(read)?;
        let mut links: Vec<ObservedLink> = messages
            .iter()
            .filter_map(|message| observed(&self.root, message))
            .collect();
        links.sort_by_key(|link| link.index);
        for message in &addresses {
            let at = links.iter_mut().find(|link| link.index.0 == message.header.index);
            if let (Some(link), Some(address)) = (at, usable_address(message)) {
                link.addresses.push(address);
            }
        }
        Ok(Links { links })
    }

    async fn act(&self, action: &LinkAction) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        self.carry_out(action).await.map_err(|error| Error::Act {
            action: action.clone(),
            why: words(&error),
        })
    }

    async fn who_has(
        &self,
        link: &LinkName,
        address: Ipv4Addr,
        from: Option<Ipv4Addr>,
    ) -> Result<Option<MacAddress>, Error> {
        let failed = |why: String| Error::Ask {
            link: link.clone(),
            address,
            why,
        };
        let links = self.observe().await?;
        let found = links
            .named(link.as_str())
            .and_then(|link| Some((link.index, link.mac?)));
        let asked = found.ok_or_else(|| failed("No such device".to_owned()))?;
        arp::who_has(asked, address, from)
            .await
            .map_err(|error| failed(error.to_string()))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

/// What the kernel says, without the crate's words around it.
fn words(error: &rtnetlink::Error) -> String {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io().to_string(),
        other => other.to_string(),
    }
}

/// One link; `None` only if the kernel told no usable name.
fn observed(root: &Root, message: &LinkMessage) -> Option<ObservedLink> {
    let mut name = None;
    let (mut mac, mut own_mac, mut master) = (None, None, None);
    let (mut mtu, mut largest_mtu, mut lower, mut elsewhere) = (0, None, None, false);
    let mut infos: &[LinkInfo] = &[];
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(text) => name = LinkName::try_from(text.as_str()).ok(),
            LinkAttribute::Address(bytes) => mac = MacAddress::try_from(bytes.as_slice()).ok(),
            LinkAttribute::PermAddress(bytes) => own_mac = MacAddress::try_from(bytes.as_slice()).ok(),
            LinkAttribute::Controller(index) if *index != 0 => master = Some(LinkIndex(*index)),
            LinkAttribute::Mtu(bytes) => mtu = *bytes,
            // 0 is no limit (struct net_device in linux/netdevice.h).
            LinkAttribute::MaxMtu(bytes) if *bytes != 0 => largest_mtu = Some(*bytes),
            LinkAttribute::Link(index) => lower = Some(LinkIndex(*index)),
            LinkAttribute::LinkNetNsId(_) => elsewhere = true,
            LinkAttribute::LinkInfo(found) => infos = found,
            _ => {}
        }
    }
    let name = name?;
    let index = message.header.index;
    // In another network namespace the number stands for another link.
    let lower = lower.filter(|_| !elsewhere);
    let kind = software_kind(infos, lower).unwrap_or_else(|| {
        // A driver without a burnt-in address tells none. In a bond the bond remembers what the port had before.
        let permanent = own_mac.or_else(|| mac_before_bond(infos)).or(mac);
        permanent
            .filter(|_| message.header.link_layer_type == LinkLayerType::Ether)
            .and_then(|permanent| card(root, name.as_str(), index, permanent))
            .map_or(LinkKind::Other, |card| {
                LinkKind::Wired(Card { largest_mtu, ..card })
            })
    });
    let flags = message.header.flags;
    Some(ObservedLink {
        index: LinkIndex(index),
        name,
        kind,
        mac,
        up: flags.contains(LinkFlags::Up),
        carrier: flags.contains(LinkFlags::LowerUp),
        master,
        mtu,
        addresses: Vec::new(),
    })
}

fn kernel_mode(policy: BondPolicy) -> KernelBondMode {
    match policy {
        BondPolicy::ActiveBackup => KernelBondMode::ActiveBackup,
        BondPolicy::Lacp => KernelBondMode::Ieee8023Ad,
    }
}

/// Bridges, bonds and VLANs say so themselves.
fn software_kind(infos: &[LinkInfo], lower: Option<LinkIndex>) -> Option<LinkKind> {
    let kind = infos.iter().find_map(|info| {
        if let LinkInfo::Kind(kind) = info {
            Some(kind)
        } else {
            None
        }
    })?;
    let data = infos.iter().find_map(|info| {
        if let LinkInfo::Data(data) = info {
            Some(data)
        } else {
            None
        }
    });
    match (kind, data) {
        (InfoKind::Bridge, Some(InfoData::Bridge(settings))) => Some(LinkKind::Bridge {
            stp: settings.iter().any(
                |setting| matches!(setting, InfoBridge::StpState(state) if *state != BridgeStpState::Disabled),
            ),
        }),
        (InfoKind::Bond, Some(InfoData::Bond(settings))) => {
            let (mut mode, mut miimon_ms) = (BondMode::Other, 0);
            for setting in settings {
                match setting {
                    InfoBond::Mode(KernelBondMode::ActiveBackup) => mode = BondMode::ActiveBackup,
                    InfoBond::Mode(KernelBondMode::Ieee8023Ad) => mode = BondMode::Lacp,
                    InfoBond::MiiMon(interval) => miimon_ms = *interval,
                    _ => {}
                }
            }
            Some(LinkKind::Bond { mode, miimon_ms })
        }
        (InfoKind::Vlan, Some(InfoData::Vlan(settings))) => Some(vlan(settings, lower?)),
        _ => None,
    }
}

/// A VLAN of IEEE 802.1Q; those of providers (802.1ad) and without number are nothing decisions depend on.
fn vlan(settings: &[InfoVlan], lower: LinkIndex) -> LinkKind {
    let id = settings.iter().find_map(|setting| match setting {
        InfoVlan::Id(number) => VlanId::try_from(*number).ok(),
        _ => None,
    });
    let plain = settings
        .iter()
        .any(|setting| matches!(setting, InfoVlan::Protocol(VlanProtocol::Ieee8021Q)));
    match id {
        Some(id) if plain => LinkKind::Vlan { id, lower },
        _ => LinkKind::Other,
    }
}

fn mac_before_bond(infos: &[LinkInfo]) -> Option<MacAddress> {
    infos.iter().find_map(|info| match info {
        LinkInfo::PortData(InfoPortData::BondPort(settings)) => {
            settings.iter().find_map(|setting| match setting {
                InfoBondPort::PermHwaddr(bytes) => MacAddress::try_from(bytes.as_slice()).ok(),
                _ => None,
            })
        }
        _ => None,
    })
}

/// An address that can be used now. Duplicate address detection (RFC 4862) is over and has found no other owner.
fn usable_address(message: &AddressMessage) -> Option<Address> {
    if message
        .header
        .flags
        .intersects(AddressHeaderFlags::Tentative | AddressHeaderFlags::Dadfailed)
    {
        return None;
    }
    // On point-to-point links IFA_ADDRESS is the other end and IFA_LOCAL this one (linux/if_addr.h).
    let local = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    let any = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(address) => Some(*address),
        _ => None,
    });
    Some(Address {
        address: local.or(any)?,
        prefix: message.header.prefix_len,
    })
}

#[cfg(test)]
mod tests;
