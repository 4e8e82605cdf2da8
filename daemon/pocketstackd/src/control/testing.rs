//! A node for tests: a folder, a machine that is only memory, and daemons that can die.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use pocketstack_model::config::Configuration;
use pocketstack_model::config::network::{Ipv4Settings, NetworkSettings};
use pocketstack_model::install::{Candidate, DiskChoice, Existing, InstallSettings, Then, What};
use pocketstack_model::status::{Begun, Installation};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Control, Job, Machine, Power};
use crate::keep::Board;
use crate::store::Store;

/// A machine without disks of its own: it notes what it was asked for.
#[derive(Debug, Default)]
pub struct FakeMachine {
    state: Mutex<Asked>,
}

/// What a [`FakeMachine`] was asked for, and how it answers.
#[derive(Debug, Default)]
pub struct Asked {
    /// How it was ended.
    pub power: Option<Power>,
    /// What it was to install.
    pub jobs: Vec<Job>,
    /// Why installing fails.
    pub refuse: Option<String>,
    /// Answers a disk was installed from.
    pub installed_from: Option<String>,
    /// What is noted of an installation.
    pub noted: Option<Begun>,
}

impl FakeMachine {
    /// What it was asked for.
    pub fn asked(&self) -> MutexGuard<'_, Asked> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine for FakeMachine {
    fn power(&self, power: Power) -> BoxFuture<'_, Result<(), String>> {
        let mut asked = self.asked();
        asked.power = Some(power);
        // It is noted where a restart forgets it.
        asked.noted = None;
        Box::pin(async { Ok(()) })
    }

    fn log(&self, unit: Option<String>, lines: u32) -> BoxFuture<'_, Result<Vec<String>, String>> {
        Box::pin(async move { Ok(vec![format!("{unit:?} {lines}")]) })
    }

    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn install(
        &self,
        job: Job,
        progress: watch::Sender<Installation>,
    ) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async move {
            progress.send_replace(Installation::Running {
                step: "writing".to_owned(),
                percent: 50,
            });
            // A disk takes its time, which is virtual here.
            sleep(Duration::from_secs(3)).await;
            let mut asked = self.asked();
            asked.jobs.push(job);
            asked.refuse.clone().map_or(Ok("vda".to_owned()), Err)
        })
    }

    fn installed_from(&self, answers: String) -> BoxFuture<'_, Result<Option<String>, String>> {
        let same = self.asked().installed_from.as_deref() == Some(answers.as_str());
        Box::pin(async move { Ok(same.then(|| "vda".to_owned())) })
    }

    fn note(&self, begun: Option<&Begun>) -> Result<(), String> {
        self.asked().noted = begun.cloned();
        Ok(())
    }

    fn noted(&self) -> Option<Begun> {
        self.asked().noted.clone()
    }
}

/// Where a node has its state.
#[derive(Debug)]
pub enum Folder {
    /// Gone with the node.
    Own(tempfile::TempDir),
    /// Somebody else's.
    Other(PathBuf),
}

impl Folder {
    /// Its path.
    pub fn path(&self) -> &Path {
        match self {
            Self::Own(dir) => dir.path(),
            Self::Other(path) => path,
        }
    }
}

/// A node in a folder.
pub struct Node {
    /// Its state.
    pub dir: Folder,
    /// Its machine.
    pub machine: Arc<FakeMachine>,
    /// What it tells.
    pub board: Board,
}

impl Node {
    /// One that was never set up.
    pub fn new() -> Self {
        Self {
            dir: Folder::Own(tempfile::tempdir().expect("a folder")),
            machine: Arc::default(),
            board: Board::default(),
        }
    }

    /// One with its state in this folder.
    pub fn on(folder: &Path) -> Self {
        Self {
            dir: Folder::Other(folder.to_owned()),
            ..Self::new()
        }
    }

    /// Its daemon starts.
    pub fn start(&self) -> Control {
        let (store, loaded) = Store::open(self.dir.path().join("config"));
        let control = Control::new(store, loaded, self.machine.clone(), self.board.clone());
        tokio::spawn(control.clone().take_back());
        control
    }
}

/// A configuration of this name.
pub fn named(name: &str) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.node.name = name.parse().expect("a host name");
    configuration
}

/// A configuration with another management network.
pub fn with_static(address: &str) -> Configuration {
    let mut network = NetworkSettings::default();
    network.management.ipv4 = Ipv4Settings::Static {
        address: address.parse().expect("an address"),
        gateway: None,
    };
    Configuration {
        network,
        ..Configuration::default()
    }
}

/// What an installation on `vda` asks for.
pub fn on_vda(then: Then) -> InstallSettings {
    InstallSettings {
        what: What::System,
        disk: DiskChoice::Name("vda".to_owned()),
        data_disks: Vec::new(),
        mirror: false,
        existing: Existing::Refuse,
        then,
    }
}

/// A daemon from its start to `kill -9`: whatever it was at does not go on. Its time is paused.
pub fn until_killed<T>(life: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(life)
}

/// What every machine does with notes.
pub fn notes(machine: &dyn Machine) {
    assert_eq!(machine.noted(), None);
    machine.note(None).expect("nothing to take away");
    let mut begun = Begun {
        disk: DiskChoice::Serial("S1".to_owned()),
        then: Then::PowerOff,
        by_answers: true,
        installed: None,
    };
    for installed in [None, Some("vda".to_owned())] {
        begun.installed = installed;
        machine.note(Some(&begun)).expect("noted");
        assert_eq!(machine.noted().as_ref(), Some(&begun));
    }
    machine.note(None).expect("taken away");
    assert_eq!(machine.noted(), None);
}
