//! What may come in over the network: the rules of the packet filter, one by one.
//!
//! `pocketstack-plan` says which rules a configuration needs; `pocketstack-host` puts them into the kernel and reads
//! them back. A rule carries its words (`Display`) as its comment, so whoever looks with `nft list ruleset` reads the
//! same as the page, and reading back compares what is really there.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::network::Role;

/// One or more networks of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// These roles; `None` if there are none.
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Option<Self> {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        (!roles.is_empty()).then_some(Self(roles))
    }

    /// The roles, management first.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.iter().map(|role| role.to_string()).collect();
        f.write_str(&names.join(", "))
    }
}

/// Something on this machine that others may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The pages and the API, over HTTPS.
    Pages,
    /// SSH.
    Ssh,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pages => "HTTPS",
            Self::Ssh => "SSH",
        })
    }
}

/// One rule for packets to this machine. They stand in order, and the first that fits decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Taken: what the machine sends to itself.
    Itself,
    /// Taken: answers to what this machine asked for, and errors about it.
    Answers,
    /// Dropped: what belongs to no connection and cannot begin one.
    Strays,
    /// Taken: errors and echo requests of IPv4 (RFC 1122 section 3.2.2).
    Icmp4,
    /// Taken: errors and echo requests of IPv6 (RFC 4890 section 4.4.1).
    Icmp6,
    /// Taken: neighbours and routers of IPv6. Without these nothing of IPv6 works.
    Neighbours,
    /// Taken: who wants which multicast of IPv6; switches ask for it, and neighbours are found by multicast.
    Groups,
    /// Taken: answers of DHCP servers, which may come to all and from another address than was asked.
    Dhcp4(Roles),
    /// The same for IPv6.
    Dhcp6(Roles),
    /// Taken: connections to a service, on these networks.
    Open(Service, Roles),
    /// Refused and counted: other TCP connections, as a machine without a packet filter does for ports that nobody
    /// listens on.
    Refuse,
    /// Dropped and counted: all else.
    Rest,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => f.write_str("the machine itself"),
            Self::Answers => f.write_str("answers"),
            Self::Strays => f.write_str("drop packets of no connection"),
            Self::Icmp4 => f.write_str("IPv4 errors and echo"),
            Self::Icmp6 => f.write_str("IPv6 errors and echo"),
            Self::Neighbours => f.write_str("IPv6 neighbours and routers"),
            Self::Groups => f.write_str("IPv6 multicast groups"),
            Self::Dhcp4(roles) => write!(f, "DHCP on {roles}"),
            Self::Dhcp6(roles) => write!(f, "DHCPv6 on {roles}"),
            Self::Open(service, roles) => write!(f, "{service} on {roles}"),
            Self::Refuse => f.write_str("refuse other TCP"),
            Self::Rest => f.write_str("drop all else"),
        }
    }
}

/// What the kernel has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether what no rule takes is dropped, and nothing is passed on from one network to another.
    pub closed: bool,
    /// The rules in order, by their words. One that somebody else put there has other words, or none.
    pub rules: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_apart_by_their_words() {
        let some = |roles: &[Role]| Roles::of(roles.iter().copied()).expect("some");
        let (one, two) = (some(&[Role::External]), some(&[Role::External, Role::Management]));
        assert_eq!(
            Rule::Open(Service::Pages, two.clone()).to_string(),
            "HTTPS on management, external"
        );
        let all = [
            Rule::Itself,
            Rule::Answers,
            Rule::Strays,
            Rule::Icmp4,
            Rule::Icmp6,
            Rule::Neighbours,
            Rule::Groups,
            Rule::Dhcp4(one.clone()),
            Rule::Dhcp4(two.clone()),
            Rule::Dhcp6(one.clone()),
            Rule::Dhcp6(two.clone()),
            Rule::Open(Service::Pages, one.clone()),
            Rule::Open(Service::Pages, two.clone()),
            Rule::Open(Service::Ssh, one),
            Rule::Open(Service::Ssh, two),
            Rule::Refuse,
            Rule::Rest,
        ];
        let words: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(words.len(), all.len(), "{words:?}");
        // NFTNL_UDATA_COMMENT_MAXLEN of libnftnl is 128, with the zero at the end; nft quotes them.
        assert!(
            words
                .iter()
                .all(|words| words.len() < 128 && !words.contains('"'))
        );
        assert_eq!(Roles::of([]), None);
    }
}
