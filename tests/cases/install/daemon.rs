//! Whatever happens to `pocketstackd`, the bus or its files: it converges to the configuration, and says what it cannot.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use pocketstack_model::status::NetworkChange;
use pocketstack_tests::poll::{self, Probe};
use serde_json::{Value, json};

use super::site::{OTHER_NAMES, Running, Site};
use super::wait;
use super::{Body, on_the_first};
use crate::case::{Case, Notes};

/// The cases, on the machine of the networks.
pub fn cases() -> Vec<Case<Site>> {
    let bodies: [(&str, Body); 4] = [
        ("killed_in_a_change_it_goes_back", killed_in_a_change_it_goes_back),
        (
            "a_name_is_changed_without_a_code",
            a_name_is_changed_without_a_code,
        ),
        (
            "a_damaged_configuration_falls_back",
            a_damaged_configuration_falls_back,
        ),
        (
            "a_restart_of_the_bus_is_survived",
            a_restart_of_the_bus_is_survived,
        ),
    ];
    on_the_first(&bodies, "daemon")
}

pub(super) const CONFIGURATIONS: &str = "/var/lib/pocketstack/config";

fn daemon_id(running: &mut Running) -> Result<String> {
    let id = running
        .shell()?
        .check("systemctl show pocketstackd -p MainPID --value")?;
    Ok(id.trim().to_owned())
}

/// Links and addresses of the node, without those that come and go by themselves.
fn links(running: &mut Running) -> Result<String> {
    running
        .shell()?
        .check("ip -brief link show; ip -4 -brief address show")
}

/// Waits until links and addresses are these again, and no others.
fn links_are(running: &mut Running, before: &str) -> Result<()> {
    let limit = running.patience(30);
    poll::until("links and addresses to be what they were", limit, || {
        let now = links(running)?;
        Ok(match now == before {
            true => Probe::Done(()),
            false => Probe::NotYet(format!("they were\n{before}\nand are\n{now}")),
        })
    })
}

fn killed_in_a_change_it_goes_back(running: &mut Running, _notes: &mut Notes) -> Result<()> {
    let limit = running.patience(60);
    wait::settled(&running.node, limit)?;
    let before = (running.node1()?.configuration()?, links(running)?);
    let mut configuration = before.0.clone();
    let elsewhere = Ipv4Addr::new(10, 99, 0, 6);
    configuration["network"]["management"]["ipv4"] = json!({ "address": format!("{elsewhere}/24") });
    running
        .node1()?
        .change(&configuration)?
        .context("a change of the networks was kept without a code to confirm it")?;
    let killed = daemon_id(running)?;
    running.shell()?.check(&format!("kill -KILL {killed}"))?;
    // The code that would confirm the change died with the daemon: what is stored is in use again, at once.
    let overview = wait::settled(&running.node, limit)?;
    ensure!(
        !matches!(overview.network_change, NetworkChange::Unconfirmed { .. }),
        "the change still waits to be confirmed: {:?}",
        overview.network_change
    );
    ensure!(daemon_id(running)? != killed, "the daemon was not killed");
    let after = running.node1()?.configuration()?;
    ensure!(
        before.0 == after,
        "the configuration was {} and is {after}",
        before.0
    );
    links_are(running, &before.1)
}

fn a_restart_of_the_bus_is_survived(running: &mut Running, _notes: &mut Notes) -> Result<()> {
    let limit = running.patience(60);
    let before = links(running)?;
    running.shell()?.check("systemctl restart dbus.service")?;
    wait::settled(&running.node, limit)?;
    running.shell()?.all_units_run(limit)?;
    poll::until("Node1 to answer on the new bus", limit, || {
        Ok(match running.node1()?.configuration() {
            Ok(_) => Probe::Done(()),
            Err(error) => Probe::NotYet(format!("{error:#}")),
        })
    })?;
    links_are(running, &before)
}

fn a_name_is_changed_without_a_code(running: &mut Running, _notes: &mut Notes) -> Result<()> {
    let name = rename(running)?;
    let kept = running.node1()?.configuration()?;
    ensure!(kept["node"]["name"] == name, "the configuration is {kept}");
    let kernel = running.shell()?.check("cat /proc/sys/kernel/hostname")?;
    ensure!(kernel.trim() == name, "the kernel says the name is {kernel}");
    Ok(())
}

/// A configuration like this one, but for the name of the node.
pub(super) fn with_another_name(configuration: &Value) -> (Value, &'static str) {
    let mut renamed = configuration.clone();
    let [one, two] = OTHER_NAMES;
    let name = if configuration["node"]["name"] == one {
        two
    } else {
        one
    };
    renamed["node"]["name"] = json!(name);
    (renamed, name)
}

/// Gives the node another name, and waits until it has it.
pub(super) fn rename(running: &mut Running) -> Result<String> {
    let (renamed, name) = with_another_name(&running.node1()?.configuration()?);
    let code = running.node1()?.change(&renamed)?;
    ensure!(code.is_none(), "a name needs no confirmation");
    let limit = running.patience(30);
    wait::overview(
        &running.node,
        "the node to have its new name",
        limit,
        |overview| overview.name == name,
    )?;
    Ok(name.to_owned())
}

fn a_damaged_configuration_falls_back(running: &mut Running, notes: &mut Notes) -> Result<()> {
    let limit = running.patience(60);
    let good = running.node1()?.configuration()?;
    rename(running)?;
    let shell = running.shell()?;
    let newest = shell.check(&format!("ls {CONFIGURATIONS}/*.toml | tail -n 1"))?;
    let newest = newest.trim().to_owned();
    // Half of it is gone, and what is left ends in the middle of a word.
    shell.check(&format!(
        "truncate -s 20 {newest} && systemctl restart pocketstackd"
    ))?;
    let overview = wait::overview(
        &running.node,
        "the node to say what is damaged",
        limit,
        |overview| wait::says(&wait::stuck(overview), &["damaged"]),
    )?;
    notes.measured("said", wait::stuck(&overview));
    let page = running.node.get_ok("/")?;
    ensure!(
        page.contains("damaged"),
        "the page does not say that the configuration is damaged"
    );
    let used = running.node1()?.configuration()?;
    ensure!(
        used == good,
        "the configuration before the damaged one was {good}, and {used} is used"
    );
    let shell = running.shell()?;
    shell.check(&format!("ls {CONFIGURATIONS}/*.damaged"))?;
    // Setting anything makes it good again.
    rename(running)?;
    wait::settled(&running.node, limit)?;
    Ok(())
}
