//! Command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use pocketstack_pinned::Fingerprint;

/// Command line tool of PocketStack, the small private cloud.
///
/// A node is known by its address and the fingerprint of its certificate, which its console shows. `pocketctl login ADDRESS` keeps
/// both, with a token, in ~/.config/pocketstack/contexts.toml; the environment variable POCKETSTACK_TOKEN goes before that token.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
#[command(after_help = "Examples:
  pocketctl login 192.0.2.17
  pocketctl node
  pocketctl configuration show > node.toml
  pocketctl --node https://192.0.2.17 --fingerprint 5D:1F:… disks --json

Exit status: 0 all is well, 1 it is not, 2 the command line is wrong.")]
pub struct Args {
    /// Which node, and how results are printed
    #[command(flatten)]
    pub global: Global,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// Address of the node; unless given, the one of the last login
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub node: Option<String>,
    /// SHA-256 fingerprint of the node's certificate; unless given, the one of the login
    #[arg(long, global = true, value_name = "SHA256")]
    pub fingerprint: Option<Fingerprint>,
    /// Print one JSON document, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// Areas.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep a node's fingerprint and a token for it
    ///
    /// The password is asked for at the terminal, or read from standard input. It is not kept.
    Login {
        /// Address of the node: a name, an IP address (IPv6 in brackets), and a port if it is not 443
        address: String,
        /// Name of the token; "pocketctl on HOST" unless given
        #[arg(long)]
        name: Option<String>,
        /// Days until the token ends
        #[arg(long, default_value_t = 90)]
        days: u16,
    },
    /// Revoke the token of a login and forget it
    Logout,
    /// Show the machine as it is now
    Node,
    /// The networks
    #[command(subcommand, arg_required_else_help = true)]
    Network(NetworkCommand),
    /// The configuration
    #[command(subcommand, arg_required_else_help = true)]
    Configuration(ConfigurationCommand),
    /// Show the disks, and what is on them
    Disks,
    /// Show the services, and how they are
    Units,
    /// Start, stop or restart a service
    Unit {
        /// What to do with it
        action: UnitWord,
        /// Its full name ("libvirtd.service")
        name: String,
    },
    /// Show the newest entries of the journal, the oldest first
    Logs(Logs),
    /// Restart the machine, switch it off, or make it as it was before its setup
    Power {
        /// Which
        how: How,
        /// Name of the machine that is reset, so that no other one is meant
        #[arg(long, required_if_eq("how", "factory-reset"))]
        name: Option<String>,
    },
    /// Tokens, by which programs come in
    #[command(subcommand, arg_required_else_help = true)]
    Tokens(TokensCommand),
    /// Show who did what, the newest first
    Audit {
        /// How many entries
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Fetch a support bundle: what somebody who helps wants to see, without secrets
    Support {
        /// File to write, a .tar.gz; it must not be there yet
        file: PathBuf,
    },
    /// The password and the SSH keys
    #[command(subcommand, arg_required_else_help = true)]
    Access(AccessCommand),
    /// Files of answers, which set machines up without a person
    #[command(subcommand, arg_required_else_help = true)]
    Answers(AnswersCommand),
    /// Print what a shell needs to complete this command line
    #[command(after_help = "Example:
  pocketctl completion bash > ~/.local/share/bash-completion/completions/pocketctl")]
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// What can be done with the networks.
#[derive(Debug, Subcommand)]
pub enum NetworkCommand {
    /// Print the settings, as TOML
    Show,
    /// Use other settings, and print the code that keeps them
    Set {
        /// The file, TOML or JSON, as "show" prints it; - for standard input
        file: PathBuf,
    },
    /// Keep a change of the networks
    Confirm {
        /// The code that the change has printed
        code: String,
    },
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigurationCommand {
    /// Print it, as TOML; of the password only whether there is one
    Show,
    /// Use another one; the password stays
    Set {
        /// The file, TOML or JSON, as "show" prints it; - for standard input
        file: PathBuf,
    },
}

/// How a machine ends.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum How {
    /// It starts again
    Restart,
    /// It stays off
    Off,
    /// It starts again without its settings, password, keys, tokens, certificate and logs; system and volumes stay
    FactoryReset,
}

/// What can be done with a service.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum UnitWord {
    /// It is started
    Start,
    /// It is stopped
    Stop,
    /// It is stopped if it runs, and started
    Restart,
}

/// Which entries of the journal.
#[derive(Debug, clap::Args)]
pub struct Logs {
    /// Only of this unit ("libvirtd.service")
    #[arg(long)]
    pub unit: Option<String>,
    /// Nothing less important: emergency, alert, critical, error, warning, notice, info or debug
    #[arg(long)]
    pub priority: Option<String>,
    /// Only what has this in it, whatever its case
    #[arg(long)]
    pub text: Option<String>,
    /// How many entries at first
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub lines: u16,
    /// Go on with what is written from now on; with --json one entry a line
    #[arg(long)]
    pub follow: bool,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum TokensCommand {
    /// Show them, without what they are
    List,
    /// Make one and print it; this takes the password
    Create {
        /// What it is for
        name: String,
        /// Days until it ends
        #[arg(long, default_value_t = 90)]
        days: u16,
    },
    /// Revoke one
    Revoke {
        /// Its name
        name: String,
    },
}

/// What can be done with the ways in.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Change the password
    ///
    /// The present one and the new one are asked for at the terminal, or read as two lines from standard input.
    Password,
    /// Print the SSH keys, or let in others
    Keys {
        /// File of keys like authorized_keys, which replace all; - for standard input
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
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
