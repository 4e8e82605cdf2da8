//! systemd-networkd, over D-Bus (org.freedesktop.network1(5)): it gives links their addresses, out of files.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use pocketstack_model::link::LinkIndex;
use tokio::sync::watch;
use zbus::Connection;
use zbus::proxy::CacheProperties;

use crate::systemd::{DbusSystemd, Systemd, UnitName};

const NAME: &str = "org.freedesktop.network1";
const UNIT: &str = "systemd-networkd.service";

/// Tells systemd-networkd about changed files, and to try again.
pub trait Networkd: Send + Sync {
    /// Reads all files anew. Links whose file is new, changed or gone are configured anew, all others keep their
    /// addresses (networkctl(1), `reload`). Starts systemd-networkd if it does not run.
    ///
    /// # Errors
    /// [`Error`] with what D-Bus says.
    fn reload(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Drops the addresses of one link and sets all of them up anew: one that another machine had is tried again, which
    /// systemd-networkd does not do by itself (networkctl(1), `reconfigure`).
    ///
    /// # Errors
    /// [`Error`] with what D-Bus says.
    fn reconfigure(&self, link: LinkIndex) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Why systemd-networkd was not told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be asked, or refused.
    #[error("systemd-networkd did not take the new addresses: {0}")]
    Ask(#[from] zbus::Error),
    /// It had lost the bus and could not be restarted.
    #[error(
        "systemd-networkd did not take the new addresses, as it does not answer on the bus and cannot be restarted: {0}"
    )]
    Restart(String),
    /// There is no connection to ask it over.
    #[error("systemd-networkd cannot be told of new addresses: the system bus does not answer")]
    NoBus,
}

#[zbus::proxy(
    interface = "org.freedesktop.network1.Manager",
    default_service = "org.freedesktop.network1",
    default_path = "/org/freedesktop/network1"
)]
trait Manager {
    fn reload(&self) -> zbus::Result<()>;
    fn reconfigure_link(&self, index: i32) -> zbus::Result<()>;
}

/// systemd-networkd at the other end of a D-Bus connection.
#[derive(Debug, Clone)]
pub struct DbusNetworkd {
    bus: watch::Receiver<Option<Connection>>,
}

impl DbusNetworkd {
    /// Uses whatever connection there is at the moment of a call.
    pub fn over(bus: watch::Receiver<Option<Connection>>) -> Self {
        Self { bus }
    }
}

impl Networkd for DbusNetworkd {
    async fn reload(&self) -> Result<(), Error> {
        let connection = self.bus.borrow().clone().ok_or(Error::NoBus)?;
        if lost_the_bus(&connection).await {
            let systemd = DbusSystemd::over(self.bus.clone());
            let unit = UnitName::try_from(UNIT).map_err(|error| Error::Restart(error.to_string()))?;
            // At its start it reads all files as well.
            return systemd
                .restart(&unit)
                .await
                .map_err(|error| Error::Restart(error.to_string()));
        }
        Ok(manager(&connection).await?.reload().await?)
    }

    async fn reconfigure(&self, link: LinkIndex) -> Result<(), Error> {
        let connection = self.bus.borrow().clone().ok_or(Error::NoBus)?;
        let index = i32::try_from(link.0).map_err(|error| zbus::Error::Failure(error.to_string()))?;
        Ok(manager(&connection).await?.reconfigure_link(index).await?)
    }
}

async fn manager(connection: &Connection) -> zbus::Result<ManagerProxy<'static>> {
    ManagerProxy::builder(connection)
        .cache_properties(CacheProperties::No)
        .build()
        .await
}

/// Whether the bus is one that does not know systemd-networkd: it does not come back to a bus that was restarted, and
/// the bus then waits in vain for a unit that systemd says is running. Where there is no bus in between (as in tests),
/// nobody can tell, and it is asked directly.
async fn lost_the_bus(connection: &Connection) -> bool {
    let Ok(bus) = zbus::fdo::DBusProxy::new(connection).await else {
        return false;
    };
    let Ok(name) = zbus::names::BusName::try_from(NAME) else {
        return false;
    };
    matches!(bus.name_has_owner(name).await, Ok(false))
}

