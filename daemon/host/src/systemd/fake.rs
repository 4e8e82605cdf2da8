//! The fake: units in memory. It can also sit at the other end of a D-Bus connection, so that the real adapter is
//! tested against it without a bus.

mod served;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pocketstack_model::unit as model;
use time::OffsetDateTime;

use super::{Error, Power, Systemd, UnitName, UnitState};

/// A systemd with a few units in memory. Clones are the same systemd.
#[derive(Debug, Clone, Default)]
pub struct FakeSystemd {
    units: Arc<Mutex<BTreeMap<UnitName, FakeUnit>>>,
    ended: Arc<Mutex<Option<Power>>>,
    log: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug, Clone, Copy)]
struct FakeUnit {
    state: UnitState,
    /// What a start makes of it.
    after_start: UnitState,
    enabled: bool,
}

impl FakeSystemd {
    /// Adds a unit, or sets how it is.
    pub fn set(&self, unit: &UnitName, state: UnitState) {
        self.insert(
            unit,
            FakeUnit {
                state,
                after_start: UnitState::Active,
                enabled: false,
            },
        );
    }

    /// Adds a unit that does not run and fails when it is started.
    pub fn set_broken(&self, unit: &UnitName) {
        self.insert(
            unit,
            FakeUnit {
                state: UnitState::Inactive,
                after_start: UnitState::Failed,
                enabled: false,
            },
        );
    }

    /// Serves this systemd at the other end of a socket, until the returned connection is dropped.
    ///
    /// # Errors
    /// What D-Bus says.
    pub async fn serve(&self, socket: std::os::unix::net::UnixStream) -> zbus::Result<zbus::Connection> {
        zbus::connection::Builder::unix_stream(socket)
            .server(zbus::Guid::generate())
            .p2p()
            .serve_at("/org/freedesktop/systemd1", served::Manager::of(self.clone()))
            .build()
            .await
    }

    /// Whether the machine was ended, and how.
    pub fn ended(&self) -> Option<Power> {
        *self
            .ended
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Units that were restarted, in the order of that.
    pub fn restarted(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn insert(&self, unit: &UnitName, fake: FakeUnit) {
        self.locked().insert(unit.clone(), fake);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<UnitName, FakeUnit>> {
        self.units
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn failed(&self) -> Vec<String> {
        let units = self.locked();
        units
            .iter()
            .filter(|(_, unit)| unit.state == UnitState::Failed)
            .map(|(name, _)| name.to_string())
            .collect()
    }

    fn state(&self, unit: &UnitName) -> UnitState {
        self.locked()
            .get(unit)
            .map_or(UnitState::Missing, |unit| unit.state)
    }

    /// Changes a unit that exists and is not masked; `None` for any other.
    fn with<T>(&self, unit: &UnitName, change: impl FnOnce(&mut FakeUnit) -> T) -> Option<T> {
        let mut units = self.locked();
        let unit = units
            .get_mut(unit)
            .filter(|unit| unit.state != UnitState::Masked)?;
        Some(change(unit))
    }

    /// Starts a unit; `None` if there is none that could be, otherwise the result of the job.
    fn run(&self, unit: &UnitName) -> Option<&'static str> {
        let how = match unit.as_str() {
            "reboot.target" => Some(Power::Restart),
            "poweroff.target" => Some(Power::Off),
            _ => None,
        };
        if how.is_some() {
            *self
                .ended
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = how;
            return Some("done");
        }
        self.with(unit, |unit| {
            if unit.state != UnitState::Active {
                unit.state = unit.after_start;
            }
            if unit.state == UnitState::Active {
                "done"
            } else {
                "failed"
            }
        })
    }

    fn run_stop(&self, unit: &UnitName) -> Option<&'static str> {
        self.with(unit, |unit| {
            if unit.state != UnitState::Failed {
                unit.state = UnitState::Inactive;
            }
            "done"
        })
    }

    fn run_restart(&self, unit: &UnitName, only_running: bool) -> Option<&'static str> {
        if only_running && self.state(unit) != UnitState::Active {
            return self.with(unit, |_| "done");
        }
        self.with(unit, |unit| unit.state = UnitState::Inactive)?;
        self.log
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(unit.to_string());
        self.run(unit)
    }
}

/// When every unit came to be as it is, in microseconds.
const SINCE: u64 = 1_795_248_252_000_000;

fn described(unit: &UnitName) -> String {
    format!("Description of {unit}")
}

fn active(state: UnitState) -> &'static str {
    match state {
        UnitState::Missing | UnitState::Masked | UnitState::Inactive => "inactive",
        UnitState::Changing => "activating",
        UnitState::Active => "active",
        UnitState::Failed => "failed",
    }
}

fn not_found(unit: &UnitName) -> Error {
    Error::Ask(zbus::Error::Failure(format!("Unit {unit} not found.")))
}

fn started(unit: &UnitName, result: Option<&str>) -> Result<(), Error> {
    match result {
        Some("done") => Ok(()),
        Some(result) => Err(Error::Start {
            unit: unit.clone(),
            result: result.to_owned(),
        }),
        None => Err(not_found(unit)),
    }
}

impl Systemd for FakeSystemd {
    async fn failed_units(&self) -> Result<Vec<String>, Error> {
        Ok(self.failed())
    }

    async fn units(&self, names: &[UnitName]) -> Result<Vec<model::Unit>, Error> {
        let units = self.locked();
        let shown = units
            .iter()
            .filter(|(name, unit)| names.contains(name) || unit.state == UnitState::Failed);
        Ok(shown
            .map(|(name, unit)| model::Unit {
                name: name.to_string(),
                description: described(name),
                active: model::Active::called(active(unit.state)),
                sub: active(unit.state).to_owned(),
                at_start: match (unit.state, unit.enabled) {
                    (UnitState::Masked, _) => model::AtStart::Masked,
                    (_, true) => model::AtStart::Yes,
                    (_, false) => model::AtStart::No,
                },
                since: OffsetDateTime::from_unix_timestamp_nanos(i128::from(SINCE) * 1000).ok(),
                actions: Vec::new(),
            })
            .collect())
    }

    async fn unit_state(&self, unit: &UnitName) -> Result<UnitState, Error> {
        Ok(self.state(unit))
    }

    async fn start(&self, unit: &UnitName) -> Result<(), Error> {
        started(unit, self.run(unit))
    }

    async fn stop(&self, unit: &UnitName) -> Result<(), Error> {
        self.run_stop(unit).map(drop).ok_or_else(|| not_found(unit))
    }

    async fn restart(&self, unit: &UnitName) -> Result<(), Error> {
        started(unit, self.run_restart(unit, false))
    }

    async fn restart_if_running(&self, unit: &UnitName) -> Result<(), Error> {
        started(unit, self.run_restart(unit, true))
    }

    async fn enabled(&self, unit: &UnitName) -> Result<bool, Error> {
        self.with(unit, |unit| unit.enabled)
            .ok_or_else(|| not_found(unit))
    }

    async fn set_enabled(&self, unit: &UnitName, enabled: bool) -> Result<(), Error> {
        self.with(unit, |unit| unit.enabled = enabled)
            .ok_or_else(|| not_found(unit))
    }

    async fn end_machine(&self, how: Power) -> Result<(), Error> {
        *self
            .ended
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(how);
        Ok(())
    }
}
