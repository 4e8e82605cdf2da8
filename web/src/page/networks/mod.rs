//! `/networks`: the networks as they are wanted and as they are seen, and a form to change each.

pub mod form;

use askama::Template;
use pocketstack_model::config::Configuration;
use pocketstack_model::config::names::{HostName, Mtu};
use pocketstack_model::config::network::{
    BondPolicy, Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork,
};
use pocketstack_model::node::{Management, Overview};
use pocketstack_model::status::NetworkChange;
use pocketstack_model::words::kept;
use rocket::http::Status;
use rocket::{State, get, post};
use time::OffsetDateTime;

use super::field::Troubles;
use super::overview::{self, KeptRow};
use super::{Frame, Page, errors, words};
use crate::access::{Access, Action, Admin, AdminForm};
use crate::confirm::Made;
use crate::form::Fields;
use crate::locale::{Key, Said};
use crate::node::Cached;
use form::Part;

/// Content of `templates/networks/list.html`.
#[derive(Template)]
#[template(path = "networks/list.html")]
struct ListPage<'a> {
    frame: &'a Frame<'a>,
    /// What was done.
    done: Option<Said<'a>>,
    /// Until when a change waits to be confirmed, if one does.
    until: Option<OffsetDateTime>,
    rows: Vec<Row<'a>>,
}

/// One role in the list.
struct Row<'a> {
    name: String,
    title: Said<'a>,
    purpose: Said<'a>,
    /// As configured; empty if the role has no network of its own.
    wanted: Vec<String>,
    /// As seen; absent before anything was.
    seen: Option<KeptRow<'a>>,
}

/// Content of `templates/networks/edit.html`.
#[derive(Template)]
#[template(path = "networks/edit.html")]
struct EditPage<'a> {
    frame: &'a Frame<'a>,
    troubles: &'a Troubles,
    /// Why it was not done, and what the system said.
    trouble: Option<Said<'a>>,
    why: Option<String>,
    /// Whether the role can be without a network of its own.
    optional: bool,
    own: bool,
    part: Part<'a>,
}

/// Content of `templates/networks/moved.html`.
#[derive(Template)]
#[template(path = "networks/moved.html")]
struct MovedPage<'a> {
    frame: &'a Frame<'a>,
    until: Option<OffsetDateTime>,
    /// Where the machine is found now, each with the code.
    urls: Vec<String>,
    code: &'a str,
}

/// The role that is called so in addresses.
fn called(name: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role.to_string() == name)
}

fn wanted(networks: &NetworkSettings, role: Role) -> Option<&RoleNetwork> {
    networks
        .roles()
        .find(|(each, _)| *each == role)
        .map(|(_, network)| network)
}

/// A network in words.
pub fn describe(frame: &Frame<'_>, network: &RoleNetwork) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut say = |said: Said<'_>| words.push(said.to_string());
    let cards: Vec<String> = network.cards.iter().map(ToString::to_string).collect();
    match network.cards.as_slice() {
        [] => say(frame.say("review-all-cards")),
        _ => say(frame.say("review-cards").with("cards", cards.join(", "))),
    }
    if network.bond == BondPolicy::Lacp {
        say(frame.say("review-lacp"));
    }
    if let Some(vlan) = network.vlan {
        say(frame.say("review-vlan").with("vlan", vlan));
    }
    if network.mtu != Mtu::default() {
        say(frame.say("networks-mtu-is").with("mtu", network.mtu));
    }
    match &network.ipv4 {
        Ipv4Settings::Dhcp => say(frame.say("review-dhcp")),
        Ipv4Settings::Off => say(frame.say("review-no-ipv4")),
        Ipv4Settings::Static { address, gateway } => {
            say(frame.say("review-address").with("address", address));
            gateway
                .iter()
                .for_each(|gateway| say(frame.say("review-gateway").with("gateway", gateway)));
        }
    }
    match &network.ipv6 {
        Ipv6Settings::Auto => say(frame.say("review-auto")),
        Ipv6Settings::Off => say(frame.say("review-no-ipv6")),
        Ipv6Settings::Static { address, gateway } => {
            say(frame.say("review-address").with("address", address));
            gateway
                .iter()
                .for_each(|gateway| say(frame.say("review-gateway").with("gateway", gateway)));
        }
    }
    words
}

/// Where a machine of this name is found over this network: each address with the code that keeps the network.
pub fn urls(name: &HostName, network: &RoleNetwork, code: &str) -> Vec<String> {
    let mut hosts = Vec::new();
    if let Ipv4Settings::Static { address, .. } = &network.ipv4 {
        hosts.push(address.address.to_string());
    }
    if let Ipv6Settings::Static { address, .. } = &network.ipv6 {
        hosts.push(format!("[{}]", address.address));
    }
    hosts.push(format!("{name}.local"));
    hosts.into_iter().map(|host| url(&host, code)).collect()
}

fn url(host: &str, code: &str) -> String {
    format!("https://{host}/network/confirm?code={code}")
}

/// The same after a change; who comes over a network that has not changed finds the machine where it was.
fn found_at(overview: &Overview, before: &Configuration, now: &Configuration, code: &str) -> Vec<String> {
    let management = &now.network.management;
    let mut urls = urls(&now.node.name, management, code);
    if before.network.management == *management
        && let Management::Up { addresses, .. } = &overview.management
    {
        for address in addresses {
            let here = match address.address {
                std::net::IpAddr::V4(v4) => url(&v4.to_string(), code),
                std::net::IpAddr::V6(v6) => url(&format!("[{v6}]"), code),
            };
            if !urls.contains(&here) {
                urls.push(here);
            }
        }
    }
    urls
}

