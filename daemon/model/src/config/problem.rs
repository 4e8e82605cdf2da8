//! What is wrong with a configuration or with answers, in words for the person who wrote them.

use std::fmt;

use serde::Serialize;

use super::names::{ValueError, shorten};

/// One thing that is wrong: where, what, and what to do.
///
/// `Display` is one line without control characters, whatever was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{wrong}; {todo}", before(key))]
pub struct Problem {
    /// Path of the key ("network.management.ipv4.gateway"); empty if it is about the whole.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub todo: String,
}

fn before(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!("{key}: ")
    }
}

impl Problem {
    /// A problem with the value of `key`.
    pub(crate) fn new(key: impl Into<String>, wrong: impl Into<String>, todo: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            wrong: wrong.into(),
            todo: todo.into(),
        }
    }

    /// The value of `key` is no such thing.
    pub(crate) fn value(key: &str, error: &ValueError) -> Self {
        Self::new(
            key,
            format!("{:?} is no {}", error.given, error.what),
            error.needed,
        )
    }
}

/// Several problems of something that did not come out of a file with lines. `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", joined(.0, "; also "))]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// `value`, if nothing is wrong with it.
    pub(crate) fn none_in<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Self(problems))
        }
    }
}

/// A problem and where in the text it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    #[serde(flatten)]
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

/// All that was found in a text, in the order of its lines. `Display` is one line for each, without a line break at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{}", joined(.list, "\n"), rest(*.more))]
pub struct Findings {
    /// The first ones, at most [`Findings::LIMIT`].
    pub list: Vec<Finding>,
    /// How many more there are.
    pub more: usize,
}

impl Findings {
    /// How many are told at most: after these, a person starts over.
    pub const LIMIT: usize = 20;

    /// All in one line, for a status or a log.
    pub fn in_one_line(&self) -> String {
        self.to_string().replace('\n', "; also ")
    }
}

fn joined<T: fmt::Display>(list: &[T], between: &str) -> String {
    let words: Vec<String> = list.iter().map(ToString::to_string).collect();
    words.join(between)
}

fn rest(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!("\nand {more} more"),
    }
}

/// Text that somebody gave, fit to be repeated: short, and nothing in it that a terminal would obey.
pub(crate) fn repeated(text: &str) -> String {
    shorten(text).escape_debug().to_string()
}
