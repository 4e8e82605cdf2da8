//! The one way PocketStack starts another program.
//!
//! [`run`] waits for the end and captures what was said; [`spawn`] leaves the program running and hands back
//! a [`Running`] that ends it (whole process group) when dropped; [`replace`] becomes it. There is never a shell in between, every
//! error names the program, and nothing waits for ever unless the caller says so.
//!
//! `Command::new` is a clippy error everywhere else (`clippy.toml`).

mod cmd;
mod running;

pub use cmd::{Cmd, Stdio};
pub use running::{Running, replace, spawn};

use std::io::{Read, Write};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Why a program did not do what was asked of it. `Display` is one line fit for a person.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is not installed (or not in `PATH`).
    #[error("cannot start {program}: it is not installed")]
    Missing {
        /// Name as it was asked for.
        program: String,
    },
    /// The program could not be started for another reason.
    #[error("cannot start {program}: {source}")]
    Start {
        /// Name as it was asked for.
        program: String,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The program ended with another status than 0.
    #[error("{program} failed ({status}){}", tail(.stderr))]
    Failed {
        /// Name as it was asked for.
        program: String,
        /// Exit status or signal.
        status: ExitStatus,
        /// Everything written to standard error (empty when it was inherited).
        stderr: String,
    },
    /// The program was ended because its time was over.
    #[error("{program} was ended after {} s without finishing{}", .limit.as_secs(), tail(.stderr))]
    TimedOut {
        /// Name as it was asked for.
        program: String,
        /// The limit it had.
        limit: Duration,
        /// Everything written to standard error until then.
        stderr: String,
    },
    /// Reading from or writing to the program failed.
    #[error("talking to {program}: {source}")]
    Pipe {
        /// Name as it was asked for.
        program: String,
        /// What the kernel said.
        source: std::io::Error,
    },
}

impl Error {
    fn starting(program: String, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::NotFound {
            Self::Missing { program }
        } else {
            Self::Start { program, source }
        }
    }

    /// Exit code of a program that ran and failed; `None` for a signal or any other error.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Failed { status, .. } => status.code(),
            _ => None,
        }
    }
}

/// The last lines of standard error, as they belong behind an error message.
fn tail(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(8);
    if lines.is_empty() {
        String::new()
    } else {
        format!(": {}", lines[from..].join("; "))
    }
}

/// What a program that ended well has said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Standard output, empty when it was not captured.
    pub stdout: Vec<u8>,
    /// Standard error as text (lossy), empty when it was not captured.
    pub stderr: String,
}

impl Output {
    /// Standard output as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Runs a program to its end. Blocks; async callers use `spawn_blocking`.
///
/// # Errors
/// See [`Error`]. A status other than 0 is [`Error::Failed`].
pub fn run(cmd: Cmd) -> Result<Output, Error> {
    let program = cmd.program().to_owned();
    let limit = cmd.limit();
    let input = cmd.input_bytes();
    let mut running = running::spawn_waited(cmd)?;
    let child = running.child();
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();

    let writer = thread::spawn(move || -> std::io::Result<()> {
        if let Some(mut pipe) = stdin {
            match pipe.write_all(&input) {
                // A program may end without reading all of its input; its exit status says whether that was right.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                other => other?,
            }
        }
        Ok(())
    });
    let out = Drain::start(stdout);
    let err = Drain::start(stderr);

    let status = running.wait_until(limit.map(|limit| Instant::now() + limit));
    let timed_out = matches!(status, Ok(None));
    if timed_out {
        running.end();
    }
    let pipe = |source| Error::Pipe {
        program: program.clone(),
        source,
    };
    let deadline = Instant::now() + GRACE;
    let stdout = out.finish(deadline).map_err(pipe)?;
    let stderr = err.finish(deadline).map_err(pipe)?;
    // A writer that still waits is one whose program ended without reading: nothing it has left to say matters.
    let written = if writer.is_finished() {
        writer.join().unwrap_or(Ok(()))
    } else {
        Ok(())
    };
    let stderr = String::from_utf8_lossy(&stderr).into_owned();
    match status.map_err(pipe)? {
        Some(status) if status.success() => {
            written.map_err(pipe)?;
            Ok(Output { stdout, stderr })
        }
        Some(status) => Err(Error::Failed {
            program,
            status,
            stderr,
        }),
        None => Err(Error::TimedOut {
            program,
            limit: limit.unwrap_or_default(),
            stderr,
        }),
    }
}

/// How long the streams of a program that has ended are read on. They end with it, unless it left a child behind that
/// holds them open; such a child is not waited for.
const GRACE: Duration = Duration::from_secs(5);

/// Reads a stream to its end on a thread of its own, so that no program blocks on a full pipe.
struct Drain {
    read: Arc<Mutex<Vec<u8>>>,
    end: mpsc::Receiver<std::io::Result<()>>,
}

impl Drain {
    fn start(pipe: Option<impl Read + Send + 'static>) -> Self {
        let read = Arc::new(Mutex::new(Vec::new()));
        let (tell, end) = mpsc::channel();
        let into = read.clone();
        thread::spawn(move || {
            // Nobody listens any more if the grace is over.
            let _late = tell.send(pipe.map_or(Ok(()), |pipe| copy(pipe, &into)));
        });
        Self { read, end }
    }

    /// What was read until the end of the stream, or until `deadline`.
    fn finish(self, deadline: Instant) -> std::io::Result<Vec<u8>> {
        if let Ok(result) = self
            .end
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            result?;
        }
        Ok(std::mem::take(
            &mut *self.read.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

fn copy(mut pipe: impl Read, into: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut buffer = vec![0_u8; 1 << 14];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => into
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_output_and_feeds_input() {
        let output = run(Cmd::new("cat").input("one\ntwo\n")).expect("cat runs");
        assert_eq!(output.text(), "one\ntwo\n");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(Cmd::new("pocketstack-no-such-program")).expect_err("it does not exist");
        assert_eq!(
            error.to_string(),
            "cannot start pocketstack-no-such-program: it is not installed"
        );
    }

    #[test]
    fn a_failure_carries_status_and_what_was_said() {
        let error = run(Cmd::new("ls").arg("/no/such/place")).expect_err("there is no such place");
        assert_eq!(error.code(), Some(2));
        assert!(error.to_string().contains("/no/such/place"), "{error}");
    }

    #[test]
    fn a_program_over_its_limit_is_ended_with_its_children() {
        let error =
            run(Cmd::new("sleep").arg("600").within(Duration::from_millis(100))).expect_err("too slow");
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    }

    #[test]
    fn a_child_left_behind_with_the_streams_is_not_waited_for() {
        // setsid(1) leaves the child behind with the streams; waiting for it would outlast the runner's patience.
        let output = run(Cmd::new("setsid").args(["--fork", "sleep", "300"])).expect("setsid ends well");
        assert_eq!(output.text(), "");
    }

    #[test]
    fn nothing_of_the_environment_is_passed_when_cleared() {
        let output = run(Cmd::new("env").clear_env().env("ONLY", "this")).expect("env runs");
        assert_eq!(output.text().trim(), "ONLY=this");
    }
}
