//! The fake: a few links with the kernel's manners, kept in memory.

use std::sync::Mutex;

use pocketstack_model::link::{
    BondMode, Card, LinkAction, LinkIndex, LinkKind, LinkName, Links, ObservedLink,
};
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;
use tokio::sync::watch;

use super::{Error, NetworkLinks};

/// Links in memory that take and refuse actions as the kernel does.
#[derive(Debug)]
pub struct FakeLinks {
    state: Mutex<State>,
    tick: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    links: Vec<ObservedLink>,
    last_index: u32,
    /// After so many more actions each one fails, as if the power of doing had been cut off there.
    actions_left: Option<usize>,
}

impl Default for FakeLinks {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            tick: watch::Sender::new(0),
        }
    }
}

impl FakeLinks {
    /// A machine with exactly these links.
    pub fn with(links: Links) -> Self {
        let fake = Self::default();
        fake.change(|state| {
            state.last_index = links.links.iter().map(|link| link.index.0).max().unwrap_or(0);
            state.links = links.links;
        });
        fake
    }

    /// A card with a cable is put in. Returns its number.
    pub fn plug_in(&self, name: &LinkName, mac: MacAddress) -> LinkIndex {
        let card = Card {
            permanent_mac: mac,
            driver: Some("fake".to_owned()),
            mbps: Some(1000),
            settled: true,
        };
        self.change(|state| {
            let index = state.add(name.clone(), LinkKind::Wired(card), mac);
            if let Some(link) = state.links.last_mut() {
                link.carrier = true;
            }
            index
        })
    }

    /// A link vanishes, as a card that is pulled out.
    pub fn pull_out(&self, name: &LinkName) {
        self.change(|state| state.links.retain(|link| link.name != *name));
    }

    /// Connects or cuts the cable of a card.
    pub fn set_carrier(&self, name: &LinkName, carrier: bool) {
        self.change(|state| {
            if let Some(link) = state.links.iter_mut().find(|link| link.name == *name) {
                link.carrier = carrier;
            }
        });
    }

    /// Gives a link an address, as a DHCP client does.
    pub fn add_address(&self, name: &LinkName, address: Address) {
        self.change(|state| {
            if let Some(link) = state.links.iter_mut().find(|link| link.name == *name) {
                link.addresses.push(address);
            }
        });
    }

    /// Lets so many more actions through and fails those after; `None` lets all through again.
    pub fn fail_after(&self, actions: Option<usize>) {
        self.change(|state| state.actions_left = actions);
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let result = change(&mut state);
        drop(state);
        self.tick.send_modify(|count| *count += 1);
        result
    }
}

impl NetworkLinks for FakeLinks {
    async fn observe(&self) -> Result<Links, Error> {
        let state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Links {
            links: state.links.clone(),
        })
    }

    async fn act(&self, action: &LinkAction) -> Result<(), Error> {
        self.change(|state| state.act(action)).map_err(|why| Error::Act {
            action: action.clone(),
            why: why.to_owned(),
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }
}

const NO_DEVICE: &str = "No such device";

impl State {
    fn add(&mut self, name: LinkName, kind: LinkKind, mac: MacAddress) -> LinkIndex {
        self.last_index += 1;
        let index = LinkIndex(self.last_index);
        self.links.push(ObservedLink {
            index,
            name,
            kind,
            mac: Some(mac),
            up: false,
            carrier: false,
            master: None,
            addresses: Vec::new(),
        });
        index
    }

    fn get(&mut self, name: &LinkName) -> Result<&mut ObservedLink, &'static str> {
        self.links
            .iter_mut()
            .find(|link| link.name == *name)
            .ok_or(NO_DEVICE)
    }

    fn is_bond(&self, index: Option<LinkIndex>) -> bool {
        self.links
            .iter()
            .any(|link| Some(link.index) == index && matches!(link.kind, LinkKind::Bond { .. }))
    }

    /// Out of its master; a bond gives a port its own address back and switches it off, a bridge does neither.
    fn release(&mut self, index: LinkIndex) {
        let from_bond = self
            .links
            .iter()
            .any(|link| link.index == index && self.is_bond(link.master));
        if let Some(link) = self.links.iter_mut().find(|link| link.index == index) {
            link.master = None;
            if from_bond {
                link.up = false;
                if let LinkKind::Wired(card) = &link.kind {
                    link.mac = Some(card.permanent_mac);
                }
            }
        }
    }

    fn act(&mut self, action: &LinkAction) -> Result<(), &'static str> {
        match &mut self.actions_left {
            Some(0) => return Err("Operation not permitted"),
            Some(left) => *left -= 1,
            None => {}
        }
        match action {
            LinkAction::Remove { index, .. } => {
                let link = self
                    .links
                    .iter()
                    .find(|link| link.index == *index)
                    .ok_or(NO_DEVICE)?;
                if matches!(link.kind, LinkKind::Wired(_)) {
                    return Err("Operation not supported");
                }
                let ports: Vec<LinkIndex> = self
                    .links
                    .iter()
                    .filter(|port| port.master == Some(*index))
                    .map(|port| port.index)
                    .collect();
                for port in ports {
                    self.release(port);
                }
                self.links.retain(|link| link.index != *index);
            }
            LinkAction::Detach { port } => {
                let index = self.get(port)?.index;
                self.release(index);
            }
            LinkAction::SetDown { link } => self.get(link)?.up = false,
            LinkAction::SetUp { link } => self.get(link)?.up = true,
            LinkAction::AddBond { name, mac, miimon_ms } => {
                let kind = LinkKind::Bond {
                    mode: BondMode::ActiveBackup,
                    miimon_ms: *miimon_ms,
                };
                self.add_new(name, kind, *mac)?;
            }
            LinkAction::AddBridge { name, mac } => {
                self.add_new(name, LinkKind::Bridge { stp: false }, *mac)?;
            }
            LinkAction::StopStp { bridge } => self.get(bridge)?.kind = LinkKind::Bridge { stp: false },
            LinkAction::SetMac { link, mac } => {
                let link = self.get(link)?;
                link.mac = Some(*mac);
                let index = link.index;
                if self.is_bond(Some(index)) {
                    for port in self.links.iter_mut().filter(|port| port.master == Some(index)) {
                        port.mac = Some(*mac);
                    }
                }
            }
            LinkAction::Attach { port, master } => self.attach(port, master)?,
        }
        Ok(())
    }

    fn add_new(&mut self, name: &LinkName, kind: LinkKind, mac: MacAddress) -> Result<(), &'static str> {
        if self.links.iter().any(|link| link.name == *name) {
            return Err("File exists");
        }
        self.add(name.clone(), kind, mac);
        Ok(())
    }

    fn attach(&mut self, port: &LinkName, master: &LinkName) -> Result<(), &'static str> {
        let master = self.get(master)?.clone();
        let (index, up, before) = {
            let port = self.get(port)?;
            (port.index, port.up, port.master)
        };
        if before == Some(master.index) {
            return Ok(());
        }
        self.release(index);
        match master.kind {
            LinkKind::Bond { .. } if up => return Err("Operation not permitted"),
            LinkKind::Bond { .. } => {
                let port = self.get(port)?;
                port.mac = master.mac;
                port.up = true;
            }
            LinkKind::Bridge { .. } => {}
            _ => return Err("Operation not supported"),
        }
        self.get(port)?.master = Some(master.index);
        Ok(())
    }
}
