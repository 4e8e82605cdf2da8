//! The kernel's device mapper, asked through dmsetup(8).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use pocketstack_exec::{Cmd, run};

/// Reads mappings. Both answers are the lines of dmsetup(8): start, length, target, and what the target adds.
pub trait DeviceMapper: Send + Sync {
    /// Live state of a mapping. Blocks.
    ///
    /// # Errors
    /// In words: there is no such mapping, or it cannot be asked.
    fn status(&self, name: &str) -> Result<String, String>;

    /// What a mapping was made of. Blocks.
    ///
    /// # Errors
    /// As [`DeviceMapper::status`].
    fn table(&self, name: &str) -> Result<String, String>;
}

/// The real adapter.
#[derive(Debug, Clone, Copy)]
pub struct Dmsetup;

fn dmsetup(verb: &str, name: &str) -> Result<String, String> {
    let output = run(Cmd::new("dmsetup")
        .args([verb, "--", name])
        .within(Duration::from_secs(10)));
    output
        .map(|output| output.text().trim().to_owned())
        .map_err(|error| error.to_string())
}

impl DeviceMapper for Dmsetup {
    fn status(&self, name: &str) -> Result<String, String> {
        dmsetup("status", name)
    }

    fn table(&self, name: &str) -> Result<String, String> {
        dmsetup("table", name)
    }
}

/// The fake: mappings in memory.
#[derive(Debug, Default)]
pub struct FakeDeviceMapper {
    mappings: Mutex<BTreeMap<String, (String, String)>>,
}

impl FakeDeviceMapper {
    /// Adds a mapping, or changes what it answers.
    pub fn set(&self, name: &str, status: &str, table: &str) {
        let mut mappings = self
            .mappings
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        mappings.insert(name.to_owned(), (status.to_owned(), table.to_owned()));
    }

    fn get(&self, name: &str) -> Result<(String, String), String> {
        let mappings = self
            .mappings
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        mappings
            .get(name)
            .cloned()
            .ok_or_else(|| format!("Device {name} not found"))
    }
}

impl DeviceMapper for FakeDeviceMapper {
    fn status(&self, name: &str) -> Result<String, String> {
        self.get(name).map(|answers| answers.0)
    }

    fn table(&self, name: &str) -> Result<String, String> {
        self.get(name).map(|answers| answers.1)
    }
}
