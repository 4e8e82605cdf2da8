//! A root shell on the second serial port.
//!
//! The node runs a shell there when its firmware tells it to (see `vm/args.rs`). Both directions go through one terminal line, so a command is framed: a line
//! with a begin mark before its output, one with an end mark and the exit status after it. The marks are put
//! together by the shell, so the echo of what was typed never looks like one.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::poll::{self, Probe};
use crate::serial::plain;

/// Longest line a terminal in canonical mode takes (`N_TTY_BUF_SIZE`, termios(3)).
const LINE_LIMIT: usize = 4095;

/// What a command said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Exit status.
    pub status: i32,
    /// Both output streams, without the last line feed.
    pub text: String,
}

/// The shell.
#[derive(Debug)]
pub struct Shell {
    line: UnixStream,
    heard: Vec<u8>,
    number: u32,
}

impl Shell {
    /// Connects to QEMU's socket for the port. The machine does not have to be booted yet.
    ///
    /// # Errors
    /// The socket cannot be reached.
    pub fn connect(socket: &Path) -> Result<Self> {
        let line = UnixStream::connect(socket).with_context(|| format!("{}", socket.display()))?;
        Self::over(line)
    }

    fn over(line: UnixStream) -> Result<Self> {
        line.set_read_timeout(Some(Duration::from_millis(100)))?;
        Ok(Self {
            line,
            heard: Vec::new(),
            number: 0,
        })
    }

    /// Waits until a shell answers.
    ///
    /// # Errors
    /// None does within `limit`.
    pub fn ready(&mut self, limit: Duration) -> Result<()> {
        poll::until("the shell on the second serial port", limit, || {
            // An empty line first: it ends whatever half a line the port may hold.
            self.line.write_all(b"\n")?;
            match self.run_within("true", Duration::from_secs(5)) {
                Ok(_) => Ok(Probe::Done(())),
                Err(error) => Ok(Probe::NotYet(format!("{error:#}"))),
            }
        })
    }

    /// Runs one line of shell and hands back what it said, whatever its status; limit three minutes.
    ///
    /// # Errors
    /// No answer in time, or the command is too long for a terminal line.
    pub fn run(&mut self, command: &str) -> Result<Reply> {
        self.run_within(command, Duration::from_secs(180))
    }

    /// Runs one line of shell that must succeed, and hands back its output.
    ///
    /// # Errors
    /// As [`Shell::run`], and a status other than 0.
    pub fn check(&mut self, command: &str) -> Result<String> {
        let reply = self.run(command)?;
        ensure!(
            reply.status == 0,
            "inside the node, `{command}` failed ({}): {}",
            reply.status,
            reply.text
        );
        Ok(reply.text)
    }

    /// Waits for the end of the boot, after which every unit must be as it should: the page is there before the last
    /// unit is.
    ///
    /// # Errors
    /// systemd says something else than "running" (systemctl(1), is-system-running), or nothing within `limit`; the
    /// error names the units that have failed.
    pub fn all_units_run(&mut self, limit: Duration) -> Result<()> {
        let state = self.run_within("systemctl is-system-running --wait", limit)?;
        let failed = self.run("systemctl list-units --failed --no-legend --plain")?;
        ensure!(
            state.text.trim() == "running",
            "systemd says the node is {}: {}",
            state.text,
            failed.text
        );
        Ok(())
    }

