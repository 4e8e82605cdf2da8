//! Command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Command line tool of PocketStack, the small private cloud.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Areas.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Files of answers, which set machines up without a person
    #[command(arg_required_else_help = true)]
    Answers {
        /// What to do with them
        #[command(subcommand)]
        command: AnswersCommand,
    },
}

/// What can be done with files of answers.
#[derive(Debug, Subcommand)]
pub enum AnswersCommand {
    /// Say what a file of answers would do, or all that is wrong with it
    ///
    /// Nothing is done, and no machine is asked: whether the cards and disks that the file names are there is seen on the machine
    /// that is given it.
    #[command(after_help = "Examples:
  pocketctl answers check answers.toml
  pocketctl answers check --json answers.toml
  ./make-answers | pocketctl answers check -

Exit status: 0 the file is right, 1 it is wrong or cannot be read, 2 the command line is wrong.")]
    Check {
        /// The file; - for standard input
        file: PathBuf,
        /// Print one JSON object, for programs
        #[arg(long)]
        json: bool,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_makes_sense() {
        super::Args::command().debug_assert();
    }
}
