//! Answers: what the wizard asks, in a file, for machines that are set up without a person.
//!
//! [`Answers::parse`] finds all that is wrong at once, each with its line; [`describe()`] says in words what they would do.
//! The form is in `docs/answers.md`.

mod describe;
mod install;

use serde::{Deserialize, Serialize};

use crate::access::AccessSettings;
use crate::config::form::{self, Form, Section, shape};
use crate::config::network::NetworkSettings;
use crate::config::problem::{Findings, Problems};
use crate::config::{Configuration, NodeSettings};
use crate::install::InstallSettings;

pub use describe::describe;

/// Version of the form, in files.
pub const VERSION: u32 = 1;

/// Largest file that is read, in bytes. The longest that makes sense has less than a tenth.
pub const LARGEST: usize = 64 << 10;

/// What all files of answers are called.
pub const FILE_NAME: &str = "answers.toml";

/// An answers file. One that was read, as file or document, makes sense on its own; whether it fits a machine is seen there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Answers {
    /// [`VERSION`].
    pub version: u32,
    /// Name and time.
    pub node: NodeSettings,
    /// Networks.
    pub network: NetworkSettings,
    /// Who may come in; without a password the wizard asks for one.
    #[serde(skip_serializing_if = "AccessSettings::is_empty")]
    pub access: AccessSettings,
    /// Installation to disk; without it the node runs from the medium, configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<InstallSettings>,
}

/// What comes in as a document, before it is known to make sense.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    version: u32,
    #[serde(default)]
    node: NodeSettings,
    #[serde(default)]
    network: NetworkSettings,
    #[serde(default)]
    access: AccessSettings,
    #[serde(default)]
    install: Option<InstallSettings>,
}

impl TryFrom<Unchecked> for Answers {
    type Error = DocumentError;

    fn try_from(unchecked: Unchecked) -> Result<Self, DocumentError> {
        if unchecked.version != VERSION {
            return Err(DocumentError::Version(unchecked.version));
        }
        let problems = unchecked.install.as_ref().map(InstallSettings::problems);
        let answers = Self {
            version: VERSION,
            node: unchecked.node,
            network: unchecked.network,
            access: unchecked.access,
            install: unchecked.install,
        };
        Ok(Problems::none_in(problems.unwrap_or_default(), answers)?)
    }
}

/// Why a document is no answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum DocumentError {
    #[error("this PocketStack knows answers of version {VERSION}, not {0}")]
    Version(u32),
    #[error(transparent)]
    Problems(#[from] Problems),
}

/// Why a text is no answers. `Display` is one line for each thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswersError {
    /// More than [`LARGEST`].
    #[error("the file has more than {} KiB, which no answers need; is it the right one?", LARGEST >> 10)]
    TooLarge,
    /// Not UTF-8.
    #[error("line {line}, column {column}: this is no text in UTF-8; save the file as UTF-8")]
    NoText {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// It does not say what it should.
    #[error(transparent)]
    Wrong(#[from] Findings),
}

impl Answers {
    /// Reads a file of answers. Time and memory are bounded, whatever is in it.
    ///
    /// # Errors
    /// [`AnswersError`], with all that can be found in one go.
    pub fn parse(text: &str) -> Result<Self, AnswersError> {
        if text.len() > LARGEST {
            return Err(AnswersError::TooLarge);
        }
        let document = form::parse(text)?;
        let mut form = Form::new(text);
        let mut root = Section::root(document.get_ref());
        let version = form::version(&mut form, &mut root, VERSION);
        let answers = Self {
            version: VERSION,
            node: NodeSettings::default(),
            network: NetworkSettings::default(),
            access: AccessSettings::default(),
            install: None,
        };
        if version.is_none() {
            return Ok(form.finish(answers)?);
        }
        let answers = Self {
            node: shape::node(&mut form, &mut root),
            network: shape::network(&mut form, &mut root),
            access: shape::access(&mut form, &mut root),
            install: install::read(&mut form, &mut root),
            ..answers
        };
        form.close(&root);
        Ok(form.finish(answers)?)
    }

    /// Like [`Answers::parse`], for what was read from a medium or the network. It is enough to read [`LARGEST`] + 1 bytes.
    ///
    /// # Errors
    /// [`AnswersError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AnswersError> {
        if bytes.len() > LARGEST {
            return Err(AnswersError::TooLarge);
        }
        match str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let (line, column) = form::place(&before, before.len());
                Err(AnswersError::NoText { line, column })
            }
        }
    }

    /// The configuration among the answers.
    pub fn configuration(&self) -> Configuration {
        Configuration {
            version: crate::config::VERSION,
            node: self.node.clone(),
            network: self.network.clone(),
            access: self.access.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_or_no_text_is_not_read() {
        let mut text = "version = 1\n".to_owned();
        text.push_str(&"#".repeat(LARGEST - text.len()));
        assert!(Answers::parse(&text).is_ok());
        text.push('#');
        assert_eq!(Answers::parse(&text), Err(AnswersError::TooLarge));
        assert_eq!(Answers::from_bytes(text.as_bytes()), Err(AnswersError::TooLarge));
        assert_eq!(
            Answers::from_bytes(b"version = 1\n# S\xc3\xa3o Paulo \xe3\n"),
            Err(AnswersError::NoText { line: 2, column: 13 })
        );
    }

    #[test]
    fn a_byte_order_mark_and_line_ends_of_windows_are_fine() {
        let answers = Answers::from_bytes(b"\xef\xbb\xbfversion = 1\r\n[node]\r\nname = \"lab1\"\r\n");
        assert_eq!(answers.expect("it is read").node.name.to_string(), "lab1");
    }

    #[test]
    fn a_document_is_checked_like_a_file() {
        let told = |json: &str| match serde_json::from_str::<Answers>(json) {
            Ok(answers) => panic!("it is taken: {answers:?}"),
            Err(error) => error.to_string(),
        };
        assert!(told(r#"{"version":2}"#).contains("version 1, not 2"));
        assert!(
            told(r#"{"version":1,"install":{"disk":{"name":"sda"},"mirror":true}}"#)
                .contains("install.mirror: ")
        );
        assert!(told(r#"{"version":1,"network":{"external":{}}}"#).contains("network.external: "));
        assert!(told(r#"{"version":1,"nodes":{}}"#).contains("nodes"));
    }

    #[test]
    fn no_more_than_a_person_reads_is_told() {
        let mut text = "version = 1\n".to_owned();
        for number in 0..100 {
            text.push_str(&format!("wrong{number} = 1\n"));
        }
        let error = Answers::parse(&text).expect_err("all are unknown").to_string();
        assert_eq!(error.lines().count(), Findings::LIMIT + 1);
        assert!(
            error.starts_with("line 2, column 1: wrong0: unknown key; "),
            "{error}"
        );
        assert!(error.ends_with("and 80 more"), "{error}");
    }
}
