use pocketstack_model::node::Memory;

use super::*;

fn counters(name: &str, inward: u64, outward: u64) -> Counters {
    Counters {
        name: name.to_owned(),
        inward: ByteCount(inward),
        outward: ByteCount(outward),
    }
}

fn reading(busy: f32, disks: Vec<Counters>, temperatures: &[(&str, f32)]) -> Reading {
    Reading {
        cpu_busy_percent: Some(busy),
        memory: Memory {
            total: ByteCount(4096),
            used: ByteCount(1024),
        },
        disks,
        nics: vec![counters("enp1s0", 0, 0)],
        temperatures: (temperatures.iter())
            .map(|(name, celsius)| ((*name).to_owned(), *celsius))
            .collect(),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn metrics(history: &History) -> Metrics {
    let metrics = history.metrics(OffsetDateTime::UNIX_EPOCH);
    let length = metrics.cpu_busy_percent.len();
    let rows = (metrics.disks.iter().flat_map(|disk| [&disk.read, &disk.written]))
        .chain(metrics.nics.iter().flat_map(|nic| [&nic.received, &nic.sent]))
        .chain(metrics.temperatures.iter().map(|sensor| &sensor.celsius))
        .chain([&metrics.memory_used]);
    for row in rows {
        assert_eq!(row.len(), length, "all rows are of one length");
    }
    metrics
}

#[test]
fn rates_are_what_went_through_between_two_looks() {
    let mut history = History::default();
    history.push(seconds(100), &reading(1.0, vec![counters("sda", 1000, 0)], &[]));
    history.push(seconds(105), &reading(2.0, vec![counters("sda", 2000, 500)], &[]));
    // Later than it should have been: the rate is right all the same.
    history.push(
        Duration::from_millis(106_000),
        &reading(3.0, vec![counters("sda", 2300, 500)], &[]),
    );
    let metrics = metrics(&history);
    assert_eq!(metrics.cpu_busy_percent, [Some(1.0), Some(2.0), Some(3.0)]);
    assert_eq!(metrics.memory_used, [Some(1024.0); 3]);
    assert_eq!(metrics.memory_total, ByteCount(4096));
    assert_eq!(metrics.disks[0].read, [None, Some(200.0), Some(300.0)]);
    assert_eq!(metrics.disks[0].written, [None, Some(100.0), Some(0.0)]);
    assert_eq!(metrics.nics[0].received, [None, Some(0.0), Some(0.0)]);
}

#[test]
fn devices_come_go_and_are_replaced() {
    let mut history = History::default();
    history.push(seconds(0), &reading(0.0, vec![counters("sda", 5000, 0)], &[]));
    history.push(
        seconds(5),
        &reading(0.0, vec![counters("sdb", 0, 0)], &[("nvme", 40.5)]),
    );
    // Another disk under the name, which has carried less.
    history.push(
        seconds(10),
        &reading(0.0, vec![counters("sda", 1000, 0), counters("sdb", 50, 0)], &[]),
    );
    history.push(
        seconds(15),
        &reading(0.0, vec![counters("sda", 2000, 0), counters("sdb", 50, 0)], &[]),
    );
    let now = metrics(&history);
    let names: Vec<&str> = now.disks.iter().map(|disk| disk.name.as_str()).collect();
    assert_eq!(names, ["sda", "sdb"]);
    assert_eq!(now.disks[0].read, [None, None, None, Some(200.0)]);
    assert_eq!(now.disks[1].read, [None, None, Some(10.0), Some(0.0)]);
    assert_eq!(now.temperatures[0].celsius, [None, Some(40.5), None, None]);

    // What has gone is forgotten with its last value.
    for step in 4..=(4 + CAPACITY as u64) {
        history.push(seconds(step * 5), &reading(0.0, Vec::new(), &[]));
    }
    let now = metrics(&history);
    assert_eq!((now.disks.len(), now.temperatures.len()), (0, 0));
}

#[test]
fn a_missed_look_is_a_gap_and_the_next_rate_is_over_all_of_it() {
    let mut history = History::default();
    history.push(seconds(0), &reading(1.0, vec![counters("sda", 0, 0)], &[]));
    history.push(seconds(20), &reading(2.0, vec![counters("sda", 2000, 0)], &[]));
    let now = metrics(&history);
    assert_eq!(now.cpu_busy_percent, [Some(1.0), None, None, None, Some(2.0)]);
    assert_eq!(now.memory_used[1..4], [None; 3]);
    assert_eq!(now.disks[0].read, [None, None, None, None, Some(100.0)]);

    // Days without a look, as of a machine that was asleep, cost no more than a row's length.
    history.push(seconds(1_000_000), &reading(3.0, Vec::new(), &[]));
    let now = metrics(&history);
    assert_eq!(now.cpu_busy_percent.len(), CAPACITY);
    assert_eq!(now.cpu_busy_percent.iter().flatten().count(), 1);
}

#[test]
fn memory_is_bounded_whatever_is_plugged_in() {
    let mut history = History::default();
    for round in 0..(2 * CAPACITY as u64) {
        let disks = (0..100).map(|disk| counters(&format!("sd{round}-{disk}"), round, round));
        history.push(seconds(round * 5), &reading(0.0, disks.collect(), &[]));
    }
    let now = metrics(&history);
    assert_eq!(now.cpu_busy_percent.len(), CAPACITY);
    assert!(now.disks.len() <= MOST, "{}", now.disks.len());
}
