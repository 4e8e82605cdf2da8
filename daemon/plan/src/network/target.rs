//! The links that make up the wanted networks, each beside what was found under its name.

use pocketstack_model::config::names::{Mtu, VlanId};
use pocketstack_model::config::network::{BondPolicy, NetworkSettings, Role};
use pocketstack_model::link::{LinkIndex, LinkKind, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;

use super::MIIMON_MS;
use super::uplink::{Uplink, uplinks};

/// One link.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub name: LinkName,
    pub kind: Kind,
    /// What is there and can stay; only its master, address, MTU and being switched on may still be wrong.
    pub found: Option<&'a ObservedLink>,
    /// What it is a port of.
    pub master: Option<LinkName>,
    pub mtu: Mtu,
}

/// What a link is made as.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Card,
    Bond { policy: BondPolicy, mac: MacAddress },
    Vlan { id: VlanId, lower: LinkName },
    Bridge { mac: MacAddress },
}

/// A link that stays, and the one bridge of ours that it may be a port of.
#[derive(Debug)]
pub(super) struct Kept {
    pub name: LinkName,
    pub bridge: Option<LinkName>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Target<'a> {
    /// Cards, then bonds, VLANs and bridges, so that each comes after what it lies on.
    pub parts: Vec<Part<'a>>,
    /// Links of ours that stay as they are while there is no card for them.
    pub kept: Vec<Kept>,
    observed: &'a Links,
}

impl<'a> Target<'a> {
    pub fn of(wanted: &NetworkSettings, observed: &'a Links) -> Self {
        let mut target = Self {
            parts: Vec::new(),
            kept: Vec::new(),
            observed,
        };
        let uplinks = uplinks(wanted, observed, &mut Vec::new());
        let (live, idle): (Vec<_>, Vec<_>) = uplinks.iter().partition(|uplink| uplink.lower().is_some());
        for uplink in &live {
            target.add_cards(uplink);
        }
        for uplink in &live {
            target.add_bond(uplink);
        }
        for uplink in &live {
            target.add_vlans(uplink);
        }
        for uplink in &live {
            target.add_bridges(uplink);
        }
        for uplink in idle {
            target.keep(uplink);
        }
        for (role, _) in wanted.roles() {
            let name = LinkName::bridge(role);
            if target.part(&name).is_none() {
                target.kept.push(Kept { name, bridge: None });
            }
        }
        target
    }

    fn add_cards(&mut self, uplink: &Uplink<'_>) {
        for (card, _) in uplink.settled() {
            self.parts.push(Part {
                name: card.name.clone(),
                kind: Kind::Card,
                found: self.observed.at(card.index),
                master: match uplink.bond {
                    Some(_) => Some(LinkName::bond(uplink.first)),
                    None => untagged(uplink),
                },
                mtu: uplink.mtu(),
            });
        }
    }

    fn add_bond(&mut self, uplink: &Uplink<'_>) {
        let (Some(policy), Some(mac)) = (uplink.bond, uplink.mac(self.observed)) else {
            return;
        };
        let name = LinkName::bond(uplink.first);
        // The mode of a bond cannot be changed while it has ports, and it has no addresses that would be lost.
        let good = LinkKind::Bond {
            mode: policy.into(),
            miimon_ms: MIIMON_MS,
        };
        self.parts.push(Part {
            found: self.found(&name, |kind| *kind == good),
            name,
            kind: Kind::Bond { policy, mac },
            master: untagged(uplink),
            mtu: uplink.mtu(),
        });
    }

    fn add_vlans(&mut self, uplink: &Uplink<'_>) {
        let Some(lower) = uplink.lower() else {
            return;
        };
        let below = self
            .part(&lower)
            .and_then(|part| part.found)
            .map(|found| found.index);
        for (role, network) in &uplink.users {
            let Some(id) = network.vlan else {
                continue;
            };
            let name = LinkName::vlan(*role);
            let good = below.map(|lower| LinkKind::Vlan { id, lower });
            self.parts.push(Part {
                found: self.found(&name, |kind| Some(kind) == good.as_ref()),
                name,
                kind: Kind::Vlan {
                    id,
                    lower: lower.clone(),
                },
                master: Some(LinkName::bridge(*role)),
                mtu: network.mtu,
            });
        }
    }

    fn add_bridges(&mut self, uplink: &Uplink<'_>) {
        let Some(mac) = uplink.mac(self.observed) else {
            return;
        };
        for (role, network) in &uplink.users {
            let name = LinkName::bridge(*role);
            self.parts.push(Part {
                found: self.found(&name, |kind| matches!(kind, LinkKind::Bridge { .. })),
                name,
                kind: Kind::Bridge { mac },
                master: None,
                mtu: network.mtu,
            });
        }
    }

    /// Bond and VLANs of an uplink without a card. A VLAN of something else would be on the wrong cards.
    fn keep(&mut self, uplink: &Uplink<'_>) {
        let bond = LinkName::bond(uplink.first);
        let Some(found) = self
            .observed
            .named(bond.as_str())
            .filter(|_| uplink.bond.is_some())
        else {
            return;
        };
        self.kept.push(Kept {
            name: bond,
            bridge: untagged(uplink),
        });
        for (role, network) in &uplink.users {
            let name = LinkName::vlan(*role);
            let good = network.vlan.map(|id| LinkKind::Vlan {
                id,
                lower: found.index,
            });
            if good.is_some_and(|good| self.found(&name, |kind| *kind == good).is_some()) {
                self.kept.push(Kept {
                    name,
                    bridge: Some(LinkName::bridge(*role)),
                });
            }
        }
    }

