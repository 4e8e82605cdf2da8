//! Texts of the form turned into settings, and settings turned into words.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use pocketstack_model::config::names::{CardName, Cidr, Mtu, ValueError, VlanId};
use pocketstack_model::config::network::{
    BondPolicy, Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork,
};

use super::Field;

/// Where addresses come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// DHCP or router advertisements.
    Automatic,
    Static,
    Off,
}

impl Mode {
    /// The next of the three.
    pub const fn next(self) -> Self {
        match self {
            Self::Automatic => Self::Static,
            Self::Static => Self::Off,
            Self::Off => Self::Automatic,
        }
    }

    pub const fn of_ipv4(settings: &Ipv4Settings) -> Self {
        match settings {
            Ipv4Settings::Dhcp => Self::Automatic,
            Ipv4Settings::Static { .. } => Self::Static,
            Ipv4Settings::Off => Self::Off,
        }
    }

    pub const fn of_ipv6(settings: &Ipv6Settings) -> Self {
        match settings {
            Ipv6Settings::Auto => Self::Automatic,
            Ipv6Settings::Static { .. } => Self::Static,
            Ipv6Settings::Off => Self::Off,
        }
    }

    /// In words, for IPv4.
    pub const fn ipv4(self) -> &'static str {
        match self {
            Self::Automatic => "DHCP",
            Self::Static => "static",
            Self::Off => "off",
        }
    }

    /// In words, for IPv6.
    pub const fn ipv6(self) -> &'static str {
        match self {
            Self::Automatic => "automatic (router advertisements)",
            Self::Static => "static",
            Self::Off => "off (link-local only)",
        }
    }
}

/// In words.
pub const fn bond(policy: BondPolicy) -> &'static str {
    match policy {
        BondPolicy::ActiveBackup => "active-backup (any switch)",
        BondPolicy::Lacp => "LACP (the switch must be set up for it)",
    }
}

/// Reads fields and collects what is wrong with them.
pub struct Reader<'a, F: Fn(Field) -> &'a str> {
    text: F,
    errors: BTreeMap<Field, String>,
}

impl<'a, F: Fn(Field) -> &'a str> Reader<'a, F> {
    pub fn new(text: F) -> Self {
        Self {
            text,
            errors: BTreeMap::new(),
        }
    }

    /// All errors, if there are any.
    pub fn end(self) -> Result<(), BTreeMap<Field, String>> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }

    fn text(&self, field: Field) -> &'a str {
        (self.text)(field).trim()
    }

    fn wrong(&mut self, field: Field, why: impl Into<String>) {
        self.errors.insert(field, why.into());
    }

    fn value<T: FromStr<Err = ValueError>>(&mut self, field: Field) -> Option<T> {
        let parsed = self.text(field).parse();
        parsed
            .map_err(|error: ValueError| self.wrong(field, error.needed))
            .ok()
    }

    pub fn vlan(&mut self) -> Option<VlanId> {
        if self.text(Field::Vlan).is_empty() {
            return None;
        }
        self.value(Field::Vlan)
    }

    pub fn mtu(&mut self) -> Mtu {
        self.value(Field::Mtu).unwrap_or_default()
    }

    fn gateway<A: FromStr>(&mut self, field: Field, example: &str) -> Option<A> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.wrong(
                field,
                format!("the router's address is needed, such as {example}, or nothing for none"),
            );
        }
        parsed
    }

    pub fn ipv4(&mut self, mode: Mode) -> Ipv4Settings {
        match mode {
            Mode::Automatic => return Ipv4Settings::Dhcp,
            Mode::Off => return Ipv4Settings::Off,
            Mode::Static => {}
        }
        let address: Option<Cidr<Ipv4Addr>> = self.value(Field::Ipv4Address);
        let gateway: Option<Ipv4Addr> = self.gateway(Field::Ipv4Gateway, "192.168.1.1");
        let Some(address) = address else {
            return Ipv4Settings::Dhcp;
        };
        Ipv4Settings::Static { address, gateway }
    }

    pub fn ipv6(&mut self, mode: Mode) -> Ipv6Settings {
        match mode {
            Mode::Automatic => return Ipv6Settings::Auto,
            Mode::Off => return Ipv6Settings::Off,
            Mode::Static => {}
        }
        let address: Option<Cidr<Ipv6Addr>> = self.value(Field::Ipv6Address);
        let gateway: Option<Ipv6Addr> = self.gateway(Field::Ipv6Gateway, "fe80::1");
        let Some(address) = address else {
            return Ipv6Settings::Auto;
        };
        Ipv6Settings::Static { address, gateway }
    }

    pub fn dns(&mut self) -> Vec<IpAddr> {
        let mut servers = Vec::new();
        let words = self
            .text(Field::Dns)
            .split([' ', ','])
            .filter(|word| !word.is_empty());
        for word in words {
            match word.parse::<IpAddr>() {
                Ok(server) => servers.push(server),
                Err(_) => self.wrong(
                    Field::Dns,
                    format!("{word} is no IP address; several are separated by blanks"),
                ),
            }
        }
        servers
    }
}

