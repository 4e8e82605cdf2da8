//! Asking a person.

use std::io::{self, BufRead, IsTerminal, Stdin, Write};

use anyhow::{Context, Result, bail};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// Shows nothing that is typed, until it is dropped.
struct Hidden {
    input: Stdin,
    before: Termios,
}

impl Hidden {
    fn new() -> Result<Self> {
        let input = io::stdin();
        let before = tcgetattr(&input).context("the terminal cannot be asked")?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&input, SetArg::TCSAFLUSH, &silent).context("the terminal would show the password")?;
        Ok(Self { input, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that has gone away needs no echo.
        let _gone = tcsetattr(&self.input, SetArg::TCSANOW, &self.before);
        let _gone = writeln!(io::stderr());
    }
}

/// Whether a person can be asked.
pub fn is_there() -> bool {
    io::stdin().is_terminal()
}

/// A password: typed unseen at the terminal, or the next line of standard input.
pub fn password(question: &str) -> Result<String> {
    let _hidden = is_there().then(Hidden::new).transpose()?;
    let password = line(question)?;
    if password.is_empty() {
        bail!("no password was given: type it, or send it as a line to standard input");
    }
    Ok(password)
}

/// A new password: at the terminal it is typed twice.
pub fn new_password(question: &str) -> Result<String> {
    let new = password(question)?;
    if is_there() && password("The new password again: ")? != new {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(new)
}

/// Whether a person says yes.
pub fn agrees(question: &str) -> Result<bool> {
    let answer = line(question)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn line(question: &str) -> Result<String> {
    if is_there() {
        let mut err = io::stderr();
        let asked = err.write_all(question.as_bytes()).and_then(|()| err.flush());
        asked.context("the question cannot be shown")?;
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.context("standard input cannot be read")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
