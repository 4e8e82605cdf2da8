//! The networks there can be, each with addresses of its own.

use std::net::Ipv4Addr;

/// A network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Always there.
    Main,
    /// A switch of its own.
    Second,
    /// VLAN 20 on the cables of [`Segment::Main`].
    Tagged,
}

impl Segment {
    /// The test's link on it.
    pub(super) const fn link(self) -> &'static str {
        match self {
            Self::Main => "ps-test0",
            Self::Second => "ps-test1",
            Self::Tagged => "ps-test0.20",
        }
    }

    /// The network it shares cables with, and its number there, if it is a VLAN.
    pub(super) const fn vlan(self) -> Option<(Self, u16)> {
        match self {
            Self::Main | Self::Second => None,
            Self::Tagged => Some((Self::Main, 20)),
        }
    }

    /// Address of the test on it.
    pub const fn own(self) -> Ipv4Addr {
        self.address(1)
    }

    /// An address on it, by its last number. Those from 100 to 200 are leased.
    pub const fn address(self, last: u8) -> Ipv4Addr {
        match self {
            Self::Main => Ipv4Addr::new(10, 77, 0, last),
            Self::Second => Ipv4Addr::new(10, 78, 0, last),
            Self::Tagged => Ipv4Addr::new(10, 79, 0, last),
        }
    }
}
