//! A program that goes on while its starter does something else.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::{Cmd, Error};

/// A started program in a process group of its own. Dropping it ends the whole group.
#[derive(Debug)]
pub struct Running {
    program: String,
    child: Child,
    ended: Option<ExitStatus>,
}

/// Starts a program and does not wait for it. The time limit of the [`Cmd`] is the caller's to apply.
///
/// # Errors
/// [`Error::Missing`] and [`Error::Start`].
pub fn spawn(cmd: Cmd) -> Result<Running, Error> {
    let program = cmd.program().to_owned();
    start(program, cmd.into_command())
}

/// Like [`spawn`], for a caller that waits in the same thread: if that thread dies, so does the program.
pub(crate) fn spawn_waited(cmd: Cmd) -> Result<Running, Error> {
    let program = cmd.program().to_owned();
    let mut command = cmd.into_command();
    // SAFETY: prctl(2) is async-signal-safe and touches nothing of the parent. It has to happen between fork and exec.
    unsafe {
        command.pre_exec(|| nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).map_err(Into::into));
    }
    start(program, command)
}

/// Becomes the program: same process, same terminal, same process group. Returns only if that fails.
pub fn replace(cmd: Cmd) -> Error {
    let program = cmd.program().to_owned();
    Error::starting(program, cmd.into_command().exec())
}

fn start(program: String, mut command: Command) -> Result<Running, Error> {
    // A group of its own, so that ending the program also ends what it started.
    command.process_group(0);
    match command.spawn() {
        Ok(child) => Ok(Running {
            program,
            child,
            ended: None,
        }),
        Err(source) => Err(Error::starting(program, source)),
    }
}

impl Running {
    /// The child, to take its pipes from.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Process id, which is also the id of the process group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Exit status if the program has ended, `None` while it runs.
    ///
    /// # Errors
    /// What `waitpid(2)` says.
    pub fn try_status(&mut self) -> std::io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Waits for the end, but not past `deadline`: `None` says the program still runs.
    ///
    /// # Errors
    /// What `waitpid(2)` says.
    pub fn wait_until(&mut self, deadline: Option<Instant>) -> std::io::Result<Option<ExitStatus>> {
        let Some(deadline) = deadline else {
            let status = self.child.wait()?;
            self.ended = Some(status);
            return Ok(Some(status));
        };
        // std has no wait with a limit; the pause doubles up to 20 ms, so that short programs are not slowed down.
        let mut pause = Duration::from_micros(200);
        loop {
            if let Some(status) = self.try_status()? {
                return Ok(Some(status));
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(None);
            }
            thread::sleep(pause.min(deadline - now));
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Ends the program and everything in its group: first asked, after two seconds killed.
    pub fn end(&mut self) {
        if matches!(self.try_status(), Ok(Some(_))) {
            // Reaped: its number may already be somebody else's, so nothing is signalled any more.
            return;
        }
        self.signal(Signal::SIGTERM);
        if !matches!(
            self.wait_until(Some(Instant::now() + Duration::from_secs(2))),
            Ok(Some(_))
        ) {
            self.signal(Signal::SIGKILL);
            let _reaped = self.wait_until(None);
        }
    }

    fn signal(&self, signal: Signal) {
        // ESRCH only says that the group is already gone, which is what is wanted.
        let _gone = killpg(Pid::from_raw(self.child.id().cast_signed()), signal);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Display for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (process {})", self.program, self.child.id())
    }
}
