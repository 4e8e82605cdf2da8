//! What a run leaves behind for people and for other programs: one JSON file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything it asserts was so.
    Passed,
    /// Something was not.
    Failed,
}

/// One case.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Name, as on the command line.
    pub name: String,
    /// How it ended.
    pub result: Outcome,
    /// How long it took, with the boot if it was the first on its machine.
    pub seconds: f64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Files that show more: serial log, screenshots.
    pub artifacts: Vec<PathBuf>,
    /// What was measured, by name; the unit is in the name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub measured: BTreeMap<String, Value>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    group: &'a str,
    image_version: &'a str,
    accel: &'a str,
    cases: &'a [Entry],
}

/// A report that is written again after each case, so that a run that is cut short leaves what it had.
#[derive(Debug)]
pub struct Report {
    path: PathBuf,
    group: String,
    image_version: String,
    accel: String,
    cases: Mutex<Vec<Entry>>,
}

impl Report {
    /// An empty report to be kept at `path`.
    pub fn new(path: &Path, group: &str, image_version: &str, accel: &str) -> Self {
        Self {
            path: path.to_owned(),
            group: group.to_owned(),
            image_version: image_version.to_owned(),
            accel: accel.to_owned(),
            cases: Mutex::new(Vec::new()),
        }
    }

    /// Adds a case and writes the report.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&self, entry: Entry) -> Result<()> {
        let mut cases = self.cases.lock().expect("no holder of this lock panics");
        cases.push(entry);
        let document = Document {
            group: &self.group,
            image_version: &self.image_version,
            accel: &self.accel,
            cases: &cases,
        };
        write_json(&self.path, &document)
    }
}

/// Writes a document as JSON, whole or not at all; the folder is made if it is missing.
///
/// # Errors
/// The file cannot be written.
pub fn write_json(path: &Path, document: &impl Serialize) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let new = path.with_extension("json.new");
    fs::write(&new, serde_json::to_string_pretty(document)? + "\n")
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_is_in_the_file_as_soon_as_it_is_added() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("reports/image-boot.json");
        let report = Report::new(&path, "boot", "0.1.0", "tcg");
        for (name, result) in [("a", Outcome::Passed), ("b", Outcome::Failed)] {
            let entry = Entry {
                name: name.into(),
                result,
                seconds: 1.5,
                error: None,
                artifacts: vec![],
                measured: BTreeMap::new(),
            };
            report.add(entry).expect("written");
        }
        let read: Value = serde_json::from_slice(&fs::read(&path).expect("there")).expect("JSON");
        assert_eq!(read["cases"][1]["name"], "b");
        assert_eq!(read["cases"][1]["result"], "failed");
        assert_eq!(read["accel"], "tcg");
    }
}
