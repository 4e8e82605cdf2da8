//! `/logs`: the journal of this machine.

use askama::Template;
use pocketstack_model::journal::{JournalEntry, JournalFilter, Priority};
use rocket::http::Status;
use rocket::{State, get};

use super::{Frame, Page, errors, words};
use crate::access::Admin;
use crate::locale::{Key, Said};
use crate::node::Cached;

/// Entries on the page.
const SHOWN: u32 = 200;

/// Content of `templates/logs.html`.
#[derive(Template)]
#[template(path = "logs.html")]
struct LogsPage<'a> {
    frame: &'a Frame<'a>,
    /// Newest first.
    entries: Vec<JournalEntry>,
    /// Names to choose from.
    units: Vec<String>,
    unit: &'a str,
    priority: Option<Priority>,
    text: &'a str,
    follow: bool,
    trouble: Option<Said<'a>>,
    why: Option<String>,
}

impl LogsPage<'_> {
    fn word(priority: &Priority) -> Key {
        match priority {
            Priority::Emergency => Key("log-emergency"),
            Priority::Alert => Key("log-alert"),
            Priority::Critical => Key("log-critical"),
            Priority::Error => Key("log-error"),
            Priority::Warning => Key("log-warning"),
            Priority::Notice => Key("log-notice"),
            Priority::Info => Key("log-info"),
            Priority::Debug => Key("log-debug"),
        }
    }

    fn class(priority: &Priority) -> &'static str {
        match priority {
            Priority::Emergency | Priority::Alert | Priority::Critical | Priority::Error => "problem",
            Priority::Warning => "warning",
            Priority::Notice | Priority::Info | Priority::Debug => "off",
        }
    }

    /// What may be chosen as the least important.
    fn choices() -> [(u8, Priority); 4] {
        let choice = |priority: Priority| (priority.number(), priority);
        [
            Priority::Error,
            Priority::Warning,
            Priority::Notice,
            Priority::Info,
        ]
        .map(choice)
    }
}

/// What any program may have written, without what moves the cursor or turns the order of letters around
/// (Unicode standard annex 9).
fn plain(text: &str) -> String {
    let hostile = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if hostile(c) { '\u{fffd}' } else { c })
        .collect()
}

/// Shows the newest entries that are asked for.
#[get("/logs?<unit>&<priority>&<text>&<follow>")]
pub async fn show(
    _admin: Admin,
    frame: Frame<'_>,
    node: &State<Cached>,
    unit: Option<&str>,
    priority: Option<u8>,
    text: Option<&str>,
    follow: Option<&str>,
) -> Result<Page, Status> {
    let (unit, text) = (unit.unwrap_or_default().trim(), text.unwrap_or_default().trim());
    let priority = Priority::ALL
        .into_iter()
        .find(|known| Some(known.number()) == priority);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = JournalFilter {
        unit: some(unit),
        priority,
        text: some(text),
        since: None,
        after: None,
        lines: SHOWN,
    };
    let mut units: Vec<String> = match node.units().await {
        Ok(units) => units.into_iter().map(|unit| unit.name).collect(),
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    if !unit.is_empty() && !units.iter().any(|known| known == unit) {
        units.push(unit.to_owned());
    }
    let mut page = LogsPage {
        frame: &frame,
        entries: Vec::new(),
        units,
        unit,
        priority,
        text,
        follow: follow.is_some(),
        trouble: None,
        why: None,
    };
    let mut status = Status::Ok;
    match node.journal(&filter).await {
        Ok(journal) => {
            page.entries = journal.entries;
            page.entries.reverse();
            for entry in &mut page.entries {
                entry.text = plain(&entry.text);
            }
        }
        Err(error) => {
            status = words::not_done_status(&error);
            let (trouble, why) = words::not_done(&frame, &error);
            (page.trouble, page.why) = (Some(trouble), why);
        }
    }
    Page::render(status, &page)
}
