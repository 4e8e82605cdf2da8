//! The form for the management network.

use super::{Body, WIDTH, clip, plain, wrap};
use crate::console::screen::form::{Field, Form, Shown};
use crate::console::screen::setup::Row;

/// Column where what belongs to a label begins.
const VALUE: usize = 16;
/// Characters of a text that are seen.
const ROOM: usize = WIDTH - 1 - VALUE - 2;
/// Keys of every form.
pub const KEYS: &str = "[Up] [Down] move  [Space] choose  [Ctrl-U] empty  [Enter] next  [Esc] leave";

/// As much of the form around the field in hand as there is room for.
pub fn form(form: &Form, room: usize) -> Body {
    let row = |field| Row {
        label: label(field),
        shown: form.shown(field),
        focused: field == form.focus(),
        error: form.error(field),
    };
    let fields = form.fields();
    let above = match fields.first() {
        Some(Field::Card(_)) => vec!["  Cards (none chosen: all that no other network uses)".to_owned()],
        _ => Vec::new(),
    };
    let rows: Vec<Row<'_>> = fields.into_iter().map(row).collect();
    let (lines, cursor) = rows_in(above, &rows, room);
    Body {
        title: "Management network".to_owned(),
        lines,
        cursor,
        keys: KEYS,
    }
}

/// Rows below what is above them: lines and cursor. The last line of the row in hand, its error included, is seen.
pub fn rows_in(above: Vec<String>, rows: &[Row<'_>], room: usize) -> (Vec<String>, Option<(usize, usize)>) {
    let mut lines = above;
    let mut cursor = None;
    let mut must = 0;
    for row in rows {
        if row.focused {
            cursor = match row.shown {
                Shown::Text(text) => Some((lines.len(), VALUE + 1 + tail(text).len())),
                Shown::Hidden(count) => Some((lines.len(), VALUE + 1 + count.min(ROOM))),
                _ => None,
            };
        }
        let mark = if row.focused { '>' } else { ' ' };
        lines.push(clip(&format!("{mark} {}", words(row)), WIDTH - 1));
        if let Some(error) = row.error {
            for (line, words) in wrap(error, WIDTH - 1 - VALUE - 2).iter().enumerate() {
                let mark = if line == 0 { '!' } else { ' ' };
                lines.push(format!("{:VALUE$}{mark} {words}", ""));
            }
        }
        if row.focused {
            must = lines.len();
        }
    }
    let gone = must.saturating_sub(room);
    let cursor = cursor.map(|(row, column)| (row.saturating_sub(gone), column));
    (lines.split_off(gone), cursor)
}

fn label(field: Field) -> &'static str {
    match field {
        Field::Card(_) | Field::Review => "",
        Field::Bond => "Bond",
        Field::Vlan => "VLAN",
        Field::Mtu => "MTU",
        Field::Ipv4 => "IPv4",
        Field::Ipv6 => "IPv6",
        Field::Ipv4Address | Field::Ipv6Address => "  Address",
        Field::Ipv4Gateway | Field::Ipv6Gateway => "  Gateway",
        Field::Dns => "Name servers",
    }
}

fn words(row: &Row<'_>) -> String {
    const LABEL: usize = VALUE - 2;
    let label = row.label;
    let named = |name: &str, detail: &str| format!("{:<10} {}", plain(name), plain(detail));
    match row.shown {
        Shown::Card { chosen, name, detail } => {
            let mark = if chosen { 'x' } else { ' ' };
            format!("[{mark}] {}", named(name, detail))
        }
        Shown::One { chosen, name, detail } => {
            let mark = if chosen { '*' } else { ' ' };
            format!("({mark}) {}", named(name, detail))
        }
        Shown::Choice(words) => format!("{label:<LABEL$}< {words} >"),
        Shown::Text(text) => format!("{label:<LABEL$}[{}]", plain(tail(text))),
        Shown::Hidden(count) => format!("{label:<LABEL$}[{}]", "*".repeat(count.min(ROOM))),
        Shown::Button(words) => format!("[ {words} ]"),
    }
}

/// The end of what was typed: as much as fits.
fn tail(text: &str) -> &str {
    &text[text.len().saturating_sub(ROOM)..]
}
