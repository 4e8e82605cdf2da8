//! Network links: what the kernel says about them, and what can be done to them.
//!
//! `pocketstack-plan` turns [`Links`] into a list of [`LinkAction`]s, and `pocketstack-host` carries them out.

use std::fmt;
use std::net::IpAddr;

use crate::config::names::{Mtu, VlanId};
use crate::config::network::{BondPolicy, Role};
use crate::mac::MacAddress;
use crate::node::Address;
use crate::words::{Words, kept as words};

/// Name of a link, as the kernel accepts one (`dev_valid_name` in `net/core/dev.c`): 1 to 15 bytes, not `.` or
/// `..`, without `/`, `:` and white space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkName(String);

/// The text is no name of a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} cannot name a network link: 1 to 15 bytes are needed, without slash, colon and white space, and not . or .."
)]
pub struct LinkNameError {
    /// What was given.
    pub given: String,
}

impl LinkName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Name of the role's bridge.
    pub fn bridge(role: Role) -> Self {
        Self(role.bridge().to_owned())
    }

    /// Name of the bond of the cards that the role is the first to use.
    pub fn bond(role: Role) -> Self {
        Self(role.bond().to_owned())
    }

    /// Name of the role's VLAN link.
    pub fn vlan(role: Role) -> Self {
        Self(role.vlan().to_owned())
    }
}

impl TryFrom<&str> for LinkName {
    type Error = LinkNameError;

    fn try_from(name: &str) -> Result<Self, LinkNameError> {
        let fits = (1..=15).contains(&name.len()) && name != "." && name != "..";
        // The kernel's isspace() also counts 0xa0, which as a byte on its own is no UTF-8 and cannot be here.
        let clean = name
            .chars()
            .all(|c| c != '/' && c != ':' && c != '\0' && !c.is_whitespace());
        if fits && clean {
            Ok(Self(name.to_owned()))
        } else {
            Err(LinkNameError {
                given: name.to_owned(),
            })
        }
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kernel's number of a link. Never used twice while the machine runs, unlike a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkIndex(pub u32);

/// All links and their addresses at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// In the order of their numbers.
    pub links: Vec<ObservedLink>,
}

impl Links {
    /// The link of this name.
    pub fn named(&self, name: &str) -> Option<&ObservedLink> {
        self.links.iter().find(|link| link.name.as_str() == name)
    }

    /// The link with this number.
    pub fn at(&self, index: LinkIndex) -> Option<&ObservedLink> {
        self.links.iter().find(|link| link.index == index)
    }
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedLink {
    /// The kernel's number of it.
    pub index: LinkIndex,
    /// Name.
    pub name: LinkName,
    /// What it is.
    pub kind: LinkKind,
    /// Address it uses now. Ports of a bond use the bond's.
    pub mac: Option<MacAddress>,
    /// Whether it is switched on (`IFF_UP`), which says nothing about a cable.
    pub up: bool,
    /// Whether something alive is at the other end (`IFF_LOWER_UP`). Only known while it is `up`.
    pub carrier: bool,
    /// Bond or bridge it is a port of.
    pub master: Option<LinkIndex>,
    /// Largest packet it carries, in bytes.
    pub mtu: u32,
    /// IP addresses that can be used now: neither tentative nor found to be a duplicate.
    pub addresses: Vec<Address>,
}

impl ObservedLink {
    /// Addresses others can reach this link at: link-local ones left out, IPv4 first, otherwise in order.
    pub fn reachable_addresses(&self) -> Vec<Address> {
        let mut addresses: Vec<Address> = self
            .addresses
            .iter()
            .copied()
            .filter(|found| !is_local_only(found.address))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}

/// Loopback, unspecified and link-local addresses (RFC 3927, RFC 4291 section 2.5.6).
fn is_local_only(address: IpAddr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        }
}

/// What a link is, as far as decisions depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkKind {
    /// A wired network card.
    Wired(Card),
    /// A bridge.
    Bridge {
        /// Whether it takes part in the spanning tree protocol.
        stp: bool,
    },
    /// A bond.
    Bond {
        /// How it uses its ports.
        mode: BondMode,
        /// How often it looks at its ports' link, in milliseconds; 0 is never.
        miimon_ms: u32,
    },
    /// One VLAN of another link, with tags of IEEE 802.1Q.
    Vlan {
        /// Its number.
        id: VlanId,
        /// The link that carries its tagged frames.
        lower: LinkIndex,
    },
    /// Anything else: loopback, wireless, what VMs are attached to, tunnels.
    Other,
}

/// What only a network card has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its own address, whatever address it uses now.
    pub permanent_mac: MacAddress,
    /// Driver, if known.
    pub driver: Option<String>,
    /// Speed in Mbit/s, if there is a link and the driver tells it.
    pub mbps: Option<u32>,
    /// Largest packet it can be made to carry, in bytes, if the driver tells it.
    pub largest_mtu: Option<u32>,
    /// Whether the device manager is done with it. Before that it may still be given another name.
    pub settled: bool,
}