/// The fake: remembers what it was told, and may refuse it. Clones are the same systemd-networkd.
#[derive(Debug, Clone, Default)]
pub struct FakeNetworkd(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    reloads: usize,
    reconfigured: Vec<LinkIndex>,
    refusing: bool,
}

impl FakeNetworkd {
    /// The links it has set up anew, in the order of that.
    pub fn reconfigured(&self) -> Vec<LinkIndex> {
        self.locked().reconfigured.clone()
    }

    /// How often it has read its files anew.
    pub fn reloads(&self) -> usize {
        self.locked().reloads
    }

    /// Whether it refuses from now on.
    pub fn refuse(&self, refusing: bool) {
        self.locked().refusing = refusing;
    }

    /// Serves it at the other end of a socket, until the returned connection is dropped.
    ///
    /// # Errors
    /// What D-Bus says.
    pub async fn serve(&self, socket: std::os::unix::net::UnixStream) -> zbus::Result<Connection> {
        zbus::connection::Builder::unix_stream(socket)
            .server(zbus::Guid::generate())
            .p2p()
            .serve_at("/org/freedesktop/network1", Served(self.clone()))
            .build()
            .await
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_to(&self, act: impl FnOnce(&mut State)) -> Result<(), &'static str> {
        let mut state = self.locked();
        if state.refusing {
            return Err("Failed to reload network settings: No such process");
        }
        act(&mut state);
        Ok(())
    }

    fn try_reload(&self) -> Result<(), &'static str> {
        self.try_to(|state| state.reloads += 1)
    }

    fn try_reconfigure(&self, link: LinkIndex) -> Result<(), &'static str> {
        self.try_to(|state| state.reconfigured.push(link))
    }
}

impl Networkd for FakeNetworkd {
    async fn reload(&self) -> Result<(), Error> {
        self.try_reload()
            .map_err(|why| Error::Ask(zbus::Error::Failure(why.to_owned())))
    }

    async fn reconfigure(&self, link: LinkIndex) -> Result<(), Error> {
        self.try_reconfigure(link)
            .map_err(|why| Error::Ask(zbus::Error::Failure(why.to_owned())))
    }
}

struct Served(FakeNetworkd);

#[zbus::interface(name = "org.freedesktop.network1.Manager")]
impl Served {
    fn reload(&self) -> zbus::fdo::Result<()> {
        self.0
            .try_reload()
            .map_err(|why| zbus::fdo::Error::Failed(why.to_owned()))
    }

    fn reconfigure_link(&self, index: i32) -> zbus::fdo::Result<()> {
        let index = u32::try_from(index).map_err(|error| zbus::fdo::Error::InvalidArgs(error.to_string()))?;
        self.0
            .try_reconfigure(LinkIndex(index))
            .map_err(|why| zbus::fdo::Error::Failed(why.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    async fn contract(networkd: &impl Networkd, machine: &FakeNetworkd) {
        for count in 1..=2 {
            networkd.reload().await.expect("reloaded");
            assert_eq!(machine.reloads(), count);
        }
        networkd.reconfigure(LinkIndex(7)).await.expect("set up anew");
        assert_eq!(machine.reconfigured(), [LinkIndex(7)]);
        machine.refuse(true);
        let said = networkd.reload().await.expect_err("refused").to_string();
        assert!(said.contains("Failed to reload network settings"), "{said}");
        assert!(networkd.reconfigure(LinkIndex(7)).await.is_err());
        assert_eq!((machine.reloads(), machine.reconfigured().len()), (2, 1));
    }

    #[tokio::test]
    async fn the_fake_keeps_the_contract() {
        let machine = FakeNetworkd::default();
        contract(&machine.clone(), &machine).await;
    }

    #[tokio::test]
    async fn the_real_adapter_keeps_the_contract() {
        let machine = FakeNetworkd::default();
        let (here, there) = UnixStream::pair().expect("a pair of sockets");
        let client = zbus::connection::Builder::unix_stream(here).p2p().build();
        let (served, client) = tokio::join!(machine.serve(there), client);
        let _served = served.expect("served");
        let (bus, current) = watch::channel(None);
        let networkd = DbusNetworkd::over(current);
        assert!(matches!(networkd.reload().await, Err(Error::NoBus)));
        bus.send_replace(Some(client.expect("connected")));
        contract(&networkd, &machine).await;
    }
}
