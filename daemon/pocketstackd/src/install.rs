//! Installing this system to a disk, by `pocketstack-installer`, and knowing later which answers asked for it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use pocketstack_host::boot::{Dmsetup, source};
use pocketstack_host::inventory::partition_name;
use pocketstack_host::mounts::mounts;
use pocketstack_host::root::Root;
use pocketstack_host::volumes::{Labelled, Volumes};
use pocketstack_installer::layout::number;
use pocketstack_installer::{Machine, Payload, candidates, plan, run};
use pocketstack_model::install::{Candidate, Content};
use pocketstack_model::status::Installation;
use tokio::sync::watch;

use crate::control::Job;

/// On the state partition of an installed disk: SHA-256 of the answers that asked for the installation.
const RECORD: &str = "lib/pocketstack/installed-from";
/// Name of the state partition in the disk's table.
const STATE: &str = "pocketstack-state";
/// Where an installation mounts what it reads and writes.
const WORK: &str = "/run/pocketstack/install";
/// Where the record is looked for.
const VOLUME: &str = "/run/pocketstack/installed";

/// The disks of this machine.
///
/// # Errors
/// None: a disk that cannot be used says why.
pub fn disks(root: &Root) -> Result<Vec<Candidate>, String> {
    Ok(candidates(root))
}

/// Installs as the job says, and returns the disk's name once everything was read back. Blocks.
///
/// # Errors
/// What is wrong, how the disk is now, and what to do, in words.
pub fn install(root: &Root, job: &Job, progress: &watch::Sender<Installation>) -> Result<String, String> {
    let plan = plan(&job.settings, &candidates(root)).map_err(|error| error.to_string())?;
    for line in plan.describe() {
        tracing::info!("installation: {line}");
    }
    let work = root.path(WORK);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&work)
        .map_err(|error| format!("{} cannot be made: {error}", work.display()))?;
    let payload = Payload::find(root, &Dmsetup, &work).map_err(|error| error.to_string())?;
    let mut step = String::new();
    let mut tell = |now: pocketstack_installer::Progress| {
        if now.step != step {
            tracing::info!("installation: {}", now.step);
            step.clone_from(&now.step);
        }
        progress.send_replace(Installation::Running {
            step: now.step,
            percent: now.percent,
        });
    };
    // The disks are let go before the record is written, so that the kernel knows their new tables.
    run(
        &plan,
        &payload,
        job.configuration.as_ref(),
        &mut tell,
        &mut Machine::new(&work),
    )
    .map_err(|error| error.to_string())?;
    if let Some(answers) = &job.answers {
        record(root, &volumes(root), &plan.disk.name, answers)?;
    }
    Ok(plan.disk.name)
}

/// The disk that was installed from these answers, if there is one. Blocks.
///
/// # Errors
/// A complete installation cannot be looked into: to take it for another one could wipe it again and again.
pub fn installed_from(root: &Root, answers: &str) -> Result<Option<String>, String> {
    look(root, &volumes(root), &candidates(root), answers)
}

fn volumes(root: &Root) -> Labelled {
    Labelled::new(root.clone(), root.path(VOLUME))
}

fn look(
    root: &Root,
    volumes: &impl Volumes,
    disks: &[Candidate],
    answers: &str,
) -> Result<Option<String>, String> {
    let running = source(root, &mounts(root)).disk;
    for disk in disks {
        let Content::PocketStack { complete } = disk.content else {
            continue;
        };
        // The medium itself is not what it has installed.
        if running.as_deref() == Some(disk.name.as_str()) {
            continue;
        }
        let Some(part) = state_partition(root, &disk.name) else {
            continue;
        };
        match volumes.read(&part, RECORD, 1024) {
            Ok(Some(text)) if text.trim() == answers => return Ok(Some(disk.name.clone())),
            Ok(_) => {}
            Err(_) if !complete => {}
            Err(error) => {
                return Err(format!(
                    "it cannot be seen whether {} was installed from these answers already: {error}; nothing is installed meanwhile: take the medium or that disk out",
                    disk.name
                ));
            }
        }
    }
    Ok(None)
}

