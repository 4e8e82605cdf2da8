//! The fields of one network, as the wizard and the page of the networks show and read them.

use pocketstack_model::config::network::{
    BondPolicy, Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork,
};
use pocketstack_model::node::{Link, Nic};

use crate::form::Fields;
use crate::locale::{Key, Said};
use crate::page::Frame;
use crate::page::field::{Field, Troubles, parsed};

/// The fields of one role, for `templates/networks/fields.html`.
pub struct Part<'a> {
    /// The role as it is called in the names of the fields.
    pub name: &'static str,
    /// The role in words.
    pub title: Said<'a>,
    /// Network cards to choose from.
    pub cards: Vec<Card>,
    /// What is wrong with the choice.
    pub cards_trouble: Option<Said<'a>>,
    /// Whether all cards work together.
    pub lacp: bool,
    /// What is wrong with that.
    pub bond_trouble: Option<Said<'a>>,
    /// VLAN.
    pub vlan: Field<'a>,
    /// Largest packet.
    pub mtu: Field<'a>,
    /// IPv4.
    pub ipv4: Family<'a>,
    /// IPv6.
    pub ipv6: Family<'a>,
    /// Name servers.
    pub dns: Field<'a>,
    /// Whether what most never need is shown at once.
    pub open: bool,
}

/// A network card to choose.
pub struct Card {
    /// As it is configured: its name or its MAC address.
    pub value: String,
    /// Kernel name.
    pub name: String,
    /// MAC address; empty if the card is not there.
    pub mac: String,
    /// Whether it has a link.
    pub state: Key,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// The fields of IPv4 or IPv6.
pub struct Family<'a> {
    /// Name of the field of the way.
    pub id: &'static str,
    /// Name of the protocol.
    pub title: &'static str,
    /// The ways to an address: value, words, whether it is chosen.
    pub ways: [(&'static str, Said<'a>, bool); 3],
    /// What is wrong with the way.
    pub trouble: Option<Said<'a>>,
    /// Address by hand.
    pub address: Field<'a>,
    /// Router by hand.
    pub gateway: Field<'a>,
}

