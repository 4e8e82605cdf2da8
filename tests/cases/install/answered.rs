//! Answers that are wrong: the node comes up as it is without any, says what is wrong, and touches no disk.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use pocketstack_model::node::Overview;
use pocketstack_model::status::Doing;
use pocketstack_tests::raw::Raw;
use pocketstack_tests::serial::Mark;
use pocketstack_tests::vm::DiskSpec;

use super::route::Route;
use super::site::{DISK_BYTES, NAME, Running, Site, TARGET, answers};
use super::wait;
use crate::case::{Case, Notes};

/// The cases, on one machine whose answers are wrong in two ways.
pub fn cases() -> Vec<Case<Site>> {
    vec![
        Case::new(
            "install::answers::a_wrong_key_is_named_and_nothing_is_done",
            a_wrong_key,
        ),
        Case::new(
            "install::answers::a_gateway_outside_of_its_network_is_named",
            a_wrong_netmask,
        ),
    ]
}

/// What the node must say of the key in [`wrong_answers`].
const WRONG_KEY: [&str; 3] = ["nane", "line 4", "did you mean name"];
/// What it must say of the netmask: an address of this prefix reaches 16 to 31 only.
const WRONG_NETMASK: [&str; 4] = [
    "network.management.ipv4.gateway",
    "10.77.0.1",
    "10.77.0.30/28",
    "correct the prefix",
];

fn wrong_answers() -> String {
    let network = "[network.management]\nipv4 = { address = \"10.77.0.30/28\", gateway = \"10.77.0.1\" }\n\n";
    answers(Route::REFUSED)
        .replace("[node]\nname", "[node]\nnane")
        .replace("[install]", &format!("{network}[install]"))
}

fn untouched(site: &Site) -> PathBuf {
    site.scratch("untouched.raw")
}

fn boot(site: &mut Site, name: &str) -> Result<Running> {
    let disk = Raw::blank(&untouched(site), DISK_BYTES)?;
    let target = DiskSpec::new(disk.path(), Route::REFUSED.bus).serial(TARGET);
    site.boot_medium(name, Route::REFUSED, &wrong_answers(), target)
}

/// Waits until the node says this on its page and its console.
fn says(running: &Running, notes: &mut Notes, words: &[&str]) -> Result<Overview> {
    let limit = running.patience(60);
    let overview = wait::overview(
        &running.node,
        "the node to say what is wrong",
        limit,
        |overview| wait::says(&wait::stuck(overview), words),
    )?;
    notes.measured("said", wait::stuck(&overview));
    let page = running.node.get_ok("/")?;
    ensure!(
        page.contains(words[0]),
        "the page does not say what is wrong with {}",
        words[0]
    );
    running.vm.wait_for_phrase(Mark::default(), words[0], limit)?;
    Ok(overview)
}

fn a_wrong_key(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let disk = untouched(site);
    let running = site.machine("wrong_answers", boot)?;
    let overview = says(running, notes, &WRONG_KEY)?;
    ensure!(overview.name != NAME, "the node uses the answers all the same");
    wait::nothing_is_installed(&overview)?;
    let writes = running.vm.writes(0)?;
    let taken = Raw::existing(&disk).allocated()?;
    ensure!(
        writes == 0 && taken == 0,
        "the disk was written {writes} times and has {taken} bytes now"
    );
    Ok(())
}

fn a_wrong_netmask(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let running = site.machine("wrong_answers", boot)?;
    let overview = says(running, notes, &WRONG_NETMASK)?;
    wait::nothing_is_installed(&overview)?;
    // It goes on without: by DHCP, which is how it was reached.
    let management = overview
        .kept
        .iter()
        .find(|kept| kept.subject == "network management");
    ensure!(
        management.is_some_and(|kept| kept.doing == Doing::Nothing && !kept.see.contains("10.77.0.30")),
        "the API says of the network: {management:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketstack_model::answers::Answers;

    #[test]
    fn the_wrong_answers_are_wrong_in_these_two_ways() {
        let error = Answers::parse(&wrong_answers()).expect_err("wrong").to_string();
        assert!(wait::says(&error, &WRONG_KEY), "{error}");
        assert!(wait::says(&error, &WRONG_NETMASK), "{error}");
        assert_eq!(error.lines().count(), 2, "{error}");
    }
}
