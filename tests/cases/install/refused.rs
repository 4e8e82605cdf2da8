//! Installations that are refused or fail, asked for over D-Bus on one machine with all the wrong disks: a message that
//! says what to do, and nothing written to a disk that was not to be.

use anyhow::{Context, Result, bail, ensure};
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::install::SMALLEST_DISK;
use pocketstack_model::node::Management;
use pocketstack_model::status::{Doing, Installation};
use pocketstack_tests::raw::Raw;
use pocketstack_tests::vm::{Bus, DiskSpec};
use serde_json::{Value, json};

use super::route::Route;
use super::site::{DISK_BYTES, Running, Site};
use super::{Body, wait};
use crate::case::{Case, Notes};

/// A card that this machine has not.
const NO_CARD: &str = "52:54:00:77:00:99";

/// Answers that ask for no installation, and for a network on a card that is not there.
fn without_installation() -> String {
    format!("version = 1\n\n[network.external]\ncards = [\"{NO_CARD}\"]\nvlan = 20\n")
}

/// Disks by serial number, in their order. Two are the same, and one has a sector in what will be the root's
/// partition that cannot be written.
const DISKS: [&str; 5] = ["tiny", "twin", "twin", "foreign", "failing"];
const TINY_BYTES: u64 = 4 << 30;
/// 64 MiB into the root's partition, which begins at 1026 MiB; the system takes more than that of it.
const BAD_SECTOR: u64 = (1090 << 20) / 512;

/// The cases. The one with the failing disk is last, because it writes.
pub fn cases() -> Vec<Case<Site>> {
    let bodies: [(&str, Body); 8] = [
        ("a_vlan_on_a_missing_card", a_vlan_on_a_missing_card),
        ("the_medium_is_not_offered", the_medium_is_not_offered),
        ("no_such_disk", no_such_disk),
        ("a_tiny_disk", a_tiny_disk),
        ("two_identical_disks", two_identical_disks),
        ("a_mirror_over_three_disks", a_mirror_over_three_disks),
        ("a_disk_of_somebody_else", a_disk_of_somebody_else),
        ("a_failing_disk", a_failing_disk),
    ];
    let case = |(name, body): (&str, Body)| {
        Case::new(
            format!("install::refused::{name}"),
            move |site: &mut Site, notes| body(site.machine("wrong_disks", boot)?, notes),
        )
    };
    bodies.into_iter().map(case).collect()
}

fn boot(site: &mut Site, name: &str) -> Result<Running> {
    let mut specs = DISKS.iter().enumerate().map(|(index, serial)| {
        let bytes = if *serial == "tiny" { TINY_BYTES } else { DISK_BYTES };
        let disk = Raw::blank(&site.scratch(&format!("{serial}{index}.raw")), bytes)?;
        let spec = DiskSpec::new(disk.path(), Bus::Virtio).serial(*serial);
        anyhow::Ok(if *serial == "failing" {
            spec.bad_sector(BAD_SECTOR)
        } else {
            spec
        })
    });
    let first = specs.next().context("there are disks")??;
    let others = specs.collect::<Result<Vec<DiskSpec>>>()?;
    site.boot_medium_with(name, Route::REFUSED, &without_installation(), first, others)
}

/// Asks for an installation that must not succeed; hands back why it did not.
fn why_not(running: &mut Running, settings: &Value, words: &[&str], seconds: u64) -> Result<String> {
    match running.node1()?.install(settings)? {
        Err(why) => {
            ensure!(
                wait::says(&why, words),
                "the refusal lacks some of {words:?}: {why}"
            );
            Ok(why)
        }
        Ok(()) => {
            let limit = running.patience(seconds);
            let what = format!("the installation to fail with {words:?}");
            let overview = wait::overview(
                &running.node,
                &what,
                limit,
                |overview| matches!(&overview.installation, Installation::Failed { why } if wait::says(why, words)),
            )?;
            match overview.installation {
                Installation::Failed { why } => Ok(why.to_string()),
                other => bail!("the API says of the installation: {other:?}"),
            }
        }
    }
}

/// [`why_not`], and nothing may have been written to any disk.
fn refused(running: &mut Running, notes: &mut Notes, settings: &Value, words: &[&str]) -> Result<()> {
    let before = all_writes(running)?;
    let why = why_not(running, settings, words, 20)?;
    notes.measured("said", why);
    let after = all_writes(running)?;
    ensure!(
        before == after,
        "disks were written: {DISKS:?} had {before:?} writes and have {after:?}"
    );
    Ok(())
}

fn all_writes(running: &mut Running) -> Result<Vec<u64>> {
    (0..DISKS.len()).map(|disk| running.vm.writes(disk)).collect()
}

fn settings(serial: &str, existing: &str) -> Value {
    json!({ "disk": { "serial": serial }, "existing": existing, "then": "power_off" })
}

