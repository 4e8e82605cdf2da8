//! What changes on the network while the node runs shows in the API, on the page and on the console.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use pocketstack_model::node::{Link, Nic, Units};
use pocketstack_tests::live::Listener;
use pocketstack_tests::node::Node;
use pocketstack_tests::poll::{self, Probe};

use super::stage::{Booted, Machine, Stage};
use crate::case::{Case, Notes};

type Body = fn(&mut Booted, &Path, &mut Notes) -> Result<()>;

/// The cases for one machine. The second pulls the cable of the card that the first has added.
pub fn cases(machine: Machine) -> Vec<Case> {
    let bodies: [(&str, Body); 2] = [
        ("an_added_nic_shows", an_added_nic_shows),
        ("a_pulled_cable_shows", a_pulled_cable_shows),
    ];
    let case = |(name, body): (&str, Body)| {
        let name = format!("boot::{}::{name}", machine.name());
        Case::new(name, move |stage: &mut Stage, notes| {
            let scratch = stage.scratch();
            body(stage.booted(machine)?, &scratch, notes)
        })
    };
    bodies.into_iter().map(case).collect()
}

fn wait_for_nic(node: &Node, mac: &str, limit: Duration, is: impl Fn(&Nic) -> bool) -> Result<Nic> {
    poll::until(
        &format!("the API to show the change of the card {mac}"),
        limit,
        || {
            let nics = match node.overview() {
                Ok(overview) => overview.nics,
                Err(error) => return Ok(Probe::NotYet(format!("{error:#}"))),
            };
            let found = nics.iter().find(|nic| nic.mac == mac && is(nic)).cloned();
            Ok(found.map_or_else(|| Probe::NotYet(format!("it shows {nics:?}")), Probe::Done))
        },
    )
}

/// The row of the page's table of network cards that shows this card.
fn row_of<'a>(page: &'a str, mac: &str) -> Option<&'a str> {
    page.split("<tr").find(|row| row.contains(mac))
}

/// Waits until the node has greeted the open page; from then on it is told of every change.
fn listens(open_page: &Listener, limit: Duration) -> Result<usize> {
    poll::until("the node to greet the open page", limit, || {
        Ok(match open_page.changes()? {
            0 => Probe::NotYet("nothing was heard".to_owned()),
            greeted => Probe::Done(greeted),
        })
    })
}

fn an_added_nic_shows(booted: &mut Booted, scratch: &Path, notes: &mut Notes) -> Result<()> {
    let limit = booted.vm.accel().patience(Duration::from_secs(15));
    let before = booted.node.overview()?.nics;
    let open_page = Listener::start(&booted.node, &scratch.join("events.log"))?;
    let greeted = listens(&open_page, limit)?;
    let mark = booted.vm.serial().mark()?;
    let card = booted.net.nic()?;
    booted.vm.add_nic(&card)?;
    let nic = wait_for_nic(&booted.node, &card.mac, limit, |nic| {
        matches!(nic.link, Link::Up { .. })
    })?;
    ensure!(
        before.iter().all(|old| old.name != nic.name),
        "{} was there before",
        nic.name
    );
    notes.measured("added_nic", &nic.name);
    poll::until("the open page to be told", limit, || {
        Ok(match open_page.changes()? {
            told if told > greeted => Probe::Done(()),
            told => Probe::NotYet(format!("it was told {told} times, {greeted} of them before")),
        })
    })?;
    let page = booted.node.get_ok("/")?;
    let row = row_of(&page, &card.mac).context("the page does not show the new card")?;
    ensure!(row.contains(">Up<"), "the page shows the new card as: {row}");
    booted
        .vm
        .wait_for_serial(mark, &[&nic.name, &card.mac, " up"], limit)?;
    let units = booted.node.overview()?.units;
    let none = Units::Known { failed: Vec::new() };
    ensure!(units == none, "since then the API says of the units: {units:?}");
    Ok(())
}

/// Pulls the cable of the first card. The node must stay reachable through the second: its management network is
/// meant to.
fn a_pulled_cable_shows(booted: &mut Booted, _scratch: &Path, _notes: &mut Notes) -> Result<()> {
    let limit = booted.vm.accel().patience(Duration::from_secs(15));
    let nics = booted.node.overview()?.nics;
    ensure!(
        nics.len() > 1,
        "this needs the card that the case an_added_nic_shows adds; run that one, too"
    );
    let first = nics.into_iter().find(|nic| nic.mac == booted.first_mac);
    let first = first.context("the API does not show the first card")?;
    let mark = booted.vm.serial().mark()?;
    booted.vm.set_link("nic0", false)?;
    wait_for_nic(&booted.node, &first.mac, limit, |nic| nic.link == Link::Down)?;
    let page = booted.node.get_ok("/")?;
    let row = row_of(&page, &first.mac).context("the page does not show the first card any more")?;
    ensure!(
        row.contains(">Down<"),
        "the page shows the card without a cable as: {row}"
    );
    booted
        .vm
        .wait_for_serial(mark, &[&first.name, "NO LINK"], limit)?;
    let mark = booted.vm.serial().mark()?;
    booted.vm.set_link("nic0", true)?;
    wait_for_nic(&booted.node, &first.mac, limit, |nic| {
        matches!(nic.link, Link::Up { .. })
    })?;
    booted.vm.wait_for_serial(mark, &[&first.name, " up"], limit)
}

#[cfg(test)]
mod tests {
    use super::row_of;

    #[test]
    fn the_row_is_that_of_the_card() {
        let page = "<table><tr><td>Up</td><td>aa</td></tr><tr><td>Down</td><td>bb</td></tr></table>";
        assert!(row_of(page, "bb").expect("there").contains(">Down<"));
        assert!(!row_of(page, "aa").expect("there").contains(">Down<"));
        assert_eq!(row_of(page, "cc"), None);
    }
}
