//! The form for the management network: what was typed, and what is wrong with it.

mod values;

use std::collections::BTreeMap;

use pocketstack_model::config::Configuration;
use pocketstack_model::config::names::CardName;
use pocketstack_model::config::network::{
    BondPolicy, Ipv4Settings, Ipv6Settings, NetworkSettings, RoleNetwork,
};
use pocketstack_model::node::{Link, Nic};

use super::text::edit;
use crate::console::keys::Key;
use values::Mode;
pub use values::differences;

/// A place in the form, in the order of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// A card, by its row.
    Card(usize),
    Bond,
    Vlan,
    Mtu,
    Ipv4,
    Ipv4Address,
    Ipv4Gateway,
    Ipv6,
    Ipv6Address,
    Ipv6Gateway,
    Dns,
    /// Goes on.
    Review,
}

/// What a field shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// Chosen or not, and what is known of the card.
    Card {
        chosen: bool,
        name: &'a str,
        detail: &'a str,
    },
    /// One of several rows, chosen or not, and what is known of it.
    One {
        chosen: bool,
        name: &'a str,
        detail: &'a str,
    },
    /// So many characters that are nobody's business.
    Hidden(usize),
    /// One of several.
    Choice(&'static str),
    /// Typed.
    Text(&'a str),
    /// The way on.
    Button(&'static str),
}

/// What the form asks of the console.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    /// Back without changing anything.
    Leave,
    /// Everything is right: these are the settings.
    Review(Box<RoleNetwork>),
}

/// A network card in the form.
#[derive(Debug, PartialEq, Eq)]
struct Card {
    /// As the configuration names it, or would.
    name: CardName,
    shown: String,
    detail: String,
    chosen: bool,
}

/// The form.
#[derive(Debug)]
pub struct Form {
    /// What is configured, of all networks.
    networks: NetworkSettings,
    cards: Vec<Card>,
    bond: BondPolicy,
    ipv4: Mode,
    ipv6: Mode,
    texts: BTreeMap<Field, String>,
    focus: Field,
    errors: BTreeMap<Field, String>,
    /// Whether going on was tried: before that nobody is told of mistakes that are still being typed.
    tried: bool,
}

impl Form {
    /// Filled in with what is configured.
    pub fn new(configuration: &Configuration, nics: &[Nic]) -> Self {
        let before = &configuration.network.management;
        let cards = cards(before, nics);
        let mut texts = BTreeMap::new();
        texts.insert(
            Field::Vlan,
            before.vlan.map(|vlan| vlan.to_string()).unwrap_or_default(),
        );
        texts.insert(Field::Mtu, before.mtu.to_string());
        if let Ipv4Settings::Static { address, gateway } = &before.ipv4 {
            texts.insert(Field::Ipv4Address, address.to_string());
            texts.extend(gateway.map(|gateway| (Field::Ipv4Gateway, gateway.to_string())));
        }
        if let Ipv6Settings::Static { address, gateway } = &before.ipv6 {
            texts.insert(Field::Ipv6Address, address.to_string());
            texts.extend(gateway.map(|gateway| (Field::Ipv6Gateway, gateway.to_string())));
        }
        let dns: Vec<String> = before.dns.iter().map(ToString::to_string).collect();
        texts.insert(Field::Dns, dns.join(" "));
        let focus = if cards.is_empty() {
            Field::Bond
        } else {
            Field::Card(0)
        };
        Self {
            cards,
            bond: before.bond,
            ipv4: Mode::of_ipv4(&before.ipv4),
            ipv6: Mode::of_ipv6(&before.ipv6),
            texts,
            focus,
            errors: BTreeMap::new(),
            tried: false,
            networks: configuration.network.clone(),
        }
    }

    /// The fields that are asked for as things are, from the top.
    pub fn fields(&self) -> Vec<Field> {
        use Field::*;
        let mut fields: Vec<Field> = (0..self.cards.len()).map(Card).collect();
        fields.extend([Bond, Vlan, Mtu, Ipv4]);
        if self.ipv4 == Mode::Static {
            fields.extend([Ipv4Address, Ipv4Gateway]);
        }
        fields.push(Ipv6);
        if self.ipv6 == Mode::Static {
            fields.extend([Ipv6Address, Ipv6Gateway]);
        }
        fields.extend([Dns, Review]);
        fields
    }

    /// Where the next key goes.
    pub fn focus(&self) -> Field {
        self.focus
    }

    /// What is wrong with this field, once it is told.
    pub fn error(&self, field: Field) -> Option<&str> {
        self.errors.get(&field).map(String::as_str)
    }

    /// What stands in the field.
    pub fn shown(&self, field: Field) -> Shown<'_> {
        match field {
            Field::Card(row) => match self.cards.get(row) {
                Some(card) => Shown::Card {
                    chosen: card.chosen,
                    name: &card.shown,
                    detail: &card.detail,
                },
                None => Shown::Text(""),
            },
            Field::Bond => Shown::Choice(values::bond(self.bond)),
            Field::Ipv4 => Shown::Choice(self.ipv4.ipv4()),
            Field::Ipv6 => Shown::Choice(self.ipv6.ipv6()),
            Field::Review => Shown::Button("Review the changes"),
            text => Shown::Text(self.text(text)),
        }
    }

    fn text(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }

    /// A key was pressed.
    pub fn key(&mut self, key: Key) -> Asked {
        match key {
            Key::Escape => return Asked::Leave,
            Key::Enter if self.focus == Field::Review => return self.go_on(),
            Key::Down | Key::Tab | Key::Enter => self.step(1),
            Key::Up | Key::BackTab => self.step(-1),
            Key::PageUp => self.focus = self.fields()[0],
            Key::PageDown => self.focus = Field::Review,
            key => self.edit(key),
        }
        if self.tried {
            self.errors = self.read().err().unwrap_or_default();
        }
        Asked::Nothing
    }

    fn step(&mut self, by: isize) {
        let fields = self.fields();
        let at = fields
            .iter()
            .position(|field| *field == self.focus)
            .unwrap_or_default();
        let at = at.saturating_add_signed(by).min(fields.len() - 1);
        self.focus = fields[at];
    }

    fn edit(&mut self, key: Key) {
        let on = matches!(key, Key::Char(' ') | Key::Right);
        match self.focus {
            Field::Card(row) => {
                if let Some(card) = self.cards.get_mut(row).filter(|_| key == Key::Char(' ')) {
                    card.chosen = !card.chosen;
                }
            }
            Field::Bond if on || key == Key::Left => {
                self.bond = match self.bond {
                    BondPolicy::ActiveBackup => BondPolicy::Lacp,
                    BondPolicy::Lacp => BondPolicy::ActiveBackup,
                };
            }
            Field::Ipv4 if on => self.ipv4 = self.ipv4.next(),
            Field::Ipv4 if key == Key::Left => self.ipv4 = self.ipv4.next().next(),
            Field::Ipv6 if on => self.ipv6 = self.ipv6.next(),
            Field::Ipv6 if key == Key::Left => self.ipv6 = self.ipv6.next().next(),
            Field::Bond | Field::Ipv4 | Field::Ipv6 | Field::Review => {}
            field => {
                edit(self.texts.entry(field).or_default(), key);
            }
        }
    }

    fn go_on(&mut self) -> Asked {
        self.tried = true;
        match self.read() {
            Ok(new) => {
                self.errors.clear();
                Asked::Review(Box::new(new))
            }
            Err(errors) => {
                if let Some((first, _)) = errors.first_key_value() {
                    self.focus = *first;
                }
                self.errors = errors;
                Asked::Nothing
            }
        }
    }

    /// The settings, or what is wrong with which field.
    fn read(&self) -> Result<RoleNetwork, BTreeMap<Field, String>> {
        let mut read = values::Reader::new(|field| self.text(field));
        let new = RoleNetwork {
            cards: self.chosen(),
            bond: self.bond,
            vlan: read.vlan(),
            mtu: read.mtu(),
            ipv4: read.ipv4(self.ipv4),
            ipv6: read.ipv6(self.ipv6),
            dns: read.dns(),
        };
        read.end()?;
        let networks = NetworkSettings {
            management: new.clone(),
            ..self.networks.clone()
        };
        // What is said of a field that is not asked for, or not there, is said at the end.
        let fields = self.fields();
        let at = |field| {
            if fields.contains(&field) {
                field
            } else {
                Field::Review
            }
        };
        let problems = values::problems(&networks);
        if problems.is_empty() {
            return Ok(new);
        }
        Err(problems
            .into_iter()
            .map(|(field, why)| (at(field), why))
            .collect())
    }

    /// In the order of the configuration, then of the screen: a form that nobody has changed changes nothing.
    fn chosen(&self) -> Vec<CardName> {
        let chosen = || {
            self.cards
                .iter()
                .filter(|card| card.chosen)
                .map(|card| &card.name)
        };
        let before = &self.networks.management.cards;
        let known = before.iter().filter(|name| chosen().any(|card| card == *name));
        let new = chosen().filter(|name| !before.contains(name));
        known.chain(new).cloned().collect()
    }
}

