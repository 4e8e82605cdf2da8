//! `pocketctl`: the command line tool of PocketStack.
//!
//! Results go to standard output and messages to standard error. The exit status is 0 if all is well, 1 if it is not, and 2 if the
//! command line is wrong.

mod answers;
mod args;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{AnswersCommand, Args, Command};

fn main() -> ExitCode {
    let Args { command } = Args::parse();
    let done = match command {
        Command::Answers {
            command: AnswersCommand::Check { file, json },
        } => answers::check(&file, json, &mut io::stdout().lock(), &mut io::stderr().lock()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // With standard error gone as well there is nobody left to tell; the exit status still says it.
            let _gone = writeln!(io::stderr(), "pocketctl: {error:#}");
            ExitCode::FAILURE
        }
    }
}
