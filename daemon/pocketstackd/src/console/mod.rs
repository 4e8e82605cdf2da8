//! The node's page on text consoles, the local screen and the serial line, with a menu to mend the node on the spot.
//!
//! ```text
//!   bytes ──► terminal ──► keys ──┐               ┌──► actions (configuration, power, log) ──┐
//!   news (watch) ─────────────────┼──► screen ────┤                                          │ outcome
//!   time ─────────────────────────┘       ▲       └──► render ──► paint ──► terminal         │
//!                                         └──────────────────────────────────────────────────┘
//! ```
//!
//! [`session`] and [`terminal`] do all input and output; the rest is pure. Nobody logs in: whoever stands in front of
//! the machine could as well take its disk out (docs/console.md).

mod actions;
mod certificate;
mod keys;
mod paint;
mod qr;
mod render;
mod screen;
mod session;
mod terminal;
#[cfg(test)]
mod testing;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

pub use actions::Actions;
use certificate::Fingerprint;
pub use session::{News, run};

/// How often the certificate is looked at: it appears during the first boot and hardly ever changes.
const CERTIFICATE: Duration = Duration::from_secs(2);

/// The certificate's fingerprint, as soon as there is a certificate.
pub fn watch_certificate(path: PathBuf) -> watch::Receiver<Option<Fingerprint>> {
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let mut told = None;
        while !sender.is_closed() {
            let found = match std::fs::read(&path) {
                Ok(pem) => certificate::fingerprint(&pem).map(Some),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.to_string()),
            };
            let found = found.unwrap_or_else(|why| {
                if told.as_ref() != Some(&why) {
                    tracing::warn!("no fingerprint can be shown for {}: {why}", path.display());
                    told = Some(why);
                }
                None
            });
            sender.send_if_modified(|known| std::mem::replace(known, found) != found);
            sleep(CERTIFICATE).await;
        }
    });
    receiver
}
