//! Systemd, over D-Bus (org.freedesktop.systemd1(5)).

mod dbus;
mod fake;

pub use dbus::{DbusSystemd, UnitChanges};
pub use fake::FakeSystemd;

use std::fmt;
use std::future::Future;

use pocketstack_model::unit::Unit;

/// How the machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It starts anew.
    Restart,
    /// It is switched off.
    Off,
}

/// Reads, starts and stops systemd's units.
pub trait Systemd: Send + Sync {
    /// Names of the units that have failed, in order.
    ///
    /// # Errors
    /// [`Error::Ask`].
    fn failed_units(&self) -> impl Future<Output = Result<Vec<String>, Error>> + Send;

    /// Those of these units that there are, and all that have failed, in the order of their names. What may be done with them
    /// is left empty.
    ///
    /// # Errors
    /// [`Error::Ask`].
    fn units(&self, names: &[UnitName]) -> impl Future<Output = Result<Vec<Unit>, Error>> + Send;

    /// How a unit is.
    ///
    /// # Errors
    /// [`Error::Ask`].
    fn unit_state(&self, unit: &UnitName) -> impl Future<Output = Result<UnitState, Error>> + Send;

    /// Starts a unit and waits until systemd is done with it. A unit that runs already stays as it is.
    ///
    /// # Errors
    /// [`Error::Ask`], and [`Error::Start`] if the unit did not start.
    fn start(&self, unit: &UnitName) -> impl Future<Output = Result<(), Error>> + Send;

    /// Stops a unit and waits until it has ended. A unit that does not run stays as it is.
    ///
    /// # Errors
    /// [`Error::Ask`], and [`Error::Stop`] if it goes on.
    fn stop(&self, unit: &UnitName) -> impl Future<Output = Result<(), Error>> + Send;

    /// Stops a unit if it runs, starts it, and waits until systemd is done with it.
    ///
    /// # Errors
    /// As [`Systemd::start`].
    fn restart(&self, unit: &UnitName) -> impl Future<Output = Result<(), Error>> + Send;

    /// Restarts a unit that runs; any other stays as it is.
    ///
    /// # Errors
    /// As [`Systemd::start`].
    fn restart_if_running(&self, unit: &UnitName) -> impl Future<Output = Result<(), Error>> + Send;

    /// Whether a unit is started with the machine.
    ///
    /// # Errors
    /// [`Error::Ask`], also if there is no such unit.
    fn enabled(&self, unit: &UnitName) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Sets whether a unit is started with the machine, which lasts until the machine restarts: `/etc` forgets.
    ///
    /// # Errors
    /// [`Error::Ask`].
    fn set_enabled(&self, unit: &UnitName, enabled: bool) -> impl Future<Output = Result<(), Error>> + Send;

    /// Restarts the machine or switches it off, in order: every unit is stopped first. Returns when that has begun.
    ///
    /// # Errors
    /// [`Error::Ask`].
    fn end_machine(&self, how: Power) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Full name of a unit with its type (systemd.unit(5)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName(String);

/// The text is no name of a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no name of a systemd unit: a name such as sshd.service is needed")]
pub struct UnitNameError {
    /// What was given.
    pub given: String,
}

impl UnitName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for UnitName {
    type Error = UnitNameError;

    fn try_from(name: &str) -> Result<Self, UnitNameError> {
        const TYPES: [&str; 11] = [
            "automount",
            "device",
            "mount",
            "path",
            "scope",
            "service",
            "slice",
            "socket",
            "swap",
            "target",
            "timer",
        ];
        let typed = name
            .rsplit_once('.')
            .is_some_and(|(stem, kind)| !stem.is_empty() && TYPES.contains(&kind));
        let clean = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte));
        if typed && clean && name.len() < 256 {
            Ok(Self(name.to_owned()))
        } else {
            Err(UnitNameError {
                given: name.to_owned(),
            })
        }
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitState {
    /// Systemd has no such unit.
    Missing,
    /// Masked: it cannot be started.
    Masked,
    /// Not running.
    Inactive,
    /// On its way up or down.
    Changing,
    /// Running.
    Active,
    /// It ran and failed.
    Failed,
}

/// Why systemd did not answer or do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be asked, or refused.
    #[error("cannot ask systemd: {0}")]
    Ask(#[from] zbus::Error),
    /// There is no connection to ask it over.
    #[error("cannot ask systemd: the system bus does not answer")]
    NoBus,
    /// A unit did not stop.
    #[error("{unit} did not stop ({result}); `journalctl -u {unit}` says why")]
    Stop {
        /// The unit.
        unit: UnitName,
        /// Result of the job as systemd calls it.
        result: String,
    },
    /// A unit did not start.
    #[error("{unit} did not start ({result}); `journalctl -u {unit}` says why")]
    Start {
        /// The unit.
        unit: UnitName,
        /// Result of the job as systemd calls it, for example `failed` or `timeout`.
        result: String,
    },
}
