//! This node, read when somebody asks.

use std::sync::Arc;

use pocketstack_host::links::NetworkLinks;
use pocketstack_host::mounts::mounts;
use pocketstack_host::root::Root;
use pocketstack_host::{boot, inventory};
use pocketstack_model::config::Configuration;
use pocketstack_model::config::network::Role;
use pocketstack_model::link::Links;
use pocketstack_model::metrics::Metrics;
use pocketstack_model::node::{Boot, Link, Management, Nic, Overview, State};
use pocketstack_model::status::{Doing, Installation, Kept, NetworkChange};
use pocketstack_model::words::kept as words;
use pocketstack_plan::network::wired;
use pocketstack_plan::state::full;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::collect::{Facts, Recent};
use crate::control::Control;
use crate::keep::kept;

/// The bridge with the addresses others reach this node at.
const BRIDGE: &str = Role::Management.bridge();

/// Everything an overview is made of.
#[derive(Debug)]
pub struct Node<L> {
    /// Where files are read from.
    pub root: Root,
    /// The network links.
    pub links: Arc<L>,
    /// What other programs were asked for.
    pub facts: watch::Receiver<Facts>,
    /// What the machine was busy with lately.
    pub recent: Recent,
    /// What keeps the networks from being as they should be.
    pub trouble: watch::Receiver<Option<String>>,
    /// What is kept, and what is under way.
    pub status: Status,
}

/// What this daemon does at the machine.
#[derive(Debug, Clone)]
pub struct Status {
    /// What is kept as configured.
    pub kept: watch::Receiver<Vec<Kept>>,
    /// A change of the networks.
    pub network_change: watch::Receiver<NetworkChange>,
    /// The installation to disk.
    pub installation: watch::Receiver<Installation>,
    /// The configuration, which says whether the node is set up.
    pub wanted: watch::Receiver<Configuration>,
}

impl Status {
    /// As `control` has it.
    pub fn of(control: &Control) -> Self {
        Self {
            kept: control.kept(),
            network_change: control.network_change(),
            installation: control.installation(),
            wanted: control.wanted(),
        }
    }

    /// Of a process that keeps nothing.
    pub fn none() -> Self {
        Self {
            kept: watch::channel(Vec::new()).1,
            network_change: watch::channel(NetworkChange::None).1,
            installation: watch::channel(Installation::None).1,
            wanted: watch::channel(Configuration::default()).1,
        }
    }

    /// Waits until something of it changes.
    ///
    /// # Errors
    /// When there is nobody left who could change it.
    pub async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        tokio::select! {
            heard = self.kept.changed() => heard,
            heard = self.network_change.changed() => heard,
            heard = self.installation.changed() => heard,
            heard = self.wanted.changed() => heard,
        }
    }

    /// What is there now counts as seen.
    pub fn mark_seen(&mut self) {
        self.kept.mark_unchanged();
        self.network_change.mark_unchanged();
        self.installation.mark_unchanged();
        self.wanted.mark_unchanged();
    }
}

