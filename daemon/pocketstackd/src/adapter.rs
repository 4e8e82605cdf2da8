//! The real machine under [`crate::control`].

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use pocketstack_disk::parts::RESET_MARK;
use pocketstack_host::boot;
use pocketstack_host::clock::{Clock, SystemClock};
use pocketstack_host::journal;
use pocketstack_host::mounts::mounts;
use pocketstack_host::root::Root;
use pocketstack_host::systemd::{DbusSystemd, Systemd, UnitName};
use pocketstack_host::whole;
use pocketstack_model::answers::Answers;
use pocketstack_model::clock::ObservedClock;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::journal::{Journal, JournalFilter};
use pocketstack_model::node::State;
use pocketstack_model::status::{Begun, Installation};
use pocketstack_model::unit::{Unit, UnitAction};
use pocketstack_model::words::Words;
use tokio::sync::watch;
use zbus::Connection;

use crate::console::Actions;
use crate::control::{Control, Job, Machine, Power};
use crate::install;

/// Where an installation is noted. It is gone when the machine restarts, and so is the installation.
const FOLDER: &str = "/run/pocketstack";
const BEGUN: &str = "/run/pocketstack/installation.json";

/// This machine.
#[derive(Debug)]
pub struct System {
    root: Root,
    systemd: DbusSystemd,
    clock: SystemClock,
    /// Only one at a time looks at the disks or writes them.
    disks: Arc<Mutex<()>>,
}

impl System {
    /// Files are read under `root`; systemd and its parts are asked over whatever connection `bus` has.
    pub fn new(root: Root, bus: watch::Receiver<Option<Connection>>) -> Self {
        Self {
            systemd: DbusSystemd::over(bus.clone()),
            clock: SystemClock::new(root.clone(), bus),
            root,
            disks: Arc::default(),
        }
    }

    /// Runs what blocks beside the daemon's thread, alone with the disks.
    fn with_disks<T: Send + 'static, E: From<String> + Send + 'static>(
        &self,
        act: impl FnOnce(&Root) -> Result<T, E> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, E>> {
        let (root, alone) = (self.root.clone(), self.disks.clone());
        Box::pin(async move {
            let act = move || {
                let _alone = alone.lock().unwrap_or_else(PoisonError::into_inner);
                act(&root)
            };
            tokio::task::spawn_blocking(act)
                .await
                .unwrap_or_else(|error| Err(format!("pocketstackd broke over it: {error}").into()))
        })
    }
}

fn unit_name(name: Option<&str>) -> Result<Option<UnitName>, String> {
    let name = name.map(UnitName::try_from).transpose();
    name.map_err(|error| error.to_string())
}

impl Machine for System {
    fn power(&self, power: Power) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.systemd
                .end_machine(power)
                .await
                .map_err(|error| error.to_string())
        })
    }

    fn log(&self, unit: Option<String>, lines: u32) -> BoxFuture<'_, Result<Vec<String>, String>> {
        Box::pin(async move {
            let unit = unit_name(unit.as_deref())?;
            tokio::task::spawn_blocking(move || journal::tail(unit.as_ref(), lines))
                .await
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())
        })
    }

    fn clock(&self) -> BoxFuture<'_, ObservedClock> {
        Box::pin(self.clock.look())
    }

    fn state(&self) -> BoxFuture<'_, State> {
        let root = self.root.clone();
        Box::pin(async move {
            // A disk that hangs must not stop everything else.
            let read = tokio::task::spawn_blocking(move || boot::state(&root, &mounts(&root)));
            read.await.unwrap_or(State::Volatile)
        })
    }

    fn mark_for_reset(&self, wanted: bool) -> BoxFuture<'_, Result<(), String>> {
        let path = self.root.path(format!("/var/{RESET_MARK}"));
        Box::pin(async move {
            let mark = move || match wanted {
                true => whole::write(&path, "").map_err(|error| format!("{}: {error}", path.display())),
                false => whole::remove(&path).map_err(|error| format!("{}: {error}", path.display())),
            };
            let marked = tokio::task::spawn_blocking(mark).await;
            marked.map_err(|error| error.to_string())?
        })
    }

    fn journal(&self, filter: JournalFilter) -> BoxFuture<'_, Result<Journal, String>> {
        Box::pin(async move {
            let unit = unit_name(filter.unit.as_deref())?;
            let read = tokio::task::spawn_blocking(move || journal::read(&filter, unit.as_ref())).await;
            let entries = read.map_err(|error| error.to_string())?;
            entries
                .map(|entries| Journal { entries })
                .map_err(|error| error.to_string())
        })
    }

    fn units(&self, names: Vec<UnitName>) -> BoxFuture<'_, Result<Vec<Unit>, String>> {
        Box::pin(async move {
            let units = self.systemd.units(&names).await;
            units.map_err(|error| error.to_string())
        })
    }

    fn unit_action(&self, unit: UnitName, action: UnitAction) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let done = match action {
                UnitAction::Start => self.systemd.start(&unit).await,
                UnitAction::Stop => self.systemd.stop(&unit).await,
                UnitAction::Restart => self.systemd.restart(&unit).await,
            };
            done.map_err(|error| error.to_string())
        })
    }

    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>> {
        self.with_disks(|root| Ok(install::disks(root)))
    }

    fn planned(&self, settings: InstallSettings) -> BoxFuture<'_, Result<Vec<String>, String>> {
        self.with_disks(move |root| Ok(install::planned(root, &settings)?.describe()))
    }

    fn install(
        &self,
        job: Job,
        progress: watch::Sender<Installation>,
    ) -> BoxFuture<'_, Result<String, Words>> {
        self.with_disks(move |root| install::install(root, &job, &progress))
    }

    fn installed_from(&self, answers: String) -> BoxFuture<'_, Result<Option<String>, String>> {
        self.with_disks(move |root| install::installed_from(root, &answers))
    }

    fn note(&self, begun: Option<&Begun>) -> Result<(), String> {
        let path = self.root.path(BEGUN);
        let write = |begun: &Begun| {
            self.root.make_folder(FOLDER)?;
            whole::write(&path, &serde_json::to_string(begun)?)
        };
        begun
            .map_or_else(|| whole::remove(&path), write)
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    fn noted(&self) -> Option<Begun> {
        serde_json::from_str(&self.root.text(BEGUN)?).ok()
    }
}

