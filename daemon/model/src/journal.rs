//! The journal, as the page of the logs asks for it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What is asked for. One that was read is bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct JournalFilter {
    /// Only of this unit ("libvirtd.service").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Nothing less important.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Only what has this in it, whatever its case. It is looked for in the newest few thousand entries of the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Nothing older, in UTC. Without it, and without `after`: of this boot.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub since: Option<OffsetDateTime>,
    /// What follows the entry with this cursor, from the oldest on; without it the newest entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// So many entries at most.
    pub lines: u32,
}

/// What comes in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    priority: Option<Priority>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    since: Option<OffsetDateTime>,
    #[serde(default)]
    after: Option<String>,
    lines: u32,
}

/// Why a filter is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// More than [`JournalFilter::MOST`], or none.
    #[error("lines: 1 to {} entries can be asked for", JournalFilter::MOST)]
    Lines,
    /// Longer than anybody types, or not typed at all.
    #[error(
        "text: 1 to {} characters without line ends can be looked for",
        JournalFilter::LONGEST
    )]
    Text,
    /// Not as they are given out.
    #[error("after: a cursor is needed as it was given with an entry")]
    Cursor,
}

impl JournalFilter {
    /// Most entries of an answer.
    pub const MOST: u32 = 5000;
    /// Most characters of a text that is looked for.
    pub const LONGEST: usize = 200;
    const LONGEST_CURSOR: usize = 256;
}

impl TryFrom<Unchecked> for JournalFilter {
    type Error = FilterError;

    fn try_from(unchecked: Unchecked) -> Result<Self, FilterError> {
        let Unchecked {
            unit,
            priority,
            text,
            since,
            after,
            lines,
        } = unchecked;
        if !(1..=Self::MOST).contains(&lines) {
            return Err(FilterError::Lines);
        }
        let typed = |text: &String| {
            !text.is_empty() && text.chars().count() <= Self::LONGEST && !text.chars().any(char::is_control)
        };
        if !text.as_ref().is_none_or(typed) {
            return Err(FilterError::Text);
        }
        // sd_journal_get_cursor(3): letters, digits and what divides them.
        let given = |cursor: &String| {
            (1..=Self::LONGEST_CURSOR).contains(&cursor.len())
                && cursor
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"=;-".contains(&byte))
        };
        if !after.as_ref().is_none_or(given) {
            return Err(FilterError::Cursor);
        }
        Ok(Self {
            unit,
            priority,
            text,
            since,
            after,
            lines,
        })
    }
}

/// How important an entry is (syslog(3)), the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// The system is unusable.
    Emergency,
    /// Something must be done at once.
    Alert,
    /// Critical.
    Critical,
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// Normal, and worth a look.
    Notice,
    /// Normal.
    Info,
    /// For who looks for an error.
    Debug,
}

impl Priority {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Emergency,
        Self::Alert,
        Self::Critical,
        Self::Error,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
    ];

    /// As the journal counts them.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Entries of the journal, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// At most as many as were asked for.
    pub entries: Vec<JournalEntry>,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Where it is, for [`JournalFilter::after`].
    pub cursor: String,
    /// When it was written, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The unit, or the program that said it.
    pub unit: Option<String>,
    /// How important it is.
    pub priority: Priority,
    /// What was said. It is text of any program: nothing in it is to be trusted.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_bounded() {
        let read =
            |json: &str| serde_json::from_str::<JournalFilter>(json).map_err(|error| error.to_string());
        let all = r#"{"unit":"a.service","priority":"warning","text":"Failed (ação)","since":"2026-11-21T00:00:00Z","after":"s=0;i=1f;x=a-b","lines":500}"#;
        let filter = read(all).expect("it is right");
        assert_eq!(filter.priority.map(Priority::number), Some(4));
        assert_eq!(read(&serde_json::to_string(&filter).expect("JSON")), Ok(filter));
        assert!(read(r#"{"lines":1}"#).is_ok());
        let long = format!(r#"{{"lines":1,"text":"{}"}}"#, "x".repeat(201));
        for (wrong, told) in [
            (r#"{}"#, "lines"),
            (r#"{"lines":0}"#, "lines: 1 to 5000"),
            (r#"{"lines":5001}"#, "lines: 1 to 5000"),
            (r#"{"lines":1,"text":""}"#, "text: "),
            (r#"{"lines":1,"text":"a\u0000b"}"#, "text: "),
            (&long, "text: "),
            (r#"{"lines":1,"after":"--file=/etc/shadow"}"#, "after: "),
            (r#"{"lines":1,"after":""}"#, "after: "),
            (r#"{"lines":1,"priority":"loud"}"#, "loud"),
            (r#"{"lines":1,"grep":"x"}"#, "grep"),
        ] {
            let said = read(wrong).expect_err(wrong);
            assert!(said.contains(told), "{wrong}: {said}");
        }
    }

    #[test]
    fn priorities_count_as_the_journal_does() {
        for (number, priority) in Priority::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(priority.number()), number);
        }
    }
}
