//! The form for the management network.

use super::{Body, WIDTH, clip, plain, wrap};
use crate::console::screen::form::{Field, Form, Shown};

/// Column where what belongs to a label begins.
const VALUE: usize = 16;

/// As much of the form around the field in hand as there is room for.
pub fn form(form: &Form, room: usize) -> Body {
    let mut lines = Vec::new();
    let mut cursor = None;
    // The last line of the field in hand, its error included, must be seen.
    let mut must = 0;
    for field in form.fields() {
        let focused = field == form.focus();
        if field == Field::Card(0) {
            lines.push("  Cards (none chosen: all that no other network uses)".to_owned());
        }
        if focused && let Shown::Text(text) = form.shown(field) {
            cursor = Some((lines.len(), VALUE + 1 + tail(text).len()));
        }
        let mark = if focused { '>' } else { ' ' };
        lines.push(clip(&format!("{mark} {}", row(form, field)), WIDTH - 1));
        if let Some(error) = form.error(field) {
            for (row, words) in wrap(error, WIDTH - 1 - VALUE - 2).iter().enumerate() {
                let mark = if row == 0 { '!' } else { ' ' };
                lines.push(format!("{:VALUE$}{mark} {words}", ""));
            }
        }
        if focused {
            must = lines.len();
        }
    }
    let above = must.saturating_sub(room);
    Body {
        title: "Management network".to_owned(),
        lines: lines.split_off(above),
        cursor: cursor.map(|(row, column)| (row.saturating_sub(above), column)),
        keys: "[Up] [Down] move  [Space] choose  [Ctrl-U] empty  [Enter] next  [Esc] leave",
    }
}

fn row(form: &Form, field: Field) -> String {
    const LABEL: usize = VALUE - 2;
    let label = match field {
        Field::Card(_) | Field::Review => "",
        Field::Bond => "Bond",
        Field::Vlan => "VLAN",
        Field::Mtu => "MTU",
        Field::Ipv4 => "IPv4",
        Field::Ipv6 => "IPv6",
        Field::Ipv4Address | Field::Ipv6Address => "  Address",
        Field::Ipv4Gateway | Field::Ipv6Gateway => "  Gateway",
        Field::Dns => "Name servers",
    };
    match form.shown(field) {
        Shown::Card { chosen, name, detail } => {
            let mark = if chosen { 'x' } else { ' ' };
            format!("[{mark}] {:<10} {}", plain(name), plain(detail))
        }
        Shown::Choice(words) => format!("{label:<LABEL$}< {words} >"),
        Shown::Text(text) => format!("{label:<LABEL$}[{}]", plain(tail(text))),
        Shown::Button(words) => format!("[ {words} ]"),
    }
}

/// The end of what was typed: as much as fits.
fn tail(text: &str) -> &str {
    const ROOM: usize = WIDTH - 1 - VALUE - 2;
    &text[text.len().saturating_sub(ROOM)..]
}