fn list(
    frame: &Frame<'_>,
    overview: &Overview,
    configuration: &Configuration,
    done: Option<Key>,
) -> Result<Page, Status> {
    let row = |role: Role| {
        let network = wanted(&configuration.network, role);
        let mut wanted = network
            .map(|network| describe(frame, network))
            .unwrap_or_default();
        if let Some(network) = network.filter(|network| !network.dns.is_empty()) {
            let servers: Vec<String> = network.dns.iter().map(ToString::to_string).collect();
            wanted.push(
                frame
                    .say("networks-dns-are")
                    .with("servers", servers.join(", "))
                    .to_string(),
            );
        }
        let subject = kept::network(kept::role(role));
        let seen = overview
            .kept
            .iter()
            .find(|kept| kept.subject.as_str() == subject.as_str());
        Row {
            name: role.to_string(),
            title: frame.say(form::title(role)),
            purpose: frame.say(match role {
                Role::Management => Key("networks-management-purpose"),
                Role::External => Key("networks-external-purpose"),
                Role::Bmc => Key("networks-bmc-purpose"),
            }),
            wanted,
            seen: seen.map(|kept| overview::kept(frame, kept)),
        }
    };
    let page = ListPage {
        frame,
        done: done.map(|key| frame.say(key)),
        until: match overview.network_change {
            NetworkChange::Unconfirmed { until } => Some(until),
            _ => None,
        },
        rows: Role::ALL.into_iter().map(row).collect(),
    };
    Page::render(Status::Ok, &page)
}

fn edit_page(
    status: Status,
    frame: &Frame<'_>,
    overview: &Overview,
    role: Role,
    typed: (&Fields, &Troubles),
    trouble: Option<(Said<'_>, Option<String>)>,
) -> Result<Page, Status> {
    let (trouble, why) = trouble.unzip();
    let page = EditPage {
        frame,
        troubles: typed.1,
        trouble,
        why: why.flatten(),
        optional: role != Role::Management,
        own: typed.0.ticked("own"),
        part: Part::new(frame, role, &overview.nics, typed),
    };
    Page::render(status, &page)
}

/// Shows all roles.
#[get("/networks")]
pub async fn show(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    match (node.overview().await, node.configuration().await) {
        (Ok(overview), Ok(configuration)) => list(&frame, &overview, &configuration, None),
        (Err(unavailable), _) | (_, Err(unavailable)) => errors::away(&unavailable, &frame),
    }
}

/// Shows the form of one.
#[get("/networks/<name>")]
pub async fn edit(_admin: Admin, name: &str, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    let role = called(name).ok_or(Status::NotFound)?;
    let (overview, configuration) = match (node.overview().await, node.configuration().await) {
        (Ok(overview), Ok(configuration)) => (overview, configuration),
        (Err(unavailable), _) | (_, Err(unavailable)) => return errors::away(&unavailable, &frame),
    };
    let mut fields = Vec::new();
    if let Some(network) = wanted(&configuration.network, role) {
        fields = form::suggested(role, network);
        fields.push(("own", "yes".to_owned()));
    }
    let typed = (&Fields::of(fields), &Troubles::default());
    edit_page(Status::Ok, &frame, &overview, role, typed, None)
}

/// The networks with what the form says of one of them.
fn read(role: Role, fields: &Fields, before: &NetworkSettings) -> Result<NetworkSettings, Troubles> {
    let mut troubles = Troubles::default();
    let mut networks = before.clone();
    let mut typed = || form::read(role, fields, &mut troubles);
    match role {
        Role::Management => networks.management = typed(),
        Role::External => networks.external = fields.ticked("own").then(typed),
        Role::Bmc => networks.bmc = fields.ticked("own").then(typed),
    }
    form::note_problems(&networks, Some(role), &mut troubles);
    troubles.none(networks)
}

/// Changes one.
#[post("/networks/<name>", data = "<form>")]
pub async fn change(
    form: AdminForm,
    name: &str,
    frame: Frame<'_>,
    access: &State<Access>,
    made: &State<Made>,
    node: &State<Cached>,
) -> Result<Page, Status> {
    let role = called(name).ok_or(Status::NotFound)?;
    let (overview, before) = match (node.overview().await, node.configuration().await) {
        (Ok(overview), Ok(configuration)) => (overview, configuration),
        (Err(unavailable), _) | (_, Err(unavailable)) => return errors::away(&unavailable, &frame),
    };
    let mut now = before.clone();
    now.network = match read(role, &form.fields, &before.network) {
        Ok(networks) => networks,
        Err(troubles) => {
            let (status, typed) = (Status::UnprocessableEntity, (&form.fields, &troubles));
            return edit_page(status, &frame, &overview, role, typed, None);
        }
    };
    if now == before {
        return list(&frame, &overview, &now, Some(Key("networks-same")));
    }
    let result = node.change_configuration(&now).await;
    let outcome = result.as_ref().map(|_| ());
    form.admin.record(
        access,
        Action::ChangeConfiguration,
        &format!("network {role}"),
        &outcome,
    );
    let code = match result {
        Ok(code) => code,
        Err(why) => {
            let (status, typed) = (words::not_done_status(&why), (&form.fields, &Troubles::default()));
            let trouble = Some(words::not_done(&frame, &why));
            return edit_page(status, &frame, &overview, role, typed, trouble);
        }
    };
    let overview = match node.overview().await {
        Ok(overview) => overview,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    let Some(code) = code else {
        return list(&frame, &overview, &now, Some(Key("networks-changed")));
    };
    made.remember(&overview.network_change, &code);
    let page = MovedPage {
        frame: &frame,
        until: match overview.network_change {
            NetworkChange::Unconfirmed { until } => Some(until),
            _ => None,
        },
        urls: found_at(&overview, &before, &now, &code),
        code: &code,
    };
    Page::render(Status::Ok, &page)
}
