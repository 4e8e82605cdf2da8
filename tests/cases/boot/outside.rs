//! What must be so on every machine, mostly seen from outside.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use pocketstack_model::node::{self, Root, State, Units};
use pocketstack_tests::access;
use pocketstack_tests::browser::Browser;
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::serial::Mark;
use pocketstack_tests::vm::Firmware;

use super::stage::{Booted, Carrier, Machine, Stage};
use crate::case::{Case, Notes};

type Body = fn(&mut Booted, &mut Notes) -> Result<()>;

/// The cases for one machine.
pub fn cases(machine: Machine) -> Vec<Case> {
    let bodies: [(&str, Body); 6] = [
        ("page_and_api_answer", page_and_api_answer),
        ("root_is_verified_and_read_only", root_is_verified_and_read_only),
        ("no_unit_has_failed", no_unit_has_failed),
        ("daemon_is_ready", daemon_is_ready),
        (
            "console_shows_address_and_fingerprint",
            console_shows_address_and_fingerprint,
        ),
        ("only_https_listens", only_https_listens),
    ];
    let case = |(name, body): (&str, Body)| {
        let name = format!("boot::{}::{name}", machine.name());
        Case::new(name, move |stage: &mut Stage, notes| {
            body(stage.booted(machine)?, notes)
        })
    };
    let mut cases: Vec<Case> = bodies.into_iter().map(case).collect();
    if machine.carrier == Carrier::Pxe {
        let name = format!("boot::{}::our_ipxe_was_in_the_chain", machine.name());
        cases.push(Case::new(name, move |stage: &mut Stage, _| {
            our_ipxe_was_in_the_chain(stage.booted(machine)?)
        }));
    }
    // A browser takes long on an emulated machine's processors: once per medium.
    if machine.firmware == Firmware::Uefi {
        let name = format!("boot::{}::page_shows_in_a_browser", machine.name());
        cases.push(Case::new(name, move |stage: &mut Stage, notes| {
            page_shows_in_a_browser(stage, machine, notes)
        }));
    }
    cases
}

fn page_and_api_answer(booted: &mut Booted, notes: &mut Notes) -> Result<()> {
    notes.measured("boot_seconds", booted.boot_seconds);
    let overview = booted.node.overview()?;
    let page = booted.node.get_ok("/")?;
    ensure!(
        page.contains(&overview.name),
        "the page does not name the node {}: {page}",
        overview.name
    );
    let firmware = match booted.machine.firmware {
        Firmware::Bios => node::Firmware::Bios,
        Firmware::Uefi => node::Firmware::Uefi,
    };
    ensure!(
        overview.boot.firmware == firmware,
        "the API says the firmware is {:?}",
        overview.boot.firmware
    );
    let medium = match booted.machine.carrier {
        Carrier::Usb => node::Medium::Disk,
        Carrier::Iso => node::Medium::Iso,
        Carrier::Pxe => node::Medium::Network,
    };
    ensure!(
        overview.boot.medium == medium,
        "the API says the medium is {:?}",
        overview.boot.medium
    );
    let nothing = booted
        .node
        .get("/api/v1/no-such-thing", Duration::from_secs(30))?;
    ensure!(
        nothing.status == 404,
        "what is not there answers {}",
        nothing.status
    );
    Ok(())
}

fn root_is_verified_and_read_only(booted: &mut Booted, _notes: &mut Notes) -> Result<()> {
    let boot = booted.node.overview()?.boot;
    let verified = matches!(boot.root, Root::Verified { read_only: true, .. });
    ensure!(verified, "the API says the root is {:?}", boot.root);
    let persistent = matches!(boot.state, State::Persistent { .. });
    ensure!(
        persistent == (booted.machine.carrier == Carrier::Usb),
        "the API says the state is {:?}",
        boot.state
    );
    let shell = booted.shell()?;
    let options = shell.check("findmnt -no FSTYPE,OPTIONS / || grep ' / ' /proc/mounts")?;
    ensure!(
        options.contains("erofs") && options.contains("ro"),
        "the root is mounted as: {options}"
    );
    let written = shell.run("touch /usr/pocketstack-test")?;
    ensure!(written.status != 0, "a file could be made in /usr");
    // "V": every block so far was right (kernel, Documentation/admin-guide/device-mapper/verity.rst).
    let status = shell.check("dmsetup status --target verity")?;
    ensure!(
        status.trim_end().ends_with(" V") || status.contains(" V "),
        "dm-verity says: {status}"
    );
    Ok(())
}

fn no_unit_has_failed(booted: &mut Booted, _notes: &mut Notes) -> Result<()> {
    let units = booted.node.overview()?.units;
    let none = Units::Known { failed: Vec::new() };
    ensure!(units == none, "the API says of the units: {units:?}");
    let limit = booted.vm.accel().patience(Duration::from_secs(60));
    booted.shell()?.all_units_run(limit)
}

