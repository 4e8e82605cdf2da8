//! Main memory, out of `/proc/meminfo` (proc_meminfo(5)).

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::Memory;

use crate::root::Root;

/// Memory now; all zeros where `/proc/meminfo` cannot be read.
pub fn memory(root: &Root) -> Memory {
    let text = root.text("/proc/meminfo").unwrap_or_default();
    let kib = |name: &str| -> u64 {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    };
    let (total, available) = (kib("MemTotal"), kib("MemAvailable"));
    Memory {
        total: ByteCount::from_kib(total),
        used: ByteCount::from_kib(total.saturating_sub(available)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_is_what_is_not_available() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("proc")).expect("made");
        let text = "MemTotal:        4017672 kB\nMemFree:          100000 kB\nMemAvailable:    3017672 kB\n";
        std::fs::write(dir.path().join("proc/meminfo"), text).expect("written");
        let memory = memory(&Root::at(dir.path()));
        assert_eq!(memory.total, ByteCount(4_017_672 * 1024));
        assert_eq!(memory.used, ByteCount(1_000_000 * 1024));
    }
}
