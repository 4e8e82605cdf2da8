//! The node's page on text consoles: the local screen and the serial line.
//!
//! A console shows, it does not ask: nobody can log in. It is drawn anew when something on it has changed, at most
//! once a second, and every minute for whoever has just connected or has had it scribbled over by the kernel.

mod certificate;
mod qr;
mod render;

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pocketstack_model::node::Overview;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use certificate::Fingerprint;

/// Never drawn twice within this time.
const AT_MOST: Duration = Duration::from_secs(1);
/// Drawn anew after this time without any change.
const AT_LEAST: Duration = Duration::from_secs(60);
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

/// Draws on one console for ever; ends at once if there is none at this path.
pub async fn draw(
    path: PathBuf,
    mut seen: watch::Receiver<Option<Arc<Overview>>>,
    mut certificate: watch::Receiver<Option<Fingerprint>>,
) -> anyhow::Result<()> {
    let console = match open(&path) {
        Ok(console) => Arc::new(console),
        Err(why) => {
            tracing::info!("nothing is shown on {}: {why}", path.display());
            return Ok(());
        }
    };
    let mut drawn = String::new();
    loop {
        let overview = seen.borrow_and_update().clone();
        let fingerprint = *certificate.borrow_and_update();
        let screen = overview.map(|overview| render::screen(&overview, fingerprint.as_ref()));
        // A change of what the console does not show is no reason to draw.
        if let Some(screen) = screen.filter(|screen| *screen != drawn) {
            drawn.clone_from(&screen);
            let console = console.clone();
            // A serial line with nobody at the other end may take its time.
            let written =
                tokio::task::spawn_blocking(move || (&*console).write_all(screen.as_bytes())).await?;
            if let Err(error) = written {
                tracing::warn!("{} can no longer be drawn on: {error}", path.display());
                return Ok(());
            }
        }
        sleep(AT_MOST).await;
        let changed = async {
            tokio::select! {
                heard = seen.changed() => heard,
                heard = certificate.changed() => heard,
            }
        };
        match timeout(AT_LEAST, changed).await {
            Ok(heard) => heard?,
            Err(_) => drawn.clear(),
        }
    }
}

/// Opens a console for writing. A serial port that only exists as a name is told by its terminal settings, which
/// cannot be read.
fn open(path: &Path) -> Result<File, String> {
    let flags = nix::fcntl::OFlag::O_NOCTTY.bits();
    let file = File::options()
        .write(true)
        .custom_flags(flags)
        .open(path)
        .map_err(|error| error.to_string())?;
    if path.starts_with("/dev") && !file.is_terminal() {
        return Err("there is no working terminal".to_owned());
    }
    Ok(file)
}
