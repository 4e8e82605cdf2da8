//! One flipped byte in the root partition: the node refuses to go on, says why, and leaves slot B alone.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use pocketstack_tests::gpt::{Partition, ROOT_X86_64};
use pocketstack_tests::net::Net;
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::serial::Mark;
use pocketstack_tests::vm::{Medium, Spec, Vm};

use super::stage::{Machine, Stage};
use crate::case::{Case, Notes};

/// What slot B is filled with, to see that it stays.
const PATTERN: u8 = 0xb5;

/// The case, which goes on with the stick of this machine.
pub fn case(machine: Machine) -> Case {
    let name = format!("boot::{}::a_flipped_byte_in_the_root_is_refused", machine.name());
    Case::new(name, move |stage: &mut Stage, notes| {
        a_flipped_byte_is_refused(stage, machine, notes)
    })
}

fn a_flipped_byte_is_refused(stage: &mut Stage, machine: Machine, notes: &mut Notes) -> Result<()> {
    // Slot B comes with the first boot, so the stick of a machine that has booted is what is damaged.
    let boot_seconds = stage.booted(machine)?.boot_seconds;
    let accel = stage.booted(machine)?.vm.accel();
    let stick = stage.retire(machine)?;
    let is_a = |partition: &Partition| partition.name == "pocketstack-root-a";
    let slot_b = stick.partition("second root partition", |one| {
        one.kind == ROOT_X86_64 && !is_a(one)
    })?;
    stick.fill(slot_b.start, slot_b.length, PATTERN)?;
    // erofs does not use its first 1024 bytes, but they are in the block of the superblock, which is read at every
    // mount: only dm-verity can notice this byte, and it must.
    let root = stick.partition("pocketstack-root-a", is_a)?;
    stick.flip_byte(root.start)?;

    let mut net = Net::up(&stage.scratch().join("damaged.net"))?;
    let spec = Spec::new("damaged", machine.firmware, Medium::Usb(stick.path().to_owned())).nic(net.nic()?);
    let vm = Vm::launch(spec, &stage.reports())?;
    stage.watch(vm.serial().path().to_owned());
    let answers = || {
        // The lease is enough of a sign of life: without the root there is nobody to ask for one.
        let leases = net.leases()?;
        ensure!(
            leases.is_empty(),
            "the node goes on: it has the address {leases:?}"
        );
        anyhow::Ok(())
    };
    let limit = accel.patience(Duration::from_secs(60));
    let reason = poll::until("the reason on the console", limit, || {
        answers()?;
        let said = vm.serial().since(Mark::default())?;
        match said
            .lines()
            .find(|line| line.contains("verity") && line.contains("corrupt"))
        {
            Some(line) => Ok(Probe::Done(line.trim().to_owned())),
            None => match vm.ended()? {
                Some(end) => bail!("no reason on the console, and {end}"),
                None => Ok(Probe::NotYet(format!(
                    "the last line is: {}",
                    vm.serial().tail(1)
                ))),
            },
        }
    })?;
    notes.measured("reason_on_the_console", reason);
    // As long again as a whole boot took: if it went on, it would be there by then. Off is as good.
    let (started, again) = (Instant::now(), Duration::from_secs_f64(boot_seconds));
    poll::until("the refusal to last", again * 2, || {
        answers()?;
        let over = vm.ended()?.is_some() || started.elapsed() >= again;
        Ok(if over {
            Probe::Done(())
        } else {
            Probe::NotYet("it lasts".into())
        })
    })?;
    drop(vm);
    ensure!(
        stick.is_filled_with(slot_b.start, slot_b.length, PATTERN)?,
        "slot B was written"
    );
    Ok(())
}
