//! Programs that run beside a case (QEMU, dnsmasq ...) and are ended with it, however it ends.
//!
//! Three nets, one below the other: dropping a [`Helper`] ends it; SIGINT, SIGTERM and SIGHUP end all that
//! are left ([`on_signal`], [`end_interrupted`]); and if this process is killed outright, the kernel does
//! (`PR_SET_PDEATHSIG`, prctl(2), set by setpriv(1)).

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, process, thread};

use anyhow::{Context, Result, bail, ensure};
use pocketstack_exec::{Cmd, Running, Stdio, spawn};
use tokio::signal::unix::{SignalKind, signal};

/// Every program that has been started and not been ended, by a number of ours; `None` once all were ended.
static LIVE: Mutex<Option<BTreeMap<u64, Running>>> = Mutex::new(Some(BTreeMap::new()));

/// A program that is ended, with all it started, when this is dropped.
#[derive(Debug)]
pub struct Helper {
    key: u64,
    name: String,
}

impl Helper {
    /// Starts `program`; both its output streams go to `log`. `dir` is its working folder.
    ///
    /// # Errors
    /// The program is not installed, or all helpers are being ended because of a signal.
    pub fn start(program: &str, args: &[String], dir: &Path, log: &Path) -> Result<Self> {
        ensure!(
            installed(program),
            "{program} is not installed here; start this inside the testbed"
        );
        let out = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let err = out.try_clone()?;
        let cmd = Cmd::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", program])
            .args(args)
            .dir(dir)
            .stdout(Stdio::File(out))
            .stderr(Stdio::File(err))
            .unlimited();
        // The lock is held over the start: a signal in between must not leave a program behind.
        let mut live = LIVE.lock().expect("no holder of this lock panics");
        let Some(live) = live.as_mut() else {
            bail!("{program} is not started: everything is being ended")
        };
        let running = spawn(cmd)?;
        let key = live.last_key_value().map_or(0, |(key, _)| key + 1);
        live.insert(key, running);
        Ok(Self {
            key,
            name: program.to_owned(),
        })
    }

    /// How the program ended, in words; `None` while it runs.
    ///
    /// # Errors
    /// What `waitpid(2)` says.
    pub fn ended(&self) -> Result<Option<String>> {
        self.ended_within(Duration::ZERO)
    }

    /// Waits up to `limit` for the program to end by itself.
    ///
    /// # Errors
    /// What `waitpid(2)` says.
    pub fn ended_within(&self, limit: Duration) -> Result<Option<String>> {
        let deadline = Instant::now() + limit;
        let mut live = LIVE.lock().expect("no holder of this lock panics");
        let Some(running) = live.as_mut().and_then(|live| live.get_mut(&self.key)) else {
            return Ok(Some(format!("{} was ended", self.name)));
        };
        let status = running.wait_until(Some(deadline))?;
        Ok(status.map(|status| format!("{} has ended ({status})", self.name)))
    }

    /// Process id.
    pub fn id(&self) -> Option<u32> {
        let live = LIVE.lock().expect("no holder of this lock panics");
        live.as_ref()
            .and_then(|live| live.get(&self.key))
            .map(Running::id)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let running = LIVE
            .lock()
            .expect("no holder of this lock panics")
            .as_mut()
            .and_then(|l| l.remove(&self.key));
        drop(running);
    }
}

/// Whether a program of this name is in `PATH` (or at this path).
pub fn installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    program.contains('/') && Path::new(program).exists()
        || env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Ends every program that was started. Nothing can be started afterwards.
pub fn end_all() {
    let live = LIVE.lock().expect("no holder of this lock panics").take();
    drop(live);
}

/// From now on each SIGINT, SIGTERM or SIGHUP calls `act`, on a thread of its own.
///
/// # Errors
/// The handlers could not be installed.
pub fn on_signal(mut act: impl FnMut() + Send + 'static) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut int, mut term, mut hup) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    thread::spawn(move || {
        loop {
            runtime.block_on(async {
                tokio::select! { _ = int.recv() => {}, _ = term.recv() => {}, _ = hup.recv() => {} }
            });
            act();
        }
    });
    Ok(())
}

/// Ends all helpers and this process, with the status that shells give to an interrupted program.
pub fn end_interrupted() -> ! {
    end_all();
    process::exit(130)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_runs_until_it_is_dropped() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let log = dir.path().join("log");
        let helper = Helper::start("sleep", &["600".into()], dir.path(), &log).expect("sleep starts");
        assert_eq!(helper.ended().expect("status"), None);
        let proc = format!("/proc/{}", helper.id().expect("it runs"));
        assert!(Path::new(&proc).exists());
        drop(helper);
        assert!(!Path::new(&proc).exists(), "{proc} is still there");
    }

    #[test]
    fn the_end_of_a_helper_is_told() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let helper = Helper::start("false", &[], dir.path(), &dir.path().join("log")).expect("false starts");
        let end = helper.ended_within(Duration::from_secs(10)).expect("status");
        assert_eq!(end.as_deref(), Some("false has ended (exit status: 1)"));
    }

    #[test]
    fn a_missing_program_is_named_before_anything_is_started() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let error = Helper::start("pocketstack-no-such", &[], dir.path(), &dir.path().join("log"));
        let error = error.expect_err("it does not exist").to_string();
        assert!(
            error.starts_with("pocketstack-no-such is not installed"),
            "{error}"
        );
    }
}
