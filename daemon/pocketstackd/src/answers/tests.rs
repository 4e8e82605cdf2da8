//! Time is paused in all of these: what sleeps waits for nothing but the daemon, and takes no time.

use std::sync::Arc;

use pocketstack_host::boot::Source;
use pocketstack_host::root::Root;
use pocketstack_host::systemd::{FakeSystemd, UnitName, UnitState};
use pocketstack_host::volumes::FakeVolumes;
use pocketstack_model::install::Then;
use pocketstack_model::node::Medium;
use tokio::task::JoinHandle;

use super::*;
use crate::control::testing::{Node, named, until_killed};

const SETUP: &str = "version = 1\n[node]\nname = \"from-answers\"\n";
const INSTALL: &str = "version = 1\n[node]\nname = \"from-answers\"\n[install]\nexisting = \"refuse\"\nthen = \"power_off\"\ndisk = { name = \"vda\" }\n";

/// A node that runs from a stick `sdb`.
struct Machine {
    node: Node,
    volumes: Arc<FakeVolumes>,
    systemd: FakeSystemd,
}

impl Machine {
    fn new() -> Self {
        Self {
            node: Node::new(),
            volumes: Arc::default(),
            systemd: FakeSystemd::default(),
        }
    }

    fn volume(&self, text: &str) {
        self.volumes
            .plug_in("sdc", "sdc", "POCKETSTACK", "answers.toml", text);
    }

    fn stick(&self, text: &str) {
        self.volumes
            .plug_in("sdb2", "sdb", "POCKETBOOT", "pocketstack/answers.toml", text);
    }

    /// The machine runs from an installed disk from now on.
    fn install_it(&self) {
        let part = self.node.dir.path().join("sys/class/block/sdb/sdb8");
        std::fs::create_dir_all(&part).expect("made");
        std::fs::write(part.join("uevent"), "PARTN=8\nPARTNAME=pocketstack-lvm\n").expect("written");
    }

    fn start(&self) -> (Control, JoinHandle<anyhow::Result<()>>) {
        let control = self.node.start();
        let following = Following {
            places: Places {
                root: Root::at(self.node.dir.path()),
                volumes: self.volumes.clone(),
                systemd: self.systemd.clone(),
                medium: Source {
                    medium: Medium::Disk,
                    disk: Some("sdb".to_owned()),
                },
            },
            control: control.clone(),
            board: self.node.board.clone(),
        };
        (control, tokio::spawn(following.follow()))
    }

