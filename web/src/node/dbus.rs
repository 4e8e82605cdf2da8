//! The node controller over D-Bus.
//!
//! One task ([`follow`]) keeps the connection, listens to what changes and connects again when the bus goes away;
//! questions use the connection it has published.
//!
//! ```text
//! follow ──watch: Bus──▶ overview() …    (one method call per question)
//!    └────watch: count──▶ changes()       (OverviewChanged, owner of the name came or went, bus came or went)
//! ```

use std::future::Future;
use std::time::Duration;

use futures_util::{StreamExt, future::Either, stream};
use pocketstack_model::answers::Answers;
use pocketstack_model::bus;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::journal::{Journal, JournalFilter};
use pocketstack_model::metrics::Metrics;
use pocketstack_model::node::Overview;
use pocketstack_model::unit::{Unit, UnitAction};
use rocket::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zbus::proxy::CacheProperties;
use zbus::zvariant::{DynamicDeserialize, DynamicType};
use zbus::{Connection, Proxy, connection};

use super::{NodeSource, NotDone, Power, Unavailable};

/// How long an answer may take before it counts as none.
const LIMIT: Duration = Duration::from_secs(5);
/// Pause before the bus is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The real [`NodeSource`].
pub struct DbusNode {
    bus: watch::Receiver<Bus>,
    changes: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

/// State of the connection.
enum Bus {
    /// The first attempt has not ended.
    Connecting,
    Connected(Connection),
    Lost(String),
}

/// Connects to the bus at a D-Bus address, or to the system bus.
///
/// # Errors
/// When there is no bus at the address, or it does not let us in.
pub async fn connect(address: Option<String>) -> zbus::Result<Connection> {
    match address {
        Some(address) => connection::Builder::address(address.as_str()).build().await,
        None => connection::Builder::system().build().await,
    }
}

impl DbusNode {
    /// Starts to follow the node controller over the connections that `connect` makes. Never fails: as long as
    /// there is no connection, every question is answered with the reason. Must be called inside a runtime.
    pub fn start<C, F>(connect: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = zbus::Result<Connection>> + Send + 'static,
    {
        let (bus_sender, bus) = watch::channel(Bus::Connecting);
        let (count, changes) = watch::channel(0);
        let task = tokio::spawn(follow(connect, bus_sender, count));
        Self { bus, changes, task }
    }

    async fn connection(&self) -> Result<Connection, Unavailable> {
        let mut bus = self.bus.clone();
        let bus = bus
            .wait_for(|bus| !matches!(bus, Bus::Connecting))
            .await
            .map_err(|_| Unavailable::NoBus("the web server is about to stop".to_owned()))?;
        match &*bus {
            Bus::Connected(connection) => Ok(connection.clone()),
            Bus::Lost(why) => Err(Unavailable::NoBus(why.clone())),
            Bus::Connecting => Err(Unavailable::NoBus("not connected yet".to_owned())),
        }
    }
}

impl Drop for DbusNode {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl DbusNode {
    /// Calls a method.
    async fn call<A, R, E>(&self, method: &'static str, arguments: &A) -> Result<R, E>
    where
        A: Serialize + DynamicType + Sync,
        R: for<'d> DynamicDeserialize<'d>,
        E: From<Unavailable> + From<zbus::Error>,
    {
        let answer = timeout(LIMIT, async {
            let proxy = proxy(&self.connection().await?).await?;
            Ok(proxy.call::<_, _, R>(method, arguments).await?)
        });
        answer
            .await
            .unwrap_or_else(|_| Err(Unavailable::TimedOut(LIMIT.as_secs()).into()))
    }

    /// Asks for a document.
    async fn document<D: DeserializeOwned>(&self, method: &'static str) -> Result<D, Unavailable> {
        let text = self.call::<_, String, Unavailable>(method, &()).await?;
        serde_json::from_str(&text).map_err(|error| Unavailable::Unreadable(error.to_string()))
    }
}

/// A document for the other side.
fn text(of: &impl Serialize) -> Result<String, NotDone> {
    serde_json::to_string(of).map_err(|error| NotDone::Refused(error.to_string()))
}

#[async_trait]
impl NodeSource for DbusNode {
    async fn overview(&self) -> Result<Overview, Unavailable> {
        self.document("Overview").await
    }

    async fn configuration(&self) -> Result<Configuration, Unavailable> {
        self.document("Configuration").await
    }

