//! The choice of disks, as the wizard and the page of the disks ask for it.

use askama::Template;
use pocketstack_model::install::{Candidate, Content, DiskChoice, Existing, InstallSettings, Then, What};
use pocketstack_model::words::Words;

use crate::form::Fields;
use crate::locale::{Key, Said};
use crate::page::Frame;
use crate::page::field::{Field, Troubles};

/// What the field `disk` says if nothing is installed.
pub const MEDIUM: &str = "medium";

/// What can be chosen beside a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// To install nothing.
    pub nothing: bool,
    /// To put only the state on the disk: for a machine that runs from a medium.
    pub state: bool,
}

/// The fields of the form, without its frame. Shown with `{{ fields|safe }}`.
#[derive(Template)]
#[template(path = "disks/fields.html")]
pub struct DiskFields<'a> {
    frame: &'a Frame<'a>,
    troubles: &'a Troubles,
    offer: Offer,
    rows: Vec<Row<'a>>,
    refused: Vec<&'a Candidate>,
    medium: bool,
    /// Whether only the state is wanted on the disk.
    state: bool,
    /// Whether volumes can be kept on two disks at all.
    several: bool,
    mirror: bool,
    /// Whether there is a PocketStack whose state could be kept.
    keepable: bool,
    keep: bool,
    /// Whether anything is on a disk.
    occupied: bool,
    erase: Field<'a>,
}

/// A disk that is offered.
struct Row<'a> {
    disk: &'a Candidate,
    content: Said<'a>,
    /// What is on it, in English.
    detail: Option<&'a Words>,
    chosen: bool,
    data: bool,
}

impl<'a> DiskFields<'a> {
    /// The fields as they were typed, about the disks there are now.
    pub fn new(
        frame: &'a Frame<'a>,
        (fields, disks): (&Fields, &'a [Candidate]),
        troubles: &'a Troubles,
        offer: Offer,
    ) -> Self {
        let row = |disk| {
            let (content, detail) = content(frame, disk);
            Row {
                disk,
                content,
                detail,
                chosen: fields.get("disk") == disk.name,
                data: fields.all("data").any(|name| name == disk.name),
            }
        };
        let complete = |disk: &Candidate| disk.content == Content::PocketStack { complete: true };
        Self {
            frame,
            troubles,
            offer,
            rows: offered(disks).map(row).collect(),
            refused: disks.iter().filter(|disk| disk.refused.is_some()).collect(),
            medium: fields.get("disk") == MEDIUM,
            state: fields.get("what") == "state",
            several: offered(disks).count() > 1,
            mirror: fields.ticked("mirror"),
            keepable: offered(disks).any(complete),
            keep: fields.get("existing") == "keep",
            occupied: offered(disks).any(|disk| disk.content != Content::Empty),
            erase: Field::text(frame, "erase", Key("setup-erase"))
                .hint(frame, Key("setup-erase-hint"))
                .value(fields.get("erase"))
                .among(frame, troubles),
        }
    }
}

/// The disks that can be chosen.
pub fn offered(disks: &[Candidate]) -> impl Iterator<Item = &Candidate> {
    disks.iter().filter(|disk| disk.refused.is_none())
}

/// What the fields say, about the disks there are now.
pub fn read(fields: &Fields, disks: &[Candidate]) -> Result<Option<InstallSettings>, Troubles> {
    let wanted = fields.get("disk");
    if wanted == MEDIUM {
        return Ok(None);
    }
    let mut troubles = Troubles::default();
    let Some(disk) = offered(disks).find(|disk| disk.name == wanted) else {
        let key = if wanted.is_empty() {
            Key("setup-disk-none")
        } else {
            Key("setup-disk-gone")
        };
        return Err(Troubles::one("disk", key));
    };
    let mut data = Vec::new();
    for name in fields.all("data").filter(|name| *name != wanted) {
        match offered(disks).find(|disk| disk.name == name) {
            Some(disk) => data.push(disk),
            None => troubles.note("data", Key("setup-disk-gone")),
        }
    }
    let mirror = fields.ticked("mirror");
    let chosen = || std::iter::once(disk).chain(data.iter().copied());
    let empty = chosen().all(|disk| disk.content == Content::Empty);
    let keep = !empty && fields.get("existing") == "keep";
    let what = match fields.get("what") {
        "state" => What::State,
        _ => What::System,
    };
    match (mirror, data.len()) {
        _ if keep => {}
        (true, 0) => troubles.note("mirror", Key("setup-mirror-alone")),
        (true, 2..) => troubles.note("mirror", Key("setup-mirror-many")),
        _ => {}
    }
    let existing = if empty {
        // Should something be there after all, nothing is wiped.
        Existing::Refuse
    } else if keep {
        if what == What::State {
            // The state that is there belongs to the system beside it.
            troubles.note("existing", Key("setup-keep-state"));
        } else if disk.content != (Content::PocketStack { complete: true }) {
            troubles.note("existing", Key("setup-keep-nothing"));
        } else if mirror || !data.is_empty() {
            // Its further disks are known by what is on them.
            troubles.note("data", Key("setup-keep-data"));
        }
        Existing::Keep
    } else {
        let mut typed: Vec<&str> = fields
            .get("erase")
            .split([' ', ',', ';'])
            .filter(|name| !name.is_empty())
            .map(|name| name.strip_prefix("/dev/").unwrap_or(name))
            .collect();
        let mut needed: Vec<&str> = chosen()
            .filter(|disk| disk.content != Content::Empty)
            .map(|disk| disk.name.as_str())
            .collect();
        typed.sort_unstable();
        needed.sort_unstable();
        if typed != needed {
            troubles.note("erase", Key("setup-erase-wrong"));
        }
        Existing::Erase
    };
    troubles.none(Some(InstallSettings {
        what,
        disk: DiskChoice::of(disk, disks),
        data_disks: data.iter().map(|disk| DiskChoice::of(disk, disks)).collect(),
        mirror,
        existing,
        then: Then::Restart,
    }))
}

/// What stands in the fields before anybody has typed: the only disk, if there is only one.
pub fn suggested(disks: &[Candidate]) -> Fields {
    let mut offered = offered(disks);
    match (offered.next(), offered.next()) {
        (Some(only), None) => Fields::of([("disk", only.name.as_str())]),
        (None, _) => Fields::of([("disk", MEDIUM)]),
        _ => Fields::default(),
    }
}

/// What is on a disk, and in detail what the node controller says of it.
pub fn content<'a>(frame: &Frame<'_>, disk: &'a Candidate) -> (Said<'a>, Option<&'a Words>) {
    match &disk.content {
        Content::Empty => (frame.say("disk-empty"), None),
        Content::PocketStack { complete: true } => (frame.say("disk-pocketstack"), None),
        Content::PocketStack { complete: false } => (frame.say("disk-pocketstack-damaged"), None),
        Content::StateOfMedium => (frame.say("disk-state"), None),
        Content::Foreign { what } => (frame.say("disk-foreign"), Some(what)),
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
