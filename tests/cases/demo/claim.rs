//! What one demo tells another process about itself, in files of its folder: `lock` is locked while it runs,
//! `ready` holds its summary while its page answers, and `stop` asks it to end.
//!
//! Process ids would not do: a demo in the testbed has a numbering of its own (pid_namespaces(7)).

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use pocketstack_tests::poll::{self, Probe};

const LOCK: &str = "lock";
const READY: &str = "ready";
const STOP: &str = "stop";

/// The demo that has the folder. It ends with the process, however that ends.
pub struct Claim {
    dir: PathBuf,
    _lock: File,
}

impl Claim {
    /// Claims the folder; `None` if another demo has it.
    pub fn new(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(LOCK);
        let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => bail!("cannot lock {}: {error}", path.display()),
        }
        let claim = Self {
            dir: dir.to_owned(),
            _lock: lock,
        };
        // Left over by a demo that was killed.
        claim.forget();
        Ok(Some(claim))
    }

    /// Says that the page answers, and where.
    pub fn ready(&self, summary: &str) -> Result<()> {
        fs::write(self.dir.join(READY), summary).context("cannot say that the demo is ready")
    }

    /// Whether somebody wants it to end.
    pub fn is_to_stop(&self) -> bool {
        self.dir.join(STOP).exists()
    }

    fn forget(&self) {
        for name in [READY, STOP] {
            let _not_there = fs::remove_file(self.dir.join(name));
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.forget();
    }
}

fn is_free(dir: &Path) -> Result<bool> {
    let path = dir.join(LOCK);
    if !path.exists() {
        return Ok(true);
    }
    // Shared, so that two who look do not take each other for a demo.
    let lock = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(lock.try_lock_shared().is_ok())
}

/// Ends the demo that has the folder, and waits until it has ended. No demo is no error.
pub fn stop(dir: &Path) -> Result<()> {
    if is_free(dir)? {
        println!("no demo is running");
        return Ok(());
    }
    fs::write(dir.join(STOP), "").context("cannot ask the demo to stop")?;
    poll::until("the demo to end", Duration::from_secs(150), || {
        Ok(if is_free(dir)? {
            Probe::Done(())
        } else {
            Probe::NotYet("it still runs".into())
        })
    })?;
    println!("the demo has ended; its disk is kept in {}", dir.display());
    Ok(())
}

/// Waits until the page of the demo that has the folder answers, and prints its summary.
pub fn wait(dir: &Path) -> Result<()> {
    // It may have been started in the same breath as this, and gets a moment to claim its folder.
    let claimed = Instant::now() + Duration::from_secs(20);
    // The demo itself has the real time limit, and ends when it is over.
    let summary = poll::until("the page of the demo", Duration::from_secs(1800), || {
        if is_free(dir)? {
            ensure!(
                Instant::now() < claimed,
                "no demo is running; start it with: ./just demo"
            );
            return Ok(Probe::NotYet("no demo is running".into()));
        }
        let summary = fs::read_to_string(dir.join(READY)).unwrap_or_default();
        Ok(if summary.ends_with('\n') {
            Probe::Done(summary)
        } else {
            Probe::NotYet("it boots".into())
        })
    })?;
    println!("{summary}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_for_one_demo_at_a_time() {
        let dir = tempfile::tempdir().expect("folder");
        assert!(is_free(dir.path()).expect("readable"));
        let first = Claim::new(dir.path()).expect("writable").expect("free");
        assert!(Claim::new(dir.path()).expect("writable").is_none());
        assert!(!is_free(dir.path()).expect("readable"));
        drop(first);
        assert!(is_free(dir.path()).expect("readable"));
    }

    #[test]
    fn an_old_request_to_stop_is_forgotten_and_a_new_one_is_seen() {
        let dir = tempfile::tempdir().expect("folder");
        fs::write(dir.path().join(STOP), "").expect("written");
        let demo = Claim::new(dir.path()).expect("writable").expect("free");
        assert!(!demo.is_to_stop());
        fs::write(dir.path().join(STOP), "").expect("written");
        assert!(demo.is_to_stop());
        drop(demo);
        assert!(!dir.path().join(STOP).exists());
    }
}
