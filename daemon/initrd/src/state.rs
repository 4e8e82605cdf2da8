//! The state partition: found, added on first boot, checked and mounted.
//!
//! | the machine runs from | its state is |
//! |---|---|
//! | a disk it was installed on | beside the system, on the same disk |
//! | a stick, a disc, the network | on a disk that was made to hold it (`pocketstack-state-of-medium`), if there is one |
//! | a stick, otherwise | beside the system, on the stick |
//! | a disc or the network, otherwise | in memory |

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::mount::{MsFlags, mount as sys_mount, umount};
use pocketstack_disk::parts;
use pocketstack_exec::{Cmd, Stdio, run};

use crate::cmdline::word;
use crate::device;
use crate::reset;

/// How long the kernel may take to show a new partition, and its node in `/dev`.
const SHOWS: Duration = Duration::from_secs(10);
/// e2fsck(8): 1 and 2 are errors that were corrected.
const CORRECTED: std::ops::RangeInclusive<i32> = 1..=2;

/// Mounts the state partition at `sysroot/var`. `line` is the kernel's command line.
///
/// # Errors
/// There is none and none can be added, more than one could be meant, or the file system is beyond repair.
pub fn mount(sys: &Path, dev: &Path, sysroot: &Path, line: &str) -> Result<()> {
    let started = device::disk_under(sys, "root")?;
    let apart = if looks_elsewhere(sys, dev, started.as_deref(), line)? {
        settle();
        apart(sys, dev, started.as_deref())?
    } else {
        None
    };
    let part = match (apart, started) {
        (Some(part), _) => {
            println!("the state is on {part}, beside the medium");
            part
        }
        (None, None) => bail!("the system is not on a disk"),
        (None, Some(disk)) => match device::partition(sys, dev, &disk, parts::STATE)? {
            Some(part) => part,
            None => add(sys, dev, sysroot, &disk)?,
        },
    };
    let node = dev.join(&part);
    match run(Cmd::new("e2fsck")
        .arg("-p")
        .arg(&node)
        .within(Duration::from_secs(600)))
    {
        Ok(_) => {}
        Err(error) if error.code().is_some_and(|code| CORRECTED.contains(&code)) => {
            println!("{part}: the file system was repaired");
        }
        // The kernel may still mount it; if not, that says why.
        Err(error) => eprintln!("{part}: {error}"),
    }
    let var = sysroot.join("var");
    mount_at(&node, &var, None)?;
    if reset::is_wanted(&var) {
        println!("{part}: everything is removed, as the reset of this machine was asked for");
        again(&node, &var, Some("discard"))?;
        reset::empty(&var)?;
        again(&node, &var, None)?;
    }
    Ok(())
}

fn mount_at(node: &Path, var: &Path, options: Option<&str>) -> Result<()> {
    let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
    sys_mount(Some(node), var, Some("ext4"), flags, options)
        .with_context(|| format!("{} cannot be mounted", node.display()))
}

/// Mounts it with other options: a disk that can is told to forget the blocks of what is removed (ext4(5), `discard`).
fn again(node: &Path, var: &Path, options: Option<&str>) -> Result<()> {
    umount(var).with_context(|| format!("{} cannot be unmounted", node.display()))?;
    mount_at(node, var, options)
}

/// Whether the state may be on a disk of its own: not that of an installed system, nor if `pocketstack.state=medium`
/// says that such a disk is to be left alone, for example to be wiped.
fn looks_elsewhere(sys: &Path, dev: &Path, started: Option<&str>, line: &str) -> Result<bool> {
    if word(line, "pocketstack.state=") == Some("medium") {
        return Ok(false);
    }
    let Some(disk) = started else { return Ok(true) };
    Ok(device::table(sys, dev, disk)?.named(parts::LVM).is_none())
}

/// The root may be there before the other disks of the machine are.
fn settle() {
    let settle = Cmd::new("udevadm").args(["settle", "--timeout=10"]);
    if let Err(error) = run(settle.within(Duration::from_secs(15))) {
        eprintln!("not all disks may be known yet: {error}");
    }
}

