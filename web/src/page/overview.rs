//! The overview page: an [`Overview`] put into words for the template.

use askama::Template;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::{
    Boot, Component, Disk, Health, Link, Management, Nic, Overview, Root, State, Units,
};
use pocketstack_model::status::{Doing, Installation, Kept, NetworkChange};
use time::format_description::well_known::Rfc3339;

use super::confirm::Waits;
use super::health::{self, Finding, Level};
use super::words;
use crate::assets::Assets;

/// Content of `templates/overview.html`.
#[derive(Template)]
#[template(path = "overview.html")]
pub struct OverviewPage<'a> {
    assets: &'a Assets,
    version: &'a str,
    overview: &'a Overview,
    summary: String,
    /// Class of the summary in the style sheet.
    class: &'static str,
    findings: Vec<Finding>,
    /// A change of the networks that waits to be confirmed.
    waits: Option<Waits>,
    /// What became of the last change, if it was taken back.
    reverted: Option<String>,
    kept: Vec<KeptRow<'a>>,
    busy: Option<u8>,
    load: [String; 3],
    memory_percent: u8,
    network: Network,
    boot: BootWords,
    components: Vec<ComponentRow<'a>>,
    disks: Vec<DiskRow<'a>>,
    nics: Vec<NicRow<'a>>,
    read_at: String,
    read_at_machine: String,
}

struct KeptRow<'a> {
    kept: &'a Kept,
    doing: &'static str,
    class: &'static str,
    detail: Option<String>,
}

struct Network {
    state: &'static str,
    bridge: Option<String>,
    addresses: Vec<AddressWords>,
}

struct AddressWords {
    url: String,
    shown: String,
}

struct BootWords {
    firmware: &'static str,
    medium: &'static str,
    root: &'static str,
    /// Root hash, or why there is none.
    root_detail: String,
    state: String,
    state_percent: Option<u8>,
    uptime: String,
}

struct ComponentRow<'a> {
    name: &'static str,
    purpose: &'static str,
    version: Option<&'a str>,
    health: &'static str,
    class: &'static str,
    why: Option<&'a str>,
}

struct DiskRow<'a> {
    disk: &'a Disk,
    kind: &'static str,
    boot_medium: &'static str,
}

struct NicRow<'a> {
    nic: &'a Nic,
    link: &'static str,
    class: &'static str,
    speed: Option<String>,
}

impl<'a> OverviewPage<'a> {
    pub fn new(overview: &'a Overview, assets: &'a Assets) -> Self {
        let findings = health::findings(overview);
        let (worst, summary) = health::summary(&findings);
        let class = match worst {
            None | Some(Level::Note) => "good",
            Some(Level::Pending) => "off",
            Some(Level::Warning) => "warning",
            Some(Level::Problem) => "problem",
        };
        Self {
            assets,
            version: &overview.version,
            overview,
            summary,
            class,
            findings,
            waits: match overview.network_change {
                NetworkChange::Unconfirmed { until } => Some(Waits::new(until)),
                _ => None,
            },
            reverted: match &overview.network_change {
                NetworkChange::Reverted { at, why } => Some(words::reverted(*at, why)),
                _ => None,
            },
            kept: overview.kept.iter().map(kept).collect(),
            busy: overview.cpu.busy_percent.map(whole_percent),
            load: overview.cpu.load.map(|load| format!("{load:.2}")),
            memory_percent: share(overview.memory.used, overview.memory.total),
            network: network(&overview.management),
            boot: boot(&overview.boot),
            components: overview.components.iter().map(component).collect(),
            disks: overview.disks.iter().map(disk).collect(),
            nics: overview.nics.iter().map(nic).collect(),
            read_at: words::moment(overview.read_at),
            // Only a year beyond 9999 has no RFC 3339 form.
            read_at_machine: overview.read_at.format(&Rfc3339).unwrap_or_default(),
        }
    }
}