/// What does not fit together, beside the fields it is about.
pub fn problems(networks: &NetworkSettings) -> BTreeMap<Field, String> {
    let mut errors = BTreeMap::new();
    for problem in networks.problems() {
        let key = problem.key.trim_start_matches("network.");
        let (role, key) = key.split_once('.').unwrap_or((key, ""));
        let field = match key {
            "cards" => Field::Card(0),
            "bond" => Field::Bond,
            "vlan" => Field::Vlan,
            "mtu" => Field::Mtu,
            "ipv4" => Field::Ipv4,
            "ipv4.address" => Field::Ipv4Address,
            "ipv4.gateway" => Field::Ipv4Gateway,
            "ipv6" => Field::Ipv6,
            "ipv6.address" => Field::Ipv6Address,
            "ipv6.gateway" => Field::Ipv6Gateway,
            "dns" => Field::Dns,
            _ => Field::Review,
        };
        let words = format!("{}; {}", problem.wrong, problem.todo);
        let words = if role == Role::Management.to_string() {
            words
        } else {
            format!("for the {role} network: {words}")
        };
        errors.entry(field).or_insert(words);
    }
    errors
}

/// What differs between two settings: what it is, what it was, what it will be.
pub fn differences(before: &RoleNetwork, after: &RoleNetwork) -> Vec<(&'static str, String, String)> {
    let vlan = |network: &RoleNetwork| network.vlan.map_or("none".to_owned(), |vlan| vlan.to_string());
    let words = |network: &RoleNetwork| {
        [
            ("Cards", cards(&network.cards)),
            ("Bond", bond(network.bond).to_owned()),
            ("VLAN", vlan(network)),
            ("MTU", network.mtu.to_string()),
            ("IPv4", ipv4(&network.ipv4)),
            ("IPv6", ipv6(&network.ipv6)),
            ("Name servers", list(&network.dns, "none of its own")),
        ]
    };
    words(before)
        .into_iter()
        .zip(words(after))
        .filter(|(before, after)| before != after)
        .map(|((label, before), (_, after))| (label, before, after))
        .collect()
}

fn cards(cards: &[CardName]) -> String {
    list(cards, "all that no other network uses")
}

fn list<T: ToString>(all: &[T], none: &str) -> String {
    if all.is_empty() {
        return none.to_owned();
    }
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(", ")
}

fn ipv4(settings: &Ipv4Settings) -> String {
    match settings {
        Ipv4Settings::Static { address, gateway } => fixed(address, *gateway),
        other => Mode::of_ipv4(other).ipv4().to_owned(),
    }
}

fn ipv6(settings: &Ipv6Settings) -> String {
    match settings {
        Ipv6Settings::Static { address, gateway } => fixed(address, *gateway),
        other => Mode::of_ipv6(other).ipv6().to_owned(),
    }
}

fn fixed<A: Display>(address: &Cidr<A>, gateway: Option<A>) -> String {
    match gateway {
        Some(gateway) => format!("{address}, gateway {gateway}"),
        None => format!("{address}, no gateway"),
    }
}
