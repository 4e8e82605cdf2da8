//! All other views: short texts and the log.

use super::{Body, WIDTH, labelled, wrap};
use crate::console::actions::Power;
use crate::console::screen::form::Review;
use crate::console::screen::log::{Filter, Log};
use crate::console::screen::{Ask, Change, World};
use crate::node::pages;

/// The way back.
pub const BACK: &str = "[Esc] back";

/// Words with blank lines between.
pub fn paragraphs(title: &str, words: &[&str], keys: &'static str) -> Body {
    let mut lines = Vec::new();
    for words in words.iter().filter(|words| !words.is_empty()) {
        lines.extend(wrap(words, WIDTH - 1));
        lines.push(String::new());
    }
    Body {
        title: title.to_owned(),
        lines,
        cursor: None,
        keys,
    }
}

/// The form is asked for.
pub fn opening() -> Body {
    paragraphs("Management network", &["One moment ..."], BACK)
}

/// What will change.
pub fn review(review: &Review) -> Body {
    let changes = review.changes();
    if changes.is_empty() {
        return paragraphs(
            "Management network: review",
            &["Nothing is different from what is configured."],
            BACK,
        );
    }
    let refused = review.trouble().map(|why| format!("NOT POSSIBLE: {why}"));
    let mut body = paragraphs(
        "Management network: review",
        &[
            refused.as_deref().unwrap_or_default(),
            "These settings will change:",
        ],
        "[Enter] use these settings  [Esc] back",
    );
    for (label, before, after) in changes {
        body.lines.extend(change_row(label, "from", &before));
        body.lines.extend(change_row("", "to", &after));
    }
    body.lines.push(String::new());
    body.lines.extend(wrap(
        "They are used at once. If they are not confirmed here with the key C within a minute, they are taken back and \
         all is as it was before.",
        WIDTH - 1,
    ));
    body
}

fn change_row(label: &str, word: &str, value: &str) -> Vec<String> {
    const LABEL: usize = 14;
    let rows = labelled(&format!("  {word}"), value, WIDTH - 1 - LABEL);
    let label = |row| if row == 0 { label } else { "" };
    rows.iter()
        .enumerate()
        .map(|(row, words)| format!("{:<LABEL$}{words}", label(row)))
        .collect()
}

/// How far a change is.
pub fn change(change: &Change, world: &World<'_>) -> Body {
    const TITLE: &str = "Management network: change";
    match change {
        Change::Applying(_) => paragraphs(TITLE, &["The new settings are being applied ..."], BACK),
        Change::Counting { trouble } => {
            let pages = pages(&world.overview.management);
            let pages = match pages.is_empty() {
                true => "This machine has no address at the moment.".to_owned(),
                false => format!("This machine is now at {}", pages.join(" ")),
            };
            let left = match world.left {
                Some(left) => format!(
                    "Press C to keep them. Otherwise they are taken back in {} s.",
                    left.as_secs()
                ),
                None => "Press C to keep them. Otherwise they are taken back.".to_owned(),
            };
            let trouble = trouble.as_ref().map(|why| format!("NOT KEPT YET: {why}"));
            let words = [
                "The new network settings are in use.",
                &pages,
                &left,
                trouble.as_deref().unwrap_or_default(),
            ];
            paragraphs(TITLE, &words, "[C] keep the new network settings  [Esc] back")
        }
        Change::Confirming => paragraphs(TITLE, &["One moment ..."], BACK),
        Change::Ended(words) => paragraphs(TITLE, &[words], BACK),
    }
}

/// The log.
pub fn log(log: &Log, world: &World<'_>) -> Body {
    let whose = match log.filter() {
        Filter::Daemon => "Log of pocketstackd",
        Filter::All => "Log of everything",
    };
    let title = match log.place(world.height) {
        Some((first, last, all)) => format!("{whose}: {first} to {last} of {all}"),
        None => whose.to_owned(),
    };
    let lines = match log.page(world.height) {
        None => vec!["One moment ...".to_owned()],
        Some(Err(why)) => wrap(&format!("The log cannot be read: {why}"), WIDTH - 1),
        Some(Ok([])) => vec!["There is nothing in it.".to_owned()],
        Some(Ok(rows)) => rows.to_vec(),
    };
    Body {
        title,
        lines,
        cursor: None,
        keys: match log.filter() {
            Filter::Daemon => "[Up] [Down] [PgUp] [PgDn] scroll  [F] all  [R] read again  [Esc] back",
            Filter::All => "[Up] [Down] [PgUp] [PgDn] scroll  [F] pocketstackd  [R] read again  [Esc] back",
        },
    }
}

/// The end of the machine's work.
pub fn power(ask: &Ask) -> Body {
    const TITLE: &str = "Power";
    match ask {
        Ask::Which => paragraphs(
            TITLE,
            &["R  restart this machine", "O  switch this machine off"],
            "[R] restart  [O] switch off  [Esc] back",
        ),
        Ask::Sure(what) => {
            let question = match what {
                Power::Restart => "Restart this machine now? Everything that runs on it stops.",
                Power::Off => "Switch this machine off now? Everything that runs on it stops.",
            };
            paragraphs(TITLE, &[question], "[Y] yes  [any other key] no")
        }
        Ask::Done(Power::Restart) => paragraphs(TITLE, &["The machine restarts."], BACK),
        Ask::Done(Power::Off) => paragraphs(TITLE, &["The machine is being switched off."], BACK),
        Ask::Failed(why) => paragraphs(TITLE, &["That was not possible.", why], BACK),
    }
}
