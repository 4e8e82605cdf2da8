//! The group `browser`: the browser that other groups look with does what a person would, and notices what is wrong.
//! Seconds, without a machine: Chromium and a small server on loopback.

mod asking;
mod doing;
mod noticing;
mod pages;
mod server;

use std::path::PathBuf;

use anyhow::Result;
use pocketstack_tests::browser::{Browser, Page};

use crate::case::{Case, Ground};
use server::Server;

/// Where the cases play: a server whose certificate nobody has signed.
pub struct Web {
    server: Server,
    reports: PathBuf,
}

impl Web {
    /// Starts the server.
    ///
    /// # Errors
    /// There is no loopback, or no certificate can be made.
    pub fn new(reports: PathBuf) -> Result<Self> {
        let server = Server::start(pages::answer)?;
        Ok(Self { server, reports })
    }

    /// A new browser.
    fn browser(&self) -> Result<Browser> {
        Browser::start(&self.reports)
    }

    /// A page in a new browser.
    fn open(&self, path: &str) -> Result<Page> {
        self.browser()?.open(&self.server.url(path))
    }
}

impl Ground for Web {
    // A server that answers each request by itself has nothing to forget.
    fn clear(&mut self) {}

    fn serial_logs(&self) -> &[PathBuf] {
        &[]
    }
}

/// All cases.
pub fn cases() -> Vec<Case<Web>> {
    let mut cases = doing::cases();
    cases.extend(asking::cases());
    cases.extend(noticing::cases());
    cases
}
