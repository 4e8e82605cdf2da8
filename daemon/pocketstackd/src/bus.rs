//! The D-Bus service `org.pocketstack.Node1`, kept up whatever the bus does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use pocketstack_host::links::NetworkLinks;
use pocketstack_model::bus::{INTERFACE, NAME, PATH};
use tokio::sync::watch;
use tokio::time::sleep;
use zbus::connection::Builder;
use zbus::{Connection, MessageStream};

use crate::node::Node;

/// The bus is started after this daemon and may be restarted at any time.
const RETRY: Duration = Duration::from_secs(1);
/// D-Bus itself lets a call wait for ever.
const CALL_LIMIT: Duration = Duration::from_secs(25);

/// The object at [`PATH`].
struct Node1<L> {
    node: Arc<Node<L>>,
}

#[zbus::interface(name = "org.pocketstack.Node1")]
impl<L: NetworkLinks + 'static> Node1<L> {
    /// This machine as it is now: a `pocketstack_model::node::Overview` as JSON text.
    async fn overview(&self) -> zbus::fdo::Result<String> {
        serde_json::to_string(&self.node.overview().await)
            .map_err(|error| zbus::fdo::Error::Failed(error.to_string()))
    }
}

/// Connects without serving anything: to the address, or to the system bus.
///
/// # Errors
/// What D-Bus says.
pub async fn connect(address: Option<&str>) -> zbus::Result<Connection> {
    builder(address).build().await
}

fn builder(address: Option<&str>) -> Builder<'static> {
    let builder = match address {
        Some(address) => Builder::address(address),
        None => Builder::system(),
    };
    builder.method_timeout(CALL_LIMIT)
}

/// Serves the node for ever, and hands out the connection while there is one.
pub async fn serve<L: NetworkLinks + 'static>(
    address: Option<String>,
    node: Arc<Node<L>>,
    current: watch::Sender<Option<Connection>>,
) -> anyhow::Result<()> {
    let mut told = false;
    loop {
        let service = Node1 { node: node.clone() };
        match builder(address.as_deref())
            .serve_at(PATH, service)
            .name(NAME)
            .build()
            .await
        {
            Ok(connection) => {
                tracing::info!("serving {NAME} on D-Bus");
                told = false;
                let mut messages = MessageStream::from(&connection);
                current.send_replace(Some(connection));
                // The stream ends, or gives an error, exactly when the connection does.
                while let Some(Ok(_)) = messages.next().await {}
                current.send_replace(None);
                tracing::warn!("the connection to D-Bus has ended; connecting again");
            }
            Err(error) => {
                if !told {
                    tracing::warn!("D-Bus cannot be used yet, trying again every second: {error}");
                    told = true;
                }
            }
        }
        sleep(RETRY).await;
    }
}

/// Tells everyone who listens that the overview has changed.
///
/// # Errors
/// What D-Bus says.
pub async fn tell_changed(connection: &Connection) -> zbus::Result<()> {
    connection
        .emit_signal(
            None::<zbus::names::BusName<'_>>,
            PATH,
            INTERFACE,
            "OverviewChanged",
            &(),
        )
        .await
}
