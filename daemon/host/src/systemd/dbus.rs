//! The real adapter.

use futures_util::StreamExt;
use zbus::Connection;
use zbus::proxy::CacheProperties;
use zbus::{ObjectPath, OwnedObjectPath};

use super::{Error, Systemd, UnitName, UnitState};

/// `ListUnits`: name, description, load state, active state, sub state, followed unit, path, job id, type, path.
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

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1"
)]
trait Manager {
    fn subscribe(&self) -> zbus::Result<()>;
    fn list_units_filtered(&self, states: &[&str]) -> zbus::Result<Vec<ListedUnit>>;
    fn load_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: ObjectPath<'_>, unit: &str, result: &str) -> zbus::Result<()>;
}

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Unit",
    default_service = "org.freedesktop.systemd1"
)]
trait Unit {
    #[zbus(property)]
    fn active_state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn load_state(&self) -> zbus::Result<String>;
}

/// Systemd at the other end of a D-Bus connection.
#[derive(Debug, Clone)]
pub struct DbusSystemd {
    connection: Connection,
}

impl DbusSystemd {
    /// Uses a connection to the system bus, or one straight to systemd.
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }

    async fn manager(&self) -> zbus::Result<ManagerProxy<'_>> {
        // Systemd tells of changed properties only to those who subscribed: nothing is kept, all is asked anew.
        ManagerProxy::builder(&self.connection)
            .cache_properties(CacheProperties::No)
            .build()
            .await
    }
}

impl Systemd for DbusSystemd {
    async fn failed_units(&self) -> Result<Vec<String>, Error> {
        let listed = self.manager().await?.list_units_filtered(&["failed"]).await?;
        let mut names: Vec<String> = listed.into_iter().map(|unit| unit.0).collect();
        names.sort_unstable();
        Ok(names)
    }

    async fn unit_state(&self, unit: &UnitName) -> Result<UnitState, Error> {
        // LoadUnit also answers for units that do not exist; their load state says so.
        let path = self.manager().await?.load_unit(unit.as_str()).await?;
        let proxy = UnitProxy::builder(&self.connection)
            .path(path)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        match proxy.load_state().await?.as_str() {
            "not-found" => return Ok(UnitState::Missing),
            "masked" => return Ok(UnitState::Masked),
            _ => {}
        }
        Ok(match proxy.active_state().await?.as_str() {
            "active" => UnitState::Active,
            "failed" => UnitState::Failed,
            "inactive" => UnitState::Inactive,
            // activating, deactivating, reloading, refreshing, maintenance
            _ => UnitState::Changing,
        })
    }

    async fn start(&self, unit: &UnitName) -> Result<(), Error> {
        let manager = self.manager().await?;
        // Listening begins before the job does, so that its end cannot be missed.
        let mut removed = manager.receive_job_removed().await?;
        manager.subscribe().await?;
        let job = manager.start_unit(unit.as_str(), "replace").await?;
        while let Some(signal) = removed.next().await {
            let ended = signal.args()?;
            if ended.job.as_str() == job.as_str() {
                return match ended.result {
                    "done" => Ok(()),
                    other => Err(Error::Start {
                        unit: unit.clone(),
                        result: other.to_owned(),
                    }),
                };
            }
        }
        Err(Error::Ask(zbus::Error::Failure(
            "the connection closed before the unit had started".to_owned(),
        )))
    }
}
