//! A machine that finds its surroundings wrong at its start: nobody gives it an address, and its clock is decades off.

use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use pocketstack_model::node::Management;
use pocketstack_model::status::Doing;
use pocketstack_tests::net::Net;
use pocketstack_tests::serial::Mark;
use pocketstack_tests::vm::{Medium, Spec};

use super::route::Route;
use super::site::{Running, Site};
use super::wait;
use crate::case::{Case, Notes};

/// What its clock says; the image is younger.
const CLOCK: &str = "1999-01-01";
/// How far the clock may be off once it was set.
const OFF: Duration = Duration::from_secs(60);

/// The cases, on one machine started from the disc.
pub fn cases() -> Vec<Case<Site>> {
    vec![
        Case::new(
            "install::surroundings::without_a_dhcp_server_the_console_says_so_and_the_page_comes_with_one",
            no_dhcp_server,
        ),
        Case::new(
            "install::surroundings::a_clock_far_off_is_told_and_set_by_a_time_server",
            a_clock_far_off,
        ),
    ]
}

/// Starts it without any server, reads the console, and then starts the DHCP server.
fn boot(site: &mut Site, name: &str) -> Result<Running> {
    let mut net = Net::up(&site.scratch(&format!("{name}.net")))?;
    net.serve_dhcp(false)?;
    net.serve_time(false)?;
    let medium = Medium::Cd(site.artifacts.iso.clone());
    let spec = Spec::new(name, Route::REFUSED.machine.firmware, medium).clock(Some(CLOCK));
    let vm = site.start(spec, &mut net, Route::REFUSED)?;
    let limit = site.patience(120);
    for phrase in [
        "no DHCP server answers on br-mgmt",
        "check the cable",
        "press N on the console",
        "[N] network",
    ] {
        vm.wait_for_phrase(Mark::default(), phrase, limit)?;
    }
    ensure!(
        net.leases()?.is_empty(),
        "there is a lease, though there is no server"
    );
    net.serve_dhcp(true)?;
    site.page_of(vm, net, Route::REFUSED)
}

fn no_dhcp_server(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let running = site.machine("surroundings", boot)?;
    notes.measured("page_seconds", running.boot_seconds);
    wait::overview(
        &running.node,
        "the network to be as configured",
        running.patience(60),
        |overview| {
            let mut kept = overview.kept.iter();
            let network = kept.find(|kept| kept.subject == "network management");
            matches!(overview.management, Management::Up { .. })
                && network.is_some_and(|kept| kept.doing == Doing::Nothing)
        },
    )?;
    Ok(())
}

fn a_clock_far_off(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let running = site.machine("surroundings", boot)?;
    let limit = running.patience(120);
    let overview = wait::overview(
        &running.node,
        "the node to say that its clock is wrong",
        limit,
        |overview| wait::says(&wait::stuck(overview), &["the clock", "says", "firmware setup"]),
    )?;
    notes.measured("said", wait::stuck(&overview));
    notes.measured("clock_before", overview.read_at.to_string());
    let page = running.node.get_ok("/")?;
    ensure!(
        page.contains("firmware setup"),
        "the page does not say what to do about the clock"
    );
    running.net.serve_time(true)?;
    // That the clock with the battery is wrong may be told for longer: the kernel sets it every 11 minutes.
    wait::overview(&running.node, "the clock to be set", limit, |overview| {
        is_right(overview.read_at.into()).is_ok()
            && !wait::says(&wait::stuck(overview), &["this image was built"])
    })?;
    Ok(())
}

/// Whether this is what the testing machine's clock says.
///
/// # Errors
/// It is too far off.
pub(super) fn is_right(clock: SystemTime) -> Result<()> {
    let now = SystemTime::now();
    let off = now
        .duration_since(clock)
        .or_else(|_| clock.duration_since(now))
        .unwrap_or_default();
    ensure!(off < OFF, "the clock of the node is {} s off", off.as_secs());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_before_and_after() {
        let now = SystemTime::now();
        is_right(now).expect("right");
        let hour = Duration::from_secs(3600);
        assert!(is_right(now + hour).is_err() && is_right(now - hour).is_err());
    }
}
