//! The node controller over D-Bus.
//!
//! One task ([`follow`]) keeps the connection, listens to what changes and connects again when the bus goes away;
//! questions use the connection it has published.
//!
//! ```text
//! follow ──watch: Bus──▶ overview()      (one method call per question)
//!    └────watch: count──▶ changes()       (OverviewChanged, owner of the name came or went, bus came or went)
//! ```

use std::future::Future;
use std::time::Duration;

use futures_util::{StreamExt, future::Either, stream};
use pocketstack_model::bus;
use pocketstack_model::node::Overview;
use rocket::async_trait;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zbus::proxy::CacheProperties;
use zbus::{Connection, Proxy, connection, fdo};

use super::{NodeSource, NotConfirmed, Unavailable};

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

#[async_trait]
impl NodeSource for DbusNode {
    async fn overview(&self) -> Result<Overview, Unavailable> {
        let answer = timeout(LIMIT, async {
            let proxy = proxy(&self.connection().await?).await.map_err(unavailable)?;
            proxy
                .call::<_, _, String>("Overview", &())
                .await
                .map_err(unavailable)
        });
        let text = answer
            .await
            .map_err(|_| Unavailable::TimedOut(LIMIT.as_secs()))??;
        serde_json::from_str(&text).map_err(|error| Unavailable::Unreadable(error.to_string()))
    }

    async fn confirm_network(&self, code: &str) -> Result<(), NotConfirmed> {
        let answer = timeout(LIMIT, async {
            let proxy = proxy(&self.connection().await?).await.map_err(unavailable)?;
            proxy
                .call::<_, _, ()>("ConfirmNetwork", &(code,))
                .await
                .map_err(not_confirmed)
        });
        answer.await.map_err(|_| Unavailable::TimedOut(LIMIT.as_secs()))?
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

/// An answer in words is a refusal, and its name says of what kind; everything else is none.
fn not_confirmed(error: zbus::Error) -> NotConfirmed {
    let name = match &error {
        zbus::Error::MethodError(name, ..) => name.to_string(),
        _ => String::new(),
    };
    match unavailable(error) {
        Unavailable::Failed(why) if name == bus::error::WRONG_CODE => NotConfirmed::WrongCode(why),
        Unavailable::Failed(_) if name == bus::error::TOO_MANY_TRIES => NotConfirmed::TooManyTries,
        Unavailable::Failed(_) if name == bus::error::NOTHING_WAITS => NotConfirmed::NothingWaits,
        Unavailable::Failed(why) => NotConfirmed::Refused(why),
        other => NotConfirmed::Unavailable(other),
    }
}

/// Meanings of the errors as the D-Bus specification has them.
fn unavailable(error: zbus::Error) -> Unavailable {
    let said = |text: String| text.trim_end_matches('.').to_owned();
    match error {
        zbus::Error::FDO(error) => match *error {
            fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_) | fdo::Error::NoReply(_) => {
                Unavailable::NotRunning
            }
            fdo::Error::AccessDenied(text) | fdo::Error::AuthFailed(text) => Unavailable::Refused(said(text)),
            fdo::Error::Failed(text) => Unavailable::Failed(said(text)),
            other => Unavailable::Failed(said(other.to_string())),
        },
        // The node controller's own errors: the words are for a person, the name is not.
        zbus::Error::MethodError(_, Some(text), _) => Unavailable::Failed(said(text)),
        zbus::Error::InputOutput(error) => Unavailable::NoBus(error.to_string()),
        other => Unavailable::Failed(said(other.to_string())),
    }
}

#[cfg(test)]
#[path = "dbus_tests.rs"]
mod tests;
