//! Command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The node controller of PocketStack.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// Console to draw the node's page on, for example /dev/tty1; may be given several times
    #[arg(long, value_name = "PATH")]
    pub console: Vec<PathBuf>,
    /// Certificate of the web page, whose fingerprint the consoles show
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/var/lib/pocketstack/web/certificate.pem"
    )]
    pub certificate: PathBuf,
    /// Folder for state that stays over a restart
    #[arg(long, value_name = "DIR", default_value = "/var/lib/pocketstack")]
    pub state: PathBuf,
    /// D-Bus address to serve at instead of the system bus
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub bus: Option<String>,
    /// URI of libvirt
    #[arg(long, value_name = "URI", default_value = "qemu:///system", global = true)]
    pub libvirt: String,
    /// Folder that stands for / when reading /proc, /sys, /dev, /etc and /run (for tests)
    #[arg(long, value_name = "DIR", default_value = "/", global = true)]
    pub root: PathBuf,
    /// What to do instead of running as the daemon
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Things other than running as the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Look at this machine once, print what was found as JSON, and end
    Overview,
    /// Fetch the answers that the kernel command line names, print them, and end
    FetchAnswers,
}
