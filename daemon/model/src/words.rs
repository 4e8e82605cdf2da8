//! What the daemon says to people: messages that the pages show in the reader's language, with their English text for
//! the console, the journal and the API.
//!
//! ```text
//!   kept::state_full(95, size) ──► Words { id: "state-full", args, text } ──┬► Display: the English text
//!                                                                          └► web/locales/*/node.ftl: node-state-full
//! ```
//!
//! Each message is a function, made from one table, so that one with other arguments than its text has does not
//! compile. What programs and errors say has no identifier and is English everywhere.

pub mod install;
pub mod kept;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::bytes::ByteCount;

/// Something said. It reads as its English text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(Box<Said>);

/// Apart, so that errors made of several words stay small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    /// Which message; `None` for what programs say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What is put into it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    args: BTreeMap<String, Arg>,
    /// All of it in English.
    text: String,
}

/// What is put into a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A name, a number, or what a program said: the same in every language.
    Text(String),
    /// An amount of bytes, which languages write differently.
    Size {
        /// The amount.
        bytes: ByteCount,
    },
    /// A day, which languages write differently.
    Day {
        /// A moment of that day, in UTC.
        #[serde(with = "time::serde::rfc3339")]
        day: OffsetDateTime,
    },
    /// Another message.
    Words(Words),
}

/// A message as it stands in the table.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// Name of its function.
    pub name: &'static str,
    /// Names of what is put into it.
    pub args: &'static [&'static str],
    /// The English text, with the names in braces.
    pub text: &'static str,
}

impl Message {
    /// The identifier, as [`Words::id`] has it.
    pub fn id(&self) -> String {
        id(self.name)
    }
}

fn id(name: &str) -> String {
    name.replace('_', "-")
}

/// All messages.
pub fn all() -> impl Iterator<Item = &'static Message> {
    kept::ALL.iter().chain(install::ALL)
}

impl Words {
    fn message<const N: usize>(name: &str, text: String, args: [(&str, Arg); N]) -> Self {
        let args = args.into_iter().map(|(name, arg)| (name.to_owned(), arg));
        Self(Box::new(Said {
            id: Some(id(name)),
            args: args.collect(),
            text,
        }))
    }

    /// Which message; `None` for what programs say.
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// What is put into it.
    pub fn args(&self) -> impl Iterator<Item = (&str, &Arg)> {
        self.0.args.iter().map(|(name, arg)| (name.as_str(), arg))
    }

    /// The English text.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Several as one, joined by a message of two; `None` of none.
    pub fn joined(all: impl IntoIterator<Item = Self>, by: impl Fn(Self, Self) -> Self) -> Option<Self> {
        all.into_iter().reduce(by)
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Size { bytes } => bytes.fmt(f),
            Self::Day { day } => day.to_offset(time::UtcOffset::UTC).date().fmt(f),
            Self::Words(words) => words.fmt(f),
        }
    }
}

impl PartialEq<str> for Words {
    fn eq(&self, other: &str) -> bool {
        self.0.text == other
    }
}

impl PartialEq<&str> for Words {
    fn eq(&self, other: &&str) -> bool {
        self.0.text == *other
    }
}

/// What a program said, or a name: no message.
impl From<String> for Words {
    fn from(text: String) -> Self {
        Self(Box::new(Said {
            id: None,
            args: BTreeMap::new(),
            text,
        }))
    }
}

/// What a program said, or a name: no message.
impl From<&str> for Words {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        words.0.text
    }
}

impl From<Words> for Arg {
    fn from(words: Words) -> Self {
        // What is no message is the same in every language.
        match words.0.id {
            Some(_) => Self::Words(words),
            None => Self::Text(words.0.text),
        }
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Text(number.to_string())
    }
}

impl From<ByteCount> for Arg {
    fn from(bytes: ByteCount) -> Self {
        Self::Size { bytes }
    }
}

impl From<OffsetDateTime> for Arg {
    fn from(day: OffsetDateTime) -> Self {
        Self::Day { day }
    }
}

/// One function for each line, and `ALL` with all of them.
macro_rules! messages {
    ($($name:ident($($arg:ident),*) = $text:literal;)*) => {
        $(
            #[doc = $text]
            pub fn $name($($arg: impl Into<Arg>),*) -> Words {
                $(let $arg = $arg.into();)*
                let text = format!($text, $($arg = $arg),*);
                Words::message(stringify!($name), text, [$((stringify!($arg), $arg)),*])
            }
        )*

        /// All of them.
        pub(super) const ALL: &[Message] = &[$(
            Message {
                name: stringify!($name),
                args: &[$(stringify!($arg)),*],
                text: $text,
            },
        )*];
    };
}
use messages;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_over_the_bus_with_its_english_text() {
        let why = kept::also(kept::state_full(95, ByteCount(2 << 30)), "ext4 said so");
        assert!(why.starts_with("95 % of its 2.0 GiB are used"), "{why}");
        assert!(why.ends_with("; ext4 said so"), "{why}");
        let json = serde_json::to_value(&why).expect("JSON");
        assert_eq!(json["id"], "also");
        assert_eq!(json["text"], why.as_str());
        assert_eq!(json["args"]["first"]["id"], "state-full");
        assert_eq!(json["args"]["first"]["args"]["size"]["bytes"], 2_u64 << 30);
        assert_eq!(json["args"]["second"], "ext4 said so");
        assert_eq!(serde_json::from_value::<Words>(json).expect("read"), why);
    }

    #[test]
    fn what_programs_say_is_no_message() {
        let words = Words::from("mkfs.ext4: no space");
        assert_eq!(words.id(), None);
        let json = serde_json::to_string(&words).expect("JSON");
        assert_eq!(json, r#"{"text":"mkfs.ext4: no space"}"#);
        assert_eq!(
            Arg::from(words),
            Arg::Text("mkfs.ext4: no space".to_owned()),
            "it is put in as it is"
        );
    }

    #[test]
    fn days_are_those_of_utc_and_names_are_given_once() {
        let day = OffsetDateTime::UNIX_EPOCH.to_offset(time::UtcOffset::from_hms(-5, 0, 0).expect("a zone"));
        assert_eq!(Arg::from(day).to_string(), "1970-01-01");
        let names: std::collections::BTreeSet<_> = all().map(|message| message.name).collect();
        assert_eq!(names.len(), all().count());
    }
}
