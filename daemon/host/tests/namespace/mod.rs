//! Tests that need a network of their own.

use std::time::Duration;

use pocketstack_exec::{Cmd, Stdio, run};

const INSIDE: &str = "POCKETSTACK_TEST_INSIDE";

/// Runs the test of this name again in new user and network namespaces; true if this already is that run.
pub fn inside(test: &str) -> anyhow::Result<bool> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(true);
    }
    let again = Cmd::new("unshare")
        .args(["--map-root-user", "--net", "--"])
        .arg(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .stdout(Stdio::Inherit)
        .stderr(Stdio::Inherit)
        .within(Duration::from_secs(120));
    run(again)?;
    Ok(false)
}