    /// [`Shell::run`] with another limit.
    ///
    /// # Errors
    /// As [`Shell::run`].
    pub fn run_within(&mut self, command: &str, limit: Duration) -> Result<Reply> {
        self.number += 1;
        let framed = frame(command, self.number);
        ensure!(
            framed.len() <= LINE_LIMIT,
            "the command is too long for a terminal line: {command}"
        );
        self.heard.clear();
        self.line.write_all(framed.as_bytes())?;
        let deadline = Instant::now() + limit;
        loop {
            if let Some(reply) = parse(&plain(&self.heard), self.number) {
                return Ok(reply);
            }
            let mut chunk = [0; 4096];
            match self.line.read(&mut chunk) {
                Ok(0) => bail!("the second serial port was closed; the machine has ended"),
                Ok(count) => self.heard.extend(&chunk[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
            if Instant::now() >= deadline {
                bail!(
                    "inside the node, `{command}` gave no answer within {} s",
                    limit.as_secs()
                );
            }
        }
    }
}

/// The line to type. `%s` joins the two halves of each mark, so that its echo is not taken for the mark.
fn frame(command: &str, number: u32) -> String {
    format!(
        "printf '\\n%s%s\\n' PS- BEGIN-{number}; {{ {command}\n}} </dev/null 2>&1; \
         printf '\\n%s%s %s\\n' PS- END-{number} $?\n"
    )
}

fn parse(heard: &str, number: u32) -> Option<Reply> {
    let begin = format!("\nPS-BEGIN-{number}\n");
    let end = format!("\nPS-END-{number} ");
    let body = &heard[heard.find(&begin)? + begin.len()..];
    // The begin mark's line feed may be the one before the end mark, when the command said nothing.
    let at = if body.starts_with(&end[1..]) {
        0
    } else {
        body.find(&end)? + 1
    };
    let (status, rest) = body[at + end.len() - 1..].split_once('\n')?;
    let _prompt = rest;
    let status = status.trim().parse().ok()?;
    Some(Reply {
        status,
        text: body[..at].trim_end_matches('\n').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketstack_exec::{Cmd, run};
    use std::thread;

    /// A real shell reads what we would type; a terminal would echo it, so the test puts the echo in front.
    fn through_sh(command: &str) -> Reply {
        let line = frame(command, 7);
        let said = run(Cmd::new("sh").input(line.clone())).expect("sh runs").text();
        let heard = format!("# {}{said}# ", line.replace('\n', "\r\n"));
        parse(&plain(heard.as_bytes()), 7).expect("framed")
    }

    #[test]
    fn output_and_status_come_back() {
        assert_eq!(
            through_sh("echo one; echo two"),
            Reply {
                status: 0,
                text: "one\ntwo".into()
            }
        );
        assert_eq!(
            through_sh("echo oops >&2; (exit 3)"),
            Reply {
                status: 3,
                text: "oops".into()
            }
        );
        assert_eq!(
            through_sh("true"),
            Reply {
                status: 0,
                text: String::new()
            }
        );
        assert_eq!(through_sh("printf 'no line feed'").text, "no line feed");
        assert_eq!(through_sh("false # a comment").status, 1);
    }

    #[test]
    fn a_command_cannot_eat_the_end_mark() {
        assert_eq!(
            through_sh("cat"),
            Reply {
                status: 0,
                text: String::new()
            }
        );
    }

    #[test]
    fn half_an_answer_is_not_an_answer() {
        assert_eq!(parse("# printf PS- BEGIN-1; true", 1), None);
        assert_eq!(parse("\nPS-BEGIN-1\nx\n", 1), None);
        assert_eq!(parse("\nPS-BEGIN-1\nx\n\nPS-END-1 ", 1), None);
        assert_eq!(parse("\nPS-BEGIN-1\nx\n\nPS-END-1 12", 1), None);
        assert_eq!(parse("\nPS-BEGIN-1\nx\n\nPS-END-1 0\n", 2), None);
    }

    /// A node whose shell starts late, and answers over a socket in pieces.
    #[test]
    fn waits_for_a_late_shell() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
        let node = thread::spawn(move || {
            let mut typed = String::new();
            let mut chunk = [0; 4096];
            while let Ok(count) = theirs.read(&mut chunk) {
                if count == 0 {
                    break;
                }
                typed.push_str(&String::from_utf8_lossy(&chunk[..count]));
                if typed.ends_with("$?\n") {
                    let said = run(Cmd::new("sh").input(std::mem::take(&mut typed)))
                        .expect("sh runs")
                        .stdout;
                    for piece in said.chunks(3) {
                        theirs.write_all(piece).expect("the other end reads");
                    }
                }
            }
        });
        let mut shell = Shell::over(ours).expect("a shell");
        shell.ready(Duration::from_secs(20)).expect("it answers");
        assert_eq!(shell.check("echo $((6 * 7))").expect("it answers"), "42");
        let error = shell
            .check("ls /no/such/place")
            .expect_err("there is no such place")
            .to_string();
        assert!(error.contains("`ls /no/such/place` failed (2)"), "{error}");
        drop(shell);
        node.join().expect("no panic");
    }
}
