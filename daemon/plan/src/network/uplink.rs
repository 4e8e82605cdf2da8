//! Which cards carry which roles, on this machine.

use pocketstack_model::config::names::{CardName, Mtu};
use pocketstack_model::config::network::{BondPolicy, NetworkSettings, Role, RoleNetwork};
use pocketstack_model::link::{Card, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;

use super::finding::Finding;
use super::wired;

/// A card that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member<'a> {
    Present(&'a ObservedLink, &'a Card),
    Missing(&'a CardName),
}

/// The same card, however it was named.
impl PartialEq for Member<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Present(one, _), Self::Present(two, _)) => one.index == two.index,
            (Self::Missing(one), Self::Missing(two)) => one == two,
            _ => false,
        }
    }
}

/// Some cards, and the roles that share them.
#[derive(Debug)]
pub(super) struct Uplink<'a> {
    /// The first role that uses the cards. Their bond has its name and settings.
    pub first: Role,
    /// How they are bonded; `None` for a single card that is used as it is.
    pub bond: Option<BondPolicy>,
    pub members: Vec<Member<'a>>,
    /// The roles, in the order of [`Role::ALL`]. No two have the same VLAN.
    pub users: Vec<(Role, &'a RoleNetwork)>,
}

impl<'a> Uplink<'a> {
    /// The cards that are there.
    pub fn present(&self) -> impl Iterator<Item = (&'a ObservedLink, &'a Card)> + '_ {
        self.members.iter().filter_map(|member| match member {
            Member::Present(link, card) => Some((*link, *card)),
            Member::Missing(_) => None,
        })
    }

    /// The cards that are there and that the device manager is done with: no others are touched.
    pub fn settled(&self) -> impl Iterator<Item = (&'a ObservedLink, &'a Card)> + '_ {
        self.present().filter(|(_, card)| card.settled)
    }

    /// Name of the link that carries all frames of these cards, tagged and untagged: the bond, or the one card.
    /// `None` while there is no settled card.
    pub fn lower(&self) -> Option<LinkName> {
        let (card, _) = self.settled().next()?;
        Some(match self.bond {
            Some(_) => LinkName::bond(self.first),
            None => card.name.clone(),
        })
    }

    /// The largest of its users' packets has to fit.
    pub fn mtu(&self) -> Mtu {
        self.users
            .iter()
            .map(|(_, network)| network.mtu)
            .max_by_key(|mtu| u16::from(*mtu))
            .unwrap_or_default()
    }

    /// The address of bond and bridges. Switches, DHCP servers and neighbours know the node by it, so an address in
    /// use stays for as long as its card is among these, whatever cards are added. Otherwise it is the lowest
    /// address of a card, made-up ones last, so that the same machine gets the same address at each start. It is
    /// never that of a card that carries something else, where two networks would then see the same address.
    pub fn mac(&self, observed: &Links) -> Option<MacAddress> {
        let own = |mac: &MacAddress| self.present().any(|(_, card)| card.permanent_mac == *mac);
        let in_use = self
            .users
            .iter()
            .map(|(role, _)| role.bridge())
            .chain([self.first.bond()])
            .filter_map(|name| observed.named(name)?.mac)
            .find(own);
        in_use.or_else(|| {
            self.settled()
                .map(|(_, card)| card.permanent_mac)
                .min_by_key(|mac| (mac.is_local(), *mac))
        })
    }
}

/// Finds the cards of each role. What cannot be as it is wanted is told in `findings`, and the role is left out of
/// the uplinks or has fewer cards in its own.
pub(super) fn uplinks<'a>(
    wanted: &'a NetworkSettings,
    observed: &'a Links,
    findings: &mut Vec<Finding>,
) -> Vec<Uplink<'a>> {
    let named: Vec<Member<'a>> = wanted
        .roles()
        .flat_map(|(_, network)| &network.cards)
        .map(|card| find(observed, card))
        .collect();
    let management = if wanted.management.cards.is_empty() {
        wired(observed)
            .map(|(link, card)| Member::Present(link, card))
            .filter(|member| !named.contains(member))
            .collect()
    } else {
        members(observed, &wanted.management)
    };
    let mut uplinks: Vec<Uplink<'a>> = Vec::new();
    for (role, network) in wanted.roles() {
        let mut members = if role == Role::Management || network.cards.is_empty() {
            management.clone()
        } else {
            members(observed, network)
        };
        let same = |uplink: &&mut Uplink<'_>| {
            uplink.members.len() == members.len() && members.iter().all(|m| uplink.members.contains(m))
        };
        if let Some(uplink) = uplinks.iter_mut().find(same) {
            let taken = uplink.users.iter().find(|(_, user)| user.vlan == network.vlan);
            match taken {
                Some((with, _)) => findings.push(Finding::SameVlan {
                    role,
                    with: *with,
                    vlan: network.vlan,
                }),
                None => uplink.users.push((role, network)),
            }
            continue;
        }
        // The number that was asked for: a bond that has lost a card is still one.
        let bond = (network.cards.is_empty() || members.len() > 1).then_some(network.bond);
        members.retain(|member| {
            let Some(other) = uplinks.iter().find(|uplink| uplink.members.contains(member)) else {
                return true;
            };
            findings.push(Finding::Shared {
                role,
                with: other.first,
                card: match member {
                    Member::Present(link, _) => CardName::Link(link.name.clone()),
                    Member::Missing(name) => (*name).clone(),
                },
            });
            false
        });
        uplinks.push(Uplink {
            first: role,
            bond,
            members,
            users: vec![(role, network)],
        });
    }
    uplinks
}

/// The cards a role names, each once.
fn members<'a>(observed: &'a Links, network: &'a RoleNetwork) -> Vec<Member<'a>> {
    let mut members = Vec::new();
    for name in &network.cards {
        let member = find(observed, name);
        if !members.contains(&member) {
            members.push(member);
        }
    }
    members
}

fn find<'a>(observed: &'a Links, name: &'a CardName) -> Member<'a> {
    wired(observed)
        .find(|(link, card)| match name {
            CardName::Link(name) => link.name == *name,
            CardName::Mac(mac) => card.permanent_mac == *mac,
        })
        .map_or(Member::Missing(name), |(link, card)| Member::Present(link, card))
}