fn kept(kept: &Kept) -> KeptRow<'_> {
    let (doing, class, detail) = match &kept.doing {
        Doing::Nothing => ("Nothing, it is as wanted", "good", None),
        Doing::Changing { since, step } => {
            let detail = format!("{step}, since {}", words::moment(*since));
            ("Changing it", "ready", Some(detail))
        }
        Doing::Stuck { why } => ("Stuck", "problem", Some(why.clone())),
    };
    KeptRow {
        kept,
        doing,
        class,
        detail,
    }
}

fn network(management: &Management) -> Network {
    let bridge = |bridge: &String| Some(bridge.clone());
    let (state, bridge, addresses) = match management {
        Management::NoNic => ("No wired network card", None, &[][..]),
        Management::NoLink { bridge: name } => ("No link", bridge(name), &[][..]),
        Management::NoAddress { bridge: name } => ("Waiting for an address", bridge(name), &[][..]),
        Management::Up {
            bridge: name,
            addresses,
        } => ("Up", bridge(name), &addresses[..]),
        Management::Failed { .. } => ("Failed", None, &[][..]),
    };
    let addresses = addresses
        .iter()
        .map(|address| AddressWords {
            // In a URL an IPv6 address stands in brackets (RFC 3986 section 3.2.2).
            url: match address.address {
                std::net::IpAddr::V4(v4) => format!("https://{v4}/"),
                std::net::IpAddr::V6(v6) => format!("https://[{v6}]/"),
            },
            shown: format!("{}/{}", address.address, address.prefix),
        })
        .collect();
    Network {
        state,
        bridge,
        addresses,
    }
}

fn boot(boot: &Boot) -> BootWords {
    let (root, root_detail) = match &boot.root {
        Root::Verified {
            root_hash,
            read_only: true,
        } => ("Verified, read-only", root_hash.clone()),
        Root::Verified {
            root_hash,
            read_only: false,
        } => ("Verified, but writable", root_hash.clone()),
        Root::Corrupted { root_hash } => ("Damaged", root_hash.clone()),
        Root::Unverified { why } => ("Not verified", why.clone()),
    };
    let (state, state_percent) = match &boot.state {
        State::Persistent { device, size, used } => (
            format!("{used} of {size} used on {device}"),
            Some(share(*used, *size)),
        ),
        State::Volatile => ("In memory only, lost on restart".to_owned(), None),
    };
    BootWords {
        firmware: words::firmware(boot.firmware),
        medium: words::medium(boot.medium),
        root,
        root_detail,
        state,
        state_percent,
        uptime: words::duration(boot.uptime_seconds),
    }
}

fn component(component: &Component) -> ComponentRow<'_> {
    let (name, purpose) = words::component(component.kind);
    let (health, class, why) = match &component.health {
        Health::Checking => ("Not checked yet", "off", None),
        Health::Working => ("Working", "good", None),
        Health::Ready => ("Ready, not needed yet", "ready", None),
        Health::Failed { why } => ("Failed", "problem", Some(why.as_str())),
    };
    ComponentRow {
        name,
        purpose,
        version: component.version.as_deref(),
        health,
        class,
        why,
    }
}

fn disk(disk: &Disk) -> DiskRow<'_> {
    DiskRow {
        disk,
        // Removable first: USB sticks often claim to rotate.
        kind: match (disk.removable, disk.rotational) {
            (true, _) => "Removable",
            (false, true) => "Hard disk",
            (false, false) => "Solid state",
        },
        boot_medium: if disk.boot_medium { "Yes" } else { "No" },
    }
}

fn nic(nic: &Nic) -> NicRow<'_> {
    let (link, class, mbps) = match nic.link {
        Link::Up { mbps } => ("Up", "good", mbps),
        Link::Down => ("Down", "off", None),
    };
    NicRow {
        nic,
        link,
        class,
        speed: mbps.map(words::speed),
    }
}

/// Share in percent, 0 when there is nothing to share.
fn share(used: ByteCount, total: ByteCount) -> u8 {
    let percent = (u128::from(used.0) * 100)
        .checked_div(u128::from(total.0))
        .unwrap_or(0);
    u8::try_from(percent.min(100)).unwrap_or(100)
}

fn whole_percent(percent: f32) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    let whole = percent.clamp(0.0, 100.0).round() as u8;
    whole
}
