//! One virtual machine: described by a [`Spec`], started by [`Vm::launch`], gone when dropped.

mod args;
mod disks;
mod spec;

pub use spec::{Backend, Bus, DiskSpec, Firmware, Medium, NicSpec, Spec};

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::accel::Accel;
use crate::keyboard::Keyboard;
use crate::poll::{self, Probe};
use crate::process::Helper;
use crate::qmp::Qmp;
use crate::serial::{Mark, Serial, words};
use crate::shell::Shell;

/// Firmware images as Debian's ovmf package installs them.
const OVMF_CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const OVMF_VARS: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

/// A running machine. Dropping it ends QEMU at once, as pulling the plug would.
#[derive(Debug)]
pub struct Vm {
    name: String,
    qemu: Helper,
    qmp: Qmp,
    serial: Serial,
    shell: Option<Shell>,
    started: Instant,
    accel: Accel,
    dir: PathBuf,
    next_nic: usize,
    /// Sockets live in a folder with a short path, because the kernel allows 107 bytes (unix(7)).
    sockets: TempDir,
}

impl Vm {
    /// Starts QEMU. Logs go to `dir`, which is made if it is missing.
    ///
    /// # Errors
    /// QEMU is missing, or refuses its arguments (its own words are in the error).
    pub fn launch(spec: Spec, dir: &Path) -> Result<Self> {
        let accel = Accel::choose()?;
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        let sockets = tempfile::Builder::new().prefix("psvm-").tempdir()?;
        let files = args::Files {
            serial_log: dir.join(format!("{}.serial.log", spec.name)),
            sockets: sockets.path().to_owned(),
            ovmf_code: OVMF_CODE.into(),
            ovmf_vars: dir.join(format!("{}.vars.fd", spec.name)),
        };
        if spec.firmware == Firmware::Uefi {
            fs::copy(OVMF_VARS, &files.ovmf_vars)
                .with_context(|| format!("the package ovmf: {OVMF_VARS}"))?;
        }
        // QEMU truncates the log itself, but only after its start: nobody may read the one of an earlier run.
        fs::write(&files.serial_log, b"")?;
        // QEMU does not make the log of a disk's writes itself, and goes by the size of one that is there.
        for record in spec.disks.iter().filter_map(|disk| disk.record.as_ref()) {
            fs::write(record, b"").with_context(|| format!("cannot make {}", record.display()))?;
        }
        let log = dir.join(format!("{}.qemu.log", spec.name));
        let args = args::plan(&spec, accel, &files);
        let started = Instant::now();
        let qemu = Helper::start("qemu-system-x86_64", &args, &dir, &log)?;
        let socket = files.socket("qmp");
        let qmp = poll::until("QEMU to open its QMP socket", Duration::from_secs(30), || {
            if let Some(end) = qemu.ended()? {
                bail!("{end}: {}", fs::read_to_string(&log).unwrap_or_default().trim());
            }
            if !socket.exists() {
                return Ok(Probe::NotYet("it is not there".into()));
            }
            Ok(Qmp::connect(&socket).map_or_else(|error| Probe::NotYet(format!("{error:#}")), Probe::Done))
        })?;
        // Connected from the start, so that nothing the port says is lost.
        let shell = if spec.shell {
            Some(Shell::connect(&files.socket("ttyS1"))?)
        } else {
            None
        };
        Ok(Self {
            name: spec.name,
            qemu,
            qmp,
            serial: Serial::new(files.serial_log),
            shell,
            started,
            accel,
            dir,
            next_nic: spec.nics.len(),
            sockets,
        })
    }

    /// When QEMU was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Name, as log files carry it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What runs the machine.
    pub fn accel(&self) -> Accel {
        self.accel
    }

    /// The first serial port.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// Somebody who types on the first serial port.
    ///
    /// # Errors
    /// QEMU is gone.
    pub fn keyboard(&self) -> Result<Keyboard> {
        self.must_run()?;
        Keyboard::connect(&self.sockets.path().join("ttyS0"))
    }

    /// The root shell on the second serial port.
    ///
    /// # Errors
    /// The machine was started without one.
    pub fn shell(&mut self) -> Result<&mut Shell> {
        self.shell
            .as_mut()
            .with_context(|| format!("{} was started without a shell", self.name))
    }

    /// The machine's control connection.
    pub fn qmp(&mut self) -> &mut Qmp {
        &mut self.qmp
    }

    /// How QEMU ended, in words; `None` while it runs.
    ///
    /// # Errors
    /// What `waitpid(2)` says.
    pub fn ended(&self) -> Result<Option<String>> {
        self.qemu.ended()
    }

