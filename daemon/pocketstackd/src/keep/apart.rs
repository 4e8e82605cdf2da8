//! Watches whether the state that a disk holds for a machine started from a medium is in use.

use std::time::Duration;

use pocketstack_host::boot::{Source, disks_with_state, is_apart};
use pocketstack_host::mounts::mounts;
use pocketstack_host::root::Root;
use pocketstack_model::status::Installation;
use pocketstack_model::words::kept as words;
use pocketstack_plan::apart::{Seen, named, trouble};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Board, Section, kept, stuck_or_nothing};

/// After these it is looked again: a disk that showed up too late for the start is there by then.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(10), Duration::from_secs(50)];

/// Looks a few times after the start.
///
/// # Errors
/// None; a task of the daemon has this form.
pub async fn watch(
    root: Root,
    medium: Source,
    installation: watch::Receiver<Installation>,
    board: Board,
) -> anyhow::Result<()> {
    for pause in PAUSES {
        sleep(pause).await;
        // What is put on a disk now is for the next start.
        if matches!(
            *installation.borrow(),
            Installation::Running { .. } | Installation::Done { .. }
        ) {
            return Ok(());
        }
        let seen = look(&root, &medium);
        let see = if seen.in_use {
            words::state_in_use()
        } else {
            words::state_not_in_use(named(&seen.disks).unwrap_or_else(words::unknown))
        };
        let trouble = trouble(&seen);
        // Most machines have no such disk, and nothing is told of it.
        let row = (seen.in_use || trouble.is_some()).then(|| {
            kept(
                words::state(),
                words::state_apart(),
                see,
                stuck_or_nothing(trouble),
            )
        });
        board.put(Section::State, row.into_iter().collect());
    }
    Ok(())
}

fn look(root: &Root, medium: &Source) -> Seen {
    let line = root.text("/proc/cmdline").unwrap_or_default();
    Seen {
        installed: medium.is_installed(root),
        left_alone: line
            .split_whitespace()
            .any(|word| word == "pocketstack.state=medium"),
        in_use: is_apart(root, &mounts(root)),
        disks: disks_with_state(root),
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_model::node::Medium;
    use pocketstack_model::status::Doing;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_shows_up_too_late_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let medium = Source {
            medium: Medium::Network,
            disk: None,
        };
        let board = Board::default();
        let mut read = board.read();
        let (installation, installs) = watch::channel(Installation::None);
        let look = || {
            watch(
                Root::at(dir.path()),
                medium.clone(),
                installs.clone(),
                board.clone(),
            )
        };
        let task = tokio::spawn(look());
        // Virtual time: the first look is over, the second is not due.
        sleep(Duration::from_secs(1)).await;
        assert!(read.borrow_and_update().is_empty());
        write("sys/block/vda/size", "1\n");
        write(
            "sys/class/block/vda/vda1/uevent",
            "PARTNAME=pocketstack-state-of-medium\n",
        );
        task.await.expect("ended").expect("well");
        let told = read.borrow_and_update().clone();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].see, "on vda, not in use");
        assert!(
            matches!(&told[0].doing, Doing::Stuck { why } if why.starts_with("the state on vda is not in use")),
            "{told:?}"
        );
        // It is being put there, for the next start.
        board.put(Section::State, Vec::new());
        let step = "looking at the disks".into();
        installation.send_replace(Installation::Running { step, percent: 0 });
        look().await.expect("well");
        assert!(read.borrow_and_update().is_empty());
        installation.send_replace(Installation::None);
        look().await.expect("well");
        assert_eq!(read.borrow_and_update().len(), 1);
        // It was asked for.
        write("proc/cmdline", "quiet pocketstack.state=medium\n");
        look().await.expect("well");
        assert!(read.borrow_and_update().is_empty());
    }
}