impl<L: NetworkLinks> Node<L> {
    /// Reads the machine now. Never fails: what cannot be read says so in its place.
    pub async fn overview(&self) -> Overview {
        let links = self.links.observe().await;
        let trouble = self.trouble.borrow().clone();
        let (links, trouble) = match links {
            Ok(links) => (links, trouble),
            Err(error) => (Links::default(), Some(error.to_string())),
        };
        let facts = self.facts.borrow().clone();
        let root = self.root.clone();
        // A disk that hangs must not stop everything else: file systems are asked beside the daemon's thread.
        let read = tokio::task::spawn_blocking(move || machine(&root, facts));
        let mut overview = match read.await {
            Ok(overview) => overview,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        overview.management = management(&links, trouble);
        overview.nics = nics(&links);
        overview.kept = self.status.kept.borrow().clone();
        overview.kept.extend(room(&overview.boot.state));
        overview.network_change = self.status.network_change.borrow().clone();
        overview.setup_needed = !self.status.wanted.borrow().is_set_up();
        overview.installation = self.status.installation.borrow().clone();
        overview
    }

    /// How busy it was over the last minutes.
    pub fn metrics(&self) -> Metrics {
        self.recent.metrics()
    }
}

/// A line for the state partition if it is full: nothing of what is kept can change then.
fn room(state: &State) -> Option<Kept> {
    let full = full(state)?;
    Some(kept(
        words::state_partition(),
        words::state_room(),
        words::state_used(full.percent),
        Doing::Stuck { why: full.words() },
    ))
}

/// All but the network.
fn machine(root: &Root, facts: Facts) -> Overview {
    let mounts = mounts(root);
    let source = boot::source(root, &mounts);
    let mut cpu = inventory::cpu(root);
    cpu.busy_percent = facts.busy_percent;
    Overview {
        name: root
            .text("/proc/sys/kernel/hostname")
            .unwrap_or_else(|| "localhost".to_owned()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        read_at: OffsetDateTime::now_utc(),
        boot: Boot {
            firmware: boot::firmware(root),
            medium: source.medium,
            installed: source.is_installed(root),
            root: facts.root,
            state: boot::state(root, &mounts),
            kernel: boot::kernel(root),
            uptime_seconds: boot::uptime_seconds(root),
        },
        management: Management::NoNic,
        cpu,
        memory: inventory::memory(root),
        disks: inventory::disks(root, source.disk.as_deref()),
        nics: Vec::new(),
        components: facts.components.to_vec(),
        units: facts.units,
        setup_needed: true,
        kept: Vec::new(),
        network_change: Default::default(),
        installation: Default::default(),
    }
}

fn management(links: &Links, trouble: Option<String>) -> Management {
    let bridge = || BRIDGE.to_owned();
    let addresses = links
        .named(BRIDGE)
        .map(|link| link.reachable_addresses())
        .unwrap_or_default();
    let linked = wired(links).any(|(link, _)| link.carrier);
    match trouble {
        // A second card that cannot join does not make a network in use unusable; the journal has it.
        Some(why) if addresses.is_empty() => Management::Failed { why },
        _ if wired(links).next().is_none() => Management::NoNic,
        _ if !linked => Management::NoLink { bridge: bridge() },
        _ if addresses.is_empty() => Management::NoAddress { bridge: bridge() },
        _ => Management::Up {
            bridge: bridge(),
            addresses,
        },
    }
}

fn nics(links: &Links) -> Vec<Nic> {
    let mut nics: Vec<Nic> = wired(links)
        .map(|(link, card)| Nic {
            name: link.name.to_string(),
            mac: card.permanent_mac.to_string(),
            driver: card.driver.clone(),
            link: if link.carrier {
                Link::Up { mbps: card.mbps }
            } else {
                Link::Down
            },
            part_of: link
                .master
                .and_then(|master| links.at(master))
                .map(|master| master.name.to_string()),
        })
        .collect();
    nics.sort_by(|a, b| a.name.cmp(&b.name));
    nics
}

/// The overview without what changes all the time and nobody would be told about: clock, load, fill levels.
pub fn notable(overview: &Overview) -> Overview {
    let mut notable = overview.clone();
    notable.read_at = OffsetDateTime::UNIX_EPOCH;
    notable.boot.uptime_seconds = 0;
    notable.cpu.busy_percent = None;
    notable.cpu.load = [0.0; 3];
    notable.memory.used = Default::default();
    if let State::Persistent { used, .. } = &mut notable.boot.state {
        *used = Default::default();
    }
    notable
}

/// Pages of this node, the ones others can reach.
pub fn pages(management: &Management) -> Vec<String> {
    let Management::Up { addresses, .. } = management else {
        return Vec::new();
    };
    let url = |address: &pocketstack_model::node::Address| match address.address {
        std::net::IpAddr::V4(v4) => format!("https://{v4}/"),
        std::net::IpAddr::V6(v6) => format!("https://[{v6}]/"),
    };
    addresses.iter().map(url).collect()
}

#[cfg(test)]
mod tests {
    use pocketstack_model::bytes::ByteCount;

    use super::*;

    #[test]
    fn a_full_state_partition_is_a_line_of_its_own() {
        let state = |used| State::Persistent {
            device: "/dev/sda6".to_owned(),
            size: ByteCount(1000),
            used: ByteCount(used),
        };
        assert_eq!(room(&state(949)), None);
        let line = room(&state(970)).expect("full");
        assert_eq!(
            (line.subject.as_str(), line.see.as_str()),
            ("state partition", "97 % used")
        );
        assert!(
            matches!(&line.doing, Doing::Stuck { why } if why.contains("may not be stored") && why.contains("remove")),
            "{line:?}"
        );
    }
}
