//! Settings of the machine itself: its name, its time zone, and the files under `/etc` that other programs read.
//!
//! `/etc` forgets everything at a restart; what is written here is made from the configuration each time.

mod etc;
mod fake;

pub use etc::Etc;
pub use fake::FakeSettings;

use std::io;
use std::path::{Path, PathBuf};

use pocketstack_model::config::names::{HostName, TimeZone};

/// Reads and changes the machine's settings. Short enough to be called from anywhere.
pub trait Settings: Send + Sync {
    /// The name the kernel has now.
    ///
    /// # Errors
    /// [`Error::Name`].
    fn host_name(&self) -> Result<String, Error>;

    /// Names the machine, in the kernel and in `/etc/hostname`.
    ///
    /// # Errors
    /// [`Error::Name`] and [`Error::Write`].
    fn set_host_name(&self, name: &HostName) -> Result<(), Error>;

    /// The time zone in use, by name; `None` if it has none, which means UTC.
    fn time_zone(&self) -> Option<String>;

    /// Puts a time zone in use.
    ///
    /// # Errors
    /// [`Error::NoZone`] and [`Error::Write`].
    fn set_time_zone(&self, zone: &TimeZone) -> Result<(), Error>;

    /// Text of a file; `None` if it is not there or cannot be read.
    fn file(&self, path: &Path) -> Option<String>;

    /// Makes a file have this text, or not be there. Says whether that changed anything. Whoever reads it sees the
    /// old text or the new one, never half of it.
    ///
    /// # Errors
    /// [`Error::Write`].
    fn set_file(&self, path: &Path, text: Option<&str>) -> Result<bool, Error>;
}

/// Why a setting could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel's name could not be read or set.
    #[error("the machine's name cannot be read or set: {0}")]
    Name(io::Error),
    /// A file could not be written.
    #[error("{} cannot be written: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// There is no such time zone.
    #[error("there is no time zone {zone}: set one such as UTC, Europe/Lisbon or America/Sao_Paulo")]
    NoZone {
        /// What was wanted.
        zone: TimeZone,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::Root;

    fn contract(settings: &impl Settings) {
        let path = Path::new("/etc/systemd/network/20-management.network");
        assert_eq!(settings.file(path), None);
        assert!(settings.set_file(path, Some("one\n")).expect("written"));
        assert!(!settings.set_file(path, Some("one\n")).expect("the same"));
        assert!(settings.set_file(path, Some("two\n")).expect("written"));
        assert_eq!(settings.file(path).as_deref(), Some("two\n"));
        assert!(settings.set_file(path, None).expect("removed"));
        assert!(!settings.set_file(path, None).expect("not there"));
        assert_eq!(settings.file(path), None);

        let zone = |name: &str| name.parse::<TimeZone>().expect("well formed");
        assert_eq!(settings.time_zone(), None);
        for name in ["Europe/Lisbon", "UTC"] {
            settings.set_time_zone(&zone(name)).expect("set");
            assert_eq!(settings.time_zone().as_deref(), Some(name));
        }
        for name in ["Mars/Olympus", "Europe"] {
            let error = settings.set_time_zone(&zone(name)).expect_err("unknown");
            assert!(matches!(error, Error::NoZone { .. }), "{error}");
        }
        assert_eq!(settings.time_zone().as_deref(), Some("UTC"));
    }

    #[test]
    fn the_fake_keeps_the_contract() {
        let fake = FakeSettings::default();
        contract(&fake);
        let name: HostName = "node-7".parse().expect("a name");
        fake.set_host_name(&name).expect("set");
        assert_eq!(fake.host_name().expect("read"), "node-7");
    }

    #[test]
    fn files_of_a_machine_keep_the_contract() {
        let dir = tempfile::tempdir().expect("a folder");
        for zone in ["UTC", "Europe/Lisbon"] {
            let path = dir.path().join("usr/share/zoneinfo").join(zone);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, "TZif2").expect("written");
        }
        contract(&Etc::new(Root::at(dir.path())));
        // Nothing of the way there is left.
        let left = Root::at(dir.path()).names("/etc");
        assert_eq!(left, ["localtime", "systemd"]);
    }
}