/// Names of the fields of a role.
struct Names {
    role: &'static str,
    cards: &'static str,
    bond: &'static str,
    vlan: &'static str,
    mtu: &'static str,
    ipv4: [&'static str; 3],
    ipv6: [&'static str; 3],
    dns: &'static str,
}

macro_rules! names {
    ($role:literal, $dns:expr) => {
        Names {
            role: $role,
            cards: concat!($role, "-cards"),
            bond: concat!($role, "-bond"),
            vlan: concat!($role, "-vlan"),
            mtu: concat!($role, "-mtu"),
            ipv4: [
                concat!($role, "-ipv4"),
                concat!($role, "-ipv4-address"),
                concat!($role, "-ipv4-gateway"),
            ],
            ipv6: [
                concat!($role, "-ipv6"),
                concat!($role, "-ipv6-address"),
                concat!($role, "-ipv6-gateway"),
            ],
            dns: $dns,
        }
    };
}

const fn names(role: Role) -> &'static Names {
    match role {
        Role::Management => &names!("management", "dns"),
        Role::External => &names!("external", "external-dns"),
        Role::Bmc => &names!("bmc", "bmc-dns"),
    }
}

/// Name of a role.
pub fn title(role: Role) -> Key {
    match role {
        Role::Management => Key("setup-management"),
        Role::External => Key("setup-external"),
        Role::Bmc => Key("networks-bmc"),
    }
}

/// What the fields of a role say.
pub fn read(role: Role, fields: &Fields, troubles: &mut Troubles) -> RoleNetwork {
    let names = names(role);
    let given = |name: &str| !fields.get(name).is_empty();
    let mut network = RoleNetwork::default();
    for card in fields.all(names.cards) {
        match card.parse() {
            Ok(card) => network.cards.push(card),
            Err(_) => troubles.note(names.cards, Key("setup-cards-wrong")),
        }
    }
    if fields.get(names.bond) == "lacp" {
        network.bond = BondPolicy::Lacp;
    }
    if given(names.vlan) {
        network.vlan = parsed(fields, names.vlan, Key("setup-vlan-wrong"), troubles);
    }
    if given(names.mtu) {
        network.mtu = parsed(fields, names.mtu, Key("networks-mtu-wrong"), troubles).unwrap_or_default();
    }
    let [way, address, gateway] = names.ipv4;
    network.ipv4 = match fields.get(way) {
        "static" => {
            let gateway =
                given(gateway).then(|| parsed(fields, gateway, Key("setup-gateway-wrong"), troubles));
            match parsed(fields, address, Key("setup-ipv4-wrong"), troubles) {
                Some(address) => Ipv4Settings::Static {
                    address,
                    gateway: gateway.flatten(),
                },
                None => Ipv4Settings::default(),
            }
        }
        "off" => Ipv4Settings::Off,
        _ => Ipv4Settings::Dhcp,
    };
    let [way, address, gateway] = names.ipv6;
    network.ipv6 = match fields.get(way) {
        "static" => {
            let gateway =
                given(gateway).then(|| parsed(fields, gateway, Key("setup-gateway-wrong"), troubles));
            match parsed(fields, address, Key("setup-ipv6-wrong"), troubles) {
                Some(address) => Ipv6Settings::Static {
                    address,
                    gateway: gateway.flatten(),
                },
                None => Ipv6Settings::default(),
            }
        }
        "off" => Ipv6Settings::Off,
        _ => Ipv6Settings::Auto,
    };
    for server in fields
        .get(names.dns)
        .split([' ', ',', ';'])
        .filter(|server| !server.is_empty())
    {
        match server.parse() {
            Ok(server) => network.dns.push(server),
            Err(_) => troubles.note(names.dns, Key("setup-dns-wrong")),
        }
    }
    network
}

/// Notes what does not fit together, at the fields of `only` where no others are shown. It is looked for only once each
/// value is right on its own.
pub fn note_problems(networks: &NetworkSettings, only: Option<Role>, troubles: &mut Troubles) {
    if troubles.is_empty() {
        for problem in networks.problems() {
            let (field, key) = field_of(&problem.key, only);
            troubles.note(field, key);
        }
    }
}

/// The field of a key of the configuration ("network.external.ipv4.gateway"), and what can be wrong with it beside others.
fn field_of(key: &str, only: Option<Role>) -> (&'static str, Key) {
    let mut parts = key.split('.').skip(1);
    let role = match parts.next() {
        Some("external") => Role::External,
        Some("bmc") => Role::Bmc,
        _ => Role::Management,
    };
    let names = names(only.unwrap_or(role));
    match (parts.next(), parts.next()) {
        (Some("bond"), _) => (names.bond, Key("setup-bond-unfit")),
        (Some("vlan"), _) => (names.vlan, Key("setup-vlan-unfit")),
        (Some("ipv4"), Some("gateway")) => (names.ipv4[2], Key("setup-gateway-unfit")),
        (Some("ipv6"), Some("gateway")) => (names.ipv6[2], Key("setup-gateway-unfit")),
        (Some("ipv4"), Some("address")) => (names.ipv4[1], Key("setup-address-unfit")),
        (Some("ipv6"), Some("address")) => (names.ipv6[1], Key("setup-address-unfit")),
        (Some("ipv4"), None) => (names.ipv4[0], Key("setup-both-off")),
        (Some("dns"), _) => (names.dns, Key("setup-dns-wrong")),
        (None, _) if role == Role::Bmc => (names.cards, Key("networks-bmc-nowhere")),
        (None, _) => (names.cards, Key("setup-external-nowhere")),
        _ => (names.cards, Key("setup-cards-unfit")),
    }
}

/// What stands in the fields of a role before anybody has typed: what is configured.
pub fn suggested(role: Role, network: &RoleNetwork) -> Vec<(&'static str, String)> {
    let names = names(role);
    let mut fields: Vec<(&str, String)> = Vec::new();
    let dns: Vec<String> = network.dns.iter().map(ToString::to_string).collect();
    fields.push((names.dns, dns.join(" ")));
    fields.extend(network.cards.iter().map(|card| (names.cards, card.to_string())));
    if network.bond == BondPolicy::Lacp {
        fields.push((names.bond, "lacp".to_owned()));
    }
    fields.extend(network.vlan.map(|vlan| (names.vlan, vlan.to_string())));
    fields.push((names.mtu, network.mtu.to_string()));
    let set = |[way, at, via]: [&'static str; 3], address: String, gateway: Option<String>| {
        [
            (way, "static".to_owned()),
            (at, address),
            (via, gateway.unwrap_or_default()),
        ]
    };
    match &network.ipv4 {
        Ipv4Settings::Dhcp => fields.push((names.ipv4[0], "dhcp".to_owned())),
        Ipv4Settings::Off => fields.push((names.ipv4[0], "off".to_owned())),
        Ipv4Settings::Static { address, gateway } => {
            let gateway = gateway.map(|gateway| gateway.to_string());
            fields.extend(set(names.ipv4, address.to_string(), gateway));
        }
    }
    match &network.ipv6 {
        Ipv6Settings::Auto => fields.push((names.ipv6[0], "auto".to_owned())),
        Ipv6Settings::Off => fields.push((names.ipv6[0], "off".to_owned())),
        Ipv6Settings::Static { address, gateway } => {
            let gateway = gateway.map(|gateway| gateway.to_string());
            fields.extend(set(names.ipv6, address.to_string(), gateway));
        }
    }
    fields
}

fn family<'a>(
    frame: &Frame<'_>,
    title: &'static str,
    (automatic, words): (&'static str, Key),
    [way, address, gateway]: [&'static str; 3],
    examples: [Key; 2],
    (fields, troubles): (&Fields, &Troubles),
) -> Family<'a> {
    let chosen = match fields.get(way) {
        "" => automatic,
        chosen => chosen,
    };
    let ways = [
        (automatic, words),
        ("static", Key("setup-ip-static")),
        ("off", Key("setup-ip-off")),
    ];
    let text = |id, label, hint| {
        Field::text(frame, id, label)
            .hint(frame, hint)
            .value(fields.get(id))
            .longest(64)
            .among(frame, troubles)
    };
    Family {
        id: way,
        title,
        ways: ways.map(|(value, words)| (value, frame.say(words), value == chosen)),
        trouble: troubles.at(way).map(|key| frame.say(key)),
        address: text(address, Key("setup-ip-address"), examples[0]),
        gateway: text(gateway, Key("setup-ip-gateway"), examples[1]),
    }
}

/// The cards of the machine, and after them those that are configured and not there.
fn cards(nics: &[Nic], names: &Names, fields: &Fields) -> Vec<Card> {
    let mut missing: Vec<&str> = fields.all(names.cards).collect();
    let mut cards = Vec::new();
    for nic in nics {
        let by_mac = missing.contains(&nic.mac.as_str());
        let before = missing.len();
        missing.retain(|card| *card != nic.name && *card != nic.mac);
        cards.push(Card {
            value: if by_mac { nic.mac.clone() } else { nic.name.clone() },
            name: nic.name.clone(),
            mac: nic.mac.clone(),
            state: match nic.link {
                Link::Up { .. } => Key("setup-card-up"),
                Link::Down => Key("setup-card-down"),
            },
            chosen: missing.len() < before,
        });
    }
    cards.extend(missing.into_iter().map(|card| Card {
        value: card.to_owned(),
        name: card.to_owned(),
        mac: String::new(),
        state: Key("networks-card-missing"),
        chosen: true,
    }));
    cards
}

impl<'a> Part<'a> {
    /// The fields of a role on a machine with these cards.
    pub fn new(
        frame: &Frame<'_>,
        role: Role,
        nics: &[Nic],
        (fields, troubles): (&Fields, &Troubles),
    ) -> Self {
        let names = names(role);
        let said = |field| troubles.at(field).map(|key| frame.say(key));
        let used = |field: &str| !fields.get(field).is_empty() || troubles.at(field).is_some();
        let text = |id, label, hint| {
            Field::text(frame, id, label)
                .hint(frame, hint)
                .value(fields.get(id))
                .among(frame, troubles)
        };
        Self {
            name: names.role,
            title: frame.say(title(role)),
            cards: cards(nics, names, fields),
            cards_trouble: said(names.cards),
            lacp: fields.get(names.bond) == "lacp",
            bond_trouble: said(names.bond),
            vlan: text(names.vlan, Key("setup-vlan"), Key("setup-vlan-hint")).longest(4),
            mtu: text(names.mtu, Key("networks-mtu"), Key("networks-mtu-hint")).longest(4),
            ipv4: family(
                frame,
                "IPv4",
                ("dhcp", Key("setup-ip-dhcp")),
                names.ipv4,
                [Key("setup-ipv4-hint"), Key("setup-ipv4-gateway-hint")],
                (fields, troubles),
            ),
            ipv6: family(
                frame,
                "IPv6",
                ("auto", Key("setup-ip-auto")),
                names.ipv6,
                [Key("setup-ipv6-hint"), Key("setup-ipv6-gateway-hint")],
                (fields, troubles),
            ),
            dns: text(names.dns, Key("setup-dns"), Key("setup-dns-hint")).longest(255),
            open: [names.cards, names.vlan].into_iter().any(used)
                || said(names.bond).is_some()
                || !matches!(fields.get(names.ipv6[0]), "" | "auto"),
        }
    }
}
