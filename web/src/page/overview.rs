//! The overview page: an [`Overview`] put into words for the template.

use askama::Template;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::{
    Boot, Component, Disk, Health, Link, Management, Nic, Overview, Root, State, Units,
};
use pocketstack_model::status::{Doing, Installation, Kept, NetworkChange};
use pocketstack_model::words::Words;
use time::OffsetDateTime;

use super::health::{self, Finding, Level};
use super::{Frame, words};
use crate::locale::{Key, Said};

/// Content of `templates/overview.html`.
#[derive(Template)]
#[template(path = "overview.html")]
pub struct OverviewPage<'a> {
    frame: &'a Frame<'a>,
    overview: &'a Overview,
    summary: String,
    /// Class of the summary in the style sheet.
    class: &'static str,
    findings: Vec<Finding>,
    /// A change of the networks that waits to be confirmed.
    until: Option<OffsetDateTime>,
    /// Whether its code is known here, and need not be typed.
    remembered: bool,
    /// When and why the last change was taken back, if it was.
    reverted: Option<(OffsetDateTime, &'a Words)>,
    kept: Vec<KeptRow<'a>>,
    busy: Option<u8>,
    load: [String; 3],
    memory_percent: u8,
    network: Network<'a>,
    boot: BootWords<'a>,
    components: Vec<ComponentRow<'a>>,
    disks: Vec<DiskRow<'a>>,
    nics: Vec<NicRow<'a>>,
}

/// How something that is kept as configured goes.
pub struct KeptRow<'a> {
    /// What, what is wanted and what is seen.
    pub kept: &'a Kept,
    /// What is done about it.
    pub doing: Said<'a>,
    /// Class of that in the style sheet.
    pub class: &'static str,
    /// What is being done, or what is wrong.
    pub detail: Option<&'a Words>,
    /// Since when it is being done.
    pub since: Option<OffsetDateTime>,
}

struct Network<'a> {
    state: Said<'a>,
    bridge: Option<String>,
    addresses: Vec<AddressWords>,
}

struct AddressWords {
    url: String,
    shown: String,
}

struct BootWords<'a> {
    firmware: Said<'a>,
    medium: Said<'a>,
    root: Said<'a>,
    /// Root hash, or why there is none.
    root_detail: String,
    state: Said<'a>,
    state_percent: Option<u8>,
    uptime: Said<'a>,
}

struct ComponentRow<'a> {
    name: &'static str,
    purpose: Said<'a>,
    version: Option<&'a str>,
    health: Said<'a>,
    class: &'static str,
    why: Option<&'a str>,
}

struct DiskRow<'a> {
    disk: &'a Disk,
    kind: Said<'a>,
    boot_medium: Said<'a>,
}

struct NicRow<'a> {
    nic: &'a Nic,
    link: Said<'a>,
    class: &'static str,
    speed: Option<String>,
}

impl<'a> OverviewPage<'a> {
    pub fn new(overview: &'a Overview, frame: &'a Frame<'a>, remembered: bool) -> Self {
        let findings = health::findings(overview, frame.language);
        let (worst, summary) = health::summary(&findings, frame.language);
        let class = match worst {
            None | Some(Level::Note) => "good",
            Some(Level::Pending) => "off",
            Some(Level::Warning) => "warning",
            Some(Level::Problem) => "problem",
        };
        Self {
            frame,
            overview,
            summary,
            class,
            findings,
            until: match overview.network_change {
                NetworkChange::Unconfirmed { until } => Some(until),
                _ => None,
            },
            remembered,
            reverted: match &overview.network_change {
                NetworkChange::Reverted { at, why } => Some((*at, why)),
                _ => None,
            },
            kept: overview.kept.iter().map(|row| kept(frame, row)).collect(),
            busy: overview.cpu.busy_percent.map(whole_percent),
            load: overview
                .cpu
                .load
                .map(|load| frame.language.decimal(&format!("{load:.2}")).into_owned()),
            memory_percent: share(overview.memory.used, overview.memory.total),
            network: network(frame, &overview.management),
            boot: boot(frame, &overview.boot),
            components: overview
                .components
                .iter()
                .map(|row| component(frame, row))
                .collect(),
            disks: overview.disks.iter().map(|row| disk(frame, row)).collect(),
            nics: overview.nics.iter().map(|row| nic(frame, row)).collect(),
        }
    }
}