impl Actions for Control {
    fn configuration(&self) -> BoxFuture<'_, Configuration> {
        Box::pin(self.configuration())
    }

    fn change(&self, new: Configuration) -> BoxFuture<'_, Result<Option<String>, String>> {
        Box::pin(async move { self.change(new).await.map_err(|error| error.to_string()) })
    }

    fn confirm(&self, code: String) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.confirm_at_console(&code)
                .await
                .map_err(|error| error.to_string())
        })
    }

    fn power(&self, what: Power) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.power(what))
    }

    fn log(&self, unit: Option<String>, lines: u32) -> BoxFuture<'_, Result<Vec<String>, String>> {
        Box::pin(self.log(unit, lines))
    }

    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>> {
        Box::pin(self.disks())
    }

    fn finish_setup(&self, answers: Answers) -> BoxFuture<'_, Result<Option<String>, String>> {
        Box::pin(async move {
            let done = self.finish_setup_at_console(answers).await;
            done.map_err(|error| error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::testing::notes;

    #[tokio::test]
    async fn the_mark_of_a_reset_is_where_the_next_start_looks_for_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let system = System::new(Root::at(dir.path()), watch::channel(None).1);
        assert!(system.mark_for_reset(true).await.is_err(), "there is no state");
        let mark = dir.path().join("var/lib/pocketstack/factory-reset");
        std::fs::create_dir_all(mark.parent().expect("a folder")).expect("made");
        for wanted in [true, true, false, false] {
            system.mark_for_reset(wanted).await.expect("marked");
            assert_eq!(mark.is_file(), wanted);
        }
    }

    #[test]
    fn a_machine_keeps_notes() {
        let dir = tempfile::tempdir().expect("a folder");
        let system = System::new(Root::at(dir.path()), watch::channel(None).1);
        notes(&system);
        // One that makes no sense is none.
        std::fs::write(system.root.path(BEGUN), "{").expect("written");
        assert_eq!(system.noted(), None);
    }
}
