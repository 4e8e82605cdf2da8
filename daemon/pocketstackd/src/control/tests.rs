use std::sync::{Mutex as Plain, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use pocketstack_model::config::network::{Ipv4Settings, NetworkSettings};
use pocketstack_model::install::{DiskChoice, Existing};
use tokio::time::advance;

use super::*;

/// A machine without disks of its own: it notes what it was asked for.
#[derive(Debug, Default)]
pub struct FakeMachine {
    state: Plain<Asked>,
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
}

impl FakeMachine {
    /// What it was asked for.
    pub fn asked(&self) -> MutexGuard<'_, Asked> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine for FakeMachine {
    fn power(&self, power: Power) -> BoxFuture<'_, Result<(), String>> {
        self.asked().power = Some(power);
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
            // A disk takes its time.
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
}

/// A node in a folder.
pub struct Node {
    /// Its state.
    pub dir: tempfile::TempDir,
    /// Its machine.
    pub machine: Arc<FakeMachine>,
    /// What it tells.
    pub board: Board,
}

impl Node {
    /// One that was never set up.
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
            machine: Arc::default(),
            board: Board::default(),
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

async fn changed(control: &Control, new: &Configuration) -> String {
    let code = control.change(new.clone()).await.expect("used");
    code.expect("the networks change")
}

#[tokio::test(start_paused = true)]
async fn without_other_networks_a_change_is_stored_at_once() {
    let node = Node::new();
    let control = node.start();
    assert!(!control.configured().await);
    assert_eq!(control.change(named("one")).await.expect("stored"), None);
    assert!(control.configured().await);
    assert_eq!(node.start().configuration().await, named("one"));
}

#[tokio::test(start_paused = true)]
async fn other_networks_are_used_at_once_and_stored_when_confirmed() {
    let node = Node::new();
    let control = node.start();
    let new = with_static("192.0.2.9/24");
    let code = changed(&control, &new).await;
    assert_eq!(*control.wanted().borrow(), new);
    assert!(matches!(
        *control.network_change().borrow(),
        NetworkChange::Unconfirmed { .. }
    ));
    // A daemon that dies now comes back with the old ones.
    assert_eq!(node.start().configuration().await, Configuration::default());

    let second = control.change(named("two")).await.expect_err("one at a time");
    assert!(
        matches!(second, ChangeError::Unconfirmed { seconds: 1..=61 }),
        "{second}"
    );
    control.confirm(&code.to_lowercase()).await.expect("confirmed");
    assert_eq!(*control.network_change().borrow(), NetworkChange::None);
    assert!(matches!(
        control.confirm(&code).await,
        Err(ChangeError::NothingWaits)
    ));
    advance(CONFIRM_WITHIN * 2).await;
    assert_eq!(control.configuration().await, new);
    assert_eq!(node.start().configuration().await, new);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_confirmed_in_time_is_taken_back() {
    let node = Node::new();
    let control = node.start();
    let begun = Instant::now();
    let code = changed(&control, &with_static("192.0.2.9/24")).await;
    let mut told = control.network_change();
    told.wait_for(|now| matches!(now, NetworkChange::Reverted { .. }))
        .await
        .expect("told");
    assert!(begun.elapsed() >= CONFIRM_WITHIN && begun.elapsed() < CONFIRM_WITHIN + Duration::from_secs(1));
    assert_eq!(*control.wanted().borrow(), Configuration::default());
    assert!(control.confirm(&code).await.is_err());
    // The next one gets its whole minute.
    let code = changed(&control, &with_static("192.0.2.10/24")).await;
    sleep(CONFIRM_WITHIN - Duration::from_secs(1)).await;
    control.confirm(&code).await.expect("in time");
}

#[tokio::test(start_paused = true)]
async fn codes_cannot_be_tried_through() {
    let node = Node::new();
    let control = node.start();
    let code = changed(&control, &with_static("192.0.2.9/24")).await;
    for _ in 0..TRIES {
        assert!(matches!(
            control.confirm("AAAAAAAA").await,
            Err(ChangeError::WrongCode)
        ));
    }
    let error = control.confirm(&code).await.expect_err("too many");
    assert!(matches!(error, ChangeError::TooManyTries { .. }), "{error}");
    sleep(CONFIRM_WITHIN * 2).await;
    assert_eq!(control.configuration().await, Configuration::default());
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_at_the_confirmation_leaves_time_to_try_again() {
    let node = Node::new();
    let control = node.start();
    let new = with_static("192.0.2.9/24");
    let code = changed(&control, &new).await;
    let fresh = node.dir.path().join("config/00000001.new");
    std::os::unix::fs::symlink("/dev/full", &fresh).expect("made");
    let error = control.confirm(&code).await.expect_err("full").to_string();
    assert!(error.contains("state partition is full"), "{error}");
    assert_eq!(control.configuration().await, new);
    // The link went with the failed attempt, and there is room.
    control.confirm(&code).await.expect("confirmed");
    assert_eq!(node.start().configuration().await, new);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_may_go_away_in_the_middle() {
    let node = Node::new();
    let control = node.start();
    let asked = {
        let control = control.clone();
        tokio::spawn(async move { control.change(named("one")).await })
    };
    tokio::task::yield_now().await;
    asked.abort();
    let mut wanted = control.wanted();
    wanted
        .wait_for(|wanted| *wanted == named("one"))
        .await
        .expect("used nevertheless");
    assert_eq!(node.start().configuration().await, named("one"));
}

#[tokio::test(start_paused = true)]
async fn damage_is_told_until_something_good_is_stored() {
    let node = Node::new();
    node.start().change(named("one")).await.expect("stored");
    let path = node.dir.path().join("config/00000002.toml");
    std::fs::write(path, "version = 1\n[node").expect("written");
    let control = node.start();
    let why = match &control.kept().borrow()[0].doing {
        pocketstack_model::status::Doing::Stuck { why } => why.clone(),
        other => panic!("{other:?}"),
    };
    assert!(why.starts_with("configuration 2 is damaged ("), "{why}");
    assert!(why.ends_with("1 is used"), "{why}");
    assert_eq!(control.configuration().await, named("one"));
}

/// What an installation on `vda` asks for.
pub fn on_vda(then: Then) -> InstallSettings {
    InstallSettings {
        disk: DiskChoice::Name("vda".to_owned()),
        data_disks: Vec::new(),
        mirror: false,
        existing: Existing::Refuse,
        then,
    }
}

#[tokio::test(start_paused = true)]
async fn an_installation_ends_as_asked_and_only_one_runs() {
    let node = Node::new();
    let control = node.start();
    control.change(named("one")).await.expect("stored");
    control.install(on_vda(Then::PowerOff)).await.expect("begun");
    assert!(control.install(on_vda(Then::Restart)).await.is_err());
    assert!(control.power(Power::Restart).await.is_err(), "not in the middle");
    let mut told = control.installation();
    let done = Installation::Done {
        disk: "vda".to_owned(),
    };
    told.wait_for(|now| *now == done).await.expect("told");
    assert_eq!(node.machine.asked().power, None, "the end can be read first");
    sleep(READ_THE_END * 2).await;
    assert_eq!(node.machine.asked().power, Some(Power::Off));
    assert_eq!(node.machine.asked().jobs[0].configuration, Some(named("one")));
}

#[tokio::test(start_paused = true)]
async fn a_failed_installation_says_why_and_can_be_begun_again() {
    let node = Node::new();
    let control = node.start();
    node.machine.asked().refuse = Some("vda: reading back failed; replace the disk".to_owned());
    for _ in 0..2 {
        control.install(on_vda(Then::Restart)).await.expect("begun");
        let mut told = control.installation();
        told.wait_for(|now| matches!(now, Installation::Failed { why } if why.contains("replace the disk")))
            .await
            .expect("told");
    }
    sleep(READ_THE_END * 2).await;
    assert_eq!(node.machine.asked().power, None);
}

#[tokio::test(start_paused = true)]
async fn a_kept_state_and_a_node_before_setup_get_no_configuration() {
    let node = Node::new();
    let control = node.start();
    node.machine.asked().refuse = Some("no".to_owned());
    let end = async |settings: InstallSettings| {
        control.install(settings).await.expect("begun");
        let mut told = control.installation();
        told.wait_for(|now| matches!(now, Installation::Failed { .. }))
            .await
            .expect("told");
    };
    end(on_vda(Then::Restart)).await;
    control.change(named("one")).await.expect("stored");
    end(InstallSettings {
        existing: Existing::Keep,
        ..on_vda(Then::Restart)
    })
    .await;
    let asked = node.machine.asked();
    let given: Vec<_> = asked.jobs.iter().map(|job| job.configuration.clone()).collect();
    assert_eq!(given, [None, None]);
}
