//! One field of a form, with what is wrong beside it.

use askama::Template;

use super::Frame;
use crate::form::Fields;
use crate::locale::{Key, Said};

/// An input with its label, hint and trouble. Shown with `{{ field|safe }}`.
#[derive(Template)]
#[template(path = "field.html")]
pub struct Field<'a> {
    id: &'a str,
    label: Said<'a>,
    kind: &'static str,
    value: String,
    hint: Option<Said<'a>>,
    trouble: Option<Said<'a>>,
    required: bool,
    autocomplete: &'static str,
    /// Longest text that the browser lets one type.
    longest: u16,
    readonly: bool,
}

impl<'a> Field<'a> {
    /// A line of text.
    pub fn text(frame: &Frame<'_>, id: &'a str, label: Key) -> Self {
        Self {
            id,
            label: frame.say(label),
            kind: "text",
            value: String::new(),
            hint: None,
            trouble: None,
            required: false,
            autocomplete: "off",
            longest: 128,
            readonly: false,
        }
    }

    /// A password, which is never shown again.
    pub fn password(frame: &Frame<'_>, id: &'a str, label: Key, autocomplete: &'static str) -> Self {
        Self {
            kind: "password",
            autocomplete,
            longest: 1024,
            ..Self::text(frame, id, label)
        }
    }

    /// The name of the only account, for programs that keep passwords.
    pub fn account(frame: &Frame<'_>) -> Self {
        Self {
            value: pocketstack_model::access::ACCOUNT.to_owned(),
            autocomplete: "username",
            readonly: true,
            ..Self::text(frame, "user", Key("access-account"))
        }
    }

    /// What stands in it.
    pub fn value(self, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }

    /// What helps to fill it in.
    pub fn hint(self, frame: &Frame<'_>, key: Key) -> Self {
        Self {
            hint: Some(frame.say(key)),
            ..self
        }
    }

    /// Nothing can be sent without it.
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Longest text.
    pub fn longest(self, longest: u16) -> Self {
        Self { longest, ..self }
    }

    /// What is wrong with it, if anything is.
    pub fn among(self, frame: &Frame<'_>, troubles: &Troubles) -> Self {
        Self {
            trouble: troubles.at(self.id).map(|key| frame.say(key)),
            ..self
        }
    }
}

/// What is wrong with a form: at which fields, and what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubles(Vec<(String, Key)>);

impl Troubles {
    /// One thing that is wrong.
    pub fn one(field: &str, key: Key) -> Self {
        Self(vec![(field.to_owned(), key)])
    }

    /// Notes what is wrong; of several at one field the first stays.
    pub fn note(&mut self, field: impl Into<String>, key: Key) {
        let field = field.into();
        if self.at(&field).is_none() {
            self.0.push((field, key));
        }
    }

    /// `value`, if nothing is wrong.
    pub fn none<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// What is wrong with this field.
    pub fn at(&self, field: &str) -> Option<Key> {
        self.0.iter().find(|(at, _)| at == field).map(|(_, key)| *key)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong, each with the field it leads to.
    pub fn list<'a>(&'a self, frame: &Frame<'_>) -> Vec<(&'a str, Said<'a>)> {
        self.0
            .iter()
            .map(|(field, key)| (field.as_str(), frame.say(*key)))
            .collect()
    }
}

/// The value of a field that has a type of its own; `None`, and noted, if it is none.
pub fn parsed<T: std::str::FromStr>(
    fields: &Fields,
    name: &str,
    wrong: Key,
    troubles: &mut Troubles,
) -> Option<T> {
    match fields.get(name).parse() {
        Ok(value) => Some(value),
        Err(_) => {
            troubles.note(name, wrong);
            None
        }
    }
}
