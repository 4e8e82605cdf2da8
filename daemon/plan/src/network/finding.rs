//! What about a machine keeps its networks from being as they are wanted, and what a person can do about it.

use std::fmt;

use pocketstack_model::config::names::{CardName, Mtu, VlanId};
use pocketstack_model::config::network::{NetworkSettings, Role};
use pocketstack_model::link::{LinkName, Links, ObservedLink};

use super::uplink::{Member, Uplink, uplinks};

/// Something that no action can put right. `Display` says what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The role is left with no card at all.
    NoCard {
        /// The role.
        role: Role,
    },
    /// A card that the role names is not there.
    Missing {
        /// The role.
        role: Role,
        /// The card, as it is named in the configuration.
        card: CardName,
    },
    /// There is a link of this name, and it is no wired network card.
    NotWired {
        /// The role.
        role: Role,
        /// The link.
        link: LinkName,
    },
    /// No cable, or nothing alive at its other end.
    NoLink {
        /// The role.
        role: Role,
        /// The cards without link.
        cards: Vec<LinkName>,
        /// Whether another card of the role has one, so that the network works nevertheless.
        others: bool,
    },
    /// The card cannot carry packets as large as wanted.
    SmallMtu {
        /// The role.
        role: Role,
        /// The card.
        card: LinkName,
        /// The most it can do, in bytes.
        largest: u32,
        /// What is wanted of it.
        wanted: Mtu,
    },
    /// Two roles name some of the same cards, but not all: only the first one gets them.
    Shared {
        /// The role that does without.
        role: Role,
        /// The role that has the card.
        with: Role,
        /// The card.
        card: CardName,
    },
    /// Two roles on the same cards have the same VLAN, or none: only the first one gets a network.
    SameVlan {
        /// The role that does without.
        role: Role,
        /// The role that has it.
        with: Role,
        /// The VLAN.
        vlan: Option<VlanId>,
    },
}

impl Finding {
    /// The role it is about.
    pub fn role(&self) -> Role {
        match self {
            Self::NoCard { role }
            | Self::Missing { role, .. }
            | Self::NotWired { role, .. }
            | Self::NoLink { role, .. }
            | Self::SmallMtu { role, .. }
            | Self::Shared { role, .. }
            | Self::SameVlan { role, .. } => *role,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCard { role } => write!(
                f,
                "no wired network card is left for the {role} network: put one in, or name one that other networks do not use"
            ),
            Self::Missing { role, card } => write!(
                f,
                "the card {card} of the {role} network is not in this machine: put it in, or name another one"
            ),
            Self::NotWired { role, link } => write!(
                f,
                "{link}, which the {role} network is to use, is no wired network card: name a card"
            ),
            Self::NoLink {
                role,
                cards,
                others: true,
            } => write!(
                f,
                "no link on {} of the {role} network, which works over its other cards: check the cable",
                list(cards)
            ),
            Self::NoLink { role, cards, .. } => write!(
                f,
                "no link on {}, so the {role} network reaches nobody: check the cable",
                list(cards)
            ),
            Self::SmallMtu {
                role,
                card,
                largest,
                wanted,
            } => write!(
                f,
                "{card} of the {role} network carries packets of at most {largest} bytes, not {wanted}: set a smaller MTU, or name another card"
            ),
            Self::Shared { role, with, card } => write!(
                f,
                "{card} of the {role} network is used by the {with} network together with other cards: give both the same cards, or cards of their own"
            ),
            Self::SameVlan {
                role,
                with,
                vlan: Some(vlan),
            } => write!(
                f,
                "the {role} and {with} networks both want VLAN {vlan} of the same cards: give one of them another VLAN, or cards of its own"
            ),
            Self::SameVlan {
                role,
                with,
                vlan: None,
            } => write!(
                f,
                "the {role} and {with} networks both want the same cards without a VLAN: give one of them a VLAN, or cards of its own"
            ),
        }
    }
}

fn list(cards: &[LinkName]) -> String {
    let names: Vec<&str> = cards.iter().map(LinkName::as_str).collect();
    names.join(", ")
}

/// All of them, in the order of [`Role::ALL`]. Empty when nothing stands in the way.
///
/// While [`super::unsettled`] holds, a card may be told missing that is about to get its name.
pub fn findings(wanted: &NetworkSettings, observed: &Links) -> Vec<Finding> {
    let mut found = Vec::new();
    for uplink in uplinks(wanted, observed, &mut found) {
        for (role, network) in &uplink.users {
            let automatic = network.cards.is_empty();
            if automatic && uplink.members.is_empty() {
                found.push(Finding::NoCard { role: *role });
            }
            if !automatic {
                found.extend(missing(*role, &uplink, observed));
            }
        }
        found.extend(no_link(&uplink));
        found.extend(small_mtu(&uplink));
    }
    found.sort_by_key(Finding::role);
    found
}

fn missing(role: Role, uplink: &Uplink<'_>, observed: &Links) -> impl Iterator<Item = Finding> {
    uplink.members.iter().filter_map(move |member| match member {
        Member::Present(..) => None,
        Member::Missing(CardName::Link(name)) if observed.named(name.as_str()).is_some() => {
            Some(Finding::NotWired {
                role,
                link: name.clone(),
            })
        }
        Member::Missing(card) => Some(Finding::Missing {
            role,
            card: (*card).clone(),
        }),
    })
}

/// A card tells of its link only while it is switched on. Where nobody has named the cards, some without a cable are
/// nothing to tell of.
fn no_link(uplink: &Uplink<'_>) -> Option<Finding> {
    let (with, without): (Vec<&ObservedLink>, Vec<&ObservedLink>) = uplink
        .settled()
        .map(|(link, _)| link)
        .filter(|link| link.up)
        .partition(|link| link.carrier);
    let (role, network) = uplink.users.first()?;
    let told = !without.is_empty() && (with.is_empty() || !network.cards.is_empty());
    told.then(|| Finding::NoLink {
        role: *role,
        cards: without.iter().map(|link| link.name.clone()).collect(),
        others: !with.is_empty(),
    })
}

fn small_mtu<'a>(uplink: &'a Uplink<'a>) -> impl Iterator<Item = Finding> + 'a {
    let wanted = uplink.mtu();
    let role = uplink
        .users
        .iter()
        .find(|(_, network)| network.mtu == wanted)
        .map_or(uplink.first, |(role, _)| *role);
    uplink.present().filter_map(move |(link, card)| {
        let largest = card
            .largest_mtu
            .filter(|largest| *largest < u32::from(u16::from(wanted)))?;
        Some(Finding::SmallMtu {
            role,
            card: link.name.clone(),
            largest,
            wanted,
        })
    })
}
