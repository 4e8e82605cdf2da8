//! `pocketctl`: the command line tool of PocketStack.
//!
//! Results go to standard output and messages to standard error. The exit status is 0 if all is well, 1 if it is not, and 2 if the
//! command line is wrong.
//!
//! ```text
//! args ─▶ commands ─▶ contexts (which node, which token) ─▶ client ──HTTPS, pinned──▶ /api/v1 of the node
//!              └────▶ show (tables), documents (TOML and JSON files), terminal (passwords)
//! ```

mod answers;
mod args;
mod client;
mod commands;
mod contexts;
mod documents;
mod login;
mod logs;
mod show;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    match commands::run(Args::parse(), &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // With standard error gone as well there is nobody left to tell; the exit status still says it.
            let _gone = writeln!(io::stderr(), "pocketctl: {error:#}");
            ExitCode::FAILURE
        }
    }
}
