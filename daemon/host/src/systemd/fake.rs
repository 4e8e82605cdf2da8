//! The fake: units in memory. It can also sit at the other end of a D-Bus connection, so that the real adapter is
//! tested against it without a bus.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use zbus::object_server::{ObjectServer, SignalEmitter};
use zbus::{ObjectPath, OwnedObjectPath};

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
            .serve_at(
                "/org/freedesktop/systemd1",
                Manager {
                    systemd: self.clone(),
                    jobs: 0,
                    subscribed: BTreeSet::new(),
                },
            )
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

struct Manager {
    systemd: FakeSystemd,
    jobs: u32,
    subscribed: BTreeSet<String>,
}

/// What enabling and disabling did: kind of change, link, where it points.
type Changes = Vec<(String, String, String)>;

/// The error systemd answers a second subscription with.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.systemd1")]
enum SubscribeError {
    #[zbus(error)]
    ZBus(zbus::Error),
    AlreadySubscribed(String),
}

impl Manager {
    async fn ended(
        &mut self,
        name: &str,
        result: Option<&str>,
        emitter: &SignalEmitter<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let result = result.ok_or_else(|| zbus::fdo::Error::Failed(format!("Unit {name} not found.")))?;
        self.jobs += 1;
        let job = ObjectPath::from_string_unchecked(format!("/org/freedesktop/systemd1/job/{}", self.jobs));
        Self::job_removed(emitter, self.jobs, job.clone(), name, result).await?;
        Ok(job.into())
    }
}

type ListedUnit = (
    String,
    String,
    String,
    String,
    String,
    String,
    OwnedObjectPath,
    u32,
    String,
    OwnedObjectPath,
);

/// The path of a unit's object: everything but letters and digits as `_` and two hexadecimal digits.
fn unit_path(name: &str) -> OwnedObjectPath {
    let mut path = String::from("/org/freedesktop/systemd1/unit/");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("_{byte:02x}"));
        }
    }
    ObjectPath::from_string_unchecked(path).into()
}

fn parsed(name: &str) -> zbus::fdo::Result<UnitName> {
    UnitName::try_from(name).map_err(|error| zbus::fdo::Error::InvalidArgs(error.to_string()))
}

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl Manager {
    fn subscribe(&mut self, #[zbus(header)] header: zbus::message::Header<'_>) -> Result<(), SubscribeError> {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        if self.subscribed.insert(sender) {
            Ok(())
        } else {
            Err(SubscribeError::AlreadySubscribed(
                "Client is already subscribed.".to_owned(),
            ))
        }
    }

    fn reload(&self) {}

    fn get_unit_file_state(&self, name: &str) -> zbus::fdo::Result<&'static str> {
        let found = self.systemd.with(&parsed(name)?, |unit| unit.enabled);
        match found {
            Some(true) => Ok("enabled"),
            Some(false) => Ok("disabled"),
            None => Err(zbus::fdo::Error::FileNotFound(format!("Unit {name} not found."))),
        }
    }

    fn enable_unit_files(
        &self,
        names: Vec<String>,
        _runtime: bool,
        _force: bool,
    ) -> zbus::fdo::Result<(bool, Changes)> {
        for name in names {
            self.systemd.with(&parsed(&name)?, |unit| unit.enabled = true);
        }
        Ok((true, Vec::new()))
    }

    fn disable_unit_files(&self, names: Vec<String>, _runtime: bool) -> zbus::fdo::Result<Changes> {
        for name in names {
            self.systemd.with(&parsed(&name)?, |unit| unit.enabled = false);
        }
        Ok(Vec::new())
    }

    fn list_units_filtered(&self, states: Vec<String>) -> Vec<ListedUnit> {
        let names = if states == ["failed"] {
            self.systemd.failed()
        } else {
            Vec::new()
        };
        let listed = names.into_iter().map(|name| {
            let text = |text: &str| text.to_owned();
            let (path, none) = (
                unit_path(&name),
                ObjectPath::from_static_str_unchecked("/").into(),
            );
            (
                name,
                text(""),
                text("loaded"),
                text("failed"),
                text("failed"),
                text(""),
                path,
                0,
                text(""),
                none,
            )
        });
        listed.collect()
    }

    async fn load_unit(
        &self,
        name: &str,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let path = unit_path(name);
        let unit = Unit {
            systemd: self.systemd.clone(),
            name: parsed(name)?,
        };
        // False if it is there already, which is as good.
        server.at(path.clone(), unit).await?;
        Ok(path)
    }

    async fn start_unit(
        &mut self,
        name: &str,
        _mode: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let result = self.systemd.run(&parsed(name)?);
        self.ended(name, result, &emitter).await
    }

    async fn stop_unit(
        &mut self,
        name: &str,
        _mode: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let result = self.systemd.run_stop(&parsed(name)?);
        self.ended(name, result, &emitter).await
    }

    async fn restart_unit(
        &mut self,
        name: &str,
        _mode: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let result = self.systemd.run_restart(&parsed(name)?, false);
        self.ended(name, result, &emitter).await
    }

    async fn try_restart_unit(
        &mut self,
        name: &str,
        _mode: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let result = self.systemd.run_restart(&parsed(name)?, true);
        self.ended(name, result, &emitter).await
    }

    #[zbus(signal)]
    async fn job_removed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        job: ObjectPath<'_>,
        unit: &str,
        result: &str,
    ) -> zbus::Result<()>;
}

struct Unit {
    systemd: FakeSystemd,
    name: UnitName,
}

#[zbus::interface(name = "org.freedesktop.systemd1.Unit")]
impl Unit {
    #[zbus(property)]
    fn load_state(&self) -> &'static str {
        match self.systemd.state(&self.name) {
            UnitState::Missing => "not-found",
            UnitState::Masked => "masked",
            _ => "loaded",
        }
    }

    #[zbus(property)]
    fn active_state(&self) -> &'static str {
        match self.systemd.state(&self.name) {
            UnitState::Missing | UnitState::Masked | UnitState::Inactive => "inactive",
            UnitState::Changing => "activating",
            UnitState::Active => "active",
            UnitState::Failed => "failed",
        }
    }
}
