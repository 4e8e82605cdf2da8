//! What must be the same after the power button was pressed and the machine has booted again.

use anyhow::{Result, ensure};
use pocketstack_model::node::State;

use super::stage::{Booted, Machine, Stage};
use crate::case::{Case, Notes};

/// The case; the machine runs again afterwards.
pub fn case(machine: Machine) -> Case {
    let name = format!("boot::{}::a_restart_keeps_the_state", machine.name());
    Case::new(name, move |stage: &mut Stage, notes| {
        a_restart_keeps_the_state(stage, machine, notes)
    })
}

/// What a machine is known by, and where the boot loader keeps count of its tries.
#[derive(Debug, PartialEq, Eq)]
struct Traits {
    machine_id: String,
    certificate: String,
    kernels: String,
}

fn traits(booted: &mut Booted) -> Result<Traits> {
    let certificate = booted.node.fingerprint()?;
    let shell = booted.shell()?;
    Ok(Traits {
        machine_id: shell.check("cat /etc/machine-id")?,
        certificate,
        kernels: shell.check("ls /boot/EFI/Linux")?,
    })
}

fn a_restart_keeps_the_state(stage: &mut Stage, machine: Machine, notes: &mut Notes) -> Result<()> {
    let before = traits(stage.booted(machine)?)?;
    ensure!(
        !before.kernels.contains('+'),
        "the boot was good and is still counted as a try: {}",
        before.kernels
    );
    let booted = stage.restart(machine)?;
    notes.measured("second_boot_seconds", booted.boot_seconds);
    let after = traits(booted)?;
    ensure!(
        before == after,
        "before the restart {before:?}, after it {after:?}"
    );
    let state = booted.node.overview()?.boot.state;
    ensure!(
        matches!(state, State::Persistent { .. }),
        "the API says the state is {state:?}"
    );
    let layout = booted.shell()?.check("lsblk --nodeps -nro PARTLABEL,SIZE /dev/disk/by-partlabel/pocketstack-esp /dev/disk/by-partlabel/pocketstack-root-a /dev/disk/by-partlabel/pocketstack-verity-a")?;
    ensure!(
        layout.lines().map(str::trim).eq([
            "pocketstack-esp 1G",
            "pocketstack-root-a 512M",
            "pocketstack-verity-a 16M"
        ]),
        "the partitions that came with the image have grown: {layout}"
    );
    Ok(())
}
