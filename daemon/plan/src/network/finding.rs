//! What about a machine keeps its networks from being as they are wanted, and what a person can do about it.

use pocketstack_model::config::names::{CardName, Mtu, VlanId};
use pocketstack_model::config::network::{NetworkSettings, Role};
use pocketstack_model::link::{LinkName, Links, ObservedLink};
use pocketstack_model::words::{Words, kept as words};

use super::uplink::{Member, Uplink, uplinks};

/// Something that no action can put right.
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

impl Finding {
    /// What is wrong, and what to do.
    pub fn words(&self) -> Words {
        let role = words::role(self.role());
        match self {
            Self::NoCard { .. } => words::no_card(role),
            Self::Missing { card, .. } => words::card_missing(card.to_string(), role),
            Self::NotWired { link, .. } => words::not_wired(link.as_str(), role),
            Self::NoLink {
                cards, others: true, ..
            } => words::no_link_some(list(cards), role),
            Self::NoLink { cards, .. } => words::no_link_all(list(cards), role),
            Self::SmallMtu {
                card,
                largest,
                wanted,
                ..
            } => words::small_mtu(card.as_str(), role, u64::from(*largest), wanted.to_string()),
            Self::Shared { with, card, .. } => words::card_shared(card.to_string(), role, words::role(*with)),
            Self::SameVlan {
                with,
                vlan: Some(vlan),
                ..
            } => words::same_vlan(role, words::role(*with), vlan.to_string()),
            Self::SameVlan { with, vlan: None, .. } => words::same_without_vlan(role, words::role(*with)),
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
