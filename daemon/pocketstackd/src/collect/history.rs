//! Keeps the last minutes of what the machine was busy with.

use std::sync::{Arc, Mutex, PoisonError};

use pocketstack_host::counters;
use pocketstack_host::inventory::CpuTimes;
use pocketstack_host::root::Root;
use pocketstack_model::metrics::{Metrics, Reading};
use pocketstack_plan::history::{History, INTERVAL};
use time::OffsetDateTime;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// The last minutes. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Recent(Arc<Mutex<History>>);

impl Recent {
    /// For graphs.
    pub fn metrics(&self) -> Metrics {
        self.with(|history| history.metrics(OffsetDateTime::now_utc()))
    }

    /// Looks at the machine for ever.
    pub async fn record(self, root: Root) -> anyhow::Result<()> {
        let start = Instant::now();
        let mut tick = interval(INTERVAL);
        // Looks that were missed are a gap, and not made up for in a hurry.
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut earlier = None;
        loop {
            tick.tick().await;
            let root = root.clone();
            // A sensor may take its time to answer.
            let read = tokio::task::spawn_blocking(move || look(&root, earlier)).await;
            let (reading, times) = read?;
            earlier = times;
            self.with(|history| history.push(start.elapsed(), &reading));
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut History) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn look(root: &Root, earlier: Option<CpuTimes>) -> (Reading, Option<CpuTimes>) {
    let times = CpuTimes::read(root);
    let both = times.zip(earlier);
    let busy = both.and_then(|(now, earlier)| now.busy_percent_since(earlier));
    // A tenth of a percent is more than anybody sees in a graph.
    let busy = busy.map(|busy| (busy * 10.0).round() / 10.0);
    (counters::read(root, busy), times)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_machine_is_looked_at_every_few_seconds() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("proc")).expect("made");
        let stat = |busy: u32, idle: u32| {
            let text = format!("cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\n");
            std::fs::write(dir.path().join("proc/stat"), text).expect("written");
        };
        let text = "MemTotal: 4000 kB\nMemAvailable: 1000 kB\n";
        std::fs::write(dir.path().join("proc/meminfo"), text).expect("written");
        stat(0, 0);
        let recent = Recent::default();
        let task = tokio::spawn(recent.clone().record(Root::at(dir.path())));
        let until = async |length: usize| {
            let enough = async {
                while recent.metrics().cpu_busy_percent.len() < length {
                    // Time is virtual, and the reading is done in a thread: it goes on only while somebody waits.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            timeout(Duration::from_secs(600), enough)
                .await
                .expect("looked at");
        };
        until(1).await;
        stat(125, 875);
        until(2).await;
        task.abort();
        let metrics = recent.metrics();
        assert_eq!(metrics.interval_seconds, 5);
        assert_eq!(metrics.cpu_busy_percent[..2], [None, Some(12.5)]);
        assert_eq!(metrics.memory_used[0], Some(3_072_000.0));
        let json = serde_json::to_string(&metrics).expect("JSON");
        assert!(json.contains("\"cpu_busy_percent\":[null,12.5"), "{json}");
    }
}