/// The state partition on a disk that was made to hold it, other than the one this machine was started from.
fn apart(sys: &Path, dev: &Path, started: Option<&str>) -> Result<Option<String>> {
    let mut found = Vec::new();
    for disk in device::disks(sys) {
        if started == Some(disk.as_str()) {
            continue;
        }
        // A disk that cannot be read, or has no such table, is not the one.
        if let Ok(Some(part)) = device::partition(sys, dev, &disk, parts::STATE_OF_MEDIUM) {
            found.push(part);
        }
    }
    if found.len() > 1 {
        bail!(
            "{} each have the state of a machine that is started from a medium: take out all such disks but one",
            found.join(" and ")
        );
    }
    Ok(found.pop())
}

/// Adds slot B and the state partition, which the image leaves out so that it fits on any stick.
fn add(sys: &Path, dev: &Path, sysroot: &Path, disk: &str) -> Result<String> {
    if device::is_read_only(sys, disk) {
        bail!("{disk} is write-protected");
    }
    run(Cmd::new("systemd-repart")
        .args(["--dry-run=no", "--seed=random"])
        .arg(format!(
            "--definitions={}",
            sysroot.join("usr/lib/repart.d").display()
        ))
        .arg(dev.join(disk))
        // What it does to the disk belongs into the journal.
        .stderr(Stdio::Inherit)
        .within(Duration::from_secs(300)))
    .with_context(|| format!("no state partition could be added to {disk}"))?;
    // The kernel takes no new table while partitions of the disk are in use; it takes single partitions.
    run(Cmd::new("partx").arg("--update").arg(dev.join(disk)))
        .with_context(|| format!("the kernel was not told of the new partitions of {disk}"))?;
    let until = Instant::now() + SHOWS;
    loop {
        if let Some(part) = device::partition(sys, dev, disk, parts::STATE)?
            && dev.join(&part).exists()
        {
            return Ok(part);
        }
        if Instant::now() >= until {
            bail!("the state partition was added to {disk}, and the kernel does not show it");
        }
        // The kernel has no event for this that would not need udev; it takes milliseconds.
        sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_disk::Guid;

    use super::*;
    use crate::device::tests::Machine;

    const STATE: [(Guid, &str); 2] = [
        (Guid([0x31; 16]), parts::STATE_OF_MEDIUM),
        (Guid([0x32; 16]), parts::LVM),
    ];

    fn found(machine: &Machine, started: Option<&str>) -> Result<Option<String>> {
        apart(&machine.sys(), &machine.dev(), started)
    }

    #[test]
    fn an_installed_system_keeps_its_state_beside_it() {
        let machine = Machine::new();
        let looks = |started: Option<&str>, line: &str| {
            looks_elsewhere(&machine.sys(), &machine.dev(), started, line).expect("known")
        };
        assert!(!looks(Some("sda"), "quiet"));
        assert!(looks(Some("sdb"), "quiet"));
        assert!(looks(None, "quiet"));
        for started in [Some("sdb"), None] {
            assert!(!looks(started, "quiet pocketstack.state=medium"));
        }
    }

    #[test]
    fn the_one_disk_that_was_made_for_it_is_found() {
        let machine = Machine::new();
        for started in [Some("sdb"), None] {
            // Neither the installed disk nor the stick counts.
            assert_eq!(found(&machine, started).expect("looked"), None);
        }
        machine.disk("sdc", &STATE);
        std::fs::write(machine.dev().join("sda"), "damaged").expect("written");
        for started in [Some("sdb"), None] {
            assert_eq!(found(&machine, started).expect("looked").as_deref(), Some("sdc1"));
        }
        assert_eq!(found(&machine, Some("sdc")).expect("looked"), None);
    }

    #[test]
    fn of_two_neither_is_taken() {
        let machine = Machine::new();
        machine.disk("sdc", &STATE);
        machine.disk("sdd", &STATE);
        let error = found(&machine, Some("sdb")).expect_err("nobody knows");
        assert!(
            error.to_string().starts_with("sdc1 and sdd1 each have the state"),
            "{error}"
        );
    }
}
