//! The contract of `NetworkLinks`, kept by the fake and by the real adapter, and the management network on both.
//!
//! The real adapter works on real links in a network namespace of its own: the test starts itself once more under
//! `unshare`, so that all of its threads are in there. Virtual Ethernet pairs stand for cards and cables, with a
//! made-up sysfs that calls them cards.

mod bench;
mod contract;

use std::time::Duration;

use bench::{FakeBench, KernelBench};
use pocketstack_exec::{Cmd, Stdio, run};

const INSIDE: &str = "POCKETSTACK_TEST_INSIDE";

/// Runs the test of this name again in new user and network namespaces; true if this already is that run.
fn inside(test: &str) -> anyhow::Result<bool> {
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

#[tokio::test]
async fn the_fake_keeps_the_contract() -> anyhow::Result<()> {
    contract::links(&FakeBench::default()).await
}

#[tokio::test]
async fn the_fake_gets_a_management_network() -> anyhow::Result<()> {
    contract::management(&FakeBench::default()).await
}

#[tokio::test]
async fn the_real_adapter_keeps_the_contract() -> anyhow::Result<()> {
    if !inside("the_real_adapter_keeps_the_contract")? {
        return Ok(());
    }
    contract::links(&KernelBench::new()?).await
}

#[tokio::test]
async fn the_real_adapter_gets_a_management_network() -> anyhow::Result<()> {
    if !inside("the_real_adapter_gets_a_management_network")? {
        return Ok(());
    }
    let bench = KernelBench::new()?;
    if let Some(why) = contract::no_bonds(&bench).await {
        println!("SKIPPED: this kernel makes no bonds ({why}); the image cases cover it");
        return Ok(());
    }
    contract::management(&bench).await
}
