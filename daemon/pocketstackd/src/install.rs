//! Installing to a disk of this machine, by `pocketstack-installer`, and knowing later which answers asked for it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;

use pocketstack_host::boot::{Dmsetup, source};
use pocketstack_host::mounts::mounts;
use pocketstack_host::root::Root;
use pocketstack_host::volumes::Labelled;
use pocketstack_installer::{Given, Machine, Payload, Plan, Runs, candidates, plan, run};
use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::status::Installation;
use pocketstack_model::words::Words;
use tokio::sync::watch;

use crate::control::Job;

/// Where an installation mounts what it reads and writes.
const WORK: &str = "/run/pocketstack/install";
/// Where the note of an earlier installation is looked for.
const VOLUME: &str = "/run/pocketstack/installed";

/// The disks of this machine; one that cannot be used says why.
pub fn disks(root: &Root) -> Vec<Candidate> {
    candidates(root)
}

/// What an installation would do. Blocks.
///
/// # Errors
/// Why it is not possible, and what to do, in words.
pub fn planned(root: &Root, settings: &InstallSettings) -> Result<Plan, Words> {
    let runs = if source(root, &mounts(root)).is_installed(root) {
        Runs::Installed
    } else {
        Runs::FromMedium
    };
    plan(settings, &candidates(root), runs).map_err(|error| error.words())
}

/// Installs as the job says, and returns the disk's name once everything was read back. Blocks.
///
/// # Errors
/// What is wrong, how the disk is now, and what to do, in words.
pub fn install(root: &Root, job: &Job, progress: &watch::Sender<Installation>) -> Result<String, Words> {
    let plan = planned(root, &job.settings)?;
    for line in plan.describe() {
        tracing::info!("installation: {line}");
    }
    let work = root.path(WORK);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&work)
        .map_err(|error| format!("{} cannot be made: {error}", work.display()))?;
    let mut step = Words::from("");
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
    let given = Given {
        configuration: job.configuration.as_ref(),
        answers: job.answers.as_deref(),
    };
    run(
        &plan,
        || Payload::find(root, &Dmsetup, &work),
        given,
        &mut tell,
        &mut Machine::new(&work),
    )
    .map_err(|error| error.words())?;
    Ok(plan.disk.name)
}

/// The disk that was installed from these answers, if there is one. Blocks.
///
/// # Errors
/// A complete installation cannot be looked into, in words.
pub fn installed_from(root: &Root, answers: &str) -> Result<Option<String>, String> {
    let volumes = Labelled::new(root.clone(), root.path(VOLUME));
    pocketstack_installer::installed_from(root, &volumes, &candidates(root), answers)
        .map_err(|error| error.to_string())
}
