//! Names and small values of a configuration. Each is checked where it comes in and cannot be wrong afterwards.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use super::cidr::Cidr;
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

/// What is given may come from anybody, so no more of it is repeated than a person reads.
pub(crate) fn error(given: &str, what: &'static str, needed: &'static str) -> ValueError {
    ValueError {
        given: shorten(given),
        what,
        needed,
    }
}

/// At most the first 60 characters.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
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
        Err(Self::wrong(&number.to_string()))
    }
}

impl FromStr for VlanId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number: u16 = text.parse().map_err(|_| Self::wrong(text))?;
        Self::try_from(number)
    }
}

impl VlanId {
    fn wrong(given: &str) -> ValueError {
        error(given, "VLAN", "a number from 1 to 4094 is needed")
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
        Err(Self::wrong(&bytes.to_string()))
    }
}

impl FromStr for Mtu {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number: u16 = text.parse().map_err(|_| Self::wrong(text))?;
        Self::try_from(number)
    }
}

impl Mtu {
    fn wrong(given: &str) -> ValueError {
        error(given, "MTU", "a number of bytes from 1280 to 9216 is needed")
    }
}

impl fmt::Display for Mtu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Mtu> for u16 {
    fn from(mtu: Mtu) -> Self {
        mtu.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: FromStr<Err = ValueError> + fmt::Debug>(texts: &[&str]) {
        for text in texts {
            assert!(text.parse::<T>().is_err(), "{text:?}");
        }
    }

    fn kept<T: FromStr<Err = ValueError> + fmt::Display>(texts: &[&str]) {
        for text in texts {
            let value: T = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(value.to_string(), *text);
        }
    }

    #[test]
    fn host_names_are_one_label_of_lower_case() {
        kept::<HostName>(&["a", "lab-1", "0x"]);
        let long = "a".repeat(64);
        refused::<HostName>(&[
            "",
            "Lab",
            "lab_1",
            "-a",
            "a-",
            "10",
            "a.b",
            "localhost",
            "é",
            &long,
        ]);
    }

    #[test]
    fn time_zones_name_no_other_file() {
        kept::<TimeZone>(&["UTC", "America/Sao_Paulo", "Etc/GMT+3"]);
        refused::<TimeZone>(&["", "/etc/passwd", "../UTC", "Europe//Lisbon", "Europe/", "a b"]);
    }

    #[test]
    fn time_servers_are_names_or_addresses() {
        kept::<TimeServer>(&["pool.ntp.org", "192.0.2.1", "2001:db8::1"]);
        refused::<TimeServer>(&["", "a b", "pool..org", "pool.ntp.org\nServers=x", "-a"]);
    }

    #[test]
    fn numbers_have_their_range() {
        kept::<VlanId>(&["1", "4094"]);
        refused::<VlanId>(&["0", "4095", "-1", "99999999999999999999", "x"]);
        kept::<Mtu>(&["1280", "9216"]);
        refused::<Mtu>(&["1279", "9217"]);
    }

    #[test]
    fn a_card_is_a_name_or_a_mac_address() {
        kept::<CardName>(&["enp1s0", "52:54:00:12:34:56"]);
        refused::<CardName>(&["", "a/b", "ff:ff:ff:ff:ff:ff", "longer-than-a-link"]);
    }

    #[test]
    fn of_a_long_value_only_the_start_is_repeated() {
        let error = "é".repeat(70_000).parse::<HostName>().expect_err("far too long");
        assert!(error.to_string().len() < 400, "{error}");
    }
}