    async fn stuck(&self) -> String {
        let mut read = self.node.board.read();
        let told = read.wait_for(|all| {
            all.iter()
                .any(|kept| kept.subject == "answers" && matches!(kept.doing, Doing::Stuck { .. }))
        });
        let all = tokio::time::timeout(Duration::from_secs(300), told)
            .await
            .expect("told in time")
            .expect("open")
            .clone();
        match all.into_iter().find(|kept| kept.subject == "answers") {
            Some(pocketstack_model::status::Kept {
                doing: Doing::Stuck { why },
                ..
            }) => why.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_node_is_set_up_by_a_volume_that_comes_later() {
    let machine = Machine::new();
    let (control, task) = machine.start();
    // Virtual time: ten minutes in which nothing may happen.
    sleep(Duration::from_secs(600)).await;
    assert!(!control.configured().await);
    machine.volume(SETUP);
    task.await.expect("ended").expect("well");
    assert_eq!(control.configuration().await, named("from-answers"));
    assert_eq!(machine.node.start().configuration().await, named("from-answers"));
}

#[tokio::test(start_paused = true)]
async fn a_volume_comes_before_the_stick() {
    let machine = Machine::new();
    machine.stick(&SETUP.replace("from-answers", "from-stick"));
    machine.volume(SETUP);
    let (control, task) = machine.start();
    task.await.expect("ended").expect("well");
    assert_eq!(control.configuration().await, named("from-answers"));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_set_up_keeps_its_configuration() {
    let machine = Machine::new();
    machine
        .node
        .start()
        .change(named("by-hand"))
        .await
        .expect("stored");
    machine.volume(SETUP);
    for installed in [false, true] {
        if installed {
            machine.install_it();
        }
        let (control, task) = machine.start();
        task.await.expect("ended").expect("well");
        assert_eq!(control.configuration().await, named("by-hand"));
    }
}

#[tokio::test(start_paused = true)]
async fn bad_answers_change_nothing_until_they_are_mended() {
    let machine = Machine::new();
    machine.volume("version = 1\n[netwrok]\n");
    let (control, task) = machine.start();
    let why = machine.stuck().await;
    assert!(why.starts_with("answers.toml on sdc: "), "{why}");
    assert!(why.ends_with("nothing was changed"), "{why}");
    assert!(!control.configured().await);
    machine.volume(SETUP);
    task.await.expect("ended").expect("well");
    assert_eq!(control.configuration().await, named("from-answers"));
}

#[tokio::test(start_paused = true)]
async fn two_volumes_that_differ_are_refused() {
    let machine = Machine::new();
    machine.volume(SETUP);
    machine
        .volumes
        .plug_in("sdd", "sdd", "POCKETSTACK", "answers.toml", "version = 1\n");
    let (control, task) = machine.start();
    assert!(machine.stuck().await.contains("take one of the volumes out"));
    machine.volumes.pull_out("sdd");
    task.await.expect("ended").expect("well");
    assert!(control.configured().await);
}

#[tokio::test(start_paused = true)]
async fn answers_install_and_the_stick_stays_as_it_is() {
    let machine = Machine::new();
    machine.stick(INSTALL);
    let (control, task) = machine.start();
    let mut told = control.installation();
    told.wait_for(|now| matches!(now, Installation::Done { .. }))
        .await
        .expect("told");
    {
        let asked = machine.node.machine.asked();
        assert_eq!(asked.jobs.len(), 1);
        assert_eq!(asked.jobs[0].configuration, Some(named("from-answers")));
        assert_eq!(asked.jobs[0].settings.then, Then::PowerOff);
        assert_eq!(asked.jobs[0].answers.as_deref().map(str::len), Some(64));
    }
    assert_eq!(control.configuration().await, named("from-answers"));
    assert!(!control.configured().await);
    // Virtual time: a minute in which nothing may happen, here and below.
    sleep(Duration::from_secs(60)).await;
    assert_eq!(machine.node.machine.asked().jobs.len(), 1, "not again");
    task.abort();

    // The same stick, still in the machine.
    let sum = machine.node.machine.asked().jobs[0].answers.clone();
    machine.node.machine.asked().installed_from = sum;
    let (_control, task) = machine.start();
    assert!(
        machine
            .stuck()
            .await
            .contains("already installed from these answers, on vda")
    );
    sleep(Duration::from_secs(60)).await;
    assert_eq!(machine.node.machine.asked().jobs.len(), 1);
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn an_installed_node_does_not_install() {
    let machine = Machine::new();
    machine.install_it();
    machine.volume(INSTALL);
    let (control, task) = machine.start();
    task.await.expect("ended").expect("well");
    assert_eq!(control.configuration().await, named("from-answers"));
    assert!(machine.node.machine.asked().jobs.is_empty());
}

/// The daemon dies while it installs from answers.
fn killed_while_installing() -> Machine {
    let machine = Machine::new();
    machine.volume(INSTALL);
    until_killed(async {
        let (control, _task) = machine.start();
        let mut told = control.installation();
        let writing = told.wait_for(|now| matches!(now, Installation::Running { percent: 50, .. }));
        drop(writing.await.expect("told"));
    });
    machine
}

#[test]
fn a_daemon_killed_while_installing_begins_again() {
    let machine = killed_while_installing();
    until_killed(async {
        let (control, _task) = machine.start();
        let mut told = control.installation();
        let ended = told.wait_for(|now| !matches!(now, Installation::None | Installation::Running { .. }));
        let disk = "vda".to_owned();
        assert_eq!(*ended.await.expect("told"), Installation::Done { disk });
    });
    assert_eq!(machine.node.machine.asked().jobs.len(), 1);
}

#[test]
fn without_its_answers_what_was_begun_from_them_is_told() {
    // Nothing in their place, or some that ask for something else.
    for answers in [None, Some(SETUP)] {
        let machine = killed_while_installing();
        machine.volumes.pull_out("sdc");
        if let Some(text) = answers {
            machine.volume(text);
        }
        until_killed(async {
            let (control, _task) = machine.start();
            let mut told = control.installation();
            let failed = told.wait_for(
                |now| matches!(now, Installation::Failed { why } if why.contains("the answers again")),
            );
            drop(failed.await.expect("told"));
            // They come back after all.
            if answers.is_none() {
                machine.volume(INSTALL);
                let done = told.wait_for(|now| matches!(now, Installation::Done { .. }));
                drop(done.await.expect("told"));
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_is_asked_until_it_answers() {
    let machine = Machine::new();
    let write = |path: &str, text: &str| {
        let path = machine.node.dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    let sum = "ab".repeat(32);
    write(
        "proc/cmdline",
        &format!("quiet pocketstack.answers=https://192.0.2.1/a pocketstack.answers-sha256={sum}"),
    );
    // A volume does not come before what was named for this start.
    machine.volume(&SETUP.replace("from-answers", "from-volume"));
    let unit = UnitName::try_from("pocketstack-answers.service").expect("a name");
    machine.systemd.set(&unit, UnitState::Inactive);
    write("run/pocketstack/answers.error", "the network is unreachable\n");
    let (control, task) = machine.start();
    let mut read = machine.node.board.read();
    let told = |all: &Vec<pocketstack_model::status::Kept>| {
        all.iter().any(|kept| {
            matches!(&kept.doing, Doing::Changing { step, .. } if step.contains("the network is unreachable"))
        })
    };
    read.wait_for(told).await.expect("told");
    assert!(!control.configured().await);
    write("run/pocketstack/answers.toml", SETUP);
    write("run/pocketstack/answers.error", "");
    task.await.expect("ended").expect("well");
    assert_eq!(control.configuration().await, named("from-answers"));

    write("proc/cmdline", "pocketstack.answers=http://192.0.2.1/a");
    let fresh = Machine {
        node: Node::new(),
        volumes: Arc::default(),
        systemd: FakeSystemd::default(),
    };
    std::fs::create_dir_all(fresh.node.dir.path().join("proc")).expect("made");
    std::fs::copy(
        machine.node.dir.path().join("proc/cmdline"),
        fresh.node.dir.path().join("proc/cmdline"),
    )
    .expect("copied");
    let (_control, task) = fresh.start();
    assert!(fresh.stuck().await.contains("does not begin with https://"));
    task.abort();
}
