//! Reading a TOML file as a form that a person has filled in: every problem is found, not only the first, and each names its
//! key, line and column. serde stops at the first one, and loses the line of what only does not fit together.
//!
//! ```text
//! text ──Form::open──► Form + root Section ──shape──► settings        (wrong ones are left out and noted)
//!                        │                               │
//!                        └──── findings ◄── rules ───────┘            (only where all was read)
//! ```
//!
//! A [`Section`] notes the keys it is asked for; [`Form::close`] says of all others that they are unknown, so the keys are
//! listed nowhere twice.

pub(crate) mod shape;
mod value;

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Finding, Findings, Problem, repeated};

/// What was found so far in one text.
pub(crate) struct Form<'t> {
    text: &'t str,
    found: Vec<(usize, Problem)>,
    /// Where each key that was asked for is, by its path.
    places: BTreeMap<String, usize>,
}

/// One table of the text while it is read.
pub(crate) struct Section<'d> {
    path: String,
    at: usize,
    table: &'d DeTable<'d>,
    asked: Vec<&'static str>,
}

/// Parses the text as TOML.
///
/// # Errors
/// All places where it is no TOML.
pub(crate) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, Findings> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table);
    }
    let mut form = Form::new(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let todo = match error.message() {
            "duplicate key" => "give each key once",
            _ => "write name = value, and texts in quotes",
        };
        let wrong = format!("this cannot be read: {}", repeated(error.message()));
        form.found.push((at, Problem::new("", wrong, todo)));
    }
    // Once lost, a parser stumbles over the rest of the line as well.
    form.found.sort_by_key(|(at, _)| *at);
    let mut last = None;
    form.found.retain(|(at, _)| {
        let between = text.as_bytes().get(last.unwrap_or(0)..*at).unwrap_or_default();
        let first = last.is_none() || between.contains(&b'\n');
        last = Some(*at);
        first
    });
    Err(form.findings())
}

impl<'t> Form<'t> {
    /// A form nothing of which has been read. `text` is what was parsed.
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// Notes a problem at an offset of the text.
    fn note(&mut self, at: usize, problem: Problem) {
        self.found.push((at, problem));
    }

    /// How many problems were noted.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// Notes a problem where its key is, or else where the section is that would have it.
    pub(crate) fn note_at_key(&mut self, problem: Problem) {
        let mut path = problem.key.as_str();
        let at = loop {
            if let Some(at) = self.places.get(path) {
                break *at;
            }
            match path.rsplit_once('.') {
                Some((outer, _)) => path = outer,
                None => break 0,
            }
        };
        self.note(at, problem);
    }

    /// All that was noted, as an error; `value` if nothing was.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Findings> {
        if self.found.is_empty() {
            Ok(value)
        } else {
            Err(self.findings())
        }
    }

    fn findings(mut self) -> Findings {
        self.found.sort_by_key(|(at, _)| *at);
        let more = self.found.len().saturating_sub(Findings::LIMIT);
        let list = self
            .found
            .into_iter()
            .take(Findings::LIMIT)
            .map(|(at, problem)| {
                let (line, column) = place(self.text, at);
                Finding {
                    line,
                    column,
                    problem,
                }
            })
            .collect();
        Findings { list, more }
    }

    /// Says of every key nobody asked for that it is unknown.
    pub(crate) fn close(&mut self, section: &Section<'_>) {
        for key in section.table.keys() {
            let name: &str = key.get_ref();
            if section.asked.contains(&name) {
                continue;
            }
            let todo = match nearest(name, &section.asked) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known here: {}", section.asked.join(", ")),
            };
            let path = section.key(&repeated(name));
            self.note(key.span().start, Problem::new(path, "unknown key", todo));
        }
    }
}

impl<'d> Section<'d> {
    /// The outermost table.
    pub(crate) fn root(table: &'d DeTable<'d>) -> Self {
        Self::new(String::new(), 0, table)
    }

    fn new(path: String, at: usize, table: &'d DeTable<'d>) -> Self {
        Self {
            path,
            at,
            table,
            asked: Vec::new(),
        }
    }

    fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The value of a key, if it is there.
    fn ask(&mut self, form: &mut Form<'_>, name: &'static str) -> Option<Given<'d>> {
        self.asked.push(name);
        let (key, value) = self.table.get_key_value(name)?;
        let path = self.key(name);
        // A section is found by its name; where its braces or lines begin tells a person nothing.
        let at = if value.get_ref().is_table() {
            key.span().start
        } else {
            value.span().start
        };
        form.places.insert(path.clone(), at);
        Some(Given { path, at, value })
    }
}

/// A value that is there, and where.
pub(crate) struct Given<'d> {
    path: String,
    at: usize,
    value: &'d Spanned<DeValue<'d>>,
}

/// Reads the `version` of a form that is known up to `known`. `None` stops: the rest has another form.
pub(crate) fn version(form: &mut Form<'_>, root: &mut Section<'_>, known: u32) -> Option<u32> {
    let Some(given) = root.ask(form, "version") else {
        form.note(
            0,
            Problem::new(
                "version",
                "it is missing",
                format!("write version = {known} at the top"),
            ),
        );
        return Some(known);
    };
    let DeValue::Integer(version) = given.value.get_ref() else {
        given.is_not(form, "a whole number without quotes is needed");
        return None;
    };
    if u32::from_str_radix(version.as_str(), version.radix()) == Ok(known) {
        return Some(known);
    }
    let wrong = format!(
        "this PocketStack knows only {known}, not {}",
        repeated(version.as_str())
    );
    let todo = "use the form that belongs to it, or a newer PocketStack";
    form.note(given.at, Problem::new("version", wrong, todo));
    None
}

/// Line and column, both from 1, of an offset in bytes.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// The known word that was probably meant: at most a third of it is different.
fn nearest(given: &str, known: &[&'static str]) -> Option<&'static str> {
    // Comparing costs the product of both lengths, and nobody mistypes a word of ten letters as one of a hundred.
    if given.len() > 64 {
        return None;
    }
    let given = given.to_lowercase();
    known
        .iter()
        .map(|word| (strsim::osa_distance(&given, word), *word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
