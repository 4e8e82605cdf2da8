//! Power cuts: made from the records of an installation and of a first boot (see `framework/power.rs`), each tried on the
//! firmware whose turn it is. Either nothing starts from the disk, and the medium installs it again, or the machine comes
//! up complete. Half is a failure.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use pocketstack_model::node::{Medium as From, Root, State};
use pocketstack_tests::net::{Net, Segment};
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::power::{Cut, Dice, Record};
use pocketstack_tests::raw::Raw;
use pocketstack_tests::serial::Mark;
use pocketstack_tests::vm::{DiskSpec, Firmware, Medium, Spec, Vm};
use serde::Serialize;

use super::networks::FIXED;
use super::route::Route;
use super::site::{DISK_BYTES, NAME, OTHER_NAMES, Running, Site, TARGET, answers};
use super::wait;
use crate::case::{Case, Ground, Notes};

/// After how many cuts of an installation, of which nothing starts, the medium is tried again: each time takes as long as
/// a whole installation. The short run leaves it out.
const AGAIN_EVERY: usize = 5;

/// The cases: two thirds of the cuts are of the installation, one third of the first start.
pub fn cases(cuts: usize) -> Vec<Case<Site>> {
    let started = cuts / 3;
    let installed = cuts - started;
    vec![
        Case::new(
            "install::power_cuts::while_it_is_installed",
            move |site: &mut Site, notes| while_installed(site, notes, installed),
        ),
        Case::new(
            "install::power_cuts::while_it_starts_and_is_changed",
            move |site: &mut Site, notes| while_started(site, notes, started),
        ),
    ]
}

/// What one cut led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The firmware finds nothing to start.
    NothingStarts,
    /// As [`Outcome::NothingStarts`], and the medium has installed it then.
    InstalledAgain,
    /// A complete node.
    Complete,
}

#[derive(Debug, Serialize)]
struct Told {
    cut: usize,
    firmware: &'static str,
    reached: usize,
    of: usize,
    unflushed: usize,
    lost: usize,
    outcome: Outcome,
}

fn firmware_of(cut: usize) -> (Firmware, &'static str) {
    match cut % 2 {
        0 => (Firmware::Uefi, "uefi"),
        _ => (Firmware::Bios, "bios"),
    }
}

/// The disk as it is after a cut, from a copy of what it was before.
struct Scene {
    record: Record,
    before: Option<Raw>,
    seed: u64,
}

impl Scene {
    fn disk(&self, site: &Site, cut: usize) -> Result<(Raw, Cut)> {
        let path = site.scratch("cut.raw");
        let disk = match &self.before {
            None => Raw::blank(&path, DISK_BYTES)?,
            Some(before) => Raw::copy_of(before.path(), &path)?,
        };
        // Each cut has dice of its own, so that one can be repeated without those before it.
        let mut dice = Dice::new(self.seed.wrapping_add(cut as u64));
        let moment = self.record.moment(&mut dice);
        let made = self.record.cut(&disk, moment, &mut dice)?;
        Ok((disk, made))
    }
}

/// Tries all cuts of a scene and hands what came of them to the report, also if one fails.
fn try_all(
    site: &mut Site,
    notes: &mut Notes,
    scene: &Scene,
    cuts: usize,
    mut look: impl FnMut(&mut Site, &Raw, usize, Firmware) -> Result<Outcome>,
) -> Result<Vec<Outcome>> {
    notes.measured("seed", site.seed);
    let mut told: Vec<Told> = Vec::new();
    let mut outcomes = Vec::new();
    for cut in 0..cuts {
        let (disk, made) = scene.disk(site, cut)?;
        let (kind, firmware) = firmware_of(cut);
        let outcome = look(site, &disk, cut, kind).with_context(|| {
            format!(
                "power cut {cut} of seed {} on {firmware}, after {} of {} writes and flushes, {} of the last {} writes lost; \
                 repeat it with --seed {}",
                site.seed, made.reached, made.of, made.lost, made.unflushed, site.seed
            )
        })?;
        outcomes.push(outcome);
        told.push(Told {
            cut,
            firmware,
            reached: made.reached,
            of: made.of,
            unflushed: made.unflushed,
            lost: made.lost,
            outcome,
        });
        // After each one, so that those before a failure are in the report.
        notes.measured("cuts", &told);
    }
    Ok(outcomes)
}

fn while_installed(site: &mut Site, notes: &mut Notes, cuts: usize) -> Result<()> {
    let record = site.installed(Route::FIRST)?.record;
    let scene = Scene {
        record: Record::read(&record.context("the installation was not recorded")?)?,
        before: None,
        seed: site.seed,
    };
    let mut dark = 0;
    let outcomes = try_all(site, notes, &scene, cuts, |site, disk, cut, firmware| {
        if starts(site, disk, cut, firmware)? {
            return Ok(Outcome::Complete);
        }
        dark += 1;
        if !site.options.full || (dark - 1) % AGAIN_EVERY != 0 {
            return Ok(Outcome::NothingStarts);
        }
        install_again(site, disk, cut).context("nothing starts, and the medium does not install it again")?;
        ensure!(
            starts(site, disk, cut, firmware)?,
            "it was installed again, and nothing starts"
        );
        Ok(Outcome::InstalledAgain)
    })?;
    notes.measured("outcomes", &outcomes);
    Ok(())
}