fn record(root: &Root, volumes: &impl Volumes, disk: &str, answers: &str) -> Result<(), String> {
    let note = |why: String| {
        format!(
            "{disk} is installed, but which answers asked for it cannot be noted there ({why}): take the medium out before the machine starts again, or it is installed anew"
        )
    };
    let part =
        state_partition(root, disk).ok_or_else(|| note("its state partition is not there".to_owned()))?;
    volumes
        .write(&part, RECORD, &format!("{answers}\n"))
        .map_err(|error| note(error.to_string()))
}

/// Kernel name of the disk's state partition. The kernel knows no names while a disk whose volumes are in use keeps it
/// from reading the new table; then it is the one with the number the installer gives it.
fn state_partition(root: &Root, disk: &str) -> Option<String> {
    let folder = Path::new("/sys/class/block").join(disk);
    let is_state = |part: &Path| match partition_name(root, part) {
        Some(name) => name == STATE,
        None => root.number(part.join("partition")) == Some(number::STATE as u64),
    };
    root.names(&folder)
        .into_iter()
        .find(|name| name.starts_with(disk) && is_state(&folder.join(name)))
}

#[cfg(test)]
mod tests {
    use pocketstack_host::volumes::FakeVolumes;
    use pocketstack_model::bytes::ByteCount;

    use super::*;

    fn disk(name: &str, content: Content) -> Candidate {
        Candidate {
            name: name.to_owned(),
            path: None,
            model: None,
            serial: None,
            size: ByteCount(1 << 40),
            content,
            refused: None,
        }
    }

    fn machine(parts: &[(&str, &str, &str)]) -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().expect("a folder");
        for (disk, part, name) in parts {
            let folder = dir.path().join("sys/class/block").join(disk).join(part);
            std::fs::create_dir_all(&folder).expect("made");
            let number = &part[part.len() - 1..];
            std::fs::write(folder.join("partition"), number).expect("written");
            std::fs::write(folder.join("uevent"), name).expect("written");
        }
        let root = Root::at(dir.path());
        (dir, root)
    }

    #[test]
    fn an_installation_is_known_by_its_answers() {
        let (_dir, root) = machine(&[
            ("vda", "vda3", "PARTNAME=pocketstack-root-a\n"),
            ("vda", "vda5", "PARTNAME=pocketstack-state\n"),
            ("vda", "vda7", "PARTNAME=pocketstack-lvm\n"),
            ("nvme0n1", "nvme0n1p7", "DEVTYPE=partition\n"),
        ]);
        let volumes = FakeVolumes::default();
        for (part, disk) in [("vda5", "vda"), ("nvme0n1p7", "nvme0n1")] {
            volumes.plug_in(part, disk, "pocketstack-stat", "lib/other", "");
        }
        let complete = Content::PocketStack { complete: true };
        let disks = [
            disk("sda", Content::Empty),
            disk("vda", complete.clone()),
            disk("nvme0n1", complete),
        ];
        let found = |answers: &str| look(&root, &volumes, &disks, answers);
        assert_eq!(found("abc"), Ok(None));
        record(&root, &volumes, "nvme0n1", "abc").expect("noted");
        assert_eq!(found("abc"), Ok(Some("nvme0n1".to_owned())));
        assert_eq!(found("abcd"), Ok(None));
        assert!(record(&root, &volumes, "sda", "abc").is_err());
    }

    #[test]
    fn a_complete_installation_that_cannot_be_read_stops_the_next_one() {
        let (_dir, root) = machine(&[("vda", "vda7", "PARTNAME=pocketstack-state\n")]);
        let volumes = FakeVolumes::default();
        let look_at = |complete| {
            let disks = [disk("vda", Content::PocketStack { complete })];
            look(&root, &volumes, &disks, "abc")
        };
        assert_eq!(look_at(false), Ok(None));
        let said = look_at(true).expect_err("nobody can tell");
        assert!(said.contains("nothing is installed meanwhile"), "{said}");
    }
}
