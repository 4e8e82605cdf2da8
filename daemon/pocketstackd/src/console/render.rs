//! What a console shows. Pure.
//!
//! Text is ASCII, whatever a disk, a program or a DHCP server calls itself, so that no terminal is confused and
//! nothing that was read can control it. Only the QR code uses block characters.

mod dialogs;
mod form;
mod setup;
mod status;

use super::paint::Screen;
use super::screen::{Console, View, World};

/// Columns every terminal has.
pub const WIDTH: usize = 80;
/// Lines of the screen that are not its body: title and rule above, a blank and the keys below.
pub const BODY: usize = 4;
/// Lines every terminal has.
pub const LEAST: usize = 24;

/// What a view puts between title and keys.
struct Body {
    title: String,
    lines: Vec<String>,
    /// Row among the lines, and column.
    cursor: Option<(usize, usize)>,
    keys: &'static str,
}

/// The whole screen.
pub fn screen(console: &Console, world: &World<'_>) -> Screen {
    let room = world.height.saturating_sub(BODY).max(1);
    let body = match console.view() {
        View::Status => Body {
            title: format!("PocketStack {}", world.overview.version),
            lines: status::lines(world, room),
            cursor: None,
            keys: match (console.pending(), world.setup_code) {
                (true, _) => "[C] keep the new network settings  [N] network  [L] log  [P] power",
                (false, Some(_)) => "[S] set up  [N] network  [L] log  [P] power",
                (false, None) => "[N] network  [L] log  [P] power",
            },
        },
        View::Form(form) => form::form(form, room),
        View::Opening => dialogs::opening(),
        View::Review(review) => dialogs::review(review),
        View::Change(change) => dialogs::change(change, world),
        View::Log(log) => dialogs::log(log, world),
        View::Power(ask) => dialogs::power(ask),
        View::SetupOpening => setup::opening(),
        View::Setup(wizard) => setup::step(wizard, room),
        View::SetUp => setup::set_up(world),
    };
    let name = clip(&plain(&world.overview.name), WIDTH / 2);
    let title = clip(&plain(&body.title), WIDTH - 2 - name.len());
    let space = (WIDTH - 1).saturating_sub(title.len());
    let mut lines = vec![format!("{title}{name:>space$}"), "-".repeat(WIDTH - 1)];
    let above = lines.len();
    lines.extend(body.lines.into_iter().take(room));
    lines.resize(room + BODY - 1, String::new());
    lines.push(body.keys.to_owned());
    Screen {
        lines,
        cursor: body.cursor.map(|(row, column)| (row + above, column)),
    }
}

/// A name in its column, then words that go on below themselves.
fn labelled(label: &str, words: &str, width: usize) -> Vec<String> {
    const LABEL: usize = 11;
    let mut label = clip(&plain(label), width);
    let mut lines = Vec::new();
    if label.len() >= LABEL {
        lines.push(std::mem::take(&mut label));
    }
    for words in wrap(words, width.saturating_sub(LABEL)) {
        lines.push(format!("{label:<LABEL$}{words}"));
        label.clear();
    }
    lines
}

/// Breaks at blanks where it can; at most `width` characters a line, and at least one line.
pub fn wrap(words: &str, width: usize) -> Vec<String> {
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

/// No more than so many characters of a text out of [`plain`].
fn clip(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

#[cfg(test)]
mod tests;
