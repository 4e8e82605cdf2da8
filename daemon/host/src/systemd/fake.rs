//! The fake: units in memory. It can also sit at the other end of a D-Bus connection, so that the real adapter is
//! tested against it without a bus.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use zbus::object_server::{ObjectServer, SignalEmitter};
use zbus::{ObjectPath, OwnedObjectPath};

use super::{Error, Systemd, UnitName, UnitState};

/// A systemd with a few units in memory. Clones are the same systemd.
#[derive(Debug, Clone, Default)]
pub struct FakeSystemd {
    units: Arc<Mutex<BTreeMap<UnitName, FakeUnit>>>,
}

#[derive(Debug, Clone, Copy)]
struct FakeUnit {
    state: UnitState,
    /// What a start makes of it.
    after_start: UnitState,
}

impl FakeSystemd {
    /// Adds a unit, or sets how it is.
    pub fn set(&self, unit: &UnitName, state: UnitState) {
        self.insert(
            unit,
            FakeUnit {
                state,
                after_start: UnitState::Active,
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
                },
            )
            .build()
            .await
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

    /// Starts a unit; `None` if there is none that could be, otherwise the result of the job.
    fn run(&self, unit: &UnitName) -> Option<&'static str> {
        let mut units = self.locked();
        let unit = units
            .get_mut(unit)
            .filter(|unit| unit.state != UnitState::Masked)?;
        if unit.state != UnitState::Active {
            unit.state = unit.after_start;
        }
        Some(if unit.state == UnitState::Active {
            "done"
        } else {
            "failed"
        })
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
        match self.run(unit) {
            Some("done") => Ok(()),
            Some(result) => Err(Error::Start {
                unit: unit.clone(),
                result: result.to_owned(),
            }),
            None => Err(Error::Ask(zbus::Error::Failure(format!(
                "Unit {unit} not found."
            )))),
        }
    }
}

struct Manager {
    systemd: FakeSystemd,
    jobs: u32,
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
    fn subscribe(&self) {}

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
        let unit = parsed(name)?;
        let result = self
            .systemd
            .run(&unit)
            .ok_or_else(|| zbus::fdo::Error::Failed(format!("Unit {name} not found.")))?;
        self.jobs += 1;
        let job = ObjectPath::from_string_unchecked(format!("/org/freedesktop/systemd1/job/{}", self.jobs));
        Self::job_removed(&emitter, self.jobs, job.clone(), name, result).await?;
        Ok(job.into())
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
