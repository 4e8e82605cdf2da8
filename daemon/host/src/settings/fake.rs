//! The fake: settings in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pocketstack_model::config::names::{HostName, TimeZone};

use super::{Error, Settings};

/// A machine that knows the time zones UTC and Europe/Lisbon.
#[derive(Debug, Default)]
pub struct FakeSettings(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    name: String,
    zone: Option<String>,
    files: BTreeMap<PathBuf, String>,
    refusing: bool,
}

impl FakeSettings {
    /// Whether nothing can be written from now on.
    pub fn refuse(&self, refusing: bool) {
        self.locked().refusing = refusing;
    }

    /// Paths of all files, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        self.locked().files.keys().cloned().collect()
    }

    /// A file that somebody else writes.
    pub fn put(&self, path: &str, text: &str) {
        self.locked().files.insert(path.into(), text.to_owned());
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writable(&self, path: &Path) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.locked();
        if state.refusing {
            return Err(Error::Write {
                path: path.to_owned(),
                source: io::ErrorKind::ReadOnlyFilesystem.into(),
            });
        }
        Ok(state)
    }
}

impl Settings for FakeSettings {
    fn host_name(&self) -> Result<String, Error> {
        Ok(self.locked().name.clone())
    }

    fn set_host_name(&self, name: &HostName) -> Result<(), Error> {
        self.writable(Path::new("/etc/hostname"))?.name = name.to_string();
        Ok(())
    }

    fn time_zone(&self) -> Option<String> {
        self.locked().zone.clone()
    }

    fn set_time_zone(&self, zone: &TimeZone) -> Result<(), Error> {
        let name = zone.to_string();
        if !["UTC", "Europe/Lisbon"].contains(&name.as_str()) {
            return Err(Error::NoZone { zone: zone.clone() });
        }
        self.writable(Path::new("/etc/localtime"))?.zone = Some(name);
        Ok(())
    }

    fn file(&self, path: &Path) -> Option<String> {
        self.locked().files.get(path).cloned()
    }

    fn set_file(&self, path: &Path, text: Option<&str>) -> Result<bool, Error> {
        if self.file(path).as_deref() == text {
            return Ok(false);
        }
        let mut state = self.writable(path)?;
        match text {
            Some(text) => state.files.insert(path.to_owned(), text.to_owned()),
            None => state.files.remove(path),
        };
        Ok(true)
    }
}
