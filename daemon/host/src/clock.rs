//! The machine's clock, and what systemd-timesyncd says of it (org.freedesktop.timesync1(5)).

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pocketstack_model::clock::ObservedClock;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::timeout;
use zbus::Connection;
use zbus::proxy::CacheProperties;

use crate::root::Root;

/// Made by systemd-timesyncd when it has set the clock (systemd-timesyncd.service(8)).
const SET: &str = "/run/systemd/timesync/synchronized";
/// All files of the image have the time of its build.
const BUILT: &str = "/usr/lib/os-release";
/// Seconds since 1970 by the clock that has a battery.
const HARDWARE: &str = "/sys/class/rtc/rtc0/since_epoch";
/// A systemd-timesyncd that does not answer must not hold up what is known without it.
const LIMIT: Duration = Duration::from_secs(5);

/// Reads the clock.
pub trait Clock: Send + Sync {
    /// The clock now. What cannot be read is absent.
    fn look(&self) -> impl Future<Output = ObservedClock> + Send;
}

/// `NTPMessage`: leap, version, mode, stratum, precision, root delay and dispersion, reference, when the question was
/// sent and received, when the answer was sent and received (in microseconds since 1970, the two in the middle by the
/// server's clock), whether it was ignored, packets so far, jitter.
type NtpMessage = (
    u32,
    u32,
    u32,
    u32,
    i32,
    u64,
    u64,
    Vec<u8>,
    u64,
    u64,
    u64,
    u64,
    bool,
    u64,
    u64,
);

#[zbus::proxy(
    interface = "org.freedesktop.timesync1.Manager",
    default_service = "org.freedesktop.timesync1",
    default_path = "/org/freedesktop/timesync1"
)]
trait Timesync {
    #[zbus(property)]
    fn server_name(&self) -> zbus::Result<String>;
    #[zbus(property, name = "NTPMessage")]
    fn ntp_message(&self) -> zbus::Result<NtpMessage>;
}

/// This machine's clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    root: Root,
    bus: watch::Receiver<Option<Connection>>,
}

impl SystemClock {
    /// Reads files under `root`, and asks over whatever connection there is at that moment. The time itself is always
    /// that of this machine.
    pub fn new(root: Root, bus: watch::Receiver<Option<Connection>>) -> Self {
        Self { root, bus }
    }

    /// The server that is asked, and how far the clock was behind it.
    async fn server(&self) -> zbus::Result<(Option<String>, Option<time::Duration>)> {
        let Some(connection) = self.bus.borrow().clone() else {
            return Ok((None, None));
        };
        let timesync = TimesyncProxy::builder(&connection)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let name = timesync.server_name().await?;
        let behind = behind(&timesync.ntp_message().await?);
        Ok(((!name.is_empty()).then_some(name), behind))
    }
}

impl Clock for SystemClock {
    async fn look(&self) -> ObservedClock {
        let built = std::fs::metadata(self.root.path(BUILT)).and_then(|file| file.modified());
        let hardware = self.root.number(HARDWARE);
        let hardware = hardware.and_then(|seconds| i64::try_from(seconds).ok());
        let (server, behind) = match timeout(LIMIT, self.server()).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                tracing::debug!("systemd-timesyncd: {error}");
                (None, None)
            }
            Err(_) => (None, None),
        };
        ObservedClock {
            now: OffsetDateTime::now_utc(),
            built: built.ok().map(Into::into),
            hardware: hardware.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()),
            synchronized: self.root.exists(SET),
            server,
            behind,
        }
    }
}

/// The offset of RFC 5905 section 8; `None` before the first answer.
fn behind(message: &NtpMessage) -> Option<time::Duration> {
    let (.., sent, received, answered, arrived, _, _, _) = message;
    if [sent, received, answered, arrived].contains(&&0) {
        return None;
    }
    let there = i128::from(*received) - i128::from(*sent);
    let back = i128::from(*answered) - i128::from(*arrived);
    let micros = i64::try_from((there + back) / 2).ok()?;
    Some(time::Duration::microseconds(micros))
}

/// The fake: says what it was told to. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<Mutex<ObservedClock>>);

impl FakeClock {
    /// A clock that says this.
    pub fn saying(clock: ObservedClock) -> Self {
        Self(Arc::new(Mutex::new(clock)))
    }