/// What is kept, in words.
pub fn kept<'a>(frame: &Frame<'_>, kept: &'a Kept) -> KeptRow<'a> {
    let (doing, class, detail, since) = match &kept.doing {
        Doing::Nothing => (Key("doing-nothing"), "good", None, None),
        Doing::Changing { since, step } => (Key("doing-changing"), "ready", Some(step), Some(*since)),
        Doing::Stuck { why } => (Key("doing-stuck"), "problem", Some(why), None),
    };
    KeptRow {
        kept,
        doing: frame.say(doing),
        class,
        detail,
        since,
    }
}

fn network<'a>(frame: &Frame<'_>, management: &Management) -> Network<'a> {
    let bridge = |bridge: &String| Some(bridge.clone());
    let (state, bridge, addresses) = match management {
        Management::NoNic => (Key("network-no-nic"), None, &[][..]),
        Management::NoLink { bridge: name } => (Key("network-no-link"), bridge(name), &[][..]),
        Management::NoAddress { bridge: name } => (Key("network-no-address"), bridge(name), &[][..]),
        Management::Up {
            bridge: name,
            addresses,
        } => (Key("network-up"), bridge(name), &addresses[..]),
        Management::Failed { .. } => (Key("network-failed"), None, &[][..]),
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
        state: frame.say(state),
        bridge,
        addresses,
    }
}

fn boot<'a>(frame: &Frame<'_>, boot: &Boot) -> BootWords<'a> {
    let (root, root_detail) = match &boot.root {
        Root::Verified {
            root_hash,
            read_only: true,
        } => (Key("root-verified"), root_hash.clone()),
        Root::Verified {
            root_hash,
            read_only: false,
        } => (Key("root-writable"), root_hash.clone()),
        Root::Corrupted { root_hash } => (Key("root-damaged"), root_hash.clone()),
        Root::Unverified { why } => (Key("root-unverified"), why.clone()),
    };
    let (state, state_percent) = match &boot.state {
        State::Persistent { device, size, used } => {
            let said = frame.say("state-persistent").with("used", frame.size(used));
            let said = said.with("size", frame.size(size)).with("device", device);
            (said, Some(share(*used, *size)))
        }
        State::Volatile => (frame.say("state-volatile"), None),
    };
    BootWords {
        firmware: frame.say(words::firmware(boot.firmware)),
        medium: frame.say(words::medium(boot.medium)),
        root: frame.say(root),
        root_detail,
        state,
        state_percent,
        uptime: words::duration(frame.language, boot.uptime_seconds),
    }
}

fn component<'a>(frame: &Frame<'_>, component: &'a Component) -> ComponentRow<'a> {
    let (name, purpose) = words::component(component.kind);
    let (health, class, why) = match &component.health {
        Health::Checking => (Key("health-checking"), "off", None),
        Health::Working => (Key("health-working"), "good", None),
        Health::Ready => (Key("health-ready"), "ready", None),
        Health::Failed { why } => (Key("health-failed"), "problem", Some(why.as_str())),
    };
    ComponentRow {
        name,
        purpose: frame.say(purpose),
        version: component.version.as_deref(),
        health: frame.say(health),
        class,
        why,
    }
}

fn disk<'a>(frame: &Frame<'_>, disk: &'a Disk) -> DiskRow<'a> {
    DiskRow {
        disk,
        // Removable first: USB sticks often claim to rotate.
        kind: frame.say(match (disk.removable, disk.rotational) {
            (true, _) => Key("disk-removable"),
            (false, true) => Key("disk-hard"),
            (false, false) => Key("disk-solid"),
        }),
        boot_medium: frame.say(if disk.boot_medium { Key("yes") } else { Key("no") }),
    }
}

fn nic<'a>(frame: &Frame<'_>, nic: &'a Nic) -> NicRow<'a> {
    let (link, class, mbps) = match nic.link {
        Link::Up { mbps } => (Key("link-up"), "good", mbps),
        Link::Down => (Key("link-down"), "off", None),
    };
    NicRow {
        nic,
        link: frame.say(link),
        class,
        speed: mbps.map(|mbps| words::speed(frame.language, mbps)),
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
