//! `bench`: a cold build without downloads, and one with only the daemon changed, on the same machine in one run.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use pocketstack_exec::{Cmd, run};
use serde_json::json;

use crate::build::{Options, build};
use crate::mirror::Mirrors;
use crate::paths::Paths;

/// Most that a rebuild may take, as share of the cold build.
const BAR: f64 = 0.25;

/// Measures on a copy of the checkout and writes `target/reports/bench-image.json`. Returns whether the bar is met.
///
/// # Errors
/// If a build fails, or the packages cannot be fetched first.
pub fn bench(paths: &Paths, mirrors: &Mirrors, processors: usize) -> Result<bool> {
    let dir = paths.repo.join("target/bench");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    let mut copy = paths.apart(&dir.join("out"));
    copy.repo = dir.join("checkout");
    fs::create_dir_all(&copy.repo)?;
    fs::create_dir_all(&copy.cache)?;
    let files =
        run(Cmd::new("git").args(["ls-files", "-z"]).dir(&paths.repo)).context("this is no git checkout")?;
    run(Cmd::new("tar")
        .args(["--create", "--null", "--files-from=-", "--file"])
        .arg(dir.join("checkout.tar"))
        .dir(&paths.repo)
        .input(files.stdout))?;
    run(Cmd::new("tar")
        .arg("--extract")
        .arg("--file")
        .arg(dir.join("checkout.tar"))
        .dir(&copy.repo))?;

    let options = Options {
        jobs: processors,
        other_clock: false,
    };
    let timed = || -> Result<f64> {
        let since = Instant::now();
        build(&copy, mirrors, &options)?;
        Ok(since.elapsed().as_secs_f64())
    };
    let cold = timed()?;
    change(&copy.repo.join("daemon/pocketstackd/src/main.rs"))?;
    let rebuild = timed()?;
    let ratio = rebuild / cold;
    println!(
        "cold build without downloads {cold:7.1} s\nonly the daemon changed      {rebuild:7.1} s\nratio                        {ratio:7.2} (bar {BAR})"
    );
    let report = paths.repo.join("target/reports/bench-image.json");
    if let Some(parent) = report.parent() {
        fs::create_dir_all(parent)?;
    }
    let document = json!({
        "cold_seconds": cold, "daemon_changed_seconds": rebuild, "ratio": ratio, "bar": BAR, "processors": processors,
    });
    fs::write(&report, serde_json::to_string_pretty(&document)?)?;
    fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    Ok(ratio <= BAR)
}

/// A change that reaches the binary, as any edit would.
fn change(main: &Path) -> Result<()> {
    let mut source = fs::read_to_string(main).with_context(|| format!("cannot read {}", main.display()))?;
    source += "\n#[used]\nstatic CHANGED: [u8; 8] = *b\"changed!\";\n";
    fs::write(main, source).with_context(|| format!("cannot write {}", main.display()))
}