    async fn disks(&self) -> Result<Vec<Candidate>, Unavailable> {
        self.document("Disks").await
    }

    async fn metrics(&self) -> Result<Metrics, Unavailable> {
        self.document("Metrics").await
    }

    async fn units(&self) -> Result<Vec<Unit>, Unavailable> {
        self.document("Units").await
    }

    async fn unit_action(&self, unit: &str, action: UnitAction) -> Result<(), NotDone> {
        self.call("UnitAction", &(unit, action.word())).await
    }

    async fn journal(&self, filter: &JournalFilter) -> Result<Journal, NotDone> {
        let entries = self
            .call::<_, String, NotDone>("Journal", &(text(filter)?,))
            .await?;
        let read = serde_json::from_str(&entries);
        read.map_err(|error| Unavailable::Unreadable(error.to_string()).into())
    }

    async fn check_setup_code(&self, code: &str) -> Result<(), NotDone> {
        self.call("CheckSetupCode", &(code,)).await
    }

    async fn finish_setup(&self, code: &str, answers: &Answers) -> Result<Option<String>, NotDone> {
        let arguments = (code, text(answers)?);
        let code = self.call::<_, String, NotDone>("FinishSetup", &arguments).await?;
        Ok((!code.is_empty()).then_some(code))
    }

    async fn change_configuration(&self, new: &Configuration) -> Result<Option<String>, NotDone> {
        let arguments = (text(new)?,);
        let code = self
            .call::<_, String, NotDone>("ChangeConfiguration", &arguments)
            .await?;
        Ok((!code.is_empty()).then_some(code))
    }

    async fn confirm_network(&self, code: &str) -> Result<(), NotDone> {
        self.call("ConfirmNetwork", &(code,)).await
    }

    async fn power(&self, how: Power) -> Result<(), NotDone> {
        self.call("Power", &(how.word(),)).await
    }

    async fn install(&self, settings: &InstallSettings) -> Result<(), NotDone> {
        self.call("Install", &(text(settings)?,)).await
    }

    async fn factory_reset(&self) -> Result<(), NotDone> {
        self.call("FactoryReset", &()).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

async fn proxy(connection: &Connection) -> zbus::Result<Proxy<'static>> {
    zbus::proxy::Builder::new(connection)
        .destination(bus::NAME)
        .path(bus::PATH)
        .interface(bus::INTERFACE)
        // There are no properties, and caching them would cost a question and a match rule.
        .cache_properties(CacheProperties::No)
        .build()
        .await
}

async fn follow<C, F>(connect: C, bus: watch::Sender<Bus>, count: watch::Sender<u64>)
where
    C: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = zbus::Result<Connection>> + Send + 'static,
{
    let changed = || count.send_modify(|count| *count += 1);
    let mut logged = String::new();
    loop {
        let why = match timeout(LIMIT, connect()).await {
            Ok(Ok(connection)) => {
                tracing::info!("connected to the message bus");
                logged.clear();
                bus.send_replace(Bus::Connected(connection.clone()));
                match listen(&connection, &changed).await {
                    Ok(()) => "the connection was closed".to_owned(),
                    Err(error) => error.to_string(),
                }
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} seconds", LIMIT.as_secs()),
        };
        // A bus that is away for an hour is one line in the log, not 3600.
        if why != logged {
            tracing::warn!("no message bus: {why}; trying again every {} s", PAUSE.as_secs());
            logged.clone_from(&why);
        }
        bus.send_replace(Bus::Lost(why));
        changed();
        sleep(PAUSE).await;
    }
}

/// Counts changes until the connection ends.
async fn listen(connection: &Connection, changed: &impl Fn()) -> zbus::Result<()> {
    let proxy = proxy(connection).await?;
    let mut announced = proxy.receive_signal("OverviewChanged").await?;
    // Between two peers without a bus nobody owns names.
    let mut owners = if connection.is_bus() {
        Either::Left(proxy.receive_owner_changed().await?.map(drop))
    } else {
        Either::Right(stream::pending())
    };
    // What changed before the subscription was not heard.
    changed();
    loop {
        let heard = tokio::select! {
            signal = announced.next() => signal.map(drop),
            owner = owners.next() => owner,
            () = connection.closed() => None,
        };
        match heard {
            Some(()) => changed(),
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "dbus_tests.rs"]
mod tests;
