//! The management network of a node that has no configuration yet.
//!
//! ```text
//!   enp1s0 ─┐
//!           ├─ bond-mgmt (active-backup) ── br-mgmt (addresses, later VMs)
//!   enp2s0 ─┘
//! ```
//!
//! Nobody has said yet which card is plugged in where. A plain bridge over all cards would be a loop where two of
//! them lead to one switch, and would join two networks that were kept apart on purpose where they do not. In an
//! active-backup bond one card at a time carries everything, so neither can happen, and pulling one cable moves
//! the node to the other. The bridge on top has the bond as its only wired port and needs no spanning tree.
//!
//! Kernel documentation: `networking/bonding.rst` (modes, `miimon`) and `networking/bridge.rst`.

use pocketstack_model::link::{BondMode, Card, LinkAction, LinkKind, LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;

/// Name of the bridge that carries the node's addresses.
pub const BRIDGE: &str = "br-mgmt";
/// Name of the bond under it.
pub const BOND: &str = "bond-mgmt";
/// How often the bond looks at its cards' link, in milliseconds: the value `bonding.rst` calls a good start.
pub const MIIMON_MS: u32 = 100;

/// The steps from `links` to the management network described above. Nothing to do gives an empty list; so does a
/// machine without a settled wired card, where an existing bridge is left as it is.
///
/// Carrying all of them out and planning again gives an empty list.
pub fn plan(links: &Links) -> Vec<LinkAction> {
    let cards: Vec<(&ObservedLink, &Card)> = wired(links).filter(|(_, card)| card.settled).collect();
    let Some(mac) = address(links) else {
        return Vec::new();
    };
    if cards.is_empty() {
        return Vec::new();
    }
    let (Ok(bridge_name), Ok(bond_name)) = (LinkName::try_from(BRIDGE), LinkName::try_from(BOND)) else {
        return Vec::new();
    };
    let (bridge, bridge_squatter) = split(links.named(BRIDGE), |kind| {
        matches!(kind, LinkKind::Bridge { .. })
    });
    let (bond, bond_squatter) = split(links.named(BOND), |kind| {
        // The mode of a bond cannot be changed while it has ports, and it has no addresses that would be lost.
        *kind
            == LinkKind::Bond {
                mode: BondMode::ActiveBackup,
                miimon_ms: MIIMON_MS,
            }
    });
    // A port of the wrong master, or of a master that is about to be removed.
    let misplaced = |link: &ObservedLink, master: Option<&ObservedLink>| {
        link.master.is_some() && link.master != master.map(|master| master.index)
    };
    let joining: Vec<&ObservedLink> = cards
        .iter()
        .map(|(link, _)| *link)
        .filter(|link| bond.is_none() || link.master != bond.map(|bond| bond.index))
        .collect();
    let bond_joins = bond.is_none_or(|bond| bridge.is_none() || bond.master != bridge.map(|b| b.index));

    let mut actions = Vec::new();
    for (link, _) in cards.iter().filter(|(link, _)| misplaced(link, bond)) {
        actions.push(LinkAction::Detach {
            port: link.name.clone(),
        });
    }
    if let Some(bond) = bond.filter(|bond| misplaced(bond, bridge)) {
        actions.push(LinkAction::Detach {
            port: bond.name.clone(),
        });
    }
    for squatter in [bridge_squatter, bond_squatter].into_iter().flatten() {
        actions.push(LinkAction::Remove {
            index: squatter.index,
            name: squatter.name.clone(),
        });
    }
    for link in joining.iter().filter(|link| link.up) {
        // A bond takes no port that is switched on (bond_enslave in drivers/net/bonding/bond_main.c).
        actions.push(LinkAction::SetDown {
            link: link.name.clone(),
        });
    }
    match bond {
        None => actions.push(LinkAction::AddBond {
            name: bond_name.clone(),
            mac,
            miimon_ms: MIIMON_MS,
        }),
        Some(bond) if bond.mac != Some(mac) => {
            actions.push(LinkAction::SetMac {
                link: bond_name.clone(),
                mac,
            });
        }
        Some(_) => {}
    }
    match bridge {
        None => actions.push(LinkAction::AddBridge {
            name: bridge_name.clone(),
            mac,
        }),
        Some(bridge) => {
            if bridge.kind == (LinkKind::Bridge { stp: true }) {
                actions.push(LinkAction::StopStp {
                    bridge: bridge_name.clone(),
                });
            }
            if bridge.mac != Some(mac) {
                actions.push(LinkAction::SetMac {
                    link: bridge_name.clone(),
                    mac,
                });
            }
        }
    }
    for link in &joining {
        actions.push(LinkAction::Attach {
            port: link.name.clone(),
            master: bond_name.clone(),
        });
    }
    if bond_joins {
        actions.push(LinkAction::Attach {
            port: bond_name.clone(),
            master: bridge_name.clone(),
        });
    }
    // Attaching to a bond switches a port on by itself; this is for ports that somebody has switched off.
    for (link, _) in cards
        .iter()
        .filter(|(link, _)| !link.up && !joining.iter().any(|j| j.index == link.index))
    {
        actions.push(LinkAction::SetUp {
            link: link.name.clone(),
        });
    }
    for (name, link) in [(&bond_name, bond), (&bridge_name, bridge)] {
        if link.is_none_or(|link| !link.up) {
            actions.push(LinkAction::SetUp { link: name.clone() });
        }
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

/// The address of bond and bridge. Switches, DHCP servers and neighbours know the node by it, so an address in use
/// stays for as long as its card is in the machine, whatever cards are added. Otherwise it is the lowest address
/// of a card, made-up ones last, so that the same machine gets the same address at each start.
fn address(links: &Links) -> Option<MacAddress> {
    let own = |mac: &MacAddress| wired(links).any(|(_, card)| card.permanent_mac == *mac);
    let in_use = [BRIDGE, BOND]
        .into_iter()
        .filter_map(|name| links.named(name)?.mac)
        .find(own);
    in_use.or_else(|| {
        wired(links)
            .filter(|(_, card)| card.settled)
            .map(|(_, card)| card.permanent_mac)
            .min_by_key(|mac| (mac.is_local(), *mac))
    })
}

/// A link found under a wanted name: either it is good, or it is in the way. A card is never in the way, because
/// it cannot be removed.
fn split(
    found: Option<&ObservedLink>,
    good: impl Fn(&LinkKind) -> bool,
) -> (Option<&ObservedLink>, Option<&ObservedLink>) {
    match found {
        Some(link) if good(&link.kind) => (Some(link), None),
        Some(link) if !matches!(link.kind, LinkKind::Wired(_)) => (None, Some(link)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests;
