//! How busy the machine was lately: what `Node1.Metrics` returns and the page draws.
//!
//! ```text
//!   Reading (counters since the start)  ──pocketstack-plan: History──►  Metrics (a row of values for each line drawn)
//! ```

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::bytes::ByteCount;
use crate::node::Memory;

/// The last minutes. All rows are of the same length, oldest value first and the newest last, one value every
/// `interval_seconds`; `null` where nothing was measured, as before a disk was plugged in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// When this was read, in UTC. The newest values are at most one interval older.
    #[serde(with = "time::serde::rfc3339")]
    pub read_at: OffsetDateTime,
    /// Time from one value to the next.
    pub interval_seconds: u32,
    /// Share of all processors that was busy, 0 to 100.
    pub cpu_busy_percent: Vec<Option<f32>>,
    /// Main memory that the kernel manages.
    pub memory_total: ByteCount,
    /// What was used of it, in bytes.
    pub memory_used: Vec<Option<f32>>,
    /// Disks, in the order of their names.
    pub disks: Vec<DiskTraffic>,
    /// Wired network cards, in the order of their names.
    pub nics: Vec<NicTraffic>,
    /// Sensors, in the order of their names.
    pub temperatures: Vec<Temperature>,
}

/// What a disk carried, in bytes per second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiskTraffic {
    /// Kernel name ("sda").
    pub name: String,
    /// Read from it.
    pub read: Vec<Option<f32>>,
    /// Written to it.
    pub written: Vec<Option<f32>>,
}

/// What a network card carried, in bytes per second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NicTraffic {
    /// Kernel name ("enp1s0").
    pub name: String,
    /// Came in by it.
    pub received: Vec<Option<f32>>,
    /// Went out by it.
    pub sent: Vec<Option<f32>>,
}

/// What a sensor said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    /// Chip and, if it has one, label of the sensor ("coretemp Package id 0").
    pub name: String,
    /// In degrees Celsius.
    pub celsius: Vec<Option<f32>>,
}

/// One look at the machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Share of all processors that was busy since the look before, 0 to 100.
    pub cpu_busy_percent: Option<f32>,
    /// Main memory.
    pub memory: Memory,
    /// Read from and written to each disk.
    pub disks: Vec<Counters>,
    /// Received and sent by each wired network card.
    pub nics: Vec<Counters>,
    /// Degrees Celsius of each sensor, by name.
    pub temperatures: Vec<(String, f32)>,
}

/// What went through a device since it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// Kernel name.
    pub name: String,
    /// Into the machine: read, or received.
    pub inward: ByteCount,
    /// Out of it: written, or sent.
    pub outward: ByteCount,
}
