//! What a node must be able to do, done inside it: KVM guests, DRBD, Heartbeat; and how much memory it takes.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use pocketstack_tests::guest;
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::shell::Shell;

use super::stage::{Booted, GUEST_MARKER, Machine, Stage};
use crate::case::{Case, Notes};

type Body = fn(&mut Booted, &mut Notes) -> Result<()>;

/// Most memory an idle node may use, in MiB.
const MEMORY_BAR_MIB: u64 = 350;
/// Most resident memory of the two daemons together, in MiB.
const DAEMONS_BAR_MIB: u64 = 40;

/// The cases for one machine.
pub fn cases(machine: Machine) -> Vec<Case> {
    // Memory first: the node has to be idle for it.
    let bodies: [(&str, Body); 4] = [
        ("memory_is_within_its_bars", memory_is_within_its_bars),
        ("drbd_is_version_8_4", drbd_is_version_8_4),
        ("heartbeat_tells_its_version", heartbeat_tells_its_version),
        ("a_kvm_guest_runs_in_the_node", a_kvm_guest_runs_in_the_node),
    ];
    let case = |(name, body): (&str, Body)| {
        let name = format!("boot::{}::{name}", machine.name());
        Case::new(name, move |stage: &mut Stage, notes| {
            body(stage.booted(machine)?, notes)
        })
    };
    bodies.into_iter().map(case).collect()
}

/// A value out of /proc in kB: "Name:   123 kB" (proc_meminfo(5), proc_pid_status(5)).
fn kib(text: &str, name: &str) -> Result<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("no {name} in: {text}"))
}

fn memory_is_within_its_bars(booted: &mut Booted, notes: &mut Notes) -> Result<()> {
    let limit = booted.vm.accel().patience(Duration::from_secs(60));
    let shell = booted.shell()?;
    let _state = shell.run_within("systemctl is-system-running --wait", limit)?;
    let meminfo = shell.check("cat /proc/meminfo")?;
    let used = (kib(&meminfo, "MemTotal")? - kib(&meminfo, "MemAvailable")?) / 1024;
    let mut daemons = 0;
    for unit in ["pocketstackd", "pocketstack-web"] {
        let pid = shell.check(&format!("systemctl show {unit} -p MainPID --value"))?;
        let status = shell.check(&format!("cat /proc/{}/status", pid.trim()))?;
        let resident = kib(&status, "VmRSS")?;
        notes.measured(&format!("{unit}_rss_kib"), resident);
        daemons += resident;
    }
    let processes = shell.check("ls -d /proc/[0-9]* | wc -l")?;
    notes.measured("memory_used_mib", used);
    notes.measured("daemons_rss_mib", daemons.div_ceil(1024));
    notes.measured("processes", processes.trim());
    ensure!(
        used <= MEMORY_BAR_MIB,
        "the idle node uses {used} MiB, at most {MEMORY_BAR_MIB} are allowed"
    );
    let daemons = daemons.div_ceil(1024);
    ensure!(
        daemons <= DAEMONS_BAR_MIB,
        "the daemons take {daemons} MiB, at most {DAEMONS_BAR_MIB} are allowed"
    );
    Ok(())
}

fn drbd_is_version_8_4(booted: &mut Booted, notes: &mut Notes) -> Result<()> {
    let shell = booted.shell()?;
    shell.check("modprobe drbd")?;
    let proc = shell.check("cat /proc/drbd")?;
    notes.measured("proc_drbd", proc.lines().next().unwrap_or_default());
    ensure!(proc.starts_with("version: 8.4"), "/proc/drbd says: {proc}");
    // The tools and the module speak to each other, too.
    shell.check("drbdadm --version")?;
    shell.check("drbdsetup status")?;
    Ok(())
}

fn heartbeat_tells_its_version(booted: &mut Booted, notes: &mut Notes) -> Result<()> {
    let version = booted.shell()?.check("/usr/libexec/heartbeat/heartbeat -V")?;
    notes.measured("heartbeat", version.trim());
    ensure!(version.contains("3.0.6"), "Heartbeat says: {version}");
    Ok(())
}

fn a_kvm_guest_runs_in_the_node(booted: &mut Booted, notes: &mut Notes) -> Result<()> {
    let limit = booted.vm.accel().patience(Duration::from_secs(30));
    let shell = booted.shell()?;
    let at = guest::MOUNTED_AT;
    shell.check(&format!(
        "mkdir -p {at} && mount -o ro LABEL={} {at}",
        guest::LABEL
    ))?;
    let result = run_guest(shell, limit, notes);
    // Whatever came out: the node is left as it was found.
    let _ended = shell.run(&format!("virsh destroy {}; umount {at}", guest::DOMAIN))?;
    result
}

fn run_guest(shell: &mut Shell, limit: Duration, notes: &mut Notes) -> Result<()> {
    let domain = guest::DOMAIN;
    let created = shell.run_within(&format!("virsh create {}/domain.xml", guest::MOUNTED_AT), limit)?;
    if created.status != 0 {
        let log = shell.run(&format!("tail -n 20 /var/log/libvirt/qemu/{domain}.log"))?;
        bail!("libvirt does not start the guest: {}\n{}", created.text, log.text);
    }
    let console = poll::until("the guest's marker on its console", limit, || {
        let said = shell.run(&format!("cat {}", guest::CONSOLE))?.text;
        Ok(if said.contains(GUEST_MARKER) {
            Probe::Done(said)
        } else {
            Probe::NotYet(said)
        })
    })?;
    notes.measured("guest_console", console.trim());
    // QEMU itself says whether KVM runs the guest (QEMU QMP reference, query-kvm).
    let kvm = shell.check(&format!(
        "virsh qemu-monitor-command {domain} '{{\"execute\":\"query-kvm\"}}'"
    ))?;
    let compact: String = kvm.split_whitespace().collect();
    ensure!(
        compact.contains("\"enabled\":true"),
        "the guest does not run under KVM: {kvm}"
    );
    let xml = shell.check(&format!("virsh dumpxml {domain}"))?;
    ensure!(xml.contains("type='kvm'"), "libvirt says the guest is: {xml}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::kib;

    #[test]
    fn values_are_found_by_their_whole_name() {
        let text = "MemTotal:        2048 kB\nMemAvailable:    1024 kB\nVmRSSx: 5 kB\n";
        assert_eq!(kib(text, "MemAvailable").expect("there"), 1024);
        assert!(kib(text, "VmRSS").is_err());
    }
}
