//! Telling systemd how far the daemon is (sd_notify(3)): a datagram of lines to the socket it names.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Tells systemd, or nobody when the daemon was not started by it.
#[derive(Debug)]
pub struct Notifier {
    to: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub fn from_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok();
        let to = text("NOTIFY_SOCKET").and_then(|path| {
            let address = match path.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(&path),
            };
            Some((UnixDatagram::unbound().ok()?, address.ok()?))
        });
        let mine = text("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let limit = text("WATCHDOG_USEC")
            .filter(|_| mine)
            .and_then(|usec| usec.parse().ok());
        Self {
            to,
            watchdog: limit.map(Duration::from_micros),
        }
    }

    /// The daemon is up. To say it again changes nothing.
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// One line for `systemctl status`.
    pub fn status(&self, line: &str) {
        self.send(&format!("STATUS={}", line.replace('\n', " ")));
    }

    /// Feeds systemd's watchdog for as long as the daemon's one thread comes round; ends at once if there is none.
    pub async fn feed_watchdog(&self) -> anyhow::Result<()> {
        let Some(limit) = self.watchdog else { return Ok(()) };
        // Half of the limit, as sd_watchdog_enabled(3) asks for.
        let mut tick = tokio::time::interval((limit / 2).max(Duration::from_millis(1)));
        loop {
            tick.tick().await;
            self.send("WATCHDOG=1");
        }
    }

    fn send(&self, lines: &str) {
        if let Some((socket, to)) = &self.to
            && let Err(error) = socket.send_to_addr(lines.as_bytes(), to)
        {
            tracing::warn!("cannot tell systemd {lines:?}: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_hears_ready_and_one_line_of_status() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("notify");
        let systemd = UnixDatagram::bind(&path).expect("bound");
        let to = SocketAddr::from_pathname(&path).expect("an address");
        let notifier = Notifier {
            to: Some((UnixDatagram::unbound().expect("a socket"), to)),
            watchdog: None,
        };
        let heard = || {
            let mut bytes = [0; 64];
            let length = systemd.recv(&mut bytes).expect("heard");
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        };
        notifier.ready();
        assert_eq!(heard(), "READY=1");
        notifier.status("all\nwell");
        assert_eq!(heard(), "STATUS=all well");
    }
}
