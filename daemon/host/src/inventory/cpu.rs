//! Processors, out of `/proc/cpuinfo`, `/proc/stat` and `/proc/loadavg` (proc(5)).

use std::collections::BTreeSet;

use pocketstack_model::node::Cpu;

use crate::root::Root;

/// Processors and load now. How busy they are needs two readings: see [`CpuTimes`].
pub fn cpu(root: &Root) -> Cpu {
    let text = root.text("/proc/cpuinfo").unwrap_or_default();
    let value = |line: &str, key: &str| {
        let (name, value) = line.split_once(':')?;
        (name.trim_end() == key).then(|| value.trim().to_owned())
    };
    let (mut model, mut threads, mut cores) = (None, 0, BTreeSet::new());
    for processor in text.split("\n\n") {
        let find = |key: &str| processor.lines().find_map(|line| value(line, key));
        if find("processor").is_none() {
            continue;
        }
        threads += 1;
        model = model.or_else(|| find("model name"));
        // Where the kernel tells no topology, each thread counts as a core of its own.
        let id = find("core id").unwrap_or_else(|| format!("thread {threads}"));
        cores.insert((find("physical id"), id));
    }
    Cpu {
        model: model.unwrap_or_else(|| "unknown processor".to_owned()),
        threads,
        cores: u32::try_from(cores.len()).unwrap_or(threads),
        busy_percent: None,
        load: load(root).unwrap_or_default(),
    }
}

fn load(root: &Root) -> Option<[f32; 3]> {
    let text = root.text("/proc/loadavg")?;
    let mut averages = text.split(' ').map_while(|word| word.parse::<f32>().ok());
    Some([averages.next()?, averages.next()?, averages.next()?])
}

/// Time all processors together have spent since the start, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTimes {
    busy: u64,
    all: u64,
}

impl CpuTimes {
    /// The times now; `None` where `/proc/stat` cannot be read.
    pub fn read(root: &Root) -> Option<Self> {
        let text = root.text("/proc/stat")?;
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        // user nice system idle iowait irq softirq steal; guest times are in user and nice already.
        let times: Vec<u64> = line
            .split_whitespace()
            .take(8)
            .map_while(|word| word.parse().ok())
            .collect();
        let idle = times.get(3)? + times.get(4).unwrap_or(&0);
        let all: u64 = times.iter().sum();
        Some(Self {
            busy: all - idle,
            all,
        })
    }

    /// Share that was busy since an earlier reading, 0 to 100; `None` if no time has passed.
    pub fn busy_percent_since(self, earlier: Self) -> Option<f32> {
        let all = self.all.checked_sub(earlier.all).filter(|ticks| *ticks > 0)?;
        // The kernel lets iowait go back at times (proc_stat(5)).
        let busy = self.busy.saturating_sub(earlier.busy).min(all);
        #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
        let share = busy as f32 * 100.0 / all as f32;
        Some(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::testing::tree;

    #[test]
    fn two_threads_of_one_core_are_one_core() {
        let processor = |number, core| {
            format!(
                "processor\t: {number}\nmodel name\t: Some CPU @ 2.00GHz\nphysical id\t: 0\ncore id\t\t: {core}\n\n"
            )
        };
        let text = [processor(0, 0), processor(1, 0), processor(2, 1)].concat();
        let (_dir, root) = tree(&[("proc/cpuinfo", &text)]);
        let cpu = cpu(&root);
        assert_eq!(
            (cpu.threads, cpu.cores, cpu.model.as_str()),
            (3, 2, "Some CPU @ 2.00GHz")
        );
    }

    #[test]
    fn busy_is_what_was_neither_idle_nor_waiting() {
        let (_dir, root) = tree(&[("proc/stat", "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\n")]);
        let earlier = CpuTimes::read(&root).expect("readable");
        let (_dir, root) = tree(&[("proc/stat", "cpu  175 0 100 900 125 0 0 0 50 0\ncpu0 1 2 3\n")]);
        let later = CpuTimes::read(&root).expect("readable");
        assert_eq!(later.busy_percent_since(earlier), Some(25.0));
        assert_eq!(later.busy_percent_since(later), None);
    }
}
