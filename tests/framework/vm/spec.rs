//! What a machine is made of.

use std::path::PathBuf;

/// Firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Firmware {
    /// SeaBIOS.
    Bios,
    /// OVMF, without Secure Boot.
    Uefi,
}

/// What the machine boots from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Medium {
    /// A USB stick, as qcow2 overlay.
    Usb(PathBuf),
    /// A CD or DVD on SATA.
    Cd(PathBuf),
    /// The first network card (PXE).
    Network,
    /// The first of the disks.
    Disk,
    /// A kernel handed over by QEMU, with a disk if there is one: no firmware and no boot loader to wait for.
    Kernel {
        /// Kernel image.
        kernel: PathBuf,
        /// Initial RAM disk.
        initrd: PathBuf,
        /// Kernel command line.
        cmdline: String,
        /// Disk, as qcow2 overlay.
        disk: Option<PathBuf>,
    },
}

/// What a network card is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// A tap interface that exists already.
    Tap(String),
    /// QEMU's own network; TCP ports of 127.0.0.1 lead to ports of the machine.
    User {
        /// Pairs of port here and port there.
        forwards: Vec<(u16, u16)>,
    },
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NicSpec {
    /// QEMU's device name.
    pub model: &'static str,
    /// MAC address.
    pub mac: String,
    /// The other end of its cable.
    pub backend: Backend,
}

impl NicSpec {
    /// A virtio card.
    pub fn new(mac: impl Into<String>, backend: Backend) -> Self {
        Self {
            model: "virtio-net-pci",
            mac: mac.into(),
            backend,
        }
    }
}

/// How a disk is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bus {
    /// virtio-blk.
    Virtio,
    /// SATA, on the AHCI controller of the board.
    Sata,
    /// NVMe.
    Nvme,
    /// USB.
    Usb,
}

/// A disk besides the medium: a raw image. In QMP it is `disk0`, `disk1` ... in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSpec {
    /// The image.
    pub image: PathBuf,
    /// How it is connected.
    pub bus: Bus,
    /// Serial number; several disks may have the same.
    pub serial: Option<String>,
    /// Whether the machine cannot write it. SATA and NVMe have no such thing.
    pub read_only: bool,
    /// Where all writes and flushes are logged, for [`crate::power`].
    pub record: Option<PathBuf>,
    /// Sector of 512 bytes that cannot be written.
    pub bad_sector: Option<u64>,
}

impl DiskSpec {
    /// A disk that works and can be written.
    pub fn new(image: impl Into<PathBuf>, bus: Bus) -> Self {
        Self {
            image: image.into(),
            bus,
            serial: None,
            read_only: false,
            record: None,
            bad_sector: None,
        }
    }

    /// Sets the serial number.
    #[must_use]
    pub fn serial(mut self, serial: impl Into<String>) -> Self {
        self.serial = Some(serial.into());
        self
    }

    /// Makes it read-only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Logs all writes and flushes at `log`.
    #[must_use]
    pub fn record(mut self, log: impl Into<PathBuf>) -> Self {
        self.record = Some(log.into());
        self
    }

    /// Makes every write to this sector fail.
    #[must_use]
    pub fn bad_sector(mut self, sector: u64) -> Self {
        self.bad_sector = Some(sector);
        self
    }
}

/// A machine: q35, two processors, a VGA screen, two serial ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Name, used for log files.
    pub name: String,
    /// Firmware.
    pub firmware: Firmware,
    /// What it boots from.
    pub medium: Medium,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Network cards.
    pub nics: Vec<NicSpec>,
    /// Empty PCI Express slots for cards that are added while it runs.
    pub spare_slots: usize,
    /// Whether the second serial port is connected, and the node told to run a root shell there.
    pub shell: bool,
    /// Disks besides the medium.
    pub disks: Vec<DiskSpec>,
    /// What its clock says at its start, as QEMU's `-rtc` has it ("1999-01-01"); the right time unless given.
    pub clock: Option<&'static str>,
}

impl Spec {
    /// A machine with 2.5 GiB of memory and nothing else that is optional.
    pub fn new(name: impl Into<String>, firmware: Firmware, medium: Medium) -> Self {
        Self {
            name: name.into(),
            firmware,
            medium,
            memory_mib: 2560,
            nics: Vec::new(),
            spare_slots: 0,
            shell: false,
            disks: Vec::new(),
            clock: None,
        }
    }

    /// Sets the memory, in MiB.
    #[must_use]
    pub fn memory_mib(mut self, mib: u32) -> Self {
        self.memory_mib = mib;
        self
    }

    /// Adds a network card.
    #[must_use]
    pub fn nic(mut self, nic: NicSpec) -> Self {
        self.nics.push(nic);
        self
    }

    /// Leaves this many slots empty for [`super::Vm::add_nic`].
    #[must_use]
    pub fn spare_slots(mut self, count: usize) -> Self {
        self.spare_slots = count;
        self
    }

    /// Wants a root shell on the second serial port.
    #[must_use]
    pub fn shell(mut self, wanted: bool) -> Self {
        self.shell = wanted;
        self
    }

    /// Sets its clock.
    #[must_use]
    pub fn clock(mut self, at: Option<&'static str>) -> Self {
        self.clock = at;
        self
    }

    /// Adds a disk.
    #[must_use]
    pub fn disk(mut self, disk: DiskSpec) -> Self {
        self.disks.push(disk);
        self
    }
}
