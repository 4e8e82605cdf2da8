//! The real adapter.

use futures_util::StreamExt;
use futures_util::stream::{SelectAll, select_all};
use pocketstack_model::unit::{Active, AtStart, Unit};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zbus::message::Type;
use zbus::proxy::CacheProperties;
use zbus::{Connection, MatchRule, MessageStream, ObjectPath, OwnedObjectPath};

use super::{Error, Power, Systemd, UnitName, UnitState};

/// `ListUnits`: name, description, load state, active state, sub state, followed unit, path, job id, type, path.
pub(super) type ListedUnit = (
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

/// What enabling and disabling did: kind of change, link, where it points.
pub(super) type Changes = Vec<(String, String, String)>;

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1"
)]
trait Manager {
    fn subscribe(&self) -> zbus::Result<()>;
    fn list_units_filtered(&self, states: &[&str]) -> zbus::Result<Vec<ListedUnit>>;
    fn list_units_by_names(&self, names: &[&str]) -> zbus::Result<Vec<ListedUnit>>;
    fn load_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn stop_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn restart_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn try_restart_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn get_unit_file_state(&self, name: &str) -> zbus::Result<String>;
    fn enable_unit_files(&self, names: &[&str], runtime: bool, force: bool) -> zbus::Result<(bool, Changes)>;
    fn disable_unit_files(&self, names: &[&str], runtime: bool) -> zbus::Result<Changes>;
    fn reload(&self) -> zbus::Result<()>;
    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: ObjectPath<'_>, unit: &str, result: &str) -> zbus::Result<()>;
}

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Unit",
    default_service = "org.freedesktop.systemd1"
)]
trait UnitObject {
    #[zbus(property)]
    fn active_state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn load_state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn state_change_timestamp(&self) -> zbus::Result<u64>;
}

/// What systemd is asked to do with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Start,
    Stop,
    Restart,
    RestartIfRunning,
}

/// Systemd at the other end of a D-Bus connection.
#[derive(Debug, Clone)]
pub struct DbusSystemd {
    bus: watch::Receiver<Option<Connection>>,
}

/// Ticks when a unit has changed. Several changes may be one tick.
#[derive(Debug)]
pub struct UnitChanges {
    ticks: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl UnitChanges {
    /// Takes every signal as it comes: one that is left lying would hold up all else on the connection, the answers
    /// to questions included.
    fn hear(mut signals: SelectAll<MessageStream>) -> Self {
        let (tick, ticks) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Some(Ok(_)) = signals.next().await {
                tick.send_modify(|count| *count += 1);
            }
        });
        Self { ticks, task }
    }

    /// Waits for the next change; `false` says that the connection has ended.
    pub async fn changed(&mut self) -> bool {
        self.ticks.changed().await.is_ok()
    }
}

impl Drop for UnitChanges {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl DbusSystemd {
    /// Uses a connection to the system bus, or one straight to systemd.
    pub fn new(connection: Connection) -> Self {
        Self::over(watch::channel(Some(connection)).1)
    }

    /// Uses whatever connection there is at the moment of a question.
    pub fn over(bus: watch::Receiver<Option<Connection>>) -> Self {
        Self { bus }
    }

    fn connection(&self) -> Result<Connection, Error> {
        self.bus.borrow().clone().ok_or(Error::NoBus)
    }

    async fn manager(&self) -> Result<ManagerProxy<'static>, Error> {
        // Systemd tells of changed properties only to those who subscribed: nothing is kept, all is asked anew.
        Ok(ManagerProxy::builder(&self.connection()?)
            .cache_properties(CacheProperties::No)
            .build()
            .await?)
    }

    /// Tells of every unit that comes, goes, or changes its state, from now on. Systemd tells only those who
    /// subscribed, so nothing is polled.
    ///
    /// # Errors
    /// [`Error::Ask`].
    pub async fn changes(&self) -> Result<UnitChanges, Error> {
        let connection = self.connection()?;
        let signal = |interface, member| {
            MatchRule::builder()
                .msg_type(Type::Signal)
                .interface(interface)
                .member(member)
        };
        let manager = "org.freedesktop.systemd1.Manager";
        let mut rules = Vec::new();
        for member in ["JobRemoved", "UnitNew", "UnitRemoved"] {
            rules.push(signal(manager, member).build()?);
        }
        let properties = signal("org.freedesktop.DBus.Properties", "PropertiesChanged")
            .path_namespace("/org/freedesktop/systemd1/unit")
            .arg(0, "org.freedesktop.systemd1.Unit");
        rules.push(properties.build()?);
        let mut streams = Vec::new();
        for rule in rules {
            streams.push(MessageStream::for_match_rule(rule, &connection, None).await?);
        }
        subscribe(&self.manager().await?).await?;
        Ok(UnitChanges::hear(select_all(streams)))
    }