    fn found(&self, name: &LinkName, good: impl Fn(&LinkKind) -> bool) -> Option<&'a ObservedLink> {
        self.observed.named(name.as_str()).filter(|link| good(&link.kind))
    }

    /// The part of this name.
    pub fn part(&self, name: &LinkName) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.name == *name)
    }

    fn master(&self, part: &Part<'_>) -> Option<&Part<'a>> {
        self.part(part.master.as_ref()?)
    }

    fn master_index(&self, part: &Part<'_>) -> Option<LinkIndex> {
        Some(self.master(part)?.found?.index)
    }

    /// Parts that are to be ports of a bond.
    pub fn ports_of_bonds(&self) -> impl Iterator<Item = &Part<'a>> {
        self.parts.iter().filter(|part| self.is_in_bond(part))
    }

    /// Parts that are to be ports of a bridge.
    pub fn ports_of_bridges(&self) -> impl Iterator<Item = &Part<'a>> {
        self.parts
            .iter()
            .filter(|part| part.master.is_some() && !self.is_in_bond(part))
    }

    /// Whether it is to be a port of a bond.
    pub fn is_in_bond(&self, part: &Part<'_>) -> bool {
        self.master(part)
            .is_some_and(|master| matches!(master.kind, Kind::Bond { .. }))
    }

    /// Whether it has yet to become a port of what it is to be a port of.
    pub fn joins(&self, part: &Part<'_>) -> bool {
        let now = part.found.and_then(|found| found.master);
        part.master.is_some() && (now.is_none() || now != self.master_index(part))
    }

    /// Whether it is a port of something else.
    pub fn misplaced(&self, part: &Part<'_>) -> bool {
        let now = part.found.and_then(|found| found.master);
        now.is_some() && now != self.master_index(part)
    }

    /// Whether it comes out of a bond, which switches its former ports off and gives them the MTU that they had
    /// before (`__bond_release_one` in `drivers/net/bonding/bond_main.c`).
    pub fn leaves_bond(&self, part: &Part<'_>) -> bool {
        let now = part
            .found
            .and_then(|found| found.master)
            .and_then(|index| self.observed.at(index));
        self.misplaced(part) && now.is_some_and(|master| matches!(master.kind, LinkKind::Bond { .. }))
    }

    /// Whether it is given an address: it has another one, or is a bond that loses all its ports first, with which its
    /// address goes (`__bond_release_one` again).
    pub fn readdresses(&self, part: &Part<'_>) -> Option<MacAddress> {
        let found = part.found?;
        let (Kind::Bond { mac, .. } | Kind::Bridge { mac }) = part.kind else {
            return None;
        };
        let mut ports = self
            .observed
            .links
            .iter()
            .filter(|port| port.master == Some(found.index))
            .peekable();
        let leaves = |port: &ObservedLink| match self.part(&port.name) {
            Some(part) => self.misplaced(part),
            None => matches!(&port.kind, LinkKind::Wired(card) if card.settled),
        };
        let emptied = matches!(part.kind, Kind::Bond { .. }) && ports.peek().is_some() && ports.all(leaves);
        (found.mac != Some(mac) || emptied).then_some(mac)
    }

    /// Whether it has to be switched on. A bond does that itself for those that join it.
    pub fn is_off(&self, part: &Part<'_>) -> bool {
        if self.is_in_bond(part) && self.joins(part) {
            return false;
        }
        self.leaves_bond(part) || part.found.is_none_or(|found| !found.up)
    }

    /// Whether its MTU is not as wanted, or will not be once the steps before have been taken.
    pub fn resizes(&self, part: &Part<'_>) -> bool {
        let wanted = u32::from(u16::from(part.mtu));
        let now = part.found.map(|found| found.mtu);
        match &part.kind {
            // A bond gives its own MTU to those that join it, and to all when it changes.
            Kind::Card if self.is_in_bond(part) => {
                let bond_now = self.master(part).and_then(|bond| bond.found).map(|bond| bond.mtu);
                !self.joins(part) && now != Some(wanted) && bond_now == Some(wanted)
            }
            Kind::Card => now != Some(wanted) || self.leaves_bond(part),
            Kind::Bond { .. } => now.unwrap_or(NEW_MTU) != wanted,
            // A new one has that of what it is on, and an old one shrinks with it.
            Kind::Vlan { lower, .. } => self.part(lower).is_none_or(|lower| match now {
                None => lower.mtu != part.mtu,
                Some(now) => now != wanted || self.leaves_bond(lower),
            }),
            // It follows its ports until it is first given one.
            Kind::Bridge { .. } => {
                let port = self
                    .ports_of_bridges()
                    .find(|port| port.master.as_ref() == Some(&part.name));
                let drags =
                    port.is_some_and(|port| port.mtu != part.mtu && (self.joins(port) || self.resizes(port)));
                now.unwrap_or(NEW_MTU) != wanted || drags
            }
        }
    }
}

/// What a new bond or bridge has (`ETH_DATA_LEN`).
const NEW_MTU: u32 = 1500;

/// The bridge that gets the untagged frames of these cards.
fn untagged(uplink: &Uplink<'_>) -> Option<LinkName> {
    uplink
        .users
        .iter()
        .find(|(_, network)| network.vlan.is_none())
        .map(|(role, _): &(Role, _)| LinkName::bridge(*role))
}
