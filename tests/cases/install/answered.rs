//! Answers that are wrong: the node comes up as it is without any, says what is wrong, and touches no disk.

use anyhow::{Result, ensure};
use pocketstack_model::status::Installation;
use pocketstack_tests::raw::Raw;
use pocketstack_tests::serial::Mark;
use pocketstack_tests::vm::{Bus, DiskSpec, Firmware};

use super::route::{Place, Route};
use super::site::{DISK_BYTES, NAME, Site, TARGET, answers};
use super::wait;
use crate::boot::stage::{Carrier, Machine};
use crate::case::{Case, Notes};

const ROUTE: Route = Route {
    machine: Machine {
        firmware: Firmware::Uefi,
        carrier: Carrier::Iso,
    },
    bus: Bus::Virtio,
    place: Place::Fat,
};

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    vec![Case::new(
        "install::answers::a_wrong_key_is_named_and_nothing_is_done",
        a_wrong_key,
    )]
}

/// What the node must say of [`wrong_answers`].
const EXPECTED: [&str; 3] = ["nane", "line 4", "did you mean name"];

fn wrong_answers() -> String {
    answers(ROUTE).replace("[node]\nname", "[node]\nnane")
}

fn a_wrong_key(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let disk = Raw::blank(&site.scratch("untouched.raw"), DISK_BYTES)?;
    let target = DiskSpec::new(disk.path(), ROUTE.bus).serial(TARGET);
    let wrong = wrong_answers();
    let mut running = site.boot_medium("wrong_answers", ROUTE, &wrong, target)?;
    let limit = running.patience(60);
    let overview = wait::overview(
        &running.node,
        "the node to say what is wrong",
        limit,
        |overview| wait::says(&wait::stuck(overview), &EXPECTED),
    )?;
    notes.measured("said", wait::stuck(&overview));
    ensure!(overview.name != NAME, "the node uses the answers all the same");
    ensure!(
        !matches!(
            overview.installation,
            Installation::Running { .. } | Installation::Done { .. }
        ),
        "the API says of the installation: {:?}",
        overview.installation
    );
    let page = running.node.get_ok("/")?;
    ensure!(page.contains("nane"), "the page does not say what is wrong");
    running.vm.wait_for_serial(Mark::default(), &["nane"], limit)?;
    let writes = running.vm.writes(0)?;
    ensure!(
        writes == 0 && disk.allocated()? == 0,
        "the disk was written {writes} times and has {} bytes now",
        disk.allocated()?
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketstack_model::answers::Answers;

    #[test]
    fn the_wrong_answers_are_wrong_in_this_one_way() {
        let error = Answers::parse(&wrong_answers()).expect_err("wrong").to_string();
        assert!(wait::says(&error, &EXPECTED), "{error}");
        assert_eq!(error.matches("unknown key").count(), 1, "{error}");
    }
}
