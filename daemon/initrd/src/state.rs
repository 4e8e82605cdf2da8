//! The state partition: found, added on first boot, checked and mounted.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::mount::{MsFlags, mount as sys_mount};
use pocketstack_exec::{Cmd, Stdio, run};

use crate::device;

/// Name of the partition in the table (`usr/lib/repart.d/40-state.conf`).
const LABEL: &str = "pocketstack-state";
/// How long the kernel may take to show a new partition, and its node in `/dev`.
const SHOWS: Duration = Duration::from_secs(10);
/// e2fsck(8): 1 and 2 are errors that were corrected.
const CORRECTED: std::ops::RangeInclusive<i32> = 1..=2;

/// Mounts the state partition of the root's own disk at `sysroot/var`. Other disks are left alone, whatever is on
/// them: an installation on a disk of the machine is none of the business of a stick that is plugged in beside it.
///
/// # Errors
/// The root is on no disk, the disk cannot be written or has no room, or the file system is beyond repair.
pub fn mount(sys: &Path, dev: &Path, sysroot: &Path) -> Result<()> {
    let Some(disk) = device::disk_under(sys, "root")? else {
        bail!("the system is not on a disk");
    };
    let part = match device::partition(sys, dev, &disk, LABEL)? {
        Some(part) => part,
        None => add(sys, dev, sysroot, &disk)?,
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
    sys_mount(
        Some(&node),
        &sysroot.join("var"),
        Some("ext4"),
        MsFlags::MS_NODEV | MsFlags::MS_NOSUID,
        None::<&str>,
    )
    .with_context(|| format!("{part} cannot be mounted"))
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
        if let Some(part) = device::partition(sys, dev, disk, LABEL)?
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