    async fn object(&self, path: OwnedObjectPath) -> Result<UnitObjectProxy<'static>, Error> {
        Ok(UnitObjectProxy::builder(&self.connection()?)
            .path(path)
            .cache_properties(CacheProperties::No)
            .build()
            .await?)
    }

    /// Since when a unit is as it is. One that has gone meanwhile is nothing to fail for.
    async fn since(&self, path: OwnedObjectPath) -> Option<OffsetDateTime> {
        let object = self.object(path).await.ok()?;
        let micros = object
            .state_change_timestamp()
            .await
            .ok()
            .filter(|micros| *micros > 0)?;
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()
    }

    async fn run(&self, unit: &UnitName, job: Job) -> Result<(), Error> {
        let manager = self.manager().await?;
        // Listening begins before the job does, so that its end cannot be missed.
        let mut removed = manager.receive_job_removed().await?;
        subscribe(&manager).await?;
        let name = unit.as_str();
        let path = match job {
            Job::Start => manager.start_unit(name, "replace").await?,
            Job::Stop => manager.stop_unit(name, "replace").await?,
            Job::Restart => manager.restart_unit(name, "replace").await?,
            Job::RestartIfRunning => manager.try_restart_unit(name, "replace").await?,
        };
        while let Some(signal) = removed.next().await {
            let ended = signal.args()?;
            if ended.job.as_str() == path.as_str() {
                let (unit, result) = (unit.clone(), ended.result.to_owned());
                return match (ended.result, job) {
                    ("done", _) => Ok(()),
                    (_, Job::Stop) => Err(Error::Stop { unit, result }),
                    _ => Err(Error::Start { unit, result }),
                };
            }
        }
        Err(Error::Ask(zbus::Error::Failure(format!(
            "the connection closed before it was done with {unit}"
        ))))
    }
}

/// Asks for signals. To have asked before on the same connection is an error to systemd, and none to us.
async fn subscribe(manager: &ManagerProxy<'_>) -> Result<(), Error> {
    match manager.subscribe().await {
        Err(zbus::Error::MethodError(name, _, _))
            if name.as_str() == "org.freedesktop.systemd1.AlreadySubscribed" =>
        {
            Ok(())
        }
        other => Ok(other?),
    }
}

impl Systemd for DbusSystemd {
    async fn failed_units(&self) -> Result<Vec<String>, Error> {
        let listed = self.manager().await?.list_units_filtered(&["failed"]).await?;
        let mut names: Vec<String> = listed.into_iter().map(|unit| unit.0).collect();
        names.sort_unstable();
        Ok(names)
    }

    async fn units(&self, names: &[UnitName]) -> Result<Vec<Unit>, Error> {
        let manager = self.manager().await?;
        let names: Vec<&str> = names.iter().map(UnitName::as_str).collect();
        let mut listed = manager.list_units_by_names(&names).await?;
        let failed = manager.list_units_filtered(&["failed"]).await?;
        listed.extend(
            failed
                .into_iter()
                .filter(|unit| !names.contains(&unit.0.as_str())),
        );
        let mut units = Vec::new();
        for (name, description, load, active, sub, _, path, ..) in listed {
            if load == "not-found" {
                continue;
            }
            // Units that no file makes have no such state.
            let file = manager.get_unit_file_state(&name).await.unwrap_or_default();
            units.push(Unit {
                active: Active::called(&active),
                at_start: AtStart::called(&file),
                since: self.since(path).await,
                actions: Vec::new(),
                name,
                description,
                sub,
            });
        }
        units.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(units)
    }

    async fn unit_state(&self, unit: &UnitName) -> Result<UnitState, Error> {
        // LoadUnit also answers for units that do not exist; their load state says so.
        let path = self.manager().await?.load_unit(unit.as_str()).await?;
        let proxy = self.object(path).await?;
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
        self.run(unit, Job::Start).await
    }

    async fn stop(&self, unit: &UnitName) -> Result<(), Error> {
        self.run(unit, Job::Stop).await
    }

    async fn restart(&self, unit: &UnitName) -> Result<(), Error> {
        self.run(unit, Job::Restart).await
    }

    async fn restart_if_running(&self, unit: &UnitName) -> Result<(), Error> {
        self.run(unit, Job::RestartIfRunning).await
    }

    async fn enabled(&self, unit: &UnitName) -> Result<bool, Error> {
        let state = self.manager().await?.get_unit_file_state(unit.as_str()).await?;
        Ok(matches!(state.as_str(), "enabled" | "enabled-runtime"))
    }

    async fn set_enabled(&self, unit: &UnitName, enabled: bool) -> Result<(), Error> {
        let manager = self.manager().await?;
        if enabled {
            manager.enable_unit_files(&[unit.as_str()], false, true).await?;
        } else {
            manager.disable_unit_files(&[unit.as_str()], false).await?;
        }
        // Systemd looks at the links that were made or removed only when it is told to.
        Ok(manager.reload().await?)
    }

    async fn end_machine(&self, how: Power) -> Result<(), Error> {
        let target = match how {
            Power::Restart => "reboot.target",
            Power::Off => "poweroff.target",
        };
        // The methods Reboot and PowerOff of systemd stop nothing first (org.freedesktop.systemd1(5)). The job of the
        // target never ends before this program does.
        self.manager()
            .await?
            .start_unit(target, "replace-irreversibly")
            .await?;
        Ok(())
    }
}
