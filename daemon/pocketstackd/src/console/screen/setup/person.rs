//! The first step: what the machine is called, and the password.

use std::collections::BTreeMap;
use std::fmt;

use pocketstack_model::access::check_strength;
use pocketstack_model::config::names::HostName;

use super::{Row, Turn, step};
use crate::console::keys::Key;
use crate::console::screen::form::Shown;
use crate::console::screen::text::edit;

/// A password on its way to being hashed. Nothing that is logged shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(not shown)")
    }
}

/// A place on this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Name,
    Password,
    Again,
    Next,
}

const FIELDS: [Field; 4] = [Field::Name, Field::Password, Field::Again, Field::Next];

/// What was typed.
#[derive(Debug)]
pub struct Person {
    name: String,
    password: Password,
    again: Password,
    /// Whether a password was chosen before: then the fields may stay empty.
    chosen: bool,
    focus: Field,
    errors: BTreeMap<Field, String>,
}

impl Person {
    /// With the name that the machine has.
    pub fn new(name: &HostName) -> Self {
        Self {
            name: name.to_string(),
            password: Password(String::new()),
            again: Password(String::new()),
            chosen: false,
            focus: Field::Name,
            errors: BTreeMap::new(),
        }
    }

    /// The password is hashed: it is not needed any more.
    pub fn forget(&mut self) {
        self.password.0.clear();
        self.again.0.clear();
        self.chosen = true;
    }

    /// The password cannot be hashed.
    pub fn not_hashed(&mut self, why: String) {
        self.focus = Field::Password;
        self.errors.insert(Field::Password, why);
    }

    /// A key was pressed. The step ends with the name, and with a password unless the one before is kept.
    pub fn key(&mut self, key: Key) -> Turn<(HostName, Option<Password>)> {
        match key {
            Key::Escape => return Turn::Back,
            Key::Enter if self.focus == Field::Next => return self.go_on(),
            Key::Down | Key::Tab | Key::Enter => self.focus = step(&FIELDS, self.focus, 1),
            Key::Up | Key::BackTab => self.focus = step(&FIELDS, self.focus, -1),
            key => match self.focus {
                Field::Name => edit(&mut self.name, key),
                Field::Password => edit(&mut self.password.0, key),
                Field::Again => edit(&mut self.again.0, key),
                Field::Next => {}
            },
        }
        Turn::Stay
    }

    fn go_on(&mut self) -> Turn<(HostName, Option<Password>)> {
        self.errors.clear();
        let name = self.name.trim().parse::<HostName>();
        if let Err(error) = &name {
            self.errors.insert(Field::Name, error.to_string());
        }
        let kept = self.chosen && self.password.0.is_empty() && self.again.0.is_empty();
        if !kept {
            if let Err(weak) = check_strength(&self.password.0, self.name.trim()) {
                self.errors.insert(Field::Password, weak.to_string());
            } else if self.password != self.again {
                let why = "this is not the same password; type both once more";
                self.errors.insert(Field::Again, why.to_owned());
                self.again.0.clear();
            }
        }
        if let Some(first) = self.errors.keys().next() {
            self.focus = *first;
        }
        match name {
            Ok(name) if self.errors.is_empty() => Turn::On((name, (!kept).then(|| self.password.clone()))),
            _ => Turn::Stay,
        }
    }

    /// As it is shown.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let row = |field, label, shown| Row {
            label,
            shown,
            focused: self.focus == field,
            error: self.errors.get(&field).map(String::as_str),
        };
        vec![
            row(Field::Name, "Name", Shown::Text(&self.name)),
            row(Field::Password, "Password", Shown::Hidden(self.password.0.len())),
            row(Field::Again, "Once more", Shown::Hidden(self.again.0.len())),
            row(Field::Next, "", Shown::Button("Next")),
        ]
    }

    /// What is said above the fields.
    pub fn words(&self) -> &'static str {
        if self.chosen {
            "A password is chosen. Leave both fields empty to keep it."
        } else {
            "This machine becomes the first one of a new cloud. The password of admin opens its page; it is not shown while \
             it is typed, and has at least 10 characters."
        }
    }
}
