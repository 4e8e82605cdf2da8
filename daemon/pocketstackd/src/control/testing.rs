//! A node for tests: a folder, a machine that is only memory, and daemons that can die.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use pocketstack_host::systemd::{FakeSystemd, Systemd, UnitName};
use pocketstack_model::answers::Answers;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::clock::ObservedClock;
use pocketstack_model::config::Configuration;
use pocketstack_model::config::network::{Ipv4Settings, NetworkSettings};
use pocketstack_model::install::{Candidate, DiskChoice, Existing, InstallSettings, Then, What};
use pocketstack_model::journal::{Journal, JournalEntry, JournalFilter, Priority};
use pocketstack_model::node::State;
use pocketstack_model::status::{Begun, Installation};
use pocketstack_model::unit::{Unit, UnitAction};
use pocketstack_model::words::Words;
use time::OffsetDateTime;
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
    /// Why nothing can be planned.
    pub impossible: Option<String>,
    /// Why installing fails.
    pub refuse: Option<String>,
    /// Answers a disk was installed from.
    pub installed_from: Option<String>,
    /// Whether its state outlasts a restart.
    pub keeps_state: bool,
    /// Whether its state is removed at the next start.
    pub marked: bool,
    /// Why it cannot be ended.
    pub stays: Option<String>,
    /// Its units.
    pub systemd: FakeSystemd,
    /// How long a unit takes.
    pub slow: Duration,
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
        if let Some(why) = asked.stays.clone() {
            return Box::pin(async { Err(why) });
        }
        asked.power = Some(power);
        // It is noted where a restart forgets it.
        asked.noted = None;
        Box::pin(async { Ok(()) })
    }

    fn log(&self, unit: Option<String>, lines: u32) -> BoxFuture<'_, Result<Vec<String>, String>> {
        Box::pin(async move { Ok(vec![format!("{unit:?} {lines}")]) })
    }

    fn clock(&self) -> BoxFuture<'_, ObservedClock> {
        Box::pin(async {
            ObservedClock {
                now: OffsetDateTime::UNIX_EPOCH,
                built: None,
                hardware: None,
                synchronized: true,
                server: Some("ntp.example".to_owned()),
                behind: None,
            }
        })
    }

    fn state(&self) -> BoxFuture<'_, State> {
        let state = match self.asked().keeps_state {
            true => State::Persistent {
                device: "/dev/vda7".to_owned(),
                size: ByteCount(1 << 30),
                used: ByteCount(1 << 20),
            },
            false => State::Volatile,
        };
        Box::pin(async { state })
    }

    fn mark_for_reset(&self, wanted: bool) -> BoxFuture<'_, Result<(), String>> {
        self.asked().marked = wanted;
        Box::pin(async { Ok(()) })
    }

    fn journal(&self, filter: JournalFilter) -> BoxFuture<'_, Result<Journal, String>> {
        let entry = JournalEntry {
            cursor: "s=1".to_owned(),
            at: OffsetDateTime::UNIX_EPOCH,
            unit: filter.unit,
            priority: Priority::Info,
            text: filter.text.unwrap_or_default(),
        };
        Box::pin(async { Ok(Journal { entries: vec![entry] }) })
    }

    fn units(&self, names: Vec<UnitName>) -> BoxFuture<'_, Result<Vec<Unit>, String>> {
        let systemd = self.asked().systemd.clone();
        Box::pin(async move { systemd.units(&names).await.map_err(|error| error.to_string()) })
    }

    fn unit_action(&self, unit: UnitName, action: UnitAction) -> BoxFuture<'_, Result<(), String>> {
        let (systemd, slow) = {
            let asked = self.asked();
            (asked.systemd.clone(), asked.slow)
        };
        Box::pin(async move {
            sleep(slow).await;
            let done = match action {
                UnitAction::Start => systemd.start(&unit).await,
                UnitAction::Stop => systemd.stop(&unit).await,
                UnitAction::Restart => systemd.restart(&unit).await,
            };
            done.map_err(|error| error.to_string())
        })
    }

    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn planned(&self, settings: InstallSettings) -> BoxFuture<'_, Result<Vec<String>, String>> {
        let impossible = self.asked().impossible.clone();
        Box::pin(
            async move { impossible.map_or_else(|| Ok(vec![format!("installs on {}", settings.disk)]), Err) },
        )
    }

    fn install(
        &self,
        job: Job,
        progress: watch::Sender<Installation>,
    ) -> BoxFuture<'_, Result<String, Words>> {
        Box::pin(async move {
            progress.send_replace(Installation::Running {
                step: "writing".into(),
                percent: 50,
            });
            // A disk takes its time, which is virtual here.
            sleep(Duration::from_secs(3)).await;
            let mut asked = self.asked();
            asked.jobs.push(job);
            asked
                .refuse
                .clone()
                .map_or(Ok("vda".to_owned()), |why| Err(why.into()))
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

/// A configuration of this name, with a password.
pub fn set_up(name: &str) -> Configuration {
    answered(name).configuration()
}

/// What a person has answered who has named the node and chosen a password.
pub fn answered(name: &str) -> Answers {
    let hash =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$IJIcN1Dv5Gzw6W2tVYoe8R3J6zv9Qk5D7rYtFqf0bWE";
    let text = format!("version = 1\n[node]\nname = \"{name}\"\n[access]\npassword_hash = \"{hash}\"\n");
    Answers::parse(&text).expect("good answers")
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
