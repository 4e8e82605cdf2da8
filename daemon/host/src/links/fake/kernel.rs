//! The kernel's manners: what it does with links beyond what it is asked, and what it refuses.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pocketstack_model::link::{LinkAction, LinkIndex, LinkKind, LinkName, ObservedLink};
use pocketstack_model::mac::MacAddress;

#[derive(Debug, Default)]
pub(super) struct State {
    pub links: Vec<ObservedLink>,
    pub last_index: u32,
    /// After so many more actions each one fails, as if the power of doing had been cut off there.
    pub actions_left: Option<usize>,
    /// Which of the coming actions fail.
    pub refused: VecDeque<bool>,
    /// What ports of bonds had before they became ports.
    mtu_before_bond: BTreeMap<LinkIndex, u32>,
    /// Bonds that have lost their last port, and with it their address.
    random_mac: BTreeSet<LinkIndex>,
    /// Bridges that no longer follow the MTU of their ports.
    pub mtu_given: BTreeSet<LinkIndex>,
}

const NO_DEVICE: &str = "No such device";

impl State {
    pub fn add(&mut self, name: LinkName, kind: LinkKind, mac: MacAddress) -> LinkIndex {
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
            mtu: 1500,
            addresses: Vec::new(),
        });
        index
    }

    pub fn get(&mut self, name: &LinkName) -> Result<&mut ObservedLink, &'static str> {
        self.links
            .iter_mut()
            .find(|link| link.name == *name)
            .ok_or(NO_DEVICE)
    }

    fn at(&mut self, index: LinkIndex) -> Option<&mut ObservedLink> {
        self.links.iter_mut().find(|link| link.index == index)
    }

    fn all(&self, which: impl Fn(&ObservedLink) -> bool) -> Vec<LinkIndex> {
        self.links
            .iter()
            .filter(|link| which(link))
            .map(|link| link.index)
            .collect()
    }

    fn vlans_on(&self, index: LinkIndex) -> Vec<LinkIndex> {
        self.all(|link| matches!(link.kind, LinkKind::Vlan { lower, .. } if lower == index))
    }

    fn is_bond(&self, index: Option<LinkIndex>) -> bool {
        self.links
            .iter()
            .any(|link| Some(link.index) == index && matches!(link.kind, LinkKind::Bond { .. }))
    }

    /// Switches on or off, and with it the VLANs on it.
    fn switch(&mut self, index: LinkIndex, up: bool) {
        if let Some(link) = self.at(index) {
            link.up = up;
        }
        for vlan in self.vlans_on(index) {
            self.switch(vlan, up);
        }
    }

    /// Changes the MTU with all that follows from it: ports of a bond follow, VLANs shrink, a bridge follows.
    fn resize(&mut self, index: LinkIndex, mtu: u32) {
        let Some(link) = self.at(index) else {
            return;
        };
        link.mtu = mtu;
        let master = link.master;
        if self.is_bond(Some(index)) {
            for port in self.all(|link| link.master == Some(index)) {
                self.resize(port, mtu);
            }
        }
        for vlan in self.vlans_on(index) {
            if self.at(vlan).is_some_and(|vlan| vlan.mtu > mtu) {
                self.resize(vlan, mtu);
            }
        }
        self.follow_ports(master);
    }

    /// A bridge that was given no MTU has the smallest of its ports'.
    fn follow_ports(&mut self, bridge: Option<LinkIndex>) {
        let smallest = self
            .links
            .iter()
            .filter(|port| bridge.is_some() && port.master == bridge)
            .map(|port| port.mtu)
            .min();
        let given = &self.mtu_given;
        let bridge = self.links.iter_mut().find(|link| {
            Some(link.index) == bridge
                && matches!(link.kind, LinkKind::Bridge { .. })
                && !given.contains(&link.index)
        });
        if let Some(bridge) = bridge {
            bridge.mtu = smallest.unwrap_or(1500);
        }
    }

    /// Out of its master; a bond gives a port its own address and MTU back and switches it off, a bridge does not.
    /// A bond without ports makes an address up, until it gets a port or is given one.
    fn release(&mut self, index: LinkIndex) {
        let Some(master) = self.at(index).and_then(|link| link.master.take()) else {
            return;
        };
        if self.is_bond(Some(master)) {
            self.switch(index, false);
            if let Some(link) = self.at(index)
                && let LinkKind::Wired(card) = &link.kind
            {
                link.mac = Some(card.permanent_mac);
            }
            if let Some(before) = self.mtu_before_bond.remove(&index) {
                self.resize(index, before);
            }
            if self.all(|link| link.master == Some(master)).is_empty()
                && let Some(bond) = self.at(master)
            {
                let [a, b, c, d] = master.0.to_be_bytes();
                bond.mac = MacAddress::try_from([0x02, 0xff, a, b, c, d].as_slice()).ok();
                self.random_mac.insert(master);
            }
        }
        self.follow_ports(Some(master));
    }

    /// Takes the link away, with its VLANs.
    pub fn remove(&mut self, index: LinkIndex) {
        for vlan in self.vlans_on(index) {
            self.remove(vlan);
        }
        for port in self.all(|port| port.master == Some(index)) {
            self.release(port);
        }
        self.release(index);
        self.links.retain(|link| link.index != index);
    }

    pub fn act(&mut self, action: &LinkAction) -> Result<(), &'static str> {
        match &mut self.actions_left {
            Some(0) => return Err("Operation not permitted"),
            Some(left) => *left -= 1,
            None => {}
        }
        if self.refused.pop_front() == Some(true) {
            return Err("Device or resource busy");
        }
        match action {
            LinkAction::Remove { index, .. } => {
                if matches!(self.at(*index).ok_or(NO_DEVICE)?.kind, LinkKind::Wired(_)) {
                    return Err("Operation not supported");
                }
                self.remove(*index);
            }
            LinkAction::Detach { port } => {
                let index = self.get(port)?.index;
                self.release(index);
            }
            LinkAction::SetDown { link } => {
                let index = self.get(link)?.index;
                self.switch(index, false);
            }
            LinkAction::SetUp { link } => {
                let link = self.get(link)?.clone();
                if let LinkKind::Vlan { lower, .. } = link.kind
                    && self.at(lower).is_none_or(|lower| !lower.up)
                {
                    return Err("Network is down");
                }
                self.switch(link.index, true);
            }
            LinkAction::AddBond {
                name,
                policy,
                mac,
                miimon_ms,
            } => {
                let kind = LinkKind::Bond {
                    mode: (*policy).into(),
                    miimon_ms: *miimon_ms,
                };
                self.add_new(name, kind, *mac)?;
            }
            LinkAction::AddVlan { name, lower, id } => {
                let lower = self.get(lower)?.clone();
                let kind = LinkKind::Vlan {
                    id: *id,
                    lower: lower.index,
                };
                if self.links.iter().any(|link| link.kind == kind) {
                    return Err("File exists");
                }
                let index = self.add_new(name, kind, lower.mac.ok_or("Operation not supported")?)?;
                self.resize(index, lower.mtu);
            }
            LinkAction::AddBridge { name, mac } => {
                self.add_new(name, LinkKind::Bridge { stp: false }, *mac)?;
            }
            LinkAction::StopStp { bridge } => self.get(bridge)?.kind = LinkKind::Bridge { stp: false },
            LinkAction::SetMac { link, mac } => {
                let link = self.get(link)?;
                link.mac = Some(*mac);
                let index = link.index;
                self.random_mac.remove(&index);
                if self.is_bond(Some(index)) {
                    for port in self.links.iter_mut().filter(|port| port.master == Some(index)) {
                        port.mac = Some(*mac);
                    }
                }
            }
            LinkAction::SetMtu { link, mtu } => {
                let mtu = u32::from(u16::from(*mtu));
                let link = self.get(link)?.clone();
                self.check_mtu(&link, mtu)?;
                // The kernel does not ask the bridge where nothing changes.
                if matches!(link.kind, LinkKind::Bridge { .. }) && link.mtu != mtu {
                    self.mtu_given.insert(link.index);
                }
                self.resize(link.index, mtu);
            }
            LinkAction::Attach { port, master } => self.attach(port, master)?,
        }
        Ok(())
    }

    fn add_new(
        &mut self,
        name: &LinkName,
        kind: LinkKind,
        mac: MacAddress,
    ) -> Result<LinkIndex, &'static str> {
        if self.links.iter().any(|link| link.name == *name) {
            return Err("File exists");
        }
        Ok(self.add(name.clone(), kind, mac))
    }

    /// Whether the link, and all that would follow it, can be given this MTU.
    fn check_mtu(&self, link: &ObservedLink, mtu: u32) -> Result<(), &'static str> {
        let fits = |link: &ObservedLink| match &link.kind {
            LinkKind::Wired(card) => card.largest_mtu.is_none_or(|largest| mtu <= largest),
            _ => true,
        };
        if let LinkKind::Vlan { lower, .. } = link.kind
            && self
                .links
                .iter()
                .any(|below| below.index == lower && below.mtu < mtu)
        {
            return Err("Numerical result out of range");
        }
        let ports = self
            .links
            .iter()
            .filter(|port| self.is_bond(Some(link.index)) && port.master == Some(link.index));
        if ports.chain([link]).all(fits) {
            Ok(())
        } else {
            Err("Invalid argument")
        }
    }

    fn attach(&mut self, port: &LinkName, master: &LinkName) -> Result<(), &'static str> {
        let master = self.get(master)?.clone();
        let port = self.get(port)?.clone();
        if port.master == Some(master.index) {
            return Ok(());
        }
        self.release(port.index);
        match master.kind {
            LinkKind::Bond { .. } => {
                if port.up {
                    return Err("Operation not permitted");
                }
                self.check_mtu(&port, master.mtu)?;
                self.mtu_before_bond.insert(port.index, port.mtu);
                self.resize(port.index, master.mtu);
                self.switch(port.index, true);
                let taken = self.random_mac.remove(&master.index);
                if let Some(bond) = self.at(master.index).filter(|_| taken) {
                    bond.mac = port.mac;
                } else if let Some(link) = self.at(port.index) {
                    link.mac = master.mac;
                }
            }
            LinkKind::Bridge { .. } if matches!(port.kind, LinkKind::Bridge { .. }) => {
                return Err("Too many levels of symbolic links");
            }
            LinkKind::Bridge { .. } => {}
            _ => return Err("Operation not supported"),
        }
        if let Some(link) = self.at(port.index) {
            link.master = Some(master.index);
        }
        self.follow_ports(Some(master.index));
        Ok(())
    }
}
