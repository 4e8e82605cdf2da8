//! The fake: a few links with the kernel's manners, kept in memory.

mod kernel;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pocketstack_model::link::{Card, LinkAction, LinkIndex, LinkKind, LinkName, Links};
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;
use tokio::sync::watch;

use super::{Error, NetworkLinks};
use kernel::State;

/// Links in memory that take and refuse actions as the kernel does.
#[derive(Debug)]
pub struct FakeLinks {
    state: Mutex<State>,
    /// Other machines, on every network.
    neighbours: Mutex<BTreeMap<Ipv4Addr, MacAddress>>,
    observed: AtomicUsize,
    tick: watch::Sender<u64>,
}

impl Default for FakeLinks {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            neighbours: Mutex::default(),
            observed: AtomicUsize::new(0),
            tick: watch::Sender::new(0),
        }
    }
}

impl FakeLinks {
    /// A machine with exactly these links.
    pub fn with(links: Links) -> Self {
        let fake = Self::default();
        fake.change(|state| {
            state.mtu_given = links.links.iter().map(|link| link.index).collect();
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
            largest_mtu: None,
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

    /// A VM is started: what its network card is attached to appears, switched on.
    pub fn start_vm(&self, tap: &LinkName, mac: MacAddress) {
        self.change(|state| {
            state.add(tap.clone(), LinkKind::Other, mac);
            if let Ok(link) = state.get(tap) {
                (link.up, link.carrier) = (true, true);
            }
        });
    }

    /// A link vanishes, as a card that is pulled out.
    pub fn pull_out(&self, name: &LinkName) {
        self.change(|state| {
            if let Ok(link) = state.get(name) {
                let index = link.index;
                state.remove(index);
            }
        });
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

    /// Takes an address from a link, as a DHCP client does when its lease has run out.
    pub fn drop_address(&self, name: &LinkName, address: Address) {
        self.change(|state| {
            if let Some(link) = state.links.iter_mut().find(|link| link.name == *name) {
                link.addresses.retain(|found| *found != address);
            }
        });
    }

    /// Another machine takes an address, on all networks.
    pub fn set_neighbour(&self, address: Ipv4Addr, mac: MacAddress) {
        self.neighbours().insert(address, mac);
    }

    /// All other machines let go of their addresses.
    pub fn forget_neighbours(&self) {
        self.neighbours().clear();
    }

    fn neighbours(&self) -> std::sync::MutexGuard<'_, BTreeMap<Ipv4Addr, MacAddress>> {
        self.neighbours
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How often all links were read.
    pub fn observations(&self) -> usize {
        self.observed.load(Ordering::Relaxed)
    }

    /// Lets so many more actions through and fails those after; `None` lets all through again.
    pub fn fail_after(&self, actions: Option<usize>) {
        self.change(|state| state.actions_left = actions);
    }

    /// Fails each coming action for which there is `true`, in order, and lets the ones after the last through.
    pub fn refuse(&self, coming: impl IntoIterator<Item = bool>) {
        self.change(|state| state.refused = coming.into_iter().collect());
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
        self.observed.fetch_add(1, Ordering::Relaxed);
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

    async fn who_has(
        &self,
        link: &LinkName,
        address: Ipv4Addr,
        _from: Option<Ipv4Addr>,
    ) -> Result<Option<MacAddress>, Error> {
        let failed = |why: &str| Error::Ask {
            link: link.clone(),
            address,
            why: why.to_owned(),
        };
        let links = self.observe().await?;
        let link = links
            .named(link.as_str())
            .ok_or_else(|| failed("No such device"))?;
        if !link.up {
            return Err(failed("Network is down"));
        }
        Ok(self.neighbours().get(&address).copied())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }
}
