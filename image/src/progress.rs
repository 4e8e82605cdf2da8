//! What a person sees while it works: bars on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// One stage of the work. Dropped without [`Stage::done`] it leaves no "done" line behind.
pub struct Stage {
    name: String,
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Stage {
    /// A stage whose length is not known.
    pub fn start(name: impl Into<String>) -> Self {
        Self::new(name.into(), None)
    }

    /// A stage that moves through `total` bytes.
    pub fn bytes(name: impl Into<String>, total: u64) -> Self {
        Self::new(name.into(), Some(total))
    }

    fn new(name: String, total: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let (bar, template) = match total {
                Some(total) => (
                    ProgressBar::new(total),
                    "{msg:28} {bar:32} {bytes}/{total_bytes} {bytes_per_sec}",
                ),
                None => (ProgressBar::new_spinner(), "{msg:28} {spinner} {elapsed}"),
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(name.clone());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        if bar.is_none() {
            eprintln!("{name} …");
        }
        Self {
            name,
            since: Instant::now(),
            bar,
        }
    }

    /// Moves on by some bytes.
    pub fn add(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    /// Ends well, with a few words on the result.
    pub fn done(self, result: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let colon = if result.is_empty() { "" } else { ": " };
        eprintln!(
            "{}{colon}{result} ({:.1} s)",
            self.name,
            self.since.elapsed().as_secs_f64()
        );
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A stage that had nothing to do.
pub fn unchanged(name: &str) {
    eprintln!("{name}: unchanged");
}
