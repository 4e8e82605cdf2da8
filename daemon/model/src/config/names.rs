//! Names and small values of a configuration. Each is checked where it comes in and cannot be wrong afterwards.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::link::LinkName;
use crate::mac::MacAddress;

/// A value that is no such thing, with what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no {what}: {needed}")]
pub struct ValueError {
    /// What was given.
    pub given: String,
    /// What was expected there.
    pub what: &'static str,
    /// What would be right, in words.
    pub needed: &'static str,
}

fn error(given: &str, what: &'static str, needed: &'static str) -> ValueError {
    ValueError {
        given: given.to_owned(),
        what,
        needed,
    }
}

macro_rules! text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = ValueError;

            fn try_from(text: String) -> Result<Self, ValueError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

/// Name of a machine: one label of RFC 1123 section 2.1 (lower-case letters, digits and hyphens, 1 to 63 of them, no
/// hyphen at either end).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl Default for HostName {
    fn default() -> Self {
        Self("pocketstack".to_owned())
    }
}

impl FromStr for HostName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let fits = (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        let clean = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        // A name of digits only would be taken for an address.
        let named = text.bytes().any(|byte| byte.is_ascii_lowercase());
        if fits && clean && named && text != "localhost" {
            return Ok(Self(text.to_owned()));
        }
        Err(error(
            text,
            "host name",
            "1 to 63 lower-case letters, digits and hyphens are needed, at least one letter, no hyphen at either end, and not localhost",
        ))
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
text!(HostName);

/// Name of a time zone ("America/Sao_Paulo"). Whether the machine knows it is seen when it is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(String);

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl FromStr for TimeZone {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        if text.len() <= 64 && text.split('/').all(part) {
            return Ok(Self(text.to_owned()));
        }
        Err(error(
            text,
            "time zone",
            "a name such as UTC, Europe/Lisbon or America/Sao_Paulo is needed",
        ))
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
text!(TimeZone);

/// A time server, by name or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeServer(String);

impl FromStr for TimeServer {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let named = text.len() <= 253 && text.split('.').all(label);
        if text.parse::<IpAddr>().is_ok() || named {
            return Ok(Self(text.to_owned()));
        }
        Err(error(
            text,
            "time server",
            "a name such as pool.ntp.org or an IP address is needed",
        ))
    }
}

impl fmt::Display for TimeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
text!(TimeServer);

/// A network card, by the kernel's name or by its own MAC address, which stays when it is moved to another slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CardName {
    /// Kernel name ("enp1s0").
    Link(LinkName),
    /// Permanent MAC address.
    Mac(MacAddress),
}

impl FromStr for CardName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Ok(mac) = text.parse() {
            return Ok(Self::Mac(mac));
        }
        LinkName::try_from(text).map(Self::Link).map_err(|_| {
            error(
                text,
                "network card",
                "a name such as enp1s0 or a MAC address such as 52:54:00:12:34:56 is needed",
            )
        })
    }
}

impl fmt::Display for CardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(name) => name.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
        }
    }
}
text!(CardName);

/// Number of a VLAN, 1 to 4094 (IEEE 802.1Q; 0 and 4095 are reserved).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct VlanId(u16);

impl TryFrom<u16> for VlanId {
    type Error = ValueError;

    fn try_from(number: u16) -> Result<Self, ValueError> {
        if (1..=4094).contains(&number) {
            return Ok(Self(number));
        }
        Err(error(
            &number.to_string(),
            "VLAN",
            "a number from 1 to 4094 is needed",
        ))
    }
}

impl From<VlanId> for u16 {
    fn from(vlan: VlanId) -> Self {
        vlan.0
    }
}

/// Largest packet of a network in bytes, 1280 (what IPv6 needs, RFC 8200 section 5) to 9216.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Mtu(u16);

impl Default for Mtu {
    fn default() -> Self {
        Self(1500)
    }
}

impl TryFrom<u16> for Mtu {
    type Error = ValueError;

    fn try_from(bytes: u16) -> Result<Self, ValueError> {
        if (1280..=9216).contains(&bytes) {
            return Ok(Self(bytes));
        }
        Err(error(
            &bytes.to_string(),
            "MTU",
            "a number of bytes from 1280 to 9216 is needed",
        ))
    }
}

impl From<Mtu> for u16 {
    fn from(mtu: Mtu) -> Self {
        mtu.0
    }
}

/// An address with the length of its network's prefix ("192.168.1.10/24").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr<A> {
    /// The address of this machine, not of the network.
    pub address: A,
    /// Length of the prefix in bits.
    pub prefix: u8,
}

impl FromStr for Cidr<Ipv4Addr> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || {
            error(
                text,
                "IPv4 address with prefix",
                "the address of this machine and the length of its network's prefix are needed, such as 192.168.1.10/24",
            )
        };
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        let host = u32::from(address) & u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
        let all = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
        let usable = !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !address.is_broadcast()
            && (1..=32).contains(&prefix);
        // The first and the last address of a network are nobody's, except where it has only one or two (RFC 3021).
        if usable && (prefix >= 31 || (host != 0 && host != all)) {
            return Ok(Self { address, prefix });
        }
        Err(wrong())
    }
}

impl FromStr for Cidr<Ipv6Addr> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || {
            error(
                text,
                "IPv6 address with prefix",
                "the address of this machine and the length of its network's prefix are needed, such as 2001:db8::10/64",
            )
        };
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: Ipv6Addr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        let usable = !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !address.is_unicast_link_local()
            && address.to_ipv4_mapped().is_none()
            && (1..=128).contains(&prefix);
        if usable {
            Ok(Self { address, prefix })
        } else {
            Err(wrong())
        }
    }
}

impl<A: fmt::Display> fmt::Display for Cidr<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
