//! The machine that the cases share: booted once per firmware and medium, and shut down when the next is needed.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use pocketstack_tests::accel::Accel;
use pocketstack_tests::artifacts::Artifacts;
use pocketstack_tests::disk::Overlay;
use pocketstack_tests::guest;
use pocketstack_tests::net::Net;
use pocketstack_tests::node::Node;
use pocketstack_tests::shell::Shell;
use pocketstack_tests::vm::{Bus, DiskSpec, Firmware, Medium, Spec, Vm};

use crate::case::Ground;

/// What the image comes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// The raw image as USB stick.
    Usb,
    /// The ISO as CD.
    Iso,
    /// Network boot.
    Pxe,
}

/// One of the machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Machine {
    pub firmware: Firmware,
    pub carrier: Carrier,
}

impl Machine {
    /// Name, as cases and log files carry it.
    pub fn name(self) -> String {
        let firmware = match self.firmware {
            Firmware::Bios => "bios",
            Firmware::Uefi => "uefi",
        };
        let carrier = match self.carrier {
            Carrier::Usb => "usb",
            Carrier::Iso => "iso",
            Carrier::Pxe => "pxe",
        };
        format!("{firmware}_{carrier}")
    }
}

/// A machine whose page answers.
pub struct Booted {
    pub machine: Machine,
    pub vm: Vm,
    pub net: Net,
    pub node: Node,
    /// MAC address of the card the machine has booted with (`nic0`).
    pub first_mac: String,
    /// From the start of QEMU until the page answered, in seconds.
    pub boot_seconds: f64,
}

impl Booted {
    /// The machine's root shell, when it answers.
    pub fn shell(&mut self) -> Result<&mut Shell> {
        let limit = self.vm.accel().patience(Duration::from_secs(30));
        let shell = self.vm.shell()?;
        shell.ready(limit)?;
        Ok(shell)
    }
}

/// Size of the stick in bytes: room for slot B and the state partition.
pub const STICK_BYTES: u64 = 6 << 30;
/// Text that the guest inside the node prints.
pub const GUEST_MARKER: &str = "pocketstack guest runs";

/// Whether a machine has been booted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    First,
    Again,
}

/// Where the cases play.
pub struct Stage {
    pub artifacts: Artifacts,
    reports: PathBuf,
    scratch: PathBuf,
    current: Option<(Machine, Result<Booted, String>)>,
    /// Serial logs that belong to the case that runs.
    serial_logs: Vec<PathBuf>,
}

impl Stage {
    /// An empty stage. Old disks in `scratch` are removed.
    pub fn new(artifacts: Artifacts, reports: PathBuf, scratch: PathBuf) -> Result<Self> {
        if scratch.exists() {
            fs::remove_dir_all(&scratch).with_context(|| format!("cannot clear {}", scratch.display()))?;
        }
        for folder in [&reports, &scratch] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let artifacts = artifacts.pinned(&scratch.join("image"))?;
        Ok(Self {
            artifacts,
            reports,
            scratch,
            current: None,
            serial_logs: Vec::new(),
        })
    }

    /// Folder for logs and pictures.
    pub fn reports(&self) -> PathBuf {
        self.reports.clone()
    }

    /// Folder for disks.
    pub fn scratch(&self) -> PathBuf {
        self.scratch.clone()
    }

    /// This machine, booted; boots it (and ends another) if it is not the one that runs.
    ///
    /// # Errors
    /// Its page does not answer. It is not tried again for the next case.
    pub fn booted(&mut self, machine: Machine) -> Result<&mut Booted> {
        if self
            .current
            .as_ref()
            .is_none_or(|(running, _)| *running != machine)
        {
            self.clear();
            let booted = self
                .boot(machine, Start::First)
                .map_err(|error| format!("{error:#}"));
            self.current = Some((machine, booted));
        }
        match &mut self.current {
            Some((_, Ok(booted))) => {
                booted.vm.must_run()?;
                Ok(booted)
            }
            Some((_, Err(why))) => bail!("{} did not boot: {why}", machine.name()),
            None => bail!("{} was not booted", machine.name()),
        }
    }

