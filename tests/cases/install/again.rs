//! A machine that is installed already meets the medium again.

use anyhow::{Context, Result, ensure};
use pocketstack_tests::vm::DiskSpec;

use super::route::Route;
use super::site::{Running, Site, TARGET, answers};
use super::unattended::check_layout;
use super::wait;
use crate::case::{Case, Notes};

/// The cases, on the disk of the first machine; afterwards it is installed anew.
pub fn cases() -> Vec<Case<Site>> {
    vec![
        Case::new("install::again::the_same_stick_installs_nothing", same_stick),
        Case::new("install::again::a_reinstall_keeps_state_and_volumes", keeps_state),
    ]
}

fn target(site: &mut Site) -> Result<DiskSpec> {
    let disk = site.installed(Route::FIRST)?.disk;
    Ok(DiskSpec::new(disk.path(), Route::FIRST.bus).serial(TARGET))
}

/// The stick was left in, and the firmware prefers it: no loop of installations.
fn same_stick(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let before = traits(site.started(Route::FIRST)?)?;
    site.switch_off()?;
    let disk = target(site)?;
    let running = site.boot_medium("same_stick", Route::FIRST, &answers(Route::FIRST), disk)?;
    let limit = running.patience(60);
    let overview = wait::overview(
        &running.node,
        "the node to say that it is installed",
        limit,
        |overview| {
            let kept: Vec<String> = overview.kept.iter().map(|kept| format!("{kept:?}")).collect();
            wait::says(
                &format!("{} {}", kept.join(" "), wait::stuck(overview)),
                &["already installed"],
            )
        },
    )?;
    notes.measured("said", wait::stuck(&overview));
    wait::nothing_is_installed(&overview)?;
    drop(running);
    let after = traits(site.started(Route::FIRST)?)?;
    ensure!(before == after, "the machine was {before:?} and is {after:?}");
    Ok(())
}

/// What is kept with the state.
#[derive(Debug, PartialEq, Eq)]
struct Traits {
    machine_id: String,
    certificate: String,
    volumes: String,
}

fn traits(running: &mut Running) -> Result<Traits> {
    wait::settled(&running.node, running.patience(60))?;
    let certificate = running.node.fingerprint()?;
    let shell = running.shell()?;
    Ok(Traits {
        machine_id: shell.check("cat /etc/machine-id")?,
        certificate,
        volumes: shell.check("lvs --noheadings --options lv_name,lv_size pocketstack")?,
    })
}

fn keeps_state(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let running = site.started(Route::FIRST)?;
    running.shell()?.check(
        "lvs pocketstack/kept || lvcreate --quiet --virtualsize 1G --thinpool pool --name kept pocketstack",
    )?;
    let before = traits(running)?;
    ensure!(
        before.volumes.contains("kept"),
        "the volume was not made: {before:?}"
    );
    site.switch_off()?;
    let disk = target(site)?;
    let keep = answers(Route::FIRST).replace("existing = \"erase\"", "existing = \"keep\"");
    let running = site.boot_medium("keep", Route::FIRST, &keep, disk)?;
    let progress = wait::installation(&running, site.patience(100))?;
    notes.measured("steps", &progress.steps);
    drop(running);
    check_layout(&site.installed(Route::FIRST)?.disk)
        .context("after the installation that keeps the state")?;
    let after = traits(site.started(Route::FIRST)?)?;
    ensure!(before == after, "the machine was {before:?} and is {after:?}");
    Ok(())
}