/// A row for each card of the machine, and for each that is configured and not there.
fn cards(configured: &RoleNetwork, nics: &[Nic]) -> Vec<Card> {
    let means = |name: &CardName, nic: &Nic| match name {
        CardName::Link(link) => link.as_str() == nic.name,
        CardName::Mac(mac) => mac.to_string() == nic.mac,
    };
    let there = nics.iter().filter_map(|nic| {
        let named = configured.cards.iter().find(|name| means(name, nic));
        let link = match nic.link {
            Link::Up { mbps: Some(mbps) } => format!("up, {mbps} Mbit/s"),
            Link::Up { mbps: None } => "up".to_owned(),
            Link::Down => "NO LINK".to_owned(),
        };
        let part_of = nic.part_of.as_ref().map(|link| format!("  in {link}"));
        Some(Card {
            // A name of the kernel that could not be written into a file is none of these cards'.
            name: named.cloned().or_else(|| nic.name.parse().ok())?,
            shown: nic.name.clone(),
            detail: format!("{link}  {}{}", nic.mac, part_of.unwrap_or_default()),
            chosen: named.is_some(),
        })
    });
    let absent = configured
        .cards
        .iter()
        .filter(|name| !nics.iter().any(|nic| means(name, nic)));
    let absent = absent.map(|name| Card {
        name: name.clone(),
        shown: name.to_string(),
        detail: "NOT IN THIS MACHINE".to_owned(),
        chosen: true,
    });
    there.chain(absent).collect()
}

/// What the form comes to, before it is used.
#[derive(Debug)]
pub struct Review {
    form: Form,
    /// The settings.
    pub new: RoleNetwork,
    refused: Option<String>,
}

impl PartialEq for Review {
    fn eq(&self, other: &Self) -> bool {
        self.new == other.new && self.refused == other.refused
    }
}

impl Eq for Review {}

impl Review {
    /// Of a form that is right.
    pub fn new(form: Form, new: RoleNetwork) -> Self {
        Self {
            form,
            new,
            refused: None,
        }
    }

    /// To the form as it was left.
    pub fn back(self) -> Form {
        self.form
    }

    /// What changes: what it is, what it was, what it will be.
    pub fn changes(&self) -> Vec<(&'static str, String, String)> {
        differences(&self.form.networks.management, &self.new)
    }

    /// The settings could not be used.
    pub fn refused(&mut self, why: String) {
        self.refused = Some(why);
    }

    /// Why the settings could not be used.
    pub fn trouble(&self) -> Option<&str> {
        self.refused.as_deref()
    }
}
