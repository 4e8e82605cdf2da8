//! The setup wizard.

use super::form::{self, KEYS, rows_in};
use super::{Body, WIDTH, dialogs, wrap};
use crate::console::screen::World;
use crate::console::screen::setup::{Step, Wizard};
use crate::node::pages;

/// The questions are asked for.
pub fn opening() -> Body {
    dialogs::paragraphs(
        "Setup",
        &["One moment, the disks are looked at ..."],
        dialogs::BACK,
    )
}

/// A step.
pub fn step(wizard: &Wizard, room: usize) -> Body {
    match wizard.step() {
        Step::You => fields("Setup, 1 of 4: this machine", wizard, room),
        Step::Hashing => dialogs::paragraphs("Setup, 1 of 4: this machine", &["One moment ..."], ""),
        Step::Disks => fields("Setup, 2 of 4: disks", wizard, room),
        Step::Network => Body {
            title: "Setup, 3 of 4: management network".to_owned(),
            ..form::form(wizard.network(), room)
        },
        Step::Review => review(wizard),
        Step::Applying => dialogs::paragraphs("Setup", &["This machine is being set up ..."], ""),
    }
}

fn fields(title: &str, wizard: &Wizard, room: usize) -> Body {
    let mut above = wrap(&wizard.words(), WIDTH - 1);
    above.push(String::new());
    let (lines, cursor) = rows_in(above, &wizard.rows(), room);
    Body {
        title: title.to_owned(),
        lines,
        cursor,
        keys: KEYS,
    }
}

fn review(wizard: &Wizard) -> Body {
    let mut lines = Vec::new();
    if let Some(why) = wizard.trouble() {
        lines.extend(wrap(&format!("NOT POSSIBLE: {why}"), WIDTH - 1));
        lines.push(String::new());
    }
    lines.extend(wizard.described().iter().flat_map(|words| wrap(words, WIDTH - 1)));
    Body {
        title: "Setup, 4 of 4: review".to_owned(),
        lines,
        cursor: None,
        keys: if wizard.installs() {
            "[Enter] install and finish  [Esc] back"
        } else {
            "[Enter] finish the setup  [Esc] back"
        },
    }
}

/// The end.
pub fn set_up(world: &World<'_>) -> Body {
    let pages = pages(&world.overview.management);
    let page = match pages.is_empty() {
        true => "It has no address yet; as soon as it has one, this screen shows its page.".to_owned(),
        false => format!("Sign in as admin at {}", pages.join(" ")),
    };
    dialogs::paragraphs("Setup", &["This machine is set up.", &page], dialogs::BACK)
}

#[cfg(test)]
mod tests;
