//! Ctrl-C and its like: scratch folders are removed, what is cached stays valid, and one line says how to go on.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal};

/// Scratch folders in use.
static SCRATCH: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Exit status after an interruption, as shells have it for SIGINT.
const INTERRUPTED: i32 = 130;

/// Takes SIGINT, SIGTERM and SIGHUP from now on. Called once, before any other thread is started.
///
/// Programs started by the builder die with it (`pocketstack_exec::run` sees to that); results of stages are only
/// renamed into place when they are whole; so there is nothing to undo but the scratch folders.
///
/// # Errors
/// If the kernel refuses.
pub fn watch() -> Result<()> {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]
        .into_iter()
        .collect();
    signals.thread_block().context("cannot block signals")?;
    std::thread::spawn(move || {
        let Ok(signal) = signals.wait() else { return };
        let scratch = std::mem::take(&mut *SCRATCH.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for dir in scratch {
            remove(&dir);
        }
        eprintln!("\ninterrupted ({signal}); nothing half made is kept: run the same command again to go on");
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}

/// Has a folder removed on interruption.
pub fn scratch(dir: &Path) {
    SCRATCH
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .push(dir.to_owned());
}

/// Removes a folder somebody may still be writing to.
fn remove(dir: &Path) {
    for _ in 0..20 {
        if std::fs::remove_dir_all(dir).is_ok() || !dir.exists() {
            return;
        }
    }
}
