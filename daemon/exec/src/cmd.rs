//! What to run and how: a description that can be compared and printed, apart from running it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where one of a program's standard streams goes.
#[derive(Debug, Default)]
pub enum Stdio {
    /// Kept and handed back.
    #[default]
    Capture,
    /// The caller's own stream.
    Inherit,
    /// Thrown away.
    Null,
    /// A file.
    File(File),
}

impl From<Stdio> for std::process::Stdio {
    fn from(stdio: Stdio) -> Self {
        match stdio {
            Stdio::Capture => Self::piped(),
            Stdio::Inherit => Self::inherit(),
            Stdio::Null => Self::null(),
            Stdio::File(file) => file.into(),
        }
    }
}

/// A program with its arguments, environment, folder, streams and time limit.
///
/// Without [`Cmd::within`] the limit is one minute; [`Cmd::unlimited`] is for builds and servers.
#[derive(Debug)]
pub struct Cmd {
    program: String,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    clear_env: bool,
    dir: Option<PathBuf>,
    input: Option<Vec<u8>>,
    inherit_stdin: bool,
    stdout: Stdio,
    stderr: Stdio,
    limit: Option<Duration>,
}

impl Cmd {
    /// A program by name (looked up in `PATH`) or path.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            clear_env: false,
            dir: None,
            input: None,
            inherit_stdin: false,
            stdout: Stdio::Capture,
            stderr: Stdio::Capture,
            limit: Some(Duration::from_secs(60)),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets one environment variable. Secrets go through [`Cmd::input`], never through here or an argument.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Passes nothing of the caller's environment on (variables set with [`Cmd::env`] stay).
    #[must_use]
    pub fn clear_env(mut self) -> Self {
        self.clear_env = true;
        self
    }

    /// Folder the program runs in.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Bytes for standard input; without it standard input is empty.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// Standard input is the caller's own.
    #[must_use]
    pub fn stdin_inherited(mut self) -> Self {
        self.inherit_stdin = true;
        self
    }

    /// Where standard output goes.
    #[must_use]
    pub fn stdout(mut self, to: Stdio) -> Self {
        self.stdout = to;
        self
    }

    /// Where standard error goes.
    #[must_use]
    pub fn stderr(mut self, to: Stdio) -> Self {
        self.stderr = to;
        self
    }

    /// Ends the program, with all it started, after this time.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Lets the program run as long as it wants.
    #[must_use]
    pub fn unlimited(mut self) -> Self {
        self.limit = None;
        self
    }

    /// The program's name, as errors print it.
    pub fn program(&self) -> &str {
        &self.program
    }

    pub(crate) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    pub(crate) fn input_bytes(&self) -> Vec<u8> {
        self.input.clone().unwrap_or_default()
    }

    pub(crate) fn into_command(self) -> Command {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place the ban points to"
        )]
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        if self.clear_env {
            command.env_clear();
        }
        command.envs(self.env);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        let stdin = match (&self.input, self.inherit_stdin) {
            (Some(_), _) => Stdio::Capture,
            (None, true) => Stdio::Inherit,
            (None, false) => Stdio::Null,
        };
        command.stdin(stdin).stdout(self.stdout).stderr(self.stderr);
        command
    }
}
