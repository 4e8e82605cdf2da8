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

use pocketstack_model::config::network::{NetworkSettings, Role};
use pocketstack_model::link::{LinkAction, Links};

use crate::network;
pub use crate::network::{MIIMON_MS, unsettled, wired};

/// Name of the bridge that carries the node's addresses.
pub const BRIDGE: &str = Role::Management.bridge();
/// Name of the bond under it.
pub const BOND: &str = Role::Management.bond();

/// The steps from `links` to the management network described above: [`network::plan`] without a configuration.
pub fn plan(links: &Links) -> Vec<LinkAction> {
    network::plan(&NetworkSettings::default(), links)
}

#[cfg(test)]
mod tests;