    /// Changes what it says.
    pub fn set(&self, change: impl FnOnce(&mut ObservedClock)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn read(&self) -> ObservedClock {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves systemd-timesyncd's part of it at the other end of a socket, until the returned connection is dropped.
    ///
    /// # Errors
    /// What D-Bus says.
    pub async fn serve(&self, socket: std::os::unix::net::UnixStream) -> zbus::Result<Connection> {
        zbus::connection::Builder::unix_stream(socket)
            .server(zbus::Guid::generate())
            .p2p()
            .serve_at("/org/freedesktop/timesync1", Served(self.clone()))
            .build()
            .await
    }
}

impl Clock for FakeClock {
    async fn look(&self) -> ObservedClock {
        self.read()
    }
}

struct Served(FakeClock);

#[zbus::interface(name = "org.freedesktop.timesync1.Manager")]
impl Served {
    #[zbus(property)]
    fn server_name(&self) -> String {
        self.0.read().server.unwrap_or_default()
    }

    #[zbus(property, name = "NTPMessage")]
    fn ntp_message(&self) -> NtpMessage {
        let times = self.0.read().behind.map_or([0; 4], |behind| {
            // A journey of 20 ms each way, and 5 ms at the server.
            let sent = 1_000_000_000_000_000_i128;
            let server = sent + behind.whole_microseconds();
            [sent, server + 20_000, server + 25_000, sent + 45_000].map(|at| u64::try_from(at).unwrap_or(0))
        });
        let [sent, received, answered, arrived] = times;
        let packets = u64::from(sent != 0);
        (
            0,
            4,
            4,
            2,
            -23,
            1000,
            1000,
            vec![192, 0, 2, 1],
            sent,
            received,
            answered,
            arrived,
            false,
            packets,
            0,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixStream;

    use super::*;

    async fn contract(clock: &impl Clock, machine: &FakeClock) {
        for behind in [
            None,
            Some(time::Duration::hours(3)),
            Some(time::Duration::days(-9_000)),
        ] {
            machine.set(|clock| {
                clock.server = Some("ntp.example".to_owned());
                clock.behind = behind;
            });
            let seen = clock.look().await;
            assert_eq!(
                (seen.server.as_deref(), seen.behind),
                (Some("ntp.example"), behind)
            );
        }
        machine.set(|clock| clock.server = None);
        assert_eq!(clock.look().await.server, None);
    }

    fn fake() -> FakeClock {
        FakeClock::saying(ObservedClock {
            now: OffsetDateTime::UNIX_EPOCH,
            built: None,
            hardware: None,
            synchronized: false,
            server: None,
            behind: None,
        })
    }

    #[tokio::test]
    async fn the_fake_keeps_the_contract() {
        let machine = fake();
        contract(&machine.clone(), &machine).await;
    }

    #[tokio::test]
    async fn the_real_adapter_keeps_the_contract_and_reads_files() {
        let dir = tempfile::tempdir().expect("a folder");
        let machine = fake();
        let (here, there) = UnixStream::pair().expect("a pair of sockets");
        let client = zbus::connection::Builder::unix_stream(here).p2p().build();
        let (served, client) = tokio::join!(machine.serve(there), client);
        let served = served.expect("served");
        let (bus, current) = watch::channel(None);
        let clock = SystemClock::new(Root::at(dir.path()), current);
        let seen = clock.look().await;
        assert!(!seen.synchronized);
        assert_eq!((seen.built, seen.hardware, seen.server), (None, None, None));

        bus.send_replace(Some(client.expect("connected")));
        contract(&clock, &machine).await;

        for (path, text) in [(SET, ""), (BUILT, "NAME=x\n"), (HARDWARE, "915148800\n")] {
            let path = Root::at(dir.path()).path(path);
            fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        machine.set(|clock| clock.server = Some("ntp.example".to_owned()));
        // One that has gone takes nothing away but what it alone knows.
        served.close().await.expect("closed");
        let seen = clock.look().await;
        assert!(seen.synchronized && seen.built.is_some());
        assert_eq!(
            seen.hardware.map(|at| at.date().to_string()).as_deref(),
            Some("1999-01-01")
        );
        assert_eq!(seen.server, None);
    }
}