fn while_started(site: &mut Site, notes: &mut Notes, cuts: usize) -> Result<()> {
    let first = site.first_boot()?;
    let scene = Scene {
        record: Record::read(&first.record)?,
        before: Some(first.before),
        // Other moments than those of the installation.
        seed: site.seed ^ u64::MAX,
    };
    try_all(site, notes, &scene, cuts, |site, disk, cut, firmware| {
        ensure!(
            starts(site, disk, cut, firmware)?,
            "nothing starts from a disk that was installed completely"
        );
        Ok(Outcome::Complete)
    })?;
    Ok(())
}

/// Starts a machine from the disk. Whether it came up complete; `false` if the firmware finds nothing to start.
fn starts(site: &mut Site, disk: &Raw, cut: usize, firmware: Firmware) -> Result<bool> {
    // A BIOS starts whatever has a boot sector's signature, and hangs if there is no code in it.
    if firmware == Firmware::Bios && disk.start(440)?.iter().all(|byte| *byte == 0) {
        return Ok(false);
    }
    site.clear();
    let name = format!("cut{cut}");
    let mut net = Net::up(&site.scratch(&format!("{name}.net")))?;
    let target = DiskSpec::new(disk.path(), Route::FIRST.bus).serial(TARGET);
    let spec = Spec::new(&name, firmware, Medium::Disk).disk(target).shell(true);
    let spec = spec.nic(net.nic()?).nic(net.nic_on(Segment::Second)?);
    net.add(Segment::Tagged)?;
    let vm = Vm::launch(spec, &site.reports())?;
    site.watch(vm.serial().path().to_owned());
    let limit = site.patience(90);
    let node = poll::until(
        "the page, or a firmware that finds nothing to start",
        limit,
        || {
            if let Ok(node) = net.find_node_at(&vm, &FIXED, Duration::ZERO) {
                return Ok(Probe::Done(Some(node)));
            }
            if let Some(end) = vm.ended()? {
                bail!("the machine started and did not come up: {end}");
            }
            let said = vm.serial().since(Mark::default())?;
            Ok(match finds_nothing(&said) {
                true => Probe::Done(None),
                false => Probe::NotYet(format!("the last line is: {}", vm.serial().tail(1))),
            })
        },
    )?;
    let Some(node) = node else {
        return Ok(false);
    };
    let mut running = Running::new(vm, net, node);
    is_complete(&mut running)?;
    // In good order: the next one may be installed over this disk, or not.
    running.vm.power_down(site.patience(40))?;
    Ok(true)
}

/// What OVMF writes to the console when it has tried everything.
fn finds_nothing(said: &str) -> bool {
    ["No bootable option or device was found", "UEFI Interactive Shell"]
        .iter()
        .any(|words| said.contains(words))
}

fn is_complete(running: &mut Running) -> Result<()> {
    let limit = running.patience(90);
    let overview = wait::settled(&running.node, limit)?;
    ensure!(
        overview.name == NAME || OTHER_NAMES.contains(&overview.name.as_str()),
        "the machine came up without its configuration: it is called {}",
        overview.name
    );
    let boot = &overview.boot;
    ensure!(
        boot.medium == From::Disk
            && matches!(boot.root, Root::Verified { .. })
            && matches!(boot.state, State::Persistent { .. }),
        "the machine came up as {boot:?}"
    );
    let shell = running.shell()?;
    shell.all_units_run(limit)?;
    let pool = shell.check("lvs --noheadings --options lv_attr pocketstack/pool")?;
    ensure!(pool.trim_start().starts_with('t'), "pocketstack/pool is: {pool}");
    let damaged = shell.run("ls /var/lib/pocketstack/config/*.damaged")?;
    ensure!(
        damaged.status != 0,
        "a configuration was written by half: {}",
        damaged.text
    );
    Ok(())
}

fn install_again(site: &mut Site, disk: &Raw, cut: usize) -> Result<()> {
    let target = DiskSpec::new(disk.path(), Route::FIRST.bus).serial(TARGET);
    let name = format!("cut{cut}.again");
    let running = site.boot_medium(&name, Route::FIRST, &answers(Route::FIRST), target)?;
    wait::installation(&running, site.patience(100))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firmware_that_gives_up_is_recognised() {
        assert!(finds_nothing(
            "BdsDxe: failed to load Boot0001\nBdsDxe: No bootable option or device was found.\n"
        ));
        assert!(!finds_nothing("BdsDxe: starting Boot0001 \"UEFI Misc Device\"\n"));
    }
}
