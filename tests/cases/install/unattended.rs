//! Installed without a person, and come up as answered from the disk alone.

use anyhow::{Context, Result, ensure};
use pocketstack_model::node::{Medium, Root, State, Units};
use pocketstack_model::status::{Installation, NetworkChange};
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::raw::Raw;
use pocketstack_tests::serial::{Mark, Serial};
use pocketstack_tests::vm::Firmware;

use super::route::Route;
use super::site::{DISK_BYTES, EXTERNAL, NAME, Running, Site, TIME_ZONE};
use super::wait;
use crate::case::{Case, Notes};

/// The cases for one way.
pub fn cases(route: Route) -> Vec<Case<Site>> {
    let name = |what: &str| format!("install::{}::{what}", route.name());
    vec![
        Case::new(name("installs_unattended"), move |site: &mut Site, notes| {
            installs_unattended(site, route, notes)
        }),
        Case::new(name("comes_up_as_answered"), move |site: &mut Site, notes| {
            comes_up_as_answered(site, route, notes)
        }),
        Case::new(name("has_the_documented_layout"), move |site: &mut Site, _| {
            has_the_documented_layout(site, route)
        }),
    ]
}

fn installs_unattended(site: &mut Site, route: Route, notes: &mut Notes) -> Result<()> {
    let installed = site.installed(route)?;
    notes.measured("page_seconds", installed.page_seconds);
    notes.measured("install_seconds", installed.install_seconds);
    notes.measured("steps", &installed.progress.steps);
    let percents = &installed.progress.percents;
    ensure!(
        percents.is_sorted() && percents.len() > 2,
        "the installation told these percentages: {percents:?}"
    );
    // The console shows how far it is.
    let log = site
        .reports()
        .join(format!("{}.install.serial.log", route.name()));
    let said = Serial::new(log).since(Mark::default())?;
    ensure!(
        percents
            .iter()
            .any(|percent| *percent > 0 && said.contains(&format!("{percent}"))),
        "the console has not shown the installation's progress"
    );
    Ok(())
}

fn comes_up_as_answered(site: &mut Site, route: Route, notes: &mut Notes) -> Result<()> {
    let running = site.started(route)?;
    notes.measured("boot_seconds", running.boot_seconds);
    let limit = running.patience(60);
    let overview = wait::settled(&running.node, limit)?;
    ensure!(overview.name == NAME, "the node is called {}", overview.name);
    ensure!(
        overview.boot.medium == Medium::Disk,
        "the API says the medium is {:?}",
        overview.boot.medium
    );
    ensure!(
        matches!(overview.boot.root, Root::Verified { read_only: true, .. }),
        "the API says the root is {:?}",
        overview.boot.root
    );
    ensure!(
        matches!(overview.boot.state, State::Persistent { .. }),
        "the API says the state is {:?}",
        overview.boot.state
    );
    ensure!(
        overview.installation == Installation::None && overview.network_change == NetworkChange::None,
        "the API says {:?} and {:?}",
        overview.installation,
        overview.network_change
    );
    let shell = running.shell()?;
    let zone = shell.check("readlink -f /etc/localtime")?;
    ensure!(zone.ends_with(TIME_ZONE), "the time zone is {zone}");
    let name = shell.check("cat /proc/sys/kernel/hostname")?;
    ensure!(name.trim() == NAME, "the kernel says the name is {name}");
    if route == Route::FIRST {
        let external = shell.check("ip -4 -brief address show br-ext")?;
        ensure!(external.contains(EXTERNAL), "br-ext is: {external}");
    }
    shell.all_units_run(limit)?;
    let none = Units::Known { failed: Vec::new() };
    wait::overview(&running.node, "no unit to have failed", limit, |overview| {
        overview.units == none
    })?;
    if route.machine.firmware == Firmware::Uefi {
        boot_is_marked_as_good(running)?;
    }
    Ok(())
}

/// systemd-boot counts tries in the file's name until a boot was good (systemd-bless-boot.service(8)).
fn boot_is_marked_as_good(running: &mut Running) -> Result<()> {
    let limit = running.patience(30);
    let shell = running.shell()?;
    poll::until("the boot to be marked as good", limit, || {
        let kernels = shell.check("ls /boot/EFI/Linux")?;
        Ok(match kernels.contains(".efi") && !kernels.contains('+') {
            true => Probe::Done(()),
            false => Probe::NotYet(kernels),
        })
    })
}

/// Partitions of an installed disk before the last one, as docs/installing.md has them: name and MiB.
const LAYOUT: [(&str, u64); 7] = [
    ("pocketstack-bios", 1),
    ("pocketstack-esp", 1024),
    ("pocketstack-root-a", 512),
    ("pocketstack-verity-a", 16),
    ("_empty", 512),
    ("_empty", 16),
    ("pocketstack-state", 2048),
];

/// Whether a disk has the documented partitions.
///
/// # Errors
/// It has not; the error names what it has.
pub fn check_layout(disk: &Raw) -> Result<()> {
    let partitions = disk.partitions()?;
    let found: Vec<(&str, u64)> = partitions
        .iter()
        .map(|one| (one.name.as_str(), one.length >> 20))
        .collect();
    let (last, first) = found.split_last().context("the disk has no partition")?;
    ensure!(
        first == LAYOUT,
        "the disk has other partitions than documented: {found:?}"
    );
    ensure!(
        last.0 == "pocketstack-lvm" && last.1 > (DISK_BYTES >> 20) - 4200,
        "the last partition is {last:?}"
    );
    Ok(())
}

fn has_the_documented_layout(site: &mut Site, route: Route) -> Result<()> {
    check_layout(&site.installed(route)?.disk)?;
    let running = site.started(route)?;
    let shell = running.shell()?;
    let pool = shell.check("lvs --noheadings --options lv_attr,data_percent pocketstack/pool")?;
    // The first letter: t is a thin pool (lvs(8)).
    ensure!(pool.trim_start().starts_with('t'), "pocketstack/pool is: {pool}");
    let volumes = shell.check("lvs --noheadings --options lv_name pocketstack")?;
    ensure!(
        volumes.split_whitespace().eq(["pool"]),
        "the volume group has more than the pool: {volumes}"
    );
    Ok(())
}
