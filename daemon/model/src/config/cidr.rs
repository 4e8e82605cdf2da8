//! An address with its network.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::names::{ValueError, error};

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
        let prefix = prefix_length(prefix).ok_or_else(wrong)?;
        let host = u32::from(address) & !mask4(prefix);
        let all = !mask4(prefix);
        // 0.0.0.0/8 is "this network" (RFC 1122 section 3.2.1.3): nobody's address.
        let usable = address.octets()[0] != 0
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
        let prefix = prefix_length(prefix).ok_or_else(wrong)?;
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

/// Digits only and no zeros in front: "+24" and "024" are typing errors.
fn prefix_length(text: &str) -> Option<u8> {
    let prefix: u8 = text.parse().ok()?;
    (prefix.to_string() == text).then_some(prefix)
}

/// The bits of an address that name the network.
fn mask4(prefix: u8) -> u32 {
    let host = 32_u32.saturating_sub(u32::from(prefix));
    u32::MAX.checked_shl(host).unwrap_or(0)
}

/// The bits of an address that name the network.
fn mask6(prefix: u8) -> u128 {
    let host = 128_u32.saturating_sub(u32::from(prefix));
    u128::MAX.checked_shl(host).unwrap_or(0)
}

impl Cidr<Ipv4Addr> {
    /// First address of the network.
    pub fn network(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) & mask4(self.prefix))
    }

    /// Last address of the network.
    pub fn broadcast(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) | !mask4(self.prefix))
    }

    /// Whether the address is in the network.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        (u32::from(self.address) ^ u32::from(address)) & mask4(self.prefix) == 0
    }

    /// Whether some address is in both networks.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }
}

impl Cidr<Ipv6Addr> {
    /// First address of the network.
    pub fn network(&self) -> Ipv6Addr {
        Ipv6Addr::from(u128::from(self.address) & mask6(self.prefix))
    }

    /// Whether the address is in the network.
    pub fn contains(&self, address: Ipv6Addr) -> bool {
        (u128::from(self.address) ^ u128::from(address)) & mask6(self.prefix) == 0
    }

    /// Whether some address is in both networks.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }
}

impl<A: fmt::Display> fmt::Display for Cidr<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Cidr<Ipv4Addr> {
        text.parse().expect("an address with prefix")
    }

    #[test]
    fn an_address_of_a_machine_and_back() {
        for text in ["192.168.1.10/24", "10.0.0.0/31", "10.0.0.7/32", "172.16.0.1/1"] {
            assert_eq!(v4(text).to_string(), text);
        }
        for text in ["2001:db8::10/64", "fd00::1/128", "2001:db8::/64"] {
            let cidr: Cidr<Ipv6Addr> = text.parse().expect("an address with prefix");
            assert_eq!(cidr.to_string(), text);
        }
    }

    #[test]
    fn what_no_machine_can_have_is_refused() {
        for text in [
            "192.168.1.10",
            "192.168.1.10/33",
            "192.168.1.10/0",
            "192.168.1.10/+24",
            "192.168.1.10/024",
            "192.168.1.0/24",
            "192.168.1.255/24",
            "0.1.2.3/8",
            "127.0.0.1/8",
            "224.0.0.1/24",
            "2001:db8::1/64",
        ] {
            assert!(text.parse::<Cidr<Ipv4Addr>>().is_err(), "{text}");
        }
        for text in [
            "2001:db8::1",
            "2001:db8::1/129",
            "fe80::1/64",
            "::1/128",
            "::/64",
            "ff02::1/64",
            "::ffff:192.0.2.1/96",
        ] {
            assert!(text.parse::<Cidr<Ipv6Addr>>().is_err(), "{text}");
        }
    }

    #[test]
    fn networks_know_what_is_in_them() {
        let lab = v4("192.168.1.10/24");
        assert_eq!(lab.network(), Ipv4Addr::new(192, 168, 1, 0));
        assert_eq!(lab.broadcast(), Ipv4Addr::new(192, 168, 1, 255));
        assert!(lab.contains(Ipv4Addr::new(192, 168, 1, 1)));
        assert!(!lab.contains(Ipv4Addr::new(192, 168, 2, 1)));
        assert!(lab.overlaps(&v4("192.168.0.1/16")) && v4("192.168.0.1/16").overlaps(&lab));
        assert!(!lab.overlaps(&v4("192.168.2.1/24")));
        let one: Cidr<Ipv6Addr> = "2001:db8::1/128".parse().expect("an address with prefix");
        assert!(!one.contains("2001:db8::2".parse().expect("an address")));
        assert_eq!(one.network(), one.address);
    }
}
