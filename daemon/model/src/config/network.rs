//! The networks of a node: one for each role.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::names::{CardName, Cidr, Mtu, VlanId};
use super::problem::{Problem, Problems};
use super::rules;

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Hosts, DRBD, Heartbeat, the admin page.
    Management,
    /// The admin page and VMs to the world.
    External,
    /// Power control of the hosts.
    Bmc,
}

impl Role {
    /// All of them, management first.
    pub const ALL: [Self; 3] = [Self::Management, Self::External, Self::Bmc];

    /// Name of the role's bridge.
    pub const fn bridge(self) -> &'static str {
        match self {
            Self::Management => "br-mgmt",
            Self::External => "br-ext",
            Self::Bmc => "br-bmc",
        }
    }

    /// Name of the bond under it, if it is the first role that uses these cards.
    pub const fn bond(self) -> &'static str {
        match self {
            Self::Management => "bond-mgmt",
            Self::External => "bond-ext",
            Self::Bmc => "bond-bmc",
        }
    }

    /// Name of the VLAN link under the bridge, if the role has a VLAN.
    pub const fn vlan(self) -> &'static str {
        match self {
            Self::Management => "vlan-mgmt",
            Self::External => "vlan-ext",
            Self::Bmc => "vlan-bmc",
        }
    }
}

/// The role as it is called in files.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Management => "management",
            Self::External => "external",
            Self::Bmc => "bmc",
        })
    }
}

/// The networks. A role that is absent has no bridge of its own: it uses the management network's.
///
/// Whatever is deserialized fits together ([`NetworkSettings::problems`] is empty); one made in memory is checked when it is
/// written ([`super::file::to_toml`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct NetworkSettings {
    /// Always there.
    pub management: RoleNetwork,
    /// On its own bridge `br-ext`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<RoleNetwork>,
    /// On its own bridge `br-bmc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bmc: Option<RoleNetwork>,
}

/// What comes in, before it is known to fit together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(default)]
    management: RoleNetwork,
    #[serde(default)]
    external: Option<RoleNetwork>,
    #[serde(default)]
    bmc: Option<RoleNetwork>,
}

impl TryFrom<Unchecked> for NetworkSettings {
    type Error = Problems;

    fn try_from(unchecked: Unchecked) -> Result<Self, Problems> {
        let networks = Self {
            management: unchecked.management,
            external: unchecked.external,
            bmc: unchecked.bmc,
        };
        Problems::none_in(networks.problems(), networks)
    }
}

impl NetworkSettings {
    /// All that does not fit together, for forms that show it beside their fields. The keys start with "network.".
    pub fn problems(&self) -> Vec<Problem> {
        rules::problems(self)
    }

    /// The roles that have a network of their own, management first.
    pub fn roles(&self) -> impl Iterator<Item = (Role, &RoleNetwork)> {
        [
            (Role::Management, Some(&self.management)),
            (Role::External, self.external.as_ref()),
            (Role::Bmc, self.bmc.as_ref()),
        ]
        .into_iter()
        .filter_map(|(role, network)| Some((role, network?)))
    }
}

/// One role's network. The default is what a node has before setup: every card that no other role names, in an
/// active-backup bond, addresses by DHCP and router advertisements (docs/decisions/0002).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleNetwork {
    /// The cards, by kernel name or MAC address. Empty: all that no other role names (management only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<CardName>,
    /// How several cards are used as one. A single named card needs no bond and gets none.
    #[serde(default)]
    pub bond: BondPolicy,
    /// VLAN on these cards; absent for untagged. Roles may share cards if their VLANs differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<VlanId>,
    /// Largest packet in bytes.
    #[serde(default)]
    pub mtu: Mtu,
    /// IPv4.
    #[serde(default)]
    pub ipv4: Ipv4Settings,
    /// IPv6.
    #[serde(default)]
    pub ipv6: Ipv6Settings,
    /// Name servers, besides those that DHCP or router advertisements name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<IpAddr>,
}

/// Bonding modes that are offered (`networking/bonding.rst`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BondPolicy {
    /// One card carries everything, the others stand by. Works with any switch.
    #[default]
    ActiveBackup,
    /// IEEE 802.3ad: the switch must be set up for it.
    Lacp,
}

/// How a bridge gets its IPv4 address. In files: `"dhcp"`, `"off"`, or a table with `address` and `gateway`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ipv4Settings {
    /// From a DHCP server.
    #[default]
    Dhcp,
    /// No IPv4.
    Off,
    /// Set by hand.
    Static {
        /// Address and length of the network's prefix.
        address: Cidr<Ipv4Addr>,
        /// Router to everywhere else, inside the network.
        gateway: Option<Ipv4Addr>,
    },
}

/// How a bridge gets its IPv6 address. In files: `"auto"`, `"off"`, or a table with `address` and `gateway`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ipv6Settings {
    /// From router advertisements, and DHCPv6 where they say so.
    #[default]
    Auto,
    /// Only the link-local address.
    Off,
    /// Set by hand.
    Static {
        /// Address and length of the network's prefix.
        address: Cidr<Ipv6Addr>,
        /// Router to everywhere else: inside the network, or link-local.
        gateway: Option<Ipv6Addr>,
    },
}
