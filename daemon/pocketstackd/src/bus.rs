//! The D-Bus service `org.pocketstack.Node1`, kept up whatever the bus does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use pocketstack_host::links::NetworkLinks;
use pocketstack_model::answers::Answers;
use pocketstack_model::bus::{INTERFACE, NAME, PATH};
use pocketstack_model::config::Configuration;
use pocketstack_model::install::InstallSettings;
use pocketstack_model::journal::JournalFilter;
use pocketstack_model::unit::UnitAction;
use tokio::sync::watch;
use tokio::time::sleep;
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::BusName;
use zbus::{Connection, MessageStream};

use crate::control::{ChangeError, Control, Power, SetupError};
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
            ChangeError::Setup(_) | ChangeError::Code(_) | ChangeError::Ending => Self::Refused(words),
        }
    }
}

impl From<SetupError> for Error {
    fn from(error: SetupError) -> Self {
        let words = error.to_string();
        match error {
            SetupError::SetUp => Self::NothingWaits(words),
            SetupError::WrongCode => Self::WrongCode(words),
            SetupError::TooManyTries { .. } => Self::TooManyTries(words),
            SetupError::Change(error) => error.into(),
            SetupError::Answers(_) | SetupError::Impossible(_) => Self::Refused(words),
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

    /// Whether this is the setup code that the console shows.
    fn check_setup_code(&self, code: &str) -> Result<()> {
        Ok(self.control.check_setup_code(code)?)
    }

    /// Sets the node up: a `pocketstack_model::answers::Answers`. If the networks change, the answer is the code for
    /// `ConfirmNetwork`, otherwise "".
    async fn finish_setup(&self, code: &str, answers: &str) -> Result<String> {
        // Whoever does not know the code is not told what else is wrong.
        self.control.check_setup_code(code)?;
        let answers: Answers = read(answers)?;
        let code = self.control.finish_setup(code, answers).await?;
        Ok(code.unwrap_or_default())
    }

    /// The disks: a list of `pocketstack_model::install::Candidate`.
    async fn disks(&self) -> Result<String> {
        document(&self.control.disks().await.map_err(Error::Refused)?)
    }

    /// Starts an installation to disk: a `pocketstack_model::install::InstallSettings`. The overview tells how it goes.
    /// Before the setup only root may: the pages have asked nobody for a password then.
    async fn install(
        &self,
        settings: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let settings: InstallSettings = read(settings)?;
        let begun = if asked_by_root(&header, connection).await {
            self.control.install(settings).await
        } else {
            self.control.install_signed_in(settings).await
        };
        begun.map_err(Error::Refused)
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

    /// The time and what sets it: a `pocketstack_model::timekeeping::Timekeeping`.
    async fn time(&self) -> Result<String> {
        document(&self.control.time().await)
    }

    /// The units that a person has to do with: a list of `pocketstack_model::unit::Unit`.
    async fn units(&self) -> Result<String> {
        document(&self.control.units().await.map_err(Error::Refused)?)
    }

    /// "start", "stop" or "restart" of a unit.
    async fn unit_action(&self, unit: &str, action: &str) -> Result<()> {
        let Some(action) = UnitAction::called(action) else {
            return Err(Error::InvalidArgs(format!(
                "{action:?} is not known: \"start\", \"stop\" or \"restart\" is needed"
            )));
        };
        let done = self.control.unit_action(unit, action).await;
        done.map_err(Error::Refused)
    }

    /// Entries of the journal for a `pocketstack_model::journal::JournalFilter`: a `pocketstack_model::journal::Journal`.
    async fn journal(&self, filter: &str) -> Result<String> {
        let filter: JournalFilter = read(filter)?;
        document(&self.control.journal(filter).await.map_err(Error::Refused)?)
    }

    /// Restarts the machine as it was before its setup.
    async fn factory_reset(&self) -> Result<()> {
        self.control.factory_reset().await.map_err(Error::Refused)
    }

    /// The last lines of the log of this boot, oldest first; of all units if `unit` is empty.
    async fn logs(&self, unit: &str, lines: u32) -> Result<Vec<String>> {
        let unit = (!unit.is_empty()).then(|| unit.to_owned());
        self.control.log(unit, lines).await.map_err(Error::Refused)
    }
}

/// Whether the bus says that root has sent this. Without a bus in between there is no sender: whoever has the other end
/// was given it.
async fn asked_by_root(header: &Header<'_>, connection: &Connection) -> bool {
    let Some(sender) = header.sender() else {
        return true;
    };
    let Ok(bus) = DBusProxy::new(connection).await else {
        return false;
    };
    let user = bus.get_connection_unix_user(BusName::from(sender.clone())).await;
    user.is_ok_and(|user| user == 0)
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
