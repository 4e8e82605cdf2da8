//! The last minutes of what the machine was busy with, for graphs.
//!
//! ```text
//!   Reading, every 5 s ──push──►  rows of 180 values, oldest out first  ──metrics──►  Metrics
//! ```
//!
//! Memory is bounded: [`CAPACITY`] values in a row and [`MOST`] devices of each kind, whatever is plugged in.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::metrics::{Counters, DiskTraffic, Metrics, NicTraffic, Reading, Temperature};
use time::OffsetDateTime;

/// Time from one look to the next.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// Values in a row: 15 minutes of them.
pub const CAPACITY: usize = 180;
/// Devices of one kind that are remembered. Servers with more disks than this are not what graphs are for.
pub const MOST: usize = 64;

type Row = VecDeque<Option<f32>>;

/// The rows.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// When the newest value was read, by a clock that never jumps.
    at: Option<Duration>,
    memory_total: ByteCount,
    cpu: Row,
    memory: Row,
    disks: Devices,
    nics: Devices,
    temperatures: BTreeMap<String, Row>,
}

/// Two rows for each device, and the counters they were made of.
#[derive(Debug, Clone, Default)]
struct Devices(BTreeMap<String, Device>);

#[derive(Debug, Clone, Default)]
struct Device {
    counted: Option<(ByteCount, ByteCount)>,
    inward: Row,
    outward: Row,
}

impl History {
    /// Adds what was read at a moment of a clock that never jumps. Where looks were missed there is a gap.
    pub fn push(&mut self, at: Duration, reading: &Reading) {
        let passed = self.at.and_then(|before| at.checked_sub(before));
        let missed = passed.map_or(0, |passed| steps(passed).saturating_sub(1));
        for _ in 0..missed.min(CAPACITY) {
            self.append(None, &Reading::default());
        }
        // Counters are of use even over a gap: what went through is known, only not when.
        self.append(passed.filter(|passed| !passed.is_zero()), reading);
        self.memory_total = reading.memory.total;
        self.at = Some(at);
    }

    /// One more value in each row.
    fn append(&mut self, passed: Option<Duration>, reading: &Reading) {
        let length = self.cpu.len();
        add(&mut self.cpu, reading.cpu_busy_percent);
        let used = reading.memory.used;
        add(&mut self.memory, (used.0 > 0).then(|| float(used)));
        self.disks.append(length, passed, &reading.disks);
        self.nics.append(length, passed, &reading.nics);
        for (name, _) in &reading.temperatures {
            known(&mut self.temperatures, name, || blank(length));
        }
        for (name, row) in &mut self.temperatures {
            let now = reading.temperatures.iter().find(|(sensor, _)| sensor == name);
            add(row, now.map(|(_, celsius)| *celsius));
        }
        self.temperatures.retain(|_, row| measured(row));
    }

    /// The rows as they are now.
    pub fn metrics(&self, read_at: OffsetDateTime) -> Metrics {
        let row = |row: &Row| row.iter().copied().collect::<Vec<_>>();
        Metrics {
            read_at,
            interval_seconds: u32::try_from(INTERVAL.as_secs()).unwrap_or(u32::MAX),
            cpu_busy_percent: row(&self.cpu),
            memory_total: self.memory_total,
            memory_used: row(&self.memory),
            disks: (self.disks.0.iter())
                .map(|(name, device)| DiskTraffic {
                    name: name.clone(),
                    read: row(&device.inward),
                    written: row(&device.outward),
                })
                .collect(),
            nics: (self.nics.0.iter())
                .map(|(name, device)| NicTraffic {
                    name: name.clone(),
                    received: row(&device.inward),
                    sent: row(&device.outward),
                })
                .collect(),
            temperatures: (self.temperatures.iter())
                .map(|(name, celsius)| Temperature {
                    name: name.clone(),
                    celsius: row(celsius),
                })
                .collect(),
        }
    }
}

impl Devices {
    fn append(&mut self, length: usize, passed: Option<Duration>, now: &[Counters]) {
        for counters in now {
            known(&mut self.0, &counters.name, || Device {
                counted: None,
                inward: blank(length),
                outward: blank(length),
            });
        }
        // A gap says nothing of the devices: their counters stay what the next value is measured against.
        let gap = passed.is_none() && now.is_empty();
        for (name, device) in &mut self.0 {
            let counted = (now.iter())
                .find(|counters| counters.name == *name)
                .map(|counters| (counters.inward, counters.outward));
            let rate = |of: fn((ByteCount, ByteCount)) -> ByteCount| {
                per_second(of(device.counted?), of(counted?), passed?)
            };
            let (inward, outward) = (rate(|both| both.0), rate(|both| both.1));
            add(&mut device.inward, inward);
            add(&mut device.outward, outward);
            if !gap {
                device.counted = counted;
            }
        }
        // One that has gone is forgotten when its last value has.
        self.0
            .retain(|_, device| device.counted.is_some() || measured(&device.inward));
    }
}

/// How many intervals that is, rounded.
fn steps(passed: Duration) -> usize {
    let steps = (passed + INTERVAL / 2).as_millis() / INTERVAL.as_millis();
    usize::try_from(steps).unwrap_or(usize::MAX)
}

/// `None` if a counter went back: another device under the same name.
fn per_second(before: ByteCount, now: ByteCount, passed: Duration) -> Option<f32> {
    let bytes = ByteCount(now.0.checked_sub(before.0)?);
    // Whole bytes: nobody sees more, and they are shorter to write.
    Some((float(bytes) / passed.as_secs_f32()).round())
}

#[expect(clippy::cast_precision_loss, reason = "a height in a graph")]
fn float(bytes: ByteCount) -> f32 {
    bytes.0 as f32
}

/// Makes room for one more device, if there may be more.
fn known<T>(rows: &mut BTreeMap<String, T>, name: &str, new: impl FnOnce() -> T) {
    if !rows.contains_key(name) && rows.len() < MOST {
        rows.insert(name.to_owned(), new());
    }
}

fn blank(length: usize) -> Row {
    let mut row = Row::with_capacity(CAPACITY);
    row.resize(length, None);
    row
}

fn add(row: &mut Row, value: Option<f32>) {
    if row.len() >= CAPACITY {
        row.pop_front();
    }
    row.push_back(value);
}

fn measured(row: &Row) -> bool {
    row.iter().any(Option::is_some)
}

#[cfg(test)]
mod tests;
