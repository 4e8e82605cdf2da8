//! What belongs in the form. A key that is read here exists; there is no other list.

use std::net::IpAddr;
use std::str::FromStr;

use super::value::WordOrTable;
use super::{Form, Section};
use crate::access::AccessSettings;
use crate::config::NodeSettings;
use crate::config::names::{Cidr, ValueError, error};
use crate::config::network::{BondPolicy, Ipv4Settings, Ipv6Settings, NetworkSettings, RoleNetwork};

/// `[node]`.
pub(crate) fn node(form: &mut Form<'_>, root: &mut Section<'_>) -> NodeSettings {
    let Some(mut here) = root.section(form, "node") else {
        return NodeSettings::default();
    };
    let node = NodeSettings {
        name: here.text(form, "name", str::parse).unwrap_or_default(),
        time_zone: here.text(form, "time_zone", str::parse).unwrap_or_default(),
        ntp: here.texts(form, "ntp", str::parse),
    };
    form.close(&here);
    node
}

/// `[access]`.
pub(crate) fn access(form: &mut Form<'_>, root: &mut Section<'_>) -> AccessSettings {
    let before = form.count();
    let Some(mut here) = root.section(form, "access") else {
        return AccessSettings::default();
    };
    let access = AccessSettings {
        password: here.text(form, "password_hash", str::parse),
        ssh_keys: here.texts(form, "ssh_keys", str::parse),
    };
    form.close(&here);
    if form.count() == before {
        for problem in access.problems() {
            form.note_at_key(problem);
        }
    }
    access
}

/// `[network]` with its roles. What does not fit together is looked for only once each value is right on its own.
pub(crate) fn network(form: &mut Form<'_>, root: &mut Section<'_>) -> NetworkSettings {
    let before = form.count();
    let Some(mut here) = root.section(form, "network") else {
        return NetworkSettings::default();
    };
    let networks = NetworkSettings {
        management: role(form, &mut here, "management").unwrap_or_default(),
        external: role(form, &mut here, "external"),
        bmc: role(form, &mut here, "bmc"),
    };
    form.close(&here);
    if form.count() == before {
        for problem in networks.problems() {
            form.note_at_key(problem);
        }
    }
    networks
}

fn role(form: &mut Form<'_>, networks: &mut Section<'_>, name: &'static str) -> Option<RoleNetwork> {
    let mut here = networks.section(form, name)?;
    let network = RoleNetwork {
        cards: here.texts(form, "cards", str::parse),
        bond: here
            .word(
                form,
                "bond",
                &[
                    ("active-backup", BondPolicy::ActiveBackup),
                    ("lacp", BondPolicy::Lacp),
                ],
            )
            .unwrap_or_default(),
        vlan: here.number(form, "vlan", str::parse),
        mtu: here.number(form, "mtu", str::parse).unwrap_or_default(),
        ipv4: ipv4(form, &mut here).unwrap_or_default(),
        ipv6: ipv6(form, &mut here).unwrap_or_default(),
        dns: here.texts(form, "dns", |text| {
            address::<IpAddr>(
                text,
                "IP address",
                "one such as 192.168.1.1 or 2001:db8::1 is needed",
            )
        }),
    };
    form.close(&here);
    Some(network)
}

fn ipv4(form: &mut Form<'_>, role: &mut Section<'_>) -> Option<Ipv4Settings> {
    let written = role.word_or_table(
        form,
        "ipv4",
        &[("dhcp", Ipv4Settings::Dhcp), ("off", Ipv4Settings::Off)],
        "{ address = \"192.168.1.10/24\", gateway = \"192.168.1.1\" }",
    )?;
    match written {
        WordOrTable::Word(settings) => Some(settings),
        WordOrTable::Table(here) => {
            let router = ("IPv4 address", "one such as 192.168.1.1 is needed");
            let (address, gateway) = by_hand(form, here, router)?;
            Some(Ipv4Settings::Static { address, gateway })
        }
    }
}

fn ipv6(form: &mut Form<'_>, role: &mut Section<'_>) -> Option<Ipv6Settings> {
    let written = role.word_or_table(
        form,
        "ipv6",
        &[("auto", Ipv6Settings::Auto), ("off", Ipv6Settings::Off)],
        "{ address = \"2001:db8::10/64\", gateway = \"fe80::1\" }",
    )?;
    match written {
        WordOrTable::Word(settings) => Some(settings),
        WordOrTable::Table(here) => {
            let router = ("IPv6 address", "one such as fe80::1 is needed");
            let (address, gateway) = by_hand(form, here, router)?;
            Some(Ipv6Settings::Static { address, gateway })
        }
    }
}

/// The machine's own address and, if it is there, its router's; `router` says what that is and how it is written.
fn by_hand<A: FromStr>(
    form: &mut Form<'_>,
    mut here: Section<'_>,
    (what, needed): (&'static str, &'static str),
) -> Option<(Cidr<A>, Option<A>)>
where
    Cidr<A>: FromStr<Err = ValueError>,
{
    let own = own_address(form, &mut here);
    let gateway = here.text(form, "gateway", |text| address(text, what, needed));
    form.close(&here);
    Some((own?, gateway))
}

fn own_address<A>(form: &mut Form<'_>, here: &mut Section<'_>) -> Option<Cidr<A>>
where
    Cidr<A>: FromStr<Err = ValueError>,
{
    let before = form.count();
    let address = here.text(form, "address", str::parse);
    if address.is_none() && form.count() == before {
        here.wrong(
            form,
            "address is missing",
            "give this machine's address with the length of the prefix",
        );
    }
    address
}

fn address<A: FromStr>(text: &str, what: &'static str, needed: &'static str) -> Result<A, ValueError> {
    text.parse().map_err(|_| error(text, what, needed))
}
