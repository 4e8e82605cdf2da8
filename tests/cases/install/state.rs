//! State on a disk of a machine that is started from its medium each time: nothing else is put there, and the machine is
//! what it was before it was switched off.

use anyhow::{Context, Result, ensure};
use pocketstack_model::node::{Medium as From, State};
use pocketstack_tests::access;
use pocketstack_tests::net::Net;
use pocketstack_tests::raw::Raw;
use pocketstack_tests::vm::{DiskSpec, Medium, Spec};

use super::daemon::rename;
use super::route::Route;
use super::site::{DISK_BYTES, NAME, Running, Site, TARGET, TIME_ZONE};
use super::wait;
use crate::case::{Case, Notes};

/// The machine. It is started from the disc, which nothing can be written to.
const ROUTE: Route = Route::REFUSED;
/// What its boot code begins with: `int 0x18`, "no system here" (BIOS Boot Specification 1.01, 6.7).
const PASS_ON: [u8; 2] = [0xcd, 0x18];
/// Partitions that the disk gets, as docs/installing.md has them.
const LAYOUT: [&str; 2] = ["pocketstack-state-of-medium", "pocketstack-lvm"];

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    vec![
        Case::new(
            "install::state::answers_put_only_state_on_a_disk",
            only_state_is_put_there,
        ),
        Case::new(
            "install::state::the_medium_started_again_uses_it",
            it_is_used_from_then_on,
        ),
    ]
}

fn answers() -> String {
    format!(
        "version = 1\n\n[node]\nname = \"{NAME}\"\ntime_zone = \"{TIME_ZONE}\"\n\n\
         [install]\nwhat = \"state\"\ndisk = {{ serial = \"{TARGET}\" }}\nexisting = \"erase\"\nthen = \"restart\"\n\n{}",
        access::answers()
    )
}

fn spec_of(disk: &Raw) -> DiskSpec {
    DiskSpec::new(disk.path(), ROUTE.bus).serial(TARGET)
}

/// The disk, with state on it; put there before if it was not.
fn prepared(site: &mut Site) -> Result<Raw> {
    let path = site.scratch("state.raw");
    if path.exists() {
        let disk = Raw::existing(&path);
        has_only_state(&disk).context("an earlier case was to put state on the disk")?;
        return Ok(disk);
    }
    let disk = Raw::blank(&path, DISK_BYTES)?;
    let running = site.boot_medium("state.install", ROUTE, &answers(), spec_of(&disk))?;
    let state = running.node.overview()?.boot.state;
    ensure!(
        state == State::Volatile,
        "before there is any, the API says the state is {state:?}"
    );
    wait::installation(&running, site.patience(100))?;
    Ok(disk)
}

fn only_state_is_put_there(site: &mut Site, _notes: &mut Notes) -> Result<()> {
    has_only_state(&prepared(site)?)
}

fn has_only_state(disk: &Raw) -> Result<()> {
    let partitions = disk.partitions()?;
    let names: Vec<&str> = partitions.iter().map(|one| one.name.as_str()).collect();
    ensure!(
        names == LAYOUT,
        "the disk has other partitions than documented: {names:?}"
    );
    ensure!(
        disk.start(440)?.starts_with(&PASS_ON),
        "the disk does not pass a BIOS on to the next device, though there is no system on it"
    );
    Ok(())
}

/// Starts the disc with the disk, and without answers: what the machine is called it can only know from the disk.
fn boot(site: &mut Site, name: &str) -> Result<Running> {
    let disk = prepared(site)?;
    let net = Net::up(&site.scratch(&format!("{name}.net")))?;
    let medium = Medium::Cd(site.artifacts.iso.clone());
    let spec = Spec::new(name, ROUTE.machine.firmware, medium).disk(spec_of(&disk));
    site.launch(spec, net, ROUTE, None)
}

fn it_is_used_from_then_on(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let running = site.machine("state", boot)?;
    let overview = wait::settled(&running.node, running.patience(60))?;
    notes.measured("state", &overview.boot.state);
    ensure!(
        overview.boot.medium == From::Iso && matches!(overview.boot.state, State::Persistent { .. }),
        "the API says the machine is {:?}",
        overview.boot
    );
    ensure!(overview.name == NAME, "the node is called {}", overview.name);
    let limit = running.patience(60);
    let shell = running.shell()?;
    let zone = shell.check("readlink -f /etc/localtime")?;
    ensure!(zone.ends_with(TIME_ZONE), "the time zone is {zone}");
    shell.all_units_run(limit)?;
    let on = shell.check("lsblk -nro PARTLABEL $(findmnt -no SOURCE /var)")?;
    ensure!(on.trim() == LAYOUT[0], "/var is on the partition {on}");
    let pool = shell.check("lvs --noheadings --options lv_attr pocketstack/pool")?;
    ensure!(pool.trim_start().starts_with('t'), "pocketstack/pool is: {pool}");
    // What is changed now is written there as well.
    let before = shell.check("ls /var/lib/pocketstack/config")?;
    rename(running)?;
    let shell = running.shell()?;
    let after = shell.check("ls /var/lib/pocketstack/config")?;
    ensure!(
        before != after,
        "a change has left the configurations as they were: {after}"
    );
    let writes = running.vm.writes(0)?;
    ensure!(writes > 0, "nothing was written to the disk with the state");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketstack_model::answers::Answers;
    use pocketstack_model::install::What;

    #[test]
    fn the_answers_ask_for_state_and_no_system() {
        let answers = Answers::parse(&answers()).expect("right answers");
        assert_eq!(answers.install.expect("an installation").what, What::State);
    }
}