fn daemon_is_ready(booted: &mut Booted, _notes: &mut Notes) -> Result<()> {
    let limit = booted.vm.accel().patience(Duration::from_secs(30));
    let node = &booted.node;
    let components = poll::until("the node to have asked all its components", limit, || {
        let components = node.overview()?.components;
        let asked = components
            .iter()
            .all(|component| component.health != node::Health::Checking);
        Ok(if asked {
            Probe::Done(components)
        } else {
            Probe::NotYet(format!("{components:?}"))
        })
    })?;
    for component in &components {
        let failed = matches!(component.health, node::Health::Failed { .. });
        ensure!(
            !failed && component.version.is_some(),
            "the API says {component:?}"
        );
    }
    ensure!(
        components.len() == 4,
        "the API names {} components: {components:?}",
        components.len()
    );
    let shell = booted.shell()?;
    for unit in ["pocketstackd", "pocketstack-web"] {
        let said = shell.check(&format!(
            "systemctl show {unit} -p Type,ActiveState,SubState,NRestarts"
        ))?;
        for expected in [
            "Type=notify",
            "ActiveState=active",
            "SubState=running",
            "NRestarts=0",
        ] {
            ensure!(
                said.contains(expected),
                "{unit}.service is not {expected}: {said}"
            );
        }
    }
    Ok(())
}

fn console_shows_address_and_fingerprint(booted: &mut Booted, _notes: &mut Notes) -> Result<()> {
    let limit = booted.vm.accel().patience(Duration::from_secs(20));
    let name = booted.node.overview()?.name;
    booted.vm.wait_for_serial(Mark::default(), &[&name], limit)?;
    booted
        .vm
        .wait_for_serial(Mark::default(), &[&booted.node.url("/")], limit)?;
    // The certificate that is really shown; the console may break the line after any eight bytes.
    let fingerprint = booted.node.fingerprint()?;
    let bytes: Vec<&str> = fingerprint.split(':').collect();
    for part in bytes.chunks(8) {
        booted
            .vm
            .wait_for_serial(Mark::default(), &[&part.join(":")], limit)?;
    }
    Ok(())
}

fn only_https_listens(booted: &mut Booted, notes: &mut Notes) -> Result<()> {
    let started = Instant::now();
    let open = booted.node.open_ports(u16::MAX, Duration::from_secs(300))?;
    notes.measured("scan_of_all_ports_seconds", started.elapsed().as_secs_f64());
    ensure!(open == [443], "these TCP ports accept connections: {open:?}");
    let shell = booted.shell()?;
    let sockets = shell.check("ss -Hltnu")?;
    let stray: Vec<&str> = sockets.lines().filter(|line| !is_declared(line)).collect();
    ensure!(
        stray.is_empty(),
        "the node also listens here:\n{}",
        stray.join("\n")
    );
    ensure!(
        sockets.contains(":443 "),
        "the node does not listen on 443 itself:\n{sockets}"
    );
    Ok(())
}

/// Whether a line of `ss -Hltnu` is the page's port, the DHCP client's, or reachable from the node itself only.
fn is_declared(line: &str) -> bool {
    let Some(local) = line.split_whitespace().nth(4) else {
        return line.trim().is_empty();
    };
    let Some((address, port)) = local.rsplit_once(':') else {
        return false;
    };
    let loopback = address.starts_with("127.") || address.starts_with("[::1]");
    let udp = line.starts_with("udp");
    // DHCPv4 and DHCPv6 client ports: RFC 2131, section 4.1; RFC 8415, section 7.2.
    loopback || (!udp && port == "443") || (udp && (port == "68" || port == "546"))
}

fn our_ipxe_was_in_the_chain(booted: &mut Booted) -> Result<()> {
    let binary = match booted.machine.firmware {
        Firmware::Bios => "undionly.kpxe",
        Firmware::Uefi => "ipxe.efi",
    };
    ensure!(
        booted.net.sent_over_tftp(binary)?,
        "the firmware did not load {binary}"
    );
    Ok(())
}

fn page_shows_in_a_browser(stage: &mut Stage, machine: Machine, notes: &mut Notes) -> Result<()> {
    let reports = stage.reports();
    let picture = reports.join(format!("{}.page.png", machine.name()));
    let booted = stage.booted(machine)?;
    let limit = booted.vm.accel().patience(Duration::from_secs(30));
    // It is set up then, and takes the password.
    booted.node.token()?;
    let mut page = Browser::start(&reports)?
        .with_patience(limit)
        .open(&booted.node.url("/sign-in"))?;
    access::sign_in(&mut page)?;
    page.screenshot(&picture)?;
    notes.artifacts.push(picture);
    notes.artifacts.push(booted.vm.screenshot("console")?);
    let overview = booted.node.overview()?;
    ensure!(!overview.nics.is_empty(), "the API names no network card");
    page.wait_for_text("body", &overview.name)?;
    for nic in &overview.nics {
        page.wait_for_text("body", &nic.mac)?;
    }
    page.check_quiet()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_declared;

    #[test]
    fn only_what_is_meant_to_listen_is_declared() {
        assert!(is_declared("tcp LISTEN 0 4096 *:443 *:*"));
        assert!(is_declared("tcp LISTEN 0 4096 127.0.0.1:5900 0.0.0.0:*"));
        assert!(is_declared("udp UNCONN 0 0 10.77.0.5%br-mgmt:68 0.0.0.0:*"));
        assert!(!is_declared("tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*"));
        assert!(!is_declared("udp UNCONN 0 0 0.0.0.0:5355 0.0.0.0:*"));
        assert!(!is_declared("tcp LISTEN 0 128 [::]:22 [::]:*"));
        assert!(!is_declared("udp UNCONN 0 0 0.0.0.0:443 0.0.0.0:*"));
    }
}
