//! The networks of a node: one bridge for each role, and what connects it to the cards.
//!
//! ```text
//!   enp1s0 ─┐                ┌──────────── br-mgmt    untagged
//!           ├─ bond-mgmt ────┤
//!   enp2s0 ─┘                └─ vlan-ext ─ br-ext     VLAN of the same cards
//!
//!   enp3s0 ─────────────────────────────── br-bmc     one card of its own needs no bond
//! ```
//!
//! Cards, bonds and VLANs come and go; a bridge stays for as long as its role has a network, because addresses and
//! VMs are on it. Links are ours by their name alone (`br-`, `bond-` and `vlan-` with a role's name), so what an
//! earlier run or a crash has left is known for what it is. Cards that no role uses, links of other names, and what
//! is attached to the bridges besides cards, bonds and VLANs of ours are nobody's business here.
//!
//! A bond can be a port of a bridge and carry VLANs: the kernel hands a tagged frame to the VLAN's link before the
//! bridge sees it, and only frames of VLANs that nobody here has go to the bridge (`__netif_receive_skb_core` in
//! `net/core/dev.c`: `vlan_do_receive` comes before `rx_handler`). What a VLAN's link sends goes straight to the bond.
//!
//! Kernel documentation: `networking/bonding.rst` (modes, `miimon`) and `networking/bridge.rst`.

mod finding;
mod target;
mod uplink;

use pocketstack_model::config::network::{NetworkSettings, Role};
use pocketstack_model::link::{Card, LinkAction, LinkIndex, LinkKind, LinkName, Links, ObservedLink};

pub use finding::{Finding, findings};
use target::{Kind, Part, Target};

/// How often a bond looks at its cards' link, in milliseconds: the value `bonding.rst` calls a good start.
pub const MIIMON_MS: u32 = 100;

/// The steps from `observed` to the networks as `wanted`. Nothing to do gives an empty list.
///
/// Carrying all of them out and planning again gives an empty list. Cards that are missing or not settled are left
/// out; where none is left for a role, what it has stays as it is, and [`findings`] tells why.
pub fn plan(wanted: &NetworkSettings, observed: &Links) -> Vec<LinkAction> {
    let target = Target::of(wanted, observed);
    let mut actions = detach(&target, observed);
    actions.extend(remove(&target, observed));
    actions.extend(make_and_join(&target));
    actions.extend(
        target
            .parts
            .iter()
            .filter(|part| target.is_off(part))
            .map(|part| LinkAction::SetUp {
                link: part.name.clone(),
            }),
    );
    actions
}

/// Everything between removing and switching on. It goes from the cards upwards: a VLAN carries no larger packets
/// than what it is on (`vlan_dev_change_mtu`), and can only be switched on where that is (`vlan_dev_open`).
fn make_and_join(target: &Target<'_>) -> Vec<LinkAction> {
    let mut actions = Vec::new();
    for part in target.ports_of_bonds().filter(|part| target.joins(part)) {
        // A bond takes no port that is switched on (bond_enslave in drivers/net/bonding/bond_main.c).
        if part.found.is_some_and(|found| found.up) {
            actions.push(LinkAction::SetDown {
                link: part.name.clone(),
            });
        }
    }
    let (vlans, others): (Vec<&Part<'_>>, Vec<&Part<'_>>) = target
        .parts
        .iter()
        .partition(|part| matches!(part.kind, Kind::Vlan { .. }));
    let (bridges, below): (Vec<&Part<'_>>, Vec<&Part<'_>>) = others
        .into_iter()
        .partition(|part| matches!(part.kind, Kind::Bridge { .. }));
    for part in below {
        actions.extend(make(target, part));
        actions.extend(resize(target, part));
    }
    for part in &bridges {
        actions.extend(make(target, part));
    }
    for part in target.ports_of_bonds() {
        actions.extend(join(target, part));
    }
    for part in vlans {
        actions.extend(make(target, part));
        actions.extend(resize(target, part));
    }
    for part in target.ports_of_bridges() {
        actions.extend(join(target, part));
    }
    for part in bridges {
        actions.extend(resize(target, part));
    }
    actions
}

/// Whether a wired card is there that the device manager is not done with: look again soon.
pub fn unsettled(links: &Links) -> bool {
    wired(links).any(|(_, card)| !card.settled)
}

/// The wired cards, in the order of the kernel's numbers.
pub fn wired(links: &Links) -> impl Iterator<Item = (&ObservedLink, &Card)> {
    links.links.iter().filter_map(|link| match &link.kind {
        LinkKind::Wired(card) => Some((link, card)),
        _ => None,
    })
}

