//! Chromium without a window: what a page looks like and what it holds after its scripts have run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use pocketstack_exec::{Cmd, run};

/// A page as the browser has it.
#[derive(Debug, Clone)]
pub struct View {
    /// The document after loading, as HTML.
    pub dom: String,
}

/// Opens a page, keeps a screenshot as PNG at `screenshot`, and hands back the document.
///
/// # Errors
/// The browser fails, or made no picture.
pub fn open(url: &str, screenshot: &Path, limit: Duration) -> Result<View> {
    // A profile of its own each time: nothing of an earlier page can be in this one.
    let profile = tempfile::tempdir()?;
    let chromium = || {
        Cmd::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
            ])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args([
                "--disable-sync",
                "--ignore-certificate-errors",
                "--hide-scrollbars",
                "--no-proxy-server",
            ])
            .args(["--window-size=1280,1600", "--timeout=20000"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .within(limit)
    };
    run(chromium()
        .arg(format!("--screenshot={}", screenshot.display()))
        .arg(url))?;
    let size = screenshot.metadata().map(|file| file.len()).unwrap_or_default();
    ensure!(size > 0, "chromium made no screenshot of {url}");
    let dom = run(chromium().arg("--dump-dom").arg(url))?.text();
    // Its own error page is a page too, and the exit status is 0.
    ensure!(
        !dom.contains("id=\"main-frame-error\""),
        "chromium cannot show {url}"
    );
    Ok(View { dom })
}
