//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use pocketstack_exec::{Stdio, replace, run};

use crate::bench;
use crate::build::{self, Options};
use crate::fetch;
use crate::interrupt;
use crate::lock::{self, Lock};
use crate::manifest::Manifest;
use crate::mirror::Mirrors;
use crate::namespace::{self, Bind, Chroot};
use crate::packages::{RootName, Wanted};
use crate::paths::Paths;
use crate::reference;
use crate::root;
use crate::verify;

/// Exit status when locked packages are gone from every mirror; `./just lock` mends it.
const GONE: u8 = 3;

/// Builds the PocketStack node image out of pinned Debian packages.
#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// Debian mirror to use instead of the ones in this machine's apt sources; may be repeated.
    #[arg(long, global = true, value_name = "ADDRESS")]
    mirror: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Resolve packages.toml and pin every package in packages.lock.
    Lock {
        /// Only say what would change.
        #[arg(long)]
        diff: bool,
    },
    /// Build all artifacts into target/image.
    Build {
        /// Processors to use; all of them if not given.
        #[arg(long)]
        jobs: Option<usize>,
    },
    /// Build a second time, from scratch and under other circumstances, and compare all artifacts.
    Verify,
    /// Time a cold build without downloads, and one with only the daemon changed.
    Bench,
    /// Make a plain Debian with the same packages, for the boot benchmark; prints its folder.
    Reference,
    /// Fetch all locked packages into the cache. Status 3: the lock is stale.
    Fetch,
    /// Show what is in target/image.
    Inspect,
    /// Run a program inside one of the roots; the checkout is there under its own path.
    Enter {
        /// The root.
        root: RootName,
        /// With a network of its own: empty, only the loopback is up.
        #[arg(long)]
        net: bool,
        /// The program and its arguments.
        #[arg(required = true, last = true)]
        program: Vec<OsString>,
    },
}

/// Runs the command line and turns errors into one message and an exit status.
pub fn main() -> ExitCode {
    match dispatch(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            match error.downcast_ref() {
                Some(fetch::Error::Gone(_)) => ExitCode::from(GONE),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn dispatch(args: Args) -> Result<ExitCode> {
    let paths = Paths::find()?;
    match args.command {
        Command::Lock { diff } => lock_packages(&paths, &Mirrors::find(&args.mirror)?, diff),
        Command::Build { jobs } => {
            namespace::enter()?;
            interrupt::watch()?;
            let options = Options {
                jobs: jobs.unwrap_or_else(processors),
                other_clock: false,
            };
            build::build(&paths, &Mirrors::find(&args.mirror)?, &options)?;
            eprintln!("Artifacts are in {}", paths.out.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify => {
            namespace::enter()?;
            interrupt::watch()?;
            let same = verify::verify(&paths, &Mirrors::find(&args.mirror)?, processors())?;
            Ok(if same {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Bench => {
            namespace::enter()?;
            interrupt::watch()?;
            let within = bench::bench(&paths, &Mirrors::find(&args.mirror)?, processors())?;
            Ok(if within {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Reference => {
            namespace::enter()?;
            interrupt::watch()?;
            println!(
                "{}",
                reference::make(&paths, &Mirrors::find(&args.mirror)?)?.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Fetch => {
            interrupt::watch()?;
            let lock = Lock::read(&paths.lock(), &Wanted::read(&paths.wanted())?)?;
            let roots = RootName::ALL
                .into_iter()
                .map(|name| lock.root(name))
                .collect::<Result<Vec<_>>>()?;
            let packages: Vec<_> = roots.into_iter().flat_map(|root| &root.packages).collect();
            fetch::fetch(&paths.objects, &packages, &Mirrors::find(&args.mirror)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Inspect => {
            let manifest = Manifest::read(&paths.out)?;
            println!("PocketStack {}", manifest.version);
            for (name, value) in &manifest.inputs {
                println!("made from {name} {value}");
            }
            for file in &manifest.artifacts {
                println!("{:>12}  {}  {}", file.size, file.sha256, file.name);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Enter { root, net, program } => enter(&paths, &args.mirror, root, net, &program),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn lock_packages(paths: &Paths, mirrors: &Mirrors, only_diff: bool) -> Result<ExitCode> {
    let wanted = Wanted::read(&paths.wanted())?;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .context("the clock is before 1970")?;
    let new = Lock::new(now.as_secs(), lock::resolve(&wanted, mirrors)?);
    let changes = match Lock::read_any(&paths.lock()) {
        Ok(old) => lock::diff(&old, &new),
        Err(error) => vec![format!("a whole new lock ({error:#})")],
    };
    for change in &changes {
        println!("{change}");
    }
    // The fingerprints of packages.toml can change without a package changing.
    let current = Lock::read(&paths.lock(), &wanted).is_ok();
    if changes.is_empty() && current {
        println!("packages.lock is up to date");
    } else if !only_diff {
        std::fs::write(paths.lock(), new.to_text()).context("cannot write packages.lock")?;
        println!("packages.lock is written");
    }
    Ok(ExitCode::SUCCESS)
}

fn enter(
    paths: &Paths,
    mirror: &[String],
    name: RootName,
    net: bool,
    program: &[OsString],
) -> Result<ExitCode> {
    namespace::enter()?;
    let wanted = Wanted::read(&paths.wanted())?;
    let lock = Lock::read(&paths.lock(), &wanted)?;
    let tree = root::tree(paths, &lock, name, &Mirrors::find(mirror)?)?;
    let here = std::env::current_dir()?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| paths.repo.join("target"), PathBuf::from);
    let mut binds = vec![Bind {
        from: &paths.repo,
        to: &paths.repo,
        writable: true,
    }];
    if !target.starts_with(&paths.repo) {
        binds.push(Bind {
            from: &target,
            to: &target,
            writable: true,
        });
    }
    let chroot = Chroot::new(paths, &tree, &binds)?;
    if net {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET)
            .context("the kernel refuses a network namespace")?;
        run(chroot.unshared(&[], "ip").args(["link", "set", "lo", "up"]))
            .context("cannot bring the loopback up")?;
    }
    let mut cmd = chroot.unshared(&[], "/usr/bin/env").arg("--chdir").arg(&here);
    for name in ["TERM", "CI", "RUST_BACKTRACE", "POCKETSTACK_ACCEL"] {
        if let Some(value) = std::env::var_os(name) {
            cmd = cmd.env(name, value);
        }
    }
    // The builder becomes the program: Ctrl-C reaches it directly, and the mounts go when it does.
    Err(replace(
        cmd.args(program)
            .stdin_inherited()
            .stdout(Stdio::Inherit)
            .stderr(Stdio::Inherit),
    )
    .into())
}
