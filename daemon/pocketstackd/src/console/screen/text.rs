//! Typing into a field.

use crate::console::keys::Key;

/// Longest text of a field.
const LONGEST: usize = 200;

/// What a key does to a text.
pub fn edit(text: &mut String, key: Key) {
    match key {
        Key::Char(c) if text.len() < LONGEST => text.push(c),
        Key::Backspace => drop(text.pop()),
        Key::Clear => text.clear(),
        _ => {}
    }
}
