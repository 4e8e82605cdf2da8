//! The machine of [`Route::UNUSUAL`]: installed with a clock that was wrong, its volumes on two of three disks.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};

use super::route::{MIRROR, Route};
use super::site::{Site, TARGET};
use super::surroundings::is_right;
use crate::case::{Case, Notes};

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    let name = |what: &str| format!("install::{}::{what}", Route::UNUSUAL.name());
    vec![
        Case::new(name("was_installed_with_a_clock_far_off"), a_clock_far_off),
        Case::new(name("has_its_volumes_on_two_disks"), volumes_on_two_disks),
    ]
}

/// The network's time server has set the clock meanwhile, years back: nothing that ran has noticed.
fn a_clock_far_off(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let progress = site.installed(Route::UNUSUAL)?.progress;
    let (first, last) = progress.clock.context("the machine told no time")?;
    let ahead = first.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
    notes.measured("first_seen_days_ahead", ahead.as_secs() / 86_400);
    // Read while it was installed: seconds have passed since, but no more than the machine was given.
    let since = SystemTime::now().duration_since(last).unwrap_or(Duration::MAX);
    ensure!(
        since < Duration::from_secs(6 * 3600),
        "the clock was not set: the machine last told {last:?}"
    );
    let overview = site.started(Route::UNUSUAL)?.node.overview()?;
    is_right(overview.read_at.into())
}

fn volumes_on_two_disks(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let others = site.installed(Route::UNUSUAL)?.others;
    let spare = others.last().context("the machine has further disks")?;
    let running = site.started(Route::UNUSUAL)?;
    let shell = running.shell()?;
    // Disks of the physical volumes, by serial number.
    let disks = shell.check(
        "for volume in $(pvs --noheadings -o pv_name --select vg_name=pocketstack); do \
         lsblk --nodeps -nro SERIAL /dev/$(lsblk -nro PKNAME $volume | head -n 1); done",
    )?;
    let mut disks: Vec<&str> = disks.split_whitespace().collect();
    disks.sort_unstable();
    ensure!(
        disks == [MIRROR, TARGET],
        "the volume group pocketstack is on these disks: {disks:?}"
    );
    let volumes =
        shell.check("lvs --all --noheadings -o lv_name,segtype,copy_percent,lv_health_status pocketstack")?;
    notes.measured("volumes", volumes.trim());
    for expected in [
        ["[pool_tdata]", "raid1"],
        ["[pool_tmeta]", "raid1"],
        ["pool", "thin-pool"],
    ] {
        let has = |line: &str| line.split_whitespace().take(2).eq(expected);
        ensure!(
            volumes.lines().any(has),
            "there is no {expected:?} in:\n{volumes}"
        );
    }
    for trouble in ["partial", "refresh", "mismatches"] {
        ensure!(
            !volumes.contains(trouble),
            "the volumes are not whole:\n{volumes}"
        );
    }
    // It is the third disk of the machine, and was nobody's to take.
    let (writes, taken) = (running.vm.writes(2)?, spare.allocated()?);
    ensure!(
        writes == 0 && taken == 0,
        "the disk that nobody has named was written {writes} times and has {taken} bytes now"
    );
    Ok(())
}
