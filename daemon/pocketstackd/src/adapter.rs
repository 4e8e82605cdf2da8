//! The real machine under [`crate::control`].

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use pocketstack_host::journal;
use pocketstack_host::root::Root;
use pocketstack_host::systemd::{DbusSystemd, Systemd, UnitName};
use pocketstack_host::whole;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::Candidate;
use pocketstack_model::status::{Begun, Installation};
use tokio::sync::watch;

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
    /// Only one at a time looks at the disks or writes them.
    disks: Arc<Mutex<()>>,
}

impl System {
    /// Files are read under `root`, systemd is asked over `systemd`.
    pub fn new(root: Root, systemd: DbusSystemd) -> Self {
        Self {
            root,
            systemd,
            disks: Arc::default(),
        }
    }

    /// Runs what blocks beside the daemon's thread, alone with the disks.
    fn with_disks<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Root) -> Result<T, String> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, String>> {
        let (root, alone) = (self.root.clone(), self.disks.clone());
        Box::pin(async move {
            let act = move || {
                let _alone = alone.lock().unwrap_or_else(PoisonError::into_inner);
                act(&root)
            };
            tokio::task::spawn_blocking(act)
                .await
                .unwrap_or_else(|error| Err(format!("pocketstackd broke over it: {error}")))
        })
    }
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
            let unit = unit
                .as_deref()
                .map(UnitName::try_from)
                .transpose()
                .map_err(|error| error.to_string())?;
            tokio::task::spawn_blocking(move || journal::tail(unit.as_ref(), lines))
                .await
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())
        })
    }

    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>> {
        self.with_disks(|root| Ok(install::disks(root)))
    }

    fn install(
        &self,
        job: Job,
        progress: watch::Sender<Installation>,
    ) -> BoxFuture<'_, Result<String, String>> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::testing::notes;

    #[test]
    fn a_machine_keeps_notes() {
        let dir = tempfile::tempdir().expect("a folder");
        let system = System::new(Root::at(dir.path()), DbusSystemd::over(watch::channel(None).1));
        notes(&system);
        // One that makes no sense is none.
        std::fs::write(system.root.path(BEGUN), "{").expect("written");
        assert_eq!(system.noted(), None);
    }
}
