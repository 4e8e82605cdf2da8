//! `pocketstack-tests`: runs the image cases, the demo and the benchmarks.
//!
//! ```text
//!   run boot [FILTER]  ── cases/boot ──► one machine per firmware and medium, several cases on each
//!   run browser        ── cases/browser ► the browser of the cases itself, no machine
//!   run install        ── cases/install ► installed machines, networks, power cuts
//!   run pages          ── cases/pages ──► the wizard, the pages, and who gets in
//!   demo               ── a machine from the raw image, its page on 127.0.0.1
//!   bench boot         ── seconds from the start of QEMU to the page, and those of a plain Debian
//!   bench install      ── seconds of an unattended installation, and from the disk to the page
//!   bench page         ── answers in a second of the overview and the API, to many clients at once
//! ```
//!
//! All of it is meant to be started by `./just` inside the testbed, where QEMU and the other programs are.

mod bench;
mod boot;
mod browser;
mod case;
mod demo;
mod install;
mod layout;
mod pages;
mod run;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Tests of the PocketStack image on virtual machines.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the cases of a group, or of all groups.
    Run(run::Args),
    /// Boot the image and leave its page open in a browser's reach.
    Demo(demo::Args),
    /// Measure.
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// From the start of QEMU until the page answers, against a plain Debian.
    Boot(bench::boot::Args),
    /// An unattended installation, and the first boot from the disk.
    Install(bench::install::Args),
    /// The overview and the API, read by many clients at once.
    Page(bench::page::Args),
}

fn main() -> ExitCode {
    match start(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Demo(args) => demo::demo(&args).map(|()| ExitCode::SUCCESS),
        Command::Bench(Bench::Boot(args)) => bench::boot::boot(&args),
        Command::Bench(Bench::Install(args)) => bench::install::install(&args),
        Command::Bench(Bench::Page(args)) => bench::page::page(&args),
    }
}
