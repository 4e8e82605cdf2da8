//! Chromium without a window, driven as a person would: real keys, real clicks, and waiting for what appears.
//!
//! ```text
//!   Browser ── starts ──► chromium (a profile of its own: cookies are shared by its pages and by nobody else)
//!      │                      ▲
//!      └── open ──► Page ── Connection (DevTools protocol over WebSocket, one per page)
//!                    │ ◄── events ──► Journal: documents, Traffic, complaints
//!                    ├── look.js: what is shown, where to click
//!                    └── axe-core: Audit
//! ```
//!
//! ```no_run
//! # use std::path::Path;
//! # use pocketstack_tests::browser::{Browser, Theme};
//! # fn main() -> anyhow::Result<()> {
//! let mut page = Browser::start(Path::new("target/reports"))?.open("https://10.77.0.2/")?;
//! page.type_into("#code", "ABCD-EFGH")?;
//! page.click_through("button")?;
//! page.wait_for("#name")?;
//! page.check_accessibility(Theme::Dark)?;
//! page.check_quiet()?;
//! # Ok(())
//! # }
//! ```
//!
//! Any failure on a page says what the page shows and keeps a picture of it.

mod accessibility;
mod cdp;
mod input;
mod journal;
mod keys;
mod look;
mod page;
mod told;
mod traffic;
mod wishes;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tempfile::TempDir;

pub use accessibility::{Audit, Finding, Target};
pub use page::Page;
pub use traffic::{Kind, Request, Traffic};
pub use wishes::Theme;

use crate::poll::{self, Probe};
use crate::process::{Helper, installed};
use cdp::Connection;

/// How long Chromium may take to start on a busy machine.
const START: Duration = Duration::from_secs(90);
/// What a page is waited for unless more patience is asked for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Chromium. Clones are the same one; it ends with the last of them and of their pages.
#[derive(Debug, Clone)]
pub struct Browser {
    program: Arc<Program>,
    patience: Duration,
}

/// The process and what belongs to it; ended before its profile is removed.
#[derive(Debug)]
struct Program {
    process: Helper,
    _profile: TempDir,
    address: SocketAddr,
    /// Path of the browser's own target.
    path: String,
    /// Where its log and pictures of failures are kept.
    reports: PathBuf,
}

impl Browser {
    /// Starts Chromium with an empty profile. Its log, and a picture of each failure, are kept in `reports`.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start(reports: &Path) -> Result<Self> {
        // The helper below is env(1), which would find out later.
        ensure!(
            installed("chromium"),
            "chromium is not installed here; start this inside the testbed"
        );
        fs::create_dir_all(reports).with_context(|| format!("cannot make {}", reports.display()))?;
        let profile = tempfile::tempdir()?;
        let log = reports.join(format!("chromium-{}.log", number()));
        let home = profile.path().display();
        let mut args = vec![format!("HOME={home}"), "chromium".to_owned()];
        args.extend(FLAGS.map(str::to_owned));
        args.push(format!("--user-data-dir={home}/profile"));
        args.push("about:blank".to_owned());
        let process = Helper::start("env", &args, profile.path(), &log)?;
        // Chromium writes there which port it has taken, and the path of its own target.
        let port = profile.path().join("profile/DevToolsActivePort");
        let (port, path) = poll::until("chromium to start", START, || {
            if let Some(end) = process.ended()? {
                let said = fs::read_to_string(&log).unwrap_or_default();
                bail!("chromium does not start: {end}; it said: {}", said.trim())
            }
            Ok(
                match active_port(&fs::read_to_string(&port).unwrap_or_default()) {
                    Some(active) => Probe::Done(active),
                    None => Probe::NotYet(format!("its log is {}", log.display())),
                },
            )
        })?;
        Ok(Self {
            program: Arc::new(Program {
                process,
                _profile: profile,
                address: (Ipv4Addr::LOCALHOST, port).into(),
                path,
                reports: reports.to_owned(),
            }),
            patience: PATIENCE,
        })
    }

    /// Waits this long for each thing on its pages, instead of half a minute.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Opens an address in a new window and waits until it has loaded.
    ///
    /// # Errors
    /// See [`Page::open`].
    pub fn open(&self, url: &str) -> Result<Page> {
        let mut page = self.blank()?;
        page.open(url)?;
        Ok(page)
    }

    /// A new, empty window, to be set up before anything is opened in it.
    ///
    /// # Errors
    /// Chromium has ended.
    pub fn blank(&self) -> Result<Page> {
        let program = &self.program;
        let mut own = Connection::open(program.address, &program.path)?;
        let version = own
            .call("Browser.getVersion", &json!({}), PATIENCE)?
            .done("Browser.getVersion")?;
        // A window of its own, because pages in the background are not painted.
        let wanted = json!({ "url": "about:blank", "newWindow": true });
        let target = own
            .call("Target.createTarget", &wanted, PATIENCE)?
            .done("Target.createTarget")?;
        let id = target["targetId"]
            .as_str()
            .context("chromium named no new page")?;
        let agent = version["userAgent"].as_str().unwrap_or_default();
        let connection = Connection::open(program.address, &format!("/devtools/page/{id}"))?;
        Page::new(self.clone(), connection, agent.to_owned())
    }

    /// Where to keep the picture of the next failure.
    fn next_picture(&self) -> PathBuf {
        self.program.reports.join(format!("page-failed-{}.png", number()))
    }

    /// How Chromium has ended, if it has.
    fn ended(&self) -> Option<String> {
        self.program.process.ended().ok().flatten()
    }
}

/// Distinguishes files within a run.
fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Port and path out of the file `DevToolsActivePort`, once both lines are there.
fn active_port(text: &str) -> Option<(u16, String)> {
    let (port, path) = text.split_once('\n')?;
    path.starts_with("/devtools/browser/")
        .then(|| Some((port.parse().ok()?, path.trim_end().to_owned())))?
}

const FLAGS: [&str; 17] = [
    "--headless",
    "--remote-debugging-port=0",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--ignore-certificate-errors",
    "--hide-scrollbars",
    "--window-size=1280,1000",
    // Nothing that is not asked for: it would be in the log, and in the way of what is measured.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--password-store=basic",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_known_once_its_file_is_whole() {
        let whole = active_port("41235\n/devtools/browser/6f3c-11");
        assert_eq!(whole, Some((41235, "/devtools/browser/6f3c-11".to_owned())));
        for part in ["", "41235", "41235\n", "41235\n/devto", "x\n/devtools/browser/6f"] {
            assert_eq!(active_port(part), None, "{part:?}");
        }
    }
}