/// Bonding modes this program makes a difference between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BondMode {
    /// One port carries everything, the others stand by.
    ActiveBackup,
    /// IEEE 802.3ad: all ports carry, as agreed with the switch.
    Lacp,
    /// Any other.
    Other,
}

impl From<BondPolicy> for BondMode {
    fn from(policy: BondPolicy) -> Self {
        match policy {
            BondPolicy::ActiveBackup => Self::ActiveBackup,
            BondPolicy::Lacp => Self::Lacp,
        }
    }
}

/// One step. Carrying it out makes no decision; each names all it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkAction {
    /// Delete the link.
    Remove {
        /// Its number, so that a link that has taken over the name meanwhile is safe.
        index: LinkIndex,
        /// Its name, for messages.
        name: LinkName,
    },
    /// Take the link out of the bond or bridge it is a port of.
    Detach {
        /// The port.
        port: LinkName,
    },
    /// Switch the link off.
    SetDown {
        /// The link.
        link: LinkName,
    },
    /// Make a bond without ports.
    AddBond {
        /// Name of the bond.
        name: LinkName,
        /// How it uses its ports.
        policy: BondPolicy,
        /// Address of the bond and, in time, of all its ports.
        mac: MacAddress,
        /// How often it looks at its ports' link, in milliseconds.
        miimon_ms: u32,
    },
    /// Make a bridge without ports and without spanning tree protocol.
    AddBridge {
        /// Name of the bridge.
        name: LinkName,
        /// Its address.
        mac: MacAddress,
    },
    /// Make a link for one VLAN of another link.
    AddVlan {
        /// Name of the VLAN's link.
        name: LinkName,
        /// The link that carries the tagged frames.
        lower: LinkName,
        /// Number of the VLAN.
        id: VlanId,
    },
    /// Stop the bridge from taking part in the spanning tree protocol.
    StopStp {
        /// The bridge.
        bridge: LinkName,
    },
    /// Change the address of the link.
    SetMac {
        /// The link.
        link: LinkName,
        /// Its new address.
        mac: MacAddress,
    },
    /// Change the largest packet that the link carries. The ports of a bond follow it.
    SetMtu {
        /// The link.
        link: LinkName,
        /// Its new MTU.
        mtu: Mtu,
    },
    /// Make the link a port of a bond or bridge.
    Attach {
        /// The port.
        port: LinkName,
        /// The bond or bridge.
        master: LinkName,
    },
    /// Switch the link on.
    SetUp {
        /// The link.
        link: LinkName,
    },
}

impl LinkAction {
    /// What it does, while it does it.
    pub fn words(&self) -> Words {
        match self {
            Self::Remove { name, .. } => words::link_removed(name.as_str()),
            Self::Detach { port } => words::link_detached(port.as_str()),
            Self::SetDown { link } => words::link_set_down(link.as_str()),
            Self::AddBond { name, .. } => words::bond_added(name.as_str()),
            Self::AddBridge { name, .. } => words::bridge_added(name.as_str()),
            Self::AddVlan { name, lower, id } => {
                words::vlan_added(name.as_str(), id.to_string(), lower.as_str())
            }
            Self::StopStp { bridge } => words::stp_stopped(bridge.as_str()),
            Self::SetMac { link, mac } => words::mac_set(link.as_str(), mac.to_string()),
            Self::SetMtu { link, mtu } => words::mtu_set(link.as_str(), mtu.to_string()),
            Self::Attach { port, master } => words::link_attached(port.as_str(), master.as_str()),
            Self::SetUp { link } => words::link_set_up(link.as_str()),
        }
    }
}

impl fmt::Display for LinkAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_kernel() {
        for good in ["lo", "br-mgmt", "enp1s0f0np0", "eth0.100", "a", "fifteen-bytes-x"] {
            assert!(LinkName::try_from(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "a:b", "sixteen-bytes-xx", "tab\t"] {
            assert!(LinkName::try_from(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_names_of_our_links_are_names() {
        for role in Role::ALL {
            for ours in [LinkName::bridge(role), LinkName::bond(role), LinkName::vlan(role)] {
                assert_eq!(LinkName::try_from(ours.as_str()), Ok(ours));
            }
        }
    }

    #[test]
    fn only_addresses_others_can_use_are_told_and_ipv4_first() {
        let address = |text: &str, prefix| Address {
            address: text.parse().expect("an address"),
            prefix,
        };
        let link = ObservedLink {
            index: LinkIndex(2),
            name: LinkName::try_from("br-mgmt").expect("a name"),
            kind: LinkKind::Bridge { stp: false },
            mac: None,
            up: true,
            carrier: true,
            master: None,
            mtu: 1500,
            addresses: vec![
                address("fe80::1", 64),
                address("2001:db8::5", 64),
                address("169.254.3.4", 16),
                address("192.0.2.9", 24),
                address("192.0.2.9", 24),
            ],
        };
        assert_eq!(
            link.reachable_addresses(),
            [address("192.0.2.9", 24), address("2001:db8::5", 64)]
        );
    }
}
