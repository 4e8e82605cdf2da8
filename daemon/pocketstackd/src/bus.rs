//! The D-Bus service `org.pocketstack.Node1`, kept up whatever the bus does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use pocketstack_host::links::NetworkLinks;
use pocketstack_model::bus::{INTERFACE, NAME, PATH};
use pocketstack_model::config::Configuration;
use pocketstack_model::install::InstallSettings;
use tokio::sync::watch;
use tokio::time::sleep;
use zbus::connection::Builder;
use zbus::{Connection, MessageStream};

use crate::control::{ChangeError, Control, Power};
use crate::node::Node;

/// The bus is started after this daemon and may be restarted at any time.
const RETRY: Duration = Duration::from_secs(1);
/// D-Bus itself lets a call wait for ever.
const CALL_LIMIT: Duration = Duration::from_secs(25);

/// Why something was not done. The names are those of [`pocketstack_model::bus::error`], the words are for a person.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.pocketstack.Error")]
enum Error {
    WrongCode(String),
    TooManyTries(String),
    NothingWaits(String),
    Unconfirmed(String),
    NotStored(String),
    InvalidArgs(String),
    Refused(String),
}

type Result<T> = std::result::Result<T, Error>;

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        let words = error.to_string();
        match error {
            ChangeError::WrongCode => Self::WrongCode(words),
            ChangeError::TooManyTries { .. } => Self::TooManyTries(words),
            ChangeError::NothingWaits => Self::NothingWaits(words),
            ChangeError::Unconfirmed { .. } => Self::Unconfirmed(words),
            ChangeError::Store(_) => Self::NotStored(words),
            ChangeError::Code(_) | ChangeError::Ending => Self::Refused(words),
        }
    }
}

/// The object at [`PATH`]. Who may call what is in `org.pocketstack.conf`; documents are JSON text (decision 0004).
struct Node1<L> {
    node: Arc<Node<L>>,
    control: Control,
}

#[zbus::interface(name = "org.pocketstack.Node1")]
impl<L: NetworkLinks + 'static> Node1<L> {
    /// This machine as it is now: a `pocketstack_model::node::Overview`.
    async fn overview(&self) -> Result<String> {
        document(&self.node.overview().await)
    }

    /// How busy it was over the last minutes: a `pocketstack_model::metrics::Metrics`.
    fn metrics(&self) -> Result<String> {
        document(&self.node.metrics())
    }

    /// The configuration in use, an unconfirmed one included: a `pocketstack_model::config::Configuration`.
    async fn configuration(&self) -> Result<String> {
        document(&self.control.configuration().await)
    }

    /// Changes the configuration. If the networks change, the answer is the code for `ConfirmNetwork`, otherwise "".
    async fn change_configuration(&self, new: &str) -> Result<String> {
        let new: Configuration = read(new)?;
        let code = self.control.change(new).await?;
        Ok(code.unwrap_or_default())
    }

    /// Makes a change of the networks a lasting one.
    async fn confirm_network(&self, code: &str) -> Result<()> {
        Ok(self.control.confirm(code).await?)
    }

    /// The disks: a list of `pocketstack_model::install::Candidate`.
    async fn disks(&self) -> Result<String> {
        document(&self.control.disks().await.map_err(Error::Refused)?)
    }

    /// Starts an installation to disk: a `pocketstack_model::install::InstallSettings`. The overview tells how it goes.
    async fn install(&self, settings: &str) -> Result<()> {
        let settings: InstallSettings = read(settings)?;
        self.control.install(settings).await.map_err(Error::Refused)
    }

    /// Ends the machine: "restart" or "off".
    async fn power(&self, how: &str) -> Result<()> {
        let how = match how {
            "restart" => Power::Restart,
            "off" => Power::Off,
            other => {
                return Err(Error::InvalidArgs(format!(
                    "{other:?} is not known: \"restart\" or \"off\" is needed"
                )));
            }
        };
        self.control.power(how).await.map_err(Error::Refused)
    }

    /// The last lines of the log of this boot, oldest first; of all units if `unit` is empty.
    async fn logs(&self, unit: &str, lines: u32) -> Result<Vec<String>> {
        let unit = (!unit.is_empty()).then(|| unit.to_owned());
        self.control.log(unit, lines).await.map_err(Error::Refused)
    }
}

fn document(of: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(of).map_err(|error| Error::Refused(error.to_string()))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::InvalidArgs(error.to_string()))
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
    control: Control,
    current: watch::Sender<Option<Connection>>,
) -> anyhow::Result<()> {
    let mut told = false;
    loop {
        let service = Node1 {
            node: node.clone(),
            control: control.clone(),
        };
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

#[cfg(test)]
mod tests;