    /// An error if QEMU has ended.
    ///
    /// # Errors
    /// It has; the machine was switched off, has reset, or QEMU failed.
    pub fn must_run(&self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(end) => Err(anyhow!("the machine {} is gone: {end}", self.name)),
        }
    }

    /// Waits for the machine to end by itself: it has switched itself off, or has reset, which ends QEMU as well.
    ///
    /// # Errors
    /// It still runs after `limit`.
    pub fn wait_for_end(&self, limit: Duration) -> Result<()> {
        match self.qemu.ended_within(limit)? {
            Some(_) => Ok(()),
            None => bail!(
                "{} still runs after {} s; the console's last line: {}",
                self.name,
                limit.as_secs(),
                self.serial.tail(1)
            ),
        }
    }

    /// How many writes the machine has asked a disk for since its start, by the disk's place in [`Spec::disks`].
    ///
    /// # Errors
    /// QEMU knows no such disk.
    pub fn writes(&mut self, disk: usize) -> Result<u64> {
        let all = self.qmp.execute("query-blockstats", &json!({}))?;
        writes_of(&all, &disks::node_name(disk)).with_context(|| format!("QEMU has no disk {disk}: {all}"))
    }

    /// Waits for a line on the first serial port, written after `mark`, that holds all of `parts`.
    ///
    /// # Errors
    /// It does not come within `limit`, or QEMU ends.
    pub fn wait_for_serial(&self, mark: Mark, parts: &[&str], limit: Duration) -> Result<()> {
        let what = format!(
            "a line with \"{}\" on the console of {}",
            parts.join("\" and \""),
            self.name
        );
        poll::until(&what, limit, || {
            let said = self.serial.since(mark)?;
            if said
                .lines()
                .any(|line| parts.iter().all(|part| line.contains(part)))
            {
                return Ok(Probe::Done(()));
            }
            self.must_run()?;
            Ok(Probe::NotYet(format!(
                "the last line is: {}",
                self.serial.tail(1)
            )))
        })
    }

    /// Waits for a phrase on the first serial port, written after `mark`, however the console has broken it into lines.
    ///
    /// # Errors
    /// It does not come within `limit`, or QEMU ends.
    pub fn wait_for_phrase(&self, mark: Mark, phrase: &str, limit: Duration) -> Result<()> {
        let what = format!("\"{phrase}\" on the console of {}", self.name);
        poll::until(&what, limit, || {
            if words(&self.serial.since(mark)?).contains(phrase) {
                return Ok(Probe::Done(()));
            }
            self.must_run()?;
            Ok(Probe::NotYet(format!(
                "it shows: {}",
                words(&self.serial.tail(24))
            )))
        })
    }

    /// Adds a network card to a running machine, in a spare PCI Express slot; hands back its name for QMP.
    ///
    /// # Errors
    /// QEMU refuses: no slot is left, or the network does not exist.
    pub fn add_nic(&mut self, nic: &NicSpec) -> Result<String> {
        let index = self.next_nic;
        let (id, netdev) = (format!("nic{index}"), format!("net{index}"));
        let backend = match &nic.backend {
            Backend::Tap(tap) => {
                json!({ "type": "tap", "id": netdev, "ifname": tap, "script": "no", "downscript": "no" })
            }
            Backend::User { .. } => json!({ "type": "user", "id": netdev }),
        };
        self.qmp.execute("netdev_add", &backend)?;
        let bus = format!("spare{index}");
        let device = json!({ "driver": nic.model, "id": id, "netdev": netdev, "mac": nic.mac, "bus": bus });
        self.qmp.execute("device_add", &device)?;
        self.next_nic += 1;
        Ok(id)
    }

    /// Pulls (`false`) or plugs in (`true`) the cable of a network card (`nic0`, `nic1` ... in their order).
    ///
    /// # Errors
    /// There is no such card.
    pub fn set_link(&mut self, nic: &str, up: bool) -> Result<()> {
        self.qmp
            .execute("set_link", &json!({ "name": nic, "up": up }))
            .map(drop)
    }

    /// Stops the machine's processors (`true`) or lets them go on.
    ///
    /// # Errors
    /// QEMU refuses.
    pub fn freeze(&mut self, frozen: bool) -> Result<()> {
        self.qmp
            .execute(if frozen { "stop" } else { "cont" }, &json!({}))
            .map(drop)
    }

    /// What the machine's screen shows, as PNG next to its logs.
    ///
    /// # Errors
    /// QEMU refuses.
    pub fn screenshot(&mut self, label: &str) -> Result<PathBuf> {
        let path = self.dir.join(format!("{}.{label}.png", self.name));
        self.qmp
            .execute("screendump", &json!({ "filename": path, "format": "png" }))?;
        Ok(path)
    }

    /// Presses the power button and waits for the machine to be off.
    ///
    /// # Errors
    /// It is not off within `limit`; it still runs then.
    pub fn power_down(&mut self, limit: Duration) -> Result<()> {
        self.qmp.execute("system_powerdown", &json!({}))?;
        match self.qemu.ended_within(limit)? {
            Some(_) => Ok(()),
            None => bail!(
                "{} is still running {} s after the power button",
                self.name,
                limit.as_secs()
            ),
        }
    }
}

/// Writes and discards of a disk, out of what `query-blockstats` returns.
fn writes_of(all: &Value, node: &str) -> Option<u64> {
    let disk = all.as_array()?.iter().find(|one| one["node-name"] == node)?;
    let count = |name| disk["stats"][name].as_u64().unwrap_or_default();
    disk["stats"]["wr_operations"].as_u64()?;
    Some(count("wr_operations") + count("unmap_operations"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_those_of_the_named_disk() {
        let all = json!([
            { "device": "stick", "stats": { "wr_operations": 90 } },
            { "device": "", "node-name": "disk1", "stats": { "wr_operations": 3, "unmap_operations": 2 } },
        ]);
        assert_eq!(writes_of(&all, "disk1"), Some(5));
        assert_eq!(writes_of(&all, "disk0"), None);
    }
}
