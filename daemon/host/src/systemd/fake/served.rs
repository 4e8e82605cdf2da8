//! The fake at the other end of a D-Bus connection.

use std::collections::BTreeSet;

use zbus::object_server::{ObjectServer, SignalEmitter};
use zbus::{ObjectPath, OwnedObjectPath};

use super::super::dbus::{Changes, ListedUnit};
use super::{FakeSystemd, SINCE, UnitName, UnitState, active, described};

/// Its manager.
pub struct Manager {
    systemd: FakeSystemd,
    jobs: u32,
    subscribed: BTreeSet<String>,
}

/// The error systemd answers a second subscription with.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.systemd1")]
enum SubscribeError {
    #[zbus(error)]
    ZBus(zbus::Error),
    AlreadySubscribed(String),
}

impl Manager {
    /// Of this systemd.
    pub fn of(systemd: FakeSystemd) -> Self {
        Self {
            systemd,
            jobs: 0,
            subscribed: BTreeSet::new(),
        }
    }

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
        let name_of = parsed(name)?;
        if self.systemd.state(&name_of) == UnitState::Masked {
            return Ok("masked");
        }
        match self.systemd.with(&name_of, |unit| unit.enabled) {
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

    async fn list_units_filtered(
        &self,
        states: Vec<String>,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> zbus::fdo::Result<Vec<ListedUnit>> {
        let names = if states == ["failed"] {
            self.systemd.failed()
        } else {
            Vec::new()
        };
        self.list_units_by_names(names, server).await
    }

    async fn list_units_by_names(
        &self,
        names: Vec<String>,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> zbus::fdo::Result<Vec<ListedUnit>> {
        let mut listed = Vec::new();
        for name in names {
            let path = self.load_unit(&name, server).await?;
            let unit = Unit {
                systemd: self.systemd.clone(),
                name: parsed(&name)?,
            };
            let none = ObjectPath::from_static_str_unchecked("/").into();
            let (load, active) = (unit.load_state().to_owned(), unit.active_state().to_owned());
            let (text, described) = (String::new(), described(&unit.name));
            listed.push((
                name,
                described,
                load,
                active.clone(),
                active,
                text,
                path,
                0,
                String::new(),
                none,
            ));
        }
        Ok(listed)
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
    fn state_change_timestamp(&self) -> u64 {
        SINCE
    }

    #[zbus(property)]
    fn active_state(&self) -> &'static str {
        active(self.systemd.state(&self.name))
    }
}
