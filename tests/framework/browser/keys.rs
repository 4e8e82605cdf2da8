//! Keys as a keyboard has them (UI Events KeyboardEvent key and code values, W3C).

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// A key with what is held down with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stroke {
    key: String,
    code: String,
    /// Number of the key in the tables of Windows, which the protocol uses everywhere.
    number: u32,
    /// What it writes, if anything.
    text: String,
    modifiers: u32,
}

/// Keys that write nothing, or not what their name says: name, number, text.
const NAMED: [(&str, u32, &str); 14] = [
    ("Tab", 9, ""),
    ("Enter", 13, "\r"),
    ("Escape", 27, ""),
    ("Space", 32, " "),
    ("Backspace", 8, ""),
    ("Delete", 46, ""),
    ("Home", 36, ""),
    ("End", 35, ""),
    ("PageUp", 33, ""),
    ("PageDown", 34, ""),
    ("ArrowLeft", 37, ""),
    ("ArrowUp", 38, ""),
    ("ArrowRight", 39, ""),
    ("ArrowDown", 40, ""),
];

/// Bits of `Input.dispatchKeyEvent`.
const MODIFIERS: [(&str, u32); 4] = [("Alt", 1), ("Control", 2), ("Meta", 4), ("Shift", 8)];
const SHIFT: u32 = 8;

impl Stroke {
    /// Reads a key with its modifiers: `Tab`, `Shift+Tab`, `Control+a`.
    pub fn parse(chord: &str) -> Result<Self> {
        // A "+" at the end is the key itself.
        let (held, key) = match chord.strip_suffix('+') {
            Some(held) => (held.strip_suffix('+').unwrap_or(held), "+"),
            None => chord.rsplit_once('+').unwrap_or(("", chord)),
        };
        let mut modifiers = 0;
        for name in held.split('+').filter(|name| !name.is_empty()) {
            let known = MODIFIERS.iter().find(|(known, _)| *known == name);
            modifiers |= known
                .with_context(|| format!("no keyboard has the key {name} of \"{chord}\" to hold down"))?
                .1;
        }
        let mut stroke = Self::key(key).with_context(|| format!("no keyboard has the key \"{chord}\""))?;
        stroke.modifiers |= modifiers;
        if stroke.modifiers & !SHIFT != 0 {
            stroke.text.clear();
        }
        Ok(stroke)
    }

    /// The key that writes a character.
    pub fn of_char(char: char) -> Self {
        match char {
            '\n' => Self::named("Enter"),
            ' ' => Self::named("Space"),
            _ => None,
        }
        .unwrap_or_else(|| Self::writing(char))
    }

    fn key(name: &str) -> Result<Self> {
        if let Some(stroke) = Self::named(name) {
            return Ok(stroke);
        }
        let mut chars = name.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => Ok(Self::of_char(char)),
            _ => bail!(
                "use one character, or one of {}",
                NAMED.map(|(name, ..)| name).join(", ")
            ),
        }
    }

    fn named(name: &str) -> Option<Self> {
        let (code, number, text) = NAMED.iter().find(|(known, ..)| *known == name)?;
        let key = if *code == "Space" { " " } else { code };
        Some(Self {
            key: key.to_owned(),
            code: (*code).to_owned(),
            number: *number,
            text: (*text).to_owned(),
            modifiers: 0,
        })
    }

    fn writing(char: char) -> Self {
        let upper = char.to_ascii_uppercase();
        let code = match upper {
            'A'..='Z' => format!("Key{upper}"),
            '0'..='9' => format!("Digit{upper}"),
            // Where other characters are differs from keyboard to keyboard.
            _ => String::new(),
        };
        Self {
            key: char.to_string(),
            number: if code.is_empty() { 0 } else { upper.into() },
            code,
            text: char.to_string(),
            modifiers: if char.is_ascii_uppercase() { SHIFT } else { 0 },
        }
    }

    /// Parameters of the two `Input.dispatchKeyEvent`: down and up.
    pub fn events(&self) -> [Value; 2] {
        let event = |kind: &str, text: &str| {
            json!({
                "type": kind,
                "key": self.key,
                "code": self.code,
                "windowsVirtualKeyCode": self.number,
                "modifiers": self.modifiers,
                "text": text,
            })
        };
        let down = if self.text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        [event(down, &self.text), event("keyUp", "")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_read() {
        let [down, up] = Stroke::parse("Shift+Tab").expect("known").events();
        assert_eq!(down["type"], "rawKeyDown");
        assert_eq!(
            (&down["key"], &down["windowsVirtualKeyCode"], &down["modifiers"]),
            (&json!("Tab"), &json!(9), &json!(8))
        );
        assert_eq!(up["type"], "keyUp");
        let [all, _] = Stroke::parse("Control+a").expect("known").events();
        assert_eq!(
            (&all["code"], &all["windowsVirtualKeyCode"], &all["text"]),
            (&json!("KeyA"), &json!(65), &json!(""))
        );
        assert_eq!(Stroke::parse("+").expect("known"), Stroke::of_char('+'));
        assert_eq!(Stroke::parse("Control++").expect("known").modifiers, 2);
    }

    #[test]
    fn characters_write_themselves() {
        for char in ['a', 'Z', '7', 'ç', '-', ' '] {
            let [down, _] = Stroke::of_char(char).events();
            assert_eq!(down["text"], char.to_string());
            assert_eq!(down["type"], "keyDown");
        }
        assert_eq!(Stroke::of_char('\n').events()[0]["text"], "\r");
        assert_eq!(Stroke::of_char('Z').events()[0]["modifiers"], 8);
    }

    #[test]
    fn what_no_keyboard_has_is_refused() {
        let error = format!("{:#}", Stroke::parse("Hyper+x").expect_err("unknown"));
        assert_eq!(error, "no keyboard has the key Hyper of \"Hyper+x\" to hold down");
        let error = format!("{:#}", Stroke::parse("Return").expect_err("unknown"));
        assert!(
            error.contains("\"Return\": use one character, or one of Tab, Enter"),
            "{error}"
        );
        assert!(Stroke::parse("").is_err());
    }
}
