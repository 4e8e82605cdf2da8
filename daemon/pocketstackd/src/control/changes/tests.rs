use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use pocketstack_exec::{Cmd, Stdio, run};
use pocketstack_model::status::Doing;
use tokio::time::advance;

use super::*;
use crate::control::testing::{Node, named, until_killed, with_static};

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
async fn wrong_codes_from_elsewhere_do_not_keep_the_console_out() {
    let node = Node::new();
    let control = node.start();
    let new = with_static("192.0.2.9/24");
    let code = changed(&control, &new).await;
    // The console's own do not count either.
    for _ in 0..=TRIES {
        let error = control.confirm_at_console("AAAAAAAA").await.expect_err("wrong");
        assert!(matches!(error, ChangeError::WrongCode), "{error}");
    }
    for _ in 0..TRIES {
        let error = control.confirm("AAAAAAAA").await.expect_err("wrong");
        assert!(matches!(error, ChangeError::WrongCode), "{error}");
    }
    let error = control.confirm(&code).await.expect_err("too many").to_string();
    assert!(error.contains("only the console it was made at"), "{error}");
    control.confirm_at_console(&code).await.expect("confirmed");
    assert_eq!(control.configuration().await, new);
    assert!(matches!(
        control.confirm_at_console(&code).await,
        Err(ChangeError::NothingWaits)
    ));
}

#[test]
fn a_restart_before_the_confirmation_is_told_once() {
    let node = Node::new();
    until_killed(async { changed(&node.start(), &with_static("192.0.2.9/24")).await });
    until_killed(async {
        let control = node.start();
        assert_eq!(control.configuration().await, Configuration::default());
        let change = control.network_change().borrow().clone();
        let NetworkChange::Reverted { why, .. } = change else {
            panic!("{change:?}");
        };
        assert_eq!(why, "the node (or its daemon) restarted before it was confirmed");
        // It is over: the next change can be made.
        let code = changed(&control, &with_static("192.0.2.10/24")).await;
        control.confirm(&code).await.expect("confirmed");
    });
    until_killed(async {
        let control = node.start();
        assert_eq!(*control.network_change().borrow(), NetworkChange::None);
        let mut told = control.network_change();
        changed(&control, &with_static("192.0.2.11/24")).await;
        let reverted = told.wait_for(|now| matches!(now, NetworkChange::Reverted { .. }));
        drop(reverted.await.expect("told"));
        // The note goes right after it is told, under the same lock.
        control.configured().await;
    });
    until_killed(async {
        let control = node.start();
        assert_eq!(*control.network_change().borrow(), NetworkChange::None);
        assert_eq!(control.configuration().await, with_static("192.0.2.10/24"));
    });
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

/// What the row of the configuration says is wrong.
fn trouble(control: &Control) -> Option<String> {
    let kept = control.kept().borrow().clone();
    let row = kept.into_iter().find(|kept| kept.subject == "configuration");
    match row.expect("a row").doing {
        Doing::Stuck { why } => Some(why.to_string()),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn damage_is_told_until_something_good_is_stored() {
    let node = Node::new();
    node.start().change(named("one")).await.expect("stored");
    let path = node.dir.path().join("config/00000002.toml");
    std::fs::write(path, "version = 1\n[node").expect("written");
    let control = node.start();
    let why = trouble(&control).expect("told");
    assert!(why.starts_with("configuration 2 is damaged ("), "{why}");
    assert!(why.ends_with("1 is used"), "{why}");
    assert_eq!(control.configuration().await, named("one"));
    control.change(named("two")).await.expect("stored");
    assert_eq!(trouble(&control), None);
}

const INSIDE: &str = "POCKETSTACK_TEST_STATE";

/// A folder that is a file system of 256 KiB of its own, mounted where nobody else sees it: this test runs once more in
/// new namespaces, and there gets the folder.
fn small_partition(test: &str) -> Option<PathBuf> {
    if let Some(at) = std::env::var_os(INSIDE).map(PathBuf::from) {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), &at, Some("tmpfs"), flags, Some("size=256k")).expect("mounted");
        return Some(at);
    }
    let dir = tempfile::tempdir().expect("a folder");
    let again = Cmd::new("unshare")
        .args(["--map-root-user", "--mount", "--"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, dir.path())
        .stdout(Stdio::Inherit)
        .stderr(Stdio::Inherit)
        .within(Duration::from_secs(60));
    run(again).expect("it passes in there");
    None
}

/// Leaves no byte of room beside what is there.
fn fill(partition: &Path) -> PathBuf {
    let path = partition.join("filler");
    let full = std::fs::write(&path, vec![0; 1 << 20]).expect_err("it is small");
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    path
}

#[test]
fn a_full_state_partition_refuses_changes_and_loses_none() {
    let test = "control::changes::tests::a_full_state_partition_refuses_changes_and_loses_none";
    let Some(partition) = small_partition(test) else {
        return;
    };
    let node = Node::on(&partition);
    let stored = until_killed(async {
        let control = node.start();
        control.change(named("old")).await.expect("stored");
        control.configuration().await
    });
    let filler = fill(&partition);
    until_killed(async {
        let control = node.start();
        for new in [named("new"), with_static("192.0.2.9/24")] {
            let error = control.change(new).await.expect_err("full").to_string();
            for words in [
                "cannot be written",
                "the state partition is full: make room on it and try again",
                "the one before stays",
            ] {
                assert!(error.contains(words), "{error}");
            }
            assert_eq!(control.configuration().await, stored, "in use");
            assert_eq!(*control.network_change().borrow(), NetworkChange::None);
            assert_eq!(trouble(&control), Some(error), "on the page");
        }
        let mut kept = control.kept();
        sleep(LOOK_AGAIN * 3).await;
        assert!(trouble(&control).is_some(), "it is still full");
        std::fs::remove_file(&filler).expect("room is made");
        kept.mark_unchanged();
        kept.changed().await.expect("looked at again");
        assert_eq!(trouble(&control), None);
    });
    // Damaged and full at once: the generation before is used, and it stays.
    let damaged = partition.join("config/00000002.toml");
    std::fs::write(damaged, "version = 1\n[node").expect("written");
    fill(&partition);
    until_killed(async {
        let control = node.start();
        assert_eq!(control.configuration().await, stored, "on the disk");
        control.change(named("new")).await.expect_err("full");
        let why = trouble(&control).expect("told");
        for words in ["configuration 2 is damaged (", "1 is used; ", "is full"] {
            assert!(why.contains(words), "{why}");
        }
        std::fs::remove_file(&filler).expect("room is made");
        control.change(named("new")).await.expect("stored");
        assert_eq!(trouble(&control), None);
    });
    until_killed(async { assert_eq!(node.start().configuration().await, named("new")) });
}
