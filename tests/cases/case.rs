//! What a case is: a name and a function on a stage, with a place for what it finds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
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

type Body = Box<dyn FnOnce(&mut Stage, &mut Notes) -> Result<()> + Send>;

/// A case.
pub struct Case {
    /// `group::machine::what_is_so`.
    pub name: String,
    /// Succeeds if it is so.
    pub body: Body,
}

impl Case {
    /// A case with this name.
    pub fn new(
        name: impl Into<String>,
        body: impl FnOnce(&mut Stage, &mut Notes) -> Result<()> + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            body: Box::new(body),
        }
    }
}
