//! The node's page.

use std::time::Duration;

use pocketstack_model::node::{
    Component, ComponentKind, Health, Link, Management, Medium, Nic, Overview, Root, State, Units,
};
use pocketstack_model::status::{Doing, Installation, Kept, NetworkChange};
use time::OffsetDateTime;

use super::{WIDTH, labelled, wrap};
use crate::console::qr;
use crate::console::screen::World;
use crate::node::pages;

/// Between the QR code and the text.
const GAP: usize = 2;
/// Characters of a progress bar.
const BAR: usize = 20;

/// The page in at most so many lines.
pub fn lines(world: &World<'_>, room: usize) -> Vec<String> {
    let pages = pages(&world.overview.management);
    let code = pages.first().and_then(|url| qr::lines(url)).unwrap_or_default();
    let left = code.first().map_or(0, |line| line.chars().count() + GAP);
    let mut text = text(world, &pages, WIDTH - 1 - left);
    if text.len() > room {
        let more = text.len() - room + 1;
        text.truncate(room - 1);
        text.push(format!("({more} more lines: the page shows all)"));
    }
    let mut lines = Vec::new();
    for row in 0..code.len().max(text.len()).min(room) {
        let mut line = match code.get(row) {
            Some(code) => format!("\x1b[30;47m{code}\x1b[0m{}", " ".repeat(GAP)),
            None => " ".repeat(left),
        };
        line.push_str(text.get(row).map_or("", String::as_str));
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn text(world: &World<'_>, pages: &[String], width: usize) -> Vec<String> {
    let World {
        overview,
        fingerprint,
        setup_code,
        left,
        ..
    } = *world;
    let mut lines = installation(&overview.installation, width);
    lines.extend(change(&overview.network_change, left, width));
    if pages.is_empty() {
        lines.extend(wrap(&no_page(&overview.management), width));
    } else {
        lines.push("Open this page in a browser:".to_owned());
        lines.extend(pages.iter().cloned());
        match fingerprint {
            Some(fingerprint) => {
                lines.push("Certificate fingerprint (SHA-256):".to_owned());
                if width >= 95 {
                    lines.push(fingerprint.to_string());
                } else {
                    lines.extend(fingerprint.lines());
                }
            }
            None => lines.push("Certificate: not made yet".to_owned()),
        }
    }
    if let Some(code) = setup_code {
        let here = match pages.is_empty() {
            true => "This machine is not set up: press S to do it here.",
            false => {
                "This machine is not set up: do it in the browser with this code, or press S to do it here."
            }
        };
        lines.extend(wrap(here, width));
        lines.push(format!("Setup code: {code}"));
    }
    lines.push(String::new());
    lines.extend(overview.kept.iter().flat_map(|kept| difference(kept, width)));
    lines.extend(overview.components.iter().flat_map(|part| component(part, width)));
    lines.extend(labelled("System", &system(overview), width));
    let units = match &overview.units {
        Units::Unknown { why } => format!("not known: {why}"),
        Units::Known { failed } if failed.is_empty() => "none failed".to_owned(),
        Units::Known { failed } => format!("FAILED: {}", failed.join(", ")),
    };
    lines.extend(labelled("Units", &units, width));
    lines.extend(overview.nics.iter().flat_map(|card| nic(card, width)));
    lines
}

fn no_page(management: &Management) -> String {
    match management {
        Management::NoNic => "No page: this machine has no wired network card that is known.".to_owned(),
        Management::NoLink { .. } => "No page: no network card has a link. Plug in a cable.".to_owned(),
        Management::NoAddress { .. } => {
            "No page yet: waiting for an address. Is there a DHCP server on this network?".to_owned()
        }
        Management::Failed { why } => format!("No page: {why}"),
        // Pages are only absent then if there are no addresses, which Up excludes.
        Management::Up { .. } => String::new(),
    }
}

fn component(part: &Component, width: usize) -> Vec<String> {
    let name = match part.kind {
        ComponentKind::Kvm => "KVM",
        ComponentKind::Libvirt => "libvirt",
        ComponentKind::Drbd => "DRBD",
        ComponentKind::Heartbeat => "Heartbeat",
    };
    let version = part.version.as_deref().unwrap_or_default();
    let words = match &part.health {
        Health::Checking => format!("checking {version}"),
        Health::Working => format!("working  {version}"),
        Health::Ready => format!("ready    {version}"),
        Health::Failed { why } => format!("FAILED: {why}"),
    };
    labelled(name, words.trim_end(), width)
}

fn system(overview: &Overview) -> String {
    let boot = &overview.boot;
    let medium = match boot.medium {
        Medium::Disk => "disk",
        Medium::Iso => "ISO",
        Medium::Network => "network",
        Medium::Other => "unknown medium",
    };
    let root = match &boot.root {
        Root::Verified { .. } => "verified".to_owned(),
        Root::Corrupted { .. } => "CORRUPTED: replace the medium".to_owned(),
        Root::Unverified { .. } => "not verified".to_owned(),
    };
    let state = match &boot.state {
        State::Persistent { .. } => "state is kept",
        State::Volatile => "state is lost at a restart",
    };
    format!("from {medium}, {root}; {state}")
}

fn nic(card: &Nic, width: usize) -> Vec<String> {
    let link = match card.link {
        Link::Up { mbps: Some(mbps) } => format!("up, {mbps} Mbit/s"),
        Link::Up { mbps: None } => "up".to_owned(),
        Link::Down => "NO LINK".to_owned(),
    };
    labelled(&card.name, &format!("{link}  {}", card.mac), width)
}

/// How the installation goes, with a blank line after it.
fn installation(installation: &Installation, width: usize) -> Vec<String> {
    let mut lines = match installation {
        Installation::None => return Vec::new(),
        Installation::Running { step, percent } => {
            let percent = usize::from(*percent).min(100);
            let done = percent * BAR / 100;
            let bar = format!("{}{}", "#".repeat(done), ".".repeat(BAR - done));
            let mut lines = vec![format!("Installing [{bar}] {percent:>3} %")];
            lines.extend(wrap(step, width));
            lines
        }
        Installation::Failed { why } => wrap(&format!("Installation FAILED: {why}"), width),
        Installation::Done { disk } => wrap(
            &format!("Installed on {disk}. The machine restarts or is switched off by itself."),
            width,
        ),
    };
    lines.push(String::new());
    lines
}

/// What became of a change of the networks, with a blank line after it.
fn change(change: &NetworkChange, left: Option<Duration>, width: usize) -> Vec<String> {
    let words = match (change, left) {
        (NetworkChange::None, _) => return Vec::new(),
        (NetworkChange::Unconfirmed { .. }, Some(left)) => format!(
            "New network settings are in use. Unless they are confirmed, they are taken back in {} s.",
            left.as_secs()
        ),
        (NetworkChange::Unconfirmed { until }, None) => format!(
            "New network settings are in use. Unless they are confirmed, they are taken back at {}.",
            clock(*until)
        ),
        (NetworkChange::Reverted { at, why }, _) => {
            format!("New network settings were taken back at {}: {why}", clock(*at))
        }
    };
    let mut lines = wrap(&words, width);
    lines.push(String::new());
    lines
}

/// What is not as configured; nothing if it is.
fn difference(kept: &Kept, width: usize) -> Vec<String> {
    const INDENT: usize = 2;
    let doing = match &kept.doing {
        Doing::Nothing => return Vec::new(),
        Doing::Changing { since, step } => format!("doing: {step} (since {})", clock(*since)),
        Doing::Stuck { why } => format!("STUCK: {why}"),
    };
    let mut lines = wrap(&kept.subject, width);
    for words in [format!("want {}", kept.want), format!("see {}", kept.see), doing] {
        let rows = wrap(&words, width - INDENT);
        lines.extend(rows.iter().map(|row| format!("{}{row}", " ".repeat(INDENT))));
    }
    lines
}

fn clock(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02}:{:02} UTC", at.hour(), at.minute(), at.second())
}
