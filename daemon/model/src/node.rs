//! One machine as it is right now: what `Node1.Overview` returns and the overview page shows.
//!
//! Nothing in here is assumed: `pocketstackd` reads every field from the running system (invariant 6: no step is
//! reported done that was not read back). What is cheap to read is read at the moment it is asked for;
//! `components`, `units` and `boot.root`, for which other programs are asked, are as old as the last pass of
//! its collector, which is seconds.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::bytes::ByteCount;
use crate::status::{Installation, Kept, NetworkChange};

/// The whole machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Host name.
    pub name: String,
    /// Version of PocketStack that runs here.
    pub version: String,
    /// When this was read, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub read_at: OffsetDateTime,
    /// How the machine was started and what it runs from.
    pub boot: Boot,
    /// The management network.
    pub management: Management,
    /// Processors.
    pub cpu: Cpu,
    /// Main memory.
    pub memory: Memory,
    /// Disks, in the order of their names.
    pub disks: Vec<Disk>,
    /// Wired network cards, in the order of their names.
    pub nics: Vec<Nic>,
    /// What a node needs to run virtual machines with replicated disks, always in the order of [`ComponentKind`].
    pub components: Vec<Component>,
    /// The services of the system.
    pub units: Units,
    /// Whether nobody has set this machine up yet: the wizard waits.
    pub setup_needed: bool,
    /// What is kept as configured, and how that goes.
    pub kept: Vec<Kept>,
    /// A change of the networks that waits to be confirmed, or was taken back.
    pub network_change: NetworkChange,
    /// The installation to disk.
    pub installation: Installation,
}

/// What systemd says of its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Units {
    /// It has not been asked yet, or did not answer.
    Unknown {
        /// Why, in words.
        why: String,
    },
    /// It answered.
    Known {
        /// Names of the units that have failed, in the order of their names. Empty on a healthy node.
        failed: Vec<String>,
    },
}

impl Units {
    /// Names of the units that are known to have failed.
    pub fn failed(&self) -> &[String] {
        match self {
            Self::Unknown { .. } => &[],
            Self::Known { failed } => failed,
        }
    }
}

/// How the machine was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Firmware that started it.
    pub firmware: Firmware,
    /// Where the root file system comes from.
    pub medium: Medium,
    /// Whether that is a disk PocketStack was installed on, and no medium that a person has written.
    #[serde(default)]
    pub installed: bool,
    /// The root file system.
    pub root: Root,
    /// Where state is kept.
    pub state: State,
    /// Kernel release, as `uname -r` says.
    pub kernel: String,
    /// Seconds since the kernel started.
    pub uptime_seconds: u64,
}

/// Firmware kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firmware {
    /// Legacy BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

/// What the root file system was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// A partition of a disk or USB stick.
    Disk,
    /// The ISO, on a disc or a stick.
    Iso,
    /// Loaded over the network into memory.
    Network,
    /// Something else, for example a development machine that is not a PocketStack node.
    Other,
}

/// State of the root file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Root {
    /// Under dm-verity, and the kernel says every block read so far was right.
    Verified {
        /// Root hash, hexadecimal.
        root_hash: String,
        /// Whether it is mounted read-only.
        read_only: bool,
    },
    /// Under dm-verity, and the kernel has met a block that was not right.
    Corrupted {
        /// Root hash, hexadecimal.
        root_hash: String,
    },
    /// Not under dm-verity.
    Unverified {
        /// Why this is believed, in words.
        why: String,
    },
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// On a partition: it is there after a restart.
    Persistent {
        /// Device it is on.
        device: String,
        /// Size of the file system.
        size: ByteCount,
        /// What is used of it.
        used: ByteCount,
    },
    /// In memory: gone after a restart, because the medium cannot be written.
    Volatile,
}

/// The management network: the bridge `br-mgmt` over the wired NICs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Management {
    /// The machine has no wired network card that the kernel knows.
    NoNic,
    /// No network card has a link: no cable, or the other end is off.
    NoLink {
        /// Name of the bridge.
        bridge: String,
    },
    /// There is a link, and no address yet.
    NoAddress {
        /// Name of the bridge.
        bridge: String,
    },
    /// In use.
    Up {
        /// Name of the bridge.
        bridge: String,
        /// Addresses others can reach this node at (no link-local ones), IPv4 first.
        addresses: Vec<Address>,
    },
    /// The bridge could not be made or kept as it should be.
    Failed {
        /// What went wrong, in words.
        why: String,
    },
}

/// An address with the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
}

/// Processors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// Model name as the processor says it.
    pub model: String,
    /// Logical processors.
    pub threads: u32,
    /// Physical cores.
    pub cores: u32,
    /// Share of all processors that was busy over the last measured interval, 0 to 100. Absent until measured.
    pub busy_percent: Option<f32>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: [f32; 3],
}

/// Main memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What the kernel manages.
    pub total: ByteCount,
    /// `MemTotal - MemAvailable`.
    pub used: ByteCount,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Kernel name ("sda").
    pub name: String,
    /// Model, if the disk tells one.
    pub model: Option<String>,
    /// Serial number, if the disk tells one.
    pub serial: Option<String>,
    /// Capacity.
    pub size: ByteCount,
    /// Whether it spins.
    pub rotational: bool,
    /// Whether it is removable (USB stick, disc).
    pub removable: bool,
    /// Whether this node runs from it.
    pub boot_medium: bool,
}

/// A wired network card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// Kernel name ("enp1s0").
    pub name: String,
    /// MAC address, lower case with colons. Of the card itself, not of a bond it is in.
    pub mac: String,
    /// Driver, if known.
    pub driver: Option<String>,
    /// Whether there is a link.
    pub link: Link,
    /// Link it belongs to (bond or bridge), if any.
    pub part_of: Option<String>,
}

/// Link of a network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Link {
    /// A cable with something alive at the other end.
    Up {
        /// Speed in Mbit/s, if the driver tells it.
        mbps: Option<u32>,
    },
    /// No cable, or nothing alive at the other end.
    Down,
}

/// A part of the system that a node cannot do its work without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Which one.
    pub kind: ComponentKind,
    /// Version it reports itself; absent when it could not be asked.
    pub version: Option<String>,
    /// How it is.
    pub health: Health,
}

/// The parts of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    /// The kernel's hypervisor.
    Kvm,
    /// The library and daemon that run virtual machines.
    Libvirt,
    /// Replicated block devices.
    Drbd,
    /// Cluster membership.
    Heartbeat,
}

/// How a component is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Health {
    /// It has not been asked yet: the machine started a moment ago.
    Checking,
    /// It answered, and can do its work now.
    Working,
    /// It is there and answered, and is not started because nothing needs it yet.
    Ready,
    /// It cannot do its work.
    Failed {
        /// What is wrong and what to do about it, in words.
        why: String,
    },
}
