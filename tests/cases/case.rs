//! What a case is: a name and a function on a stage, with a place for what it finds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use pocketstack_tests::serial::Serial;
use serde::Serialize;
use serde_json::Value;

use crate::boot::stage::Stage;

/// What a case hands to the report besides its result.
#[derive(Debug, Default)]
pub struct Notes {
    /// Files that show more.
    pub artifacts: Vec<PathBuf>,
    /// Measured values by name; the unit is in the name.
    pub measured: BTreeMap<String, Value>,
}

impl Notes {
    /// Adds a measured value.
    pub fn measured(&mut self, name: &str, value: impl Serialize) {
        // Numbers and texts always have a JSON form.
        self.measured.insert(
            name.to_owned(),
            serde_json::to_value(value).unwrap_or(Value::Null),
        );
    }
}

/// Where the cases of a group play, and what one leaves for the next.
pub trait Ground {
    /// Ends whatever runs: a case has panicked, and nobody knows in which state it was left.
    fn clear(&mut self);

    /// Serial logs of the case that ran last.
    fn serial_logs(&self) -> &[PathBuf];

    /// The last lines on the serial consoles, as an appendix to an error.
    fn console_tail(&self) -> String {
        let tails = self.serial_logs().iter().map(|log| {
            let tail = Serial::new(log).tail(40);
            format!("\n--- the last lines of {} ---\n{tail}\n---", log.display())
        });
        tails.collect()
    }
}

type Body<S> = Box<dyn FnOnce(&mut S, &mut Notes) -> Result<()> + Send>;

/// A case on a ground; that of the group `boot` unless another is named.
pub struct Case<S = Stage> {
    /// `group::machine::what_is_so`.
    pub name: String,
    /// Succeeds if it is so.
    pub body: Body<S>,
}

impl<S> Case<S> {
    /// A case with this name.
    pub fn new(
        name: impl Into<String>,
        body: impl FnOnce(&mut S, &mut Notes) -> Result<()> + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            body: Box::new(body),
        }
    }
}
