//! What disks, network cards and sensors say of how busy the machine is, out of `/proc` and sysfs.

use std::collections::BTreeMap;

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::metrics::{Counters, Reading};

use crate::inventory;
use crate::links::is_card;
use crate::root::Root;

/// Everything now. How busy the processors are needs two readings and is left to the caller: see
/// [`inventory::CpuTimes`].
pub fn read(root: &Root, cpu_busy_percent: Option<f32>) -> Reading {
    Reading {
        cpu_busy_percent,
        memory: inventory::memory(root),
        disks: disks(root),
        nics: nics(root),
        temperatures: temperatures(root),
    }
}

/// `/proc/diskstats` counts in units of 512 bytes (Documentation/admin-guide/iostats.rst).
fn disks(root: &Root) -> Vec<Counters> {
    let text = root.text("/proc/diskstats").unwrap_or_default();
    let counted: BTreeMap<&str, Counters> = text
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let sectors =
                |at: usize| Some(ByteCount(words.get(at)?.parse::<u64>().ok()?.saturating_mul(512)));
            let name = *words.get(2)?;
            Some((name, counters(name, sectors(5)?, sectors(9)?)))
        })
        .collect();
    inventory::disks(root, None)
        .iter()
        .filter_map(|disk| counted.get(disk.name.as_str()).cloned())
        .collect()
}

/// `/proc/net/dev`: a name, a colon, eight numbers of what came in and eight of what went out; bytes are first.
fn nics(root: &Root) -> Vec<Counters> {
    let text = root.text("/proc/net/dev").unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (name, numbers) = line.rsplit_once(':')?;
            let numbers: Vec<&str> = numbers.split_whitespace().collect();
            let bytes = |at: usize| Some(ByteCount(numbers.get(at)?.parse().ok()?));
            Some(counters(name.trim(), bytes(0)?, bytes(8)?))
        })
        .filter(|card| is_card(root, &card.name))
        .collect()
}

fn counters(name: &str, inward: ByteCount, outward: ByteCount) -> Counters {
    Counters {
        name: name.to_owned(),
        inward,
        outward,
    }
}

/// Sensors are in thousandths of a degree (Documentation/hwmon/sysfs-interface.rst). Of several with one name, as of
/// two disks of one kind, the later ones are numbered.
fn temperatures(root: &Root) -> Vec<(String, f32)> {
    let mut found: Vec<(String, f32)> = Vec::new();
    for chip in root.names("/sys/class/hwmon") {
        let folder = format!("/sys/class/hwmon/{chip}");
        let name = root
            .text(format!("{folder}/name"))
            .unwrap_or_else(|| chip.clone());
        let inputs = root.names(&folder);
        for sensor in inputs.iter().filter_map(|file| sensor(file)) {
            let text = root.text(format!("{folder}/{sensor}_input"));
            let Some(thousandths) = text.and_then(|text| text.parse::<i32>().ok()) else {
                continue;
            };
            let label = root.text(format!("{folder}/{sensor}_label"));
            let name = label.map_or_else(|| name.clone(), |label| format!("{name} {label}"));
            #[expect(clippy::cast_precision_loss, reason = "sensors are not that precise")]
            let celsius = thousandths as f32 / 1000.0;
            let same = |known: &str| known == name || known.starts_with(&format!("{name} #"));
            let earlier = found.iter().filter(|(known, _)| same(known)).count();
            let name = match earlier {
                0 => name,
                earlier => format!("{name} #{}", earlier + 1),
            };
            found.push((name, celsius));
        }
    }
    found.sort_by(|(one, _), (two, _)| one.cmp(two));
    found
}

/// `temp1` of `temp1_input`.
fn sensor(file: &str) -> Option<&str> {
    file.strip_suffix("_input")
        .filter(|name| name.starts_with("temp"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::testing::tree;

    #[test]
    fn disks_and_cards_are_counted_and_nothing_else() {
        let (_dir, root) = tree(&[
            (
                "proc/diskstats",
                "   8       0 sda 10 0 100 5 20 0 400 9 0 1 2 0 0 0 0 0 0\n   8       1 sda1 1 0 2 3 4 5 6 7 8 9 10\n \
                 253       0 dm-0 1 0 2 3 4 5 6 7 8 9 10\n  11 0 sr0 broken\n",
            ),
            ("sys/block/sda/size", "2048\n"),
            ("sys/block/sda/device/model", "x\n"),
            ("sys/block/dm-0/size", "2048\n"),
            (
                "proc/net/dev",
                "Inter-|   Receive  |  Transmit\n face |bytes    packets\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n\
                 enp1s0: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\nbr-mgmt: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n",
            ),
            ("sys/class/net/enp1s0/device/vendor", "0x8086\n"),
            ("sys/class/net/br-mgmt/bridge/stp_state", "0\n"),
            ("proc/meminfo", "MemTotal: 4 kB\nMemAvailable: 1 kB\n"),
        ]);
        let reading = read(&root, Some(7.0));
        assert_eq!(
            reading.disks,
            [counters("sda", ByteCount(51_200), ByteCount(204_800))]
        );
        assert_eq!(
            reading.nics,
            [counters("enp1s0", ByteCount(1000), ByteCount(2000))]
        );
        assert_eq!(reading.memory.used, ByteCount(3072));
        assert_eq!(reading.cpu_busy_percent, Some(7.0));
    }

    #[test]
    fn sensors_have_names_of_their_own() {
        let (_dir, root) = tree(&[
            ("sys/class/hwmon/hwmon0/name", "coretemp\n"),
            ("sys/class/hwmon/hwmon0/temp1_input", "45500\n"),
            ("sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n"),
            ("sys/class/hwmon/hwmon0/temp1_max", "90000\n"),
            ("sys/class/hwmon/hwmon1/name", "nvme\n"),
            ("sys/class/hwmon/hwmon1/temp1_input", "-1000\n"),
            ("sys/class/hwmon/hwmon2/name", "nvme\n"),
            ("sys/class/hwmon/hwmon2/temp1_input", "30000\n"),
            ("sys/class/hwmon/hwmon2/temp2_input", "no number\n"),
            ("sys/class/hwmon/hwmon3/fan1_input", "1200\n"),
        ]);
        assert_eq!(
            read(&root, None).temperatures,
            [
                ("coretemp Package id 0".to_owned(), 45.5),
                ("nvme".to_owned(), -1.0),
                ("nvme #2".to_owned(), 30.0)
            ]
        );
    }

    #[test]
    fn a_machine_that_tells_nothing_is_no_error() {
        let (_dir, root) = tree(&[]);
        assert_eq!(read(&root, None), Reading::default());
    }
}