/// Kernel names of the disks with this serial number, as the node lists them.
fn names(running: &mut Running, serial: &str) -> Result<Vec<String>> {
    let disks = running.node1()?.disks()?;
    let with_serial = disks.iter().filter(|disk| disk["serial"] == serial);
    Ok(with_serial
        .filter_map(|disk| Some(disk["name"].as_str()?.to_owned()))
        .collect())
}

fn the_medium_is_not_offered(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let disks = running.node1()?.disks()?;
    notes.measured("disks", &disks);
    let offered: Vec<&str> = disks
        .iter()
        .filter(|disk| disk["refused"].is_null())
        .filter_map(|disk| disk["serial"].as_str())
        .collect();
    ensure!(
        offered == ["twin", "twin", "foreign", "failing"],
        "these disks are offered: {offered:?}, of {disks:?}"
    );
    let paths: Vec<&str> = disks.iter().filter_map(|disk| disk["path"].as_str()).collect();
    let mut different = paths.clone();
    different.sort_unstable();
    different.dedup();
    ensure!(
        different.len() == paths.len() && paths.len() >= DISKS.len(),
        "the disks cannot be told apart by these paths: {paths:?}"
    );
    Ok(())
}

fn no_such_disk(running: &mut Running, notes: &mut Notes) -> Result<()> {
    // What is there instead is part of the message.
    let words = ["nowhere", "foreign", "failing"];
    refused(running, notes, &settings("nowhere", "erase"), &words)
}

fn a_tiny_disk(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let (has, needs) = (
        format!("it has {}", ByteCount(TINY_BYTES)),
        format!("at least {SMALLEST_DISK} are needed"),
    );
    refused(
        running,
        notes,
        &settings("tiny", "erase"),
        &["tiny", &has, &needs],
    )
}

fn two_identical_disks(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let names = names(running, "twin")?;
    ensure!(names.len() == 2, "the node lists as twins: {names:?}");
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    refused(running, notes, &settings("twin", "erase"), &words)
}

/// A mirror is over two disks, not three.
fn a_mirror_over_three_disks(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let twins = names(running, "twin")?;
    let mut settings = settings("foreign", "erase");
    settings["mirror"] = json!(true);
    settings["data_disks"] = twins.iter().map(|name| json!({ "name": name })).collect();
    refused(
        running,
        notes,
        &settings,
        &["over two disks", "there are 3", "data_disks"],
    )
}

/// The answers of this machine are used but for the network that cannot be, and that is told with its card.
fn a_vlan_on_a_missing_card(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let overview = wait::overview(
        &running.node,
        "the node to say which card is missing, and to have done all else",
        running.patience(60),
        |overview| {
            let off = overview.kept.iter().filter(|kept| kept.doing != Doing::Nothing);
            matches!(overview.management, Management::Up { .. })
                && off.map(|kept| kept.subject.as_str()).eq(["network external"])
                && wait::says(&wait::stuck(overview), &[NO_CARD, "external", "put it in"])
        },
    )?;
    notes.measured("said", wait::stuck(&overview));
    let page = running.node.get_ok("/")?;
    ensure!(
        page.contains(NO_CARD),
        "the page does not name the card that is missing"
    );
    Ok(())
}

/// LVM of somebody else, not in use: only who says "erase" may wipe it.
fn a_disk_of_somebody_else(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let names = names(running, "foreign")?;
    let name = names.first().context("the node does not list the disk")?.clone();
    let shell = running.shell()?;
    shell.check(&format!(
        "pvcreate --quiet /dev/{name} && vgcreate --quiet somebodys /dev/{name} && \
         lvcreate --quiet --extents 10 --name data somebodys && vgchange --quiet --activate n somebodys && \
         udevadm settle"
    ))?;
    let words = [name.as_str(), "LVM"];
    refused(running, notes, &settings("foreign", "refuse"), &words)?;
    refused(running, notes, &settings("foreign", "keep"), &words)?;
    let left = running
        .shell()?
        .check("lvs --noheadings --options lv_name somebodys")?;
    ensure!(left.trim() == "data", "the volume group has: {left}");
    Ok(())
}

fn a_failing_disk(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let names = names(running, "failing")?;
    let name = names.first().context("the node does not list the disk")?.clone();
    let why = why_not(running, &settings("failing", "erase"), &[&name, "replace"], 120)?;
    notes.measured("said", why);
    // It must not look like an installation: nothing on it starts.
    let start = running
        .shell()?
        .check(&format!("head -c 440 /dev/{name} | tr -d '\\0' | wc -c"))?;
    ensure!(
        start.trim() == "0",
        "the failing disk has boot code: {start} bytes of its first 440 are not zero"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketstack_model::answers::Answers;
    use pocketstack_model::install::InstallSettings;

    #[test]
    fn what_is_asked_for_is_a_right_wish_but_for_the_disk() {
        for existing in ["refuse", "keep", "erase"] {
            serde_json::from_value::<InstallSettings>(settings("twin", existing)).expect("a right wish");
        }
        let answers = Answers::parse(&without_installation()).expect("right answers");
        assert!(answers.install.is_none() && answers.network.external.is_some());
    }
}
