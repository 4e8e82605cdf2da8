//! What a console shows, as one string. Pure.
//!
//! Text is ASCII, whatever a disk, a program or a DHCP server calls itself, so that no terminal is confused and
//! nothing that was read can control it. Only the QR code uses block characters.

use pocketstack_model::node::{
    Component, ComponentKind, Health, Link, Management, Medium, Nic, Overview, Root, State, Units,
};

use super::certificate::Fingerprint;
use super::qr;
use crate::node::pages;

/// Columns every terminal has.
const WIDTH: usize = 80;
/// Between the QR code and the text.
const GAP: usize = 2;

/// The whole screen: clears, draws, and leaves the cursor at the end.
pub fn screen(overview: &Overview, fingerprint: Option<&Fingerprint>) -> String {
    let mut screen = String::from("\x1b[0m\x1b[H\x1b[2J");
    screen.push_str(&body(overview, fingerprint).join("\r\n"));
    screen.push_str("\r\n");
    screen
}

fn body(overview: &Overview, fingerprint: Option<&Fingerprint>) -> Vec<String> {
    let pages = pages(&overview.management);
    let code = pages.first().and_then(|url| qr::lines(url)).unwrap_or_default();
    let left = code.first().map_or(0, |line| line.chars().count() + GAP);
    let text = text(overview, &pages, fingerprint, WIDTH - 1 - left);

    let title = format!("PocketStack {}", plain(&overview.version));
    let name = plain(&overview.name);
    let mut lines = vec![format!(
        "{title}{name:>width$}",
        width = (WIDTH - 1).saturating_sub(title.len())
    )];
    lines.push("-".repeat(WIDTH - 1));
    for row in 0..code.len().max(text.len()) {
        let mut line = match code.get(row) {
            Some(code) => format!("\x1b[30;47m{code}\x1b[0m{}", " ".repeat(GAP)),
            None => " ".repeat(left),
        };
        line.push_str(text.get(row).map_or("", String::as_str));
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn text(
    overview: &Overview,
    pages: &[String],
    fingerprint: Option<&Fingerprint>,
    width: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
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
    lines.push(String::new());
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

/// A name in its column, then words that go on below themselves.
fn labelled(label: &str, words: &str, width: usize) -> Vec<String> {
    const LABEL: usize = 11;
    let label = plain(label);
    let rest = wrap(words, width.saturating_sub(LABEL));
    let mut lines = Vec::new();
    for (row, words) in rest.into_iter().enumerate() {
        let label = if row == 0 { label.as_str() } else { "" };
        lines.push(format!("{label:<LABEL$}{words}"));
    }
    lines
}

/// Breaks at blanks where it can; at most `width` characters a line, and at least one line.
fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut rest = plain(words);
    let width = width.max(10);
    let mut lines = Vec::new();
    while rest.len() > width {
        let cut = rest[..=width].rfind(' ').filter(|at| *at > 0);
        let after = rest.split_off(cut.unwrap_or(width));
        lines.push(rest.trim_end().to_owned());
        rest = after.trim_start().to_owned();
    }
    lines.push(rest);
    lines
}

/// Printable ASCII; anything else becomes a question mark, one per character.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests;
