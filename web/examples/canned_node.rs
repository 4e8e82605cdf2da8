//! Serves an overview out of a file as `org.pocketstack.Node1`, for work on the pages without a node.
//!
//! ```text
//! dbus-daemon --session --print-address --fork
//! cargo run -p pocketstack-web --example canned_node -- ADDRESS web/examples/overview.json
//! cargo run -p pocketstack-web -- --bus ADDRESS --state /tmp/web --listen '[::]:8443'
//! ```
//!
//! The code that confirms a change of the networks is ABCD2345. The file is read anew for each question, so what is saved is shown at the next one; a line on standard input sends
//! `OverviewChanged`. End of input ends the program.

use std::path::PathBuf;

use anyhow::Context;
use pocketstack_model::{bus, node::Overview};
use tokio::io::{AsyncBufReadExt, BufReader};
use zbus::object_server::SignalEmitter;
use zbus::{connection, fdo, interface};

struct Canned(PathBuf);

#[interface(name = "org.pocketstack.Node1")]
impl Canned {
    async fn overview(&self) -> fdo::Result<String> {
        let failed =
            |error: &dyn std::fmt::Display| fdo::Error::Failed(format!("{}: {error}", self.0.display()));
        let text = std::fs::read_to_string(&self.0).map_err(|error| failed(&error))?;
        serde_json::from_str::<Overview>(&text).map_err(|error| failed(&error))?;
        Ok(text)
    }

    async fn confirm_network(&self, code: &str) -> fdo::Result<()> {
        match code {
            "ABCD2345" => Ok(()),
            _ => Err(fdo::Error::Failed("the code is wrong".to_owned())),
        }
    }

    #[zbus(signal)]
    async fn overview_changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: canned_node BUS-ADDRESS FILE.json");
    };
    let connection = connection::Builder::address(address.as_str())
        .name(bus::NAME)
        .serve_at(bus::PATH, Canned(file.into()))
        .build()
        .await
        .with_context(|| format!("cannot serve {} on {address}", bus::NAME))?;
    let emitter = SignalEmitter::new(&connection, bus::PATH)?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        Canned::overview_changed(&emitter).await?;
    }
    Ok(())
}