/// The settled cards that a role is on, in the order of the configuration or else of the kernel's numbers.
pub fn cards(wanted: &NetworkSettings, observed: &Links, role: Role) -> Vec<LinkName> {
    uplink::uplinks(wanted, observed, &mut Vec::new())
        .iter()
        .filter(|uplink| uplink.users.iter().any(|(user, _)| *user == role))
        .flat_map(|uplink| uplink.settled().map(|(link, _)| link.name.clone()))
        .collect()
}

/// Our links by name, those first that lie on others.
fn our_names() -> impl Iterator<Item = LinkName> {
    [LinkName::vlan, LinkName::bridge, LinkName::bond]
        .into_iter()
        .flat_map(|name| Role::ALL.map(name))
}

/// Takes cards, bonds and VLANs out of what they are wrongly a port of.
fn detach(target: &Target<'_>, observed: &Links) -> Vec<LinkAction> {
    let ours: Vec<LinkIndex> = our_names()
        .filter_map(|name| Some(observed.named(name.as_str())?.index))
        .collect();
    let unused = wired(observed).filter(|(link, card)| {
        card.settled
            && link.master.is_some_and(|master| ours.contains(&master))
            && target.part(&link.name).is_none()
    });
    let mut actions = Vec::new();
    for (link, _) in unused {
        // Off first: once it is out nobody would know any more that it was switched on for us, and the kernel would
        // take addresses on it from whoever offers some.
        if link.up {
            actions.push(LinkAction::SetDown {
                link: link.name.clone(),
            });
        }
        actions.push(LinkAction::Detach {
            port: link.name.clone(),
        });
    }
    let idle = target.kept.iter().filter(|kept| {
        let master = observed
            .named(kept.name.as_str())
            .and_then(|found| observed.at(found.master?));
        master
            .is_some_and(|master| ours.contains(&master.index) && Some(&master.name) != kept.bridge.as_ref())
    });
    let misplaced = target.parts.iter().filter(|part| target.misplaced(part));
    let ports = idle
        .map(|kept| &kept.name)
        .chain(misplaced.map(|part| &part.name));
    actions.extend(ports.map(|port| LinkAction::Detach { port: port.clone() }));
    actions
}

/// Removes what has one of our names and is not wanted, or not as it is. A card cannot be removed.
fn remove(target: &Target<'_>, observed: &Links) -> Vec<LinkAction> {
    our_names()
        .filter(|name| target.kept.iter().all(|kept| kept.name != *name))
        .filter_map(|name| {
            let found = observed.named(name.as_str())?;
            let stays = target.part(&name).is_some_and(|part| part.found.is_some())
                || matches!(found.kind, LinkKind::Wired(_));
            (!stays).then_some(LinkAction::Remove {
                index: found.index,
                name,
            })
        })
        .collect()
}

/// Makes the link if it is not there, or else puts right what can be changed in place.
fn make(target: &Target<'_>, part: &Part<'_>) -> Vec<LinkAction> {
    let name = part.name.clone();
    let Some(found) = part.found else {
        return Vec::from_iter(match &part.kind {
            Kind::Card => None,
            Kind::Bond { policy, mac } => Some(LinkAction::AddBond {
                name,
                policy: *policy,
                mac: *mac,
                miimon_ms: MIIMON_MS,
            }),
            Kind::Vlan { id, lower } => Some(LinkAction::AddVlan {
                name,
                lower: lower.clone(),
                id: *id,
            }),
            Kind::Bridge { mac } => Some(LinkAction::AddBridge { name, mac: *mac }),
        });
    };
    let mut actions = Vec::new();
    if found.kind == (LinkKind::Bridge { stp: true }) {
        actions.push(LinkAction::StopStp { bridge: name.clone() });
    }
    if let Some(mac) = target.readdresses(part) {
        actions.push(LinkAction::SetMac { link: name, mac });
    }
    actions
}

fn resize(target: &Target<'_>, part: &Part<'_>) -> Option<LinkAction> {
    target.resizes(part).then(|| LinkAction::SetMtu {
        link: part.name.clone(),
        mtu: part.mtu,
    })
}

fn join(target: &Target<'_>, part: &Part<'_>) -> Option<LinkAction> {
    let master = part.master.clone().filter(|_| target.joins(part))?;
    Some(LinkAction::Attach {
        port: part.name.clone(),
        master,
    })
}

#[cfg(test)]
mod tests;