    /// Switches this machine off with its power button and boots it again, from the same stick.
    ///
    /// # Errors
    /// It does not go off in time, has no stick, or does not come up again.
    pub fn restart(&mut self, machine: Machine) -> Result<&mut Booted> {
        self.retire(machine)?;
        let booted = self
            .boot(machine, Start::Again)
            .map_err(|error| format!("{error:#}"));
        self.current = Some((machine, booted));
        self.booted(machine)
    }

    fn boot(&mut self, machine: Machine, start: Start) -> Result<Booted> {
        let name = machine.name();
        let mut net = Net::up(&self.scratch.join(format!("{name}.net")))?;
        let medium = match machine.carrier {
            Carrier::Usb => Medium::Usb(match start {
                Start::First => self.stick(&name)?.path().to_owned(),
                Start::Again => self.stick_path(&name),
            }),
            Carrier::Iso => Medium::Cd(self.artifacts.iso.clone()),
            Carrier::Pxe => {
                net.serve_pxe(&self.artifacts)?;
                Medium::Network
            }
        };
        let card = net.nic()?;
        let first_mac = card.mac.clone();
        let spec = Spec::new(&name, machine.firmware, medium)
            .nic(card)
            .spare_slots(1);
        let spec = spec.shell(true);
        // Disks can only be there from the start: USB stick and UEFI is the machine that runs a guest.
        let spec = match machine.firmware == Firmware::Uefi && machine.carrier == Carrier::Usb {
            true => spec.disk(
                DiskSpec::new(self.guest_disk()?, Bus::Virtio)
                    .serial("guest")
                    .read_only(),
            ),
            false => spec,
        };
        let (vm, node) = self.launch(spec, &net)?;
        let boot_seconds = vm.started().elapsed().as_secs_f64();
        Ok(Booted {
            machine,
            vm,
            net,
            node,
            first_mac,
            boot_seconds,
        })
    }

    /// Starts a machine and waits for its page; its serial log belongs to the case from now on.
    fn launch(&mut self, spec: Spec, net: &Net) -> Result<(Vm, Node)> {
        let mut vm = Vm::launch(spec, &self.reports)?;
        self.serial_logs = vec![vm.serial().path().to_owned()];
        let limit = Accel::choose()?.patience(Duration::from_secs(60));
        match net.find_node(&vm, limit) {
            Ok(node) => Ok((vm, node)),
            Err(error) => {
                // What the screen shows says more than the serial line if it is the firmware that gave up.
                let picture = vm.screenshot("failed").map_err(|error| anyhow!("{error:#}"));
                Err(error.context(match picture {
                    Ok(path) => format!("screen: {}", path.display()),
                    Err(why) => format!("no picture of the screen: {why}"),
                }))
            }
        }
    }

    /// A new stick with the raw image.
    pub fn stick(&self, name: &str) -> Result<Overlay> {
        Overlay::over_raw(&self.artifacts.raw, &self.stick_path(name), STICK_BYTES)
    }

    fn stick_path(&self, name: &str) -> PathBuf {
        self.scratch.join(format!("{name}.qcow2"))
    }

    fn guest_disk(&self) -> Result<PathBuf> {
        let path = self.scratch.join("guest.ext4");
        guest::build_disk(&self.artifacts.pxe.join("vmlinuz"), GUEST_MARKER, &path)?;
        Ok(path)
    }

    /// Switches this machine off with its power button and hands over its stick.
    ///
    /// # Errors
    /// It does not go off in time, or has no stick.
    pub fn retire(&mut self, machine: Machine) -> Result<Overlay> {
        let limit = Accel::choose()?.patience(Duration::from_secs(30));
        self.booted(machine)?.vm.power_down(limit)?;
        self.current = None;
        Overlay::existing(&self.stick_path(&machine.name())).context("the machine has no stick")
    }

    /// Shows this file as serial log if the case fails.
    pub fn watch(&mut self, serial_log: PathBuf) {
        self.serial_logs = vec![serial_log];
    }
}

impl Ground for Stage {
    fn clear(&mut self) {
        self.current = None;
        self.serial_logs.clear();
    }

    fn serial_logs(&self) -> &[PathBuf] {
        &self.serial_logs
    }
}
