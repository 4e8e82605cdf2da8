//! A page: opening it, waiting for what it shows, reading it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::cdp::{Connection, Reply};
use super::journal::Journal;
use super::told::excerpt;
use super::{Browser, Traffic};
use crate::poll::{self, Probe};

/// A window of a [`Browser`] with what it shows.
#[derive(Debug)]
pub struct Page {
    pub(super) browser: Browser,
    connection: Connection,
    pub(super) journal: Journal,
    /// How the browser names itself; needed for choosing the languages.
    pub(super) agent: String,
    pub(super) patience: Duration,
    /// How long any single answer of Chromium may take.
    pub(super) answer: Duration,
}

/// Long for a program on the same machine, and short against the time limit of a case: a page that is stuck is told.
const ANSWER: Duration = Duration::from_secs(60);
impl Page {
    pub(super) fn new(browser: Browser, connection: Connection, agent: String) -> Result<Self> {
        let patience = browser.patience;
        let mut page = Self {
            browser,
            connection,
            journal: Journal::default(),
            agent,
            patience,
            // The answer to opening an address is as slow as its server.
            answer: ANSWER.max(patience),
        };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            page.must(&format!("{domain}.enable"), json!({}))?;
        }
        page.must("Page.setLifecycleEventsEnabled", json!({ "enabled": true }))?;
        // A person looks at the page they work on, whichever window was opened last.
        page.must("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }))?;
        Ok(page)
    }

    /// Goes to an address and waits until it has loaded. An HTTP error is a page too: see [`Page::status`].
    ///
    /// # Errors
    /// The address cannot be reached, or has not loaded in time.
    pub fn open(&mut self, url: &str) -> Result<()> {
        self.attempt(|page| {
            let before = page.journal.documents;
            let gone = page.must("Page.navigate", json!({ "url": url }))?;
            if let Some(why) = gone["errorText"].as_str() {
                bail!("chromium cannot show {url}: {why}")
            }
            // Only the part after "#" is new: the document stays.
            if gone["loaderId"].is_null() {
                return Ok(());
            }
            page.loaded_since(before)
        })
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// It has not loaded in time.
    pub fn reload(&mut self) -> Result<()> {
        self.loads(|page| page.must("Page.reload", json!({})).map(drop))
    }

    /// Goes back to the page before.
    ///
    /// # Errors
    /// There is none, or it has not loaded in time.
    pub fn back(&mut self) -> Result<()> {
        self.loads(|page| {
            let history = page.must("Page.getNavigationHistory", json!({}))?;
            let now = history["currentIndex"].as_u64().unwrap_or_default();
            let before = now.checked_sub(1).context("there is no page to go back to")?;
            let entry = &history["entries"][usize::try_from(before)?]["id"];
            page.must("Page.navigateToHistoryEntry", json!({ "entryId": entry }))
                .map(drop)
        })
    }

    /// Does what leads to another page, and waits until that one has loaded.
    ///
    /// # Errors
    /// Those of `act`, or no other page has loaded in time.
    pub fn loads(&mut self, act: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.attempt(|page| {
            // Answers come in order with events: whatever happened before is known now.
            page.must("Page.getNavigationHistory", json!({}))?;
            let before = page.journal.documents;
            act(page)?;
            page.loaded_since(before)
        })
    }

    fn loaded_since(&mut self, before: u64) -> Result<()> {
        let deadline = Instant::now() + self.patience;
        loop {
            self.digest()?;
            if self.journal.documents > before && self.journal.loaded {
                return Ok(());
            }
            if !self.connection.wait(deadline)? {
                let stuck = if self.journal.documents > before {
                    "it has begun, but not loaded all it names"
                } else {
                    "the page is still the one before"
                };
                bail!(
                    "waited {} s for a page to load, in vain: {stuck}",
                    self.patience.as_secs()
                )
            }
        }
    }

    /// Waits until something that a selector (CSS) finds is shown.
    ///
    /// # Errors
    /// It is not shown in time.
    pub fn wait_for(&mut self, selector: &str) -> Result<()> {
        self.wait_until(&format!("{selector} to be shown"), |page| {
            let shown = page.look("shown", &[selector])?;
            Ok(match shown == true {
                true => Probe::Done(()),
                false => Probe::NotYet("nothing of it is shown".to_owned()),
            })
        })
    }

    /// Waits until nothing that a selector finds is shown.
    ///
    /// # Errors
    /// Something still is after the time.
    pub fn wait_gone(&mut self, selector: &str) -> Result<()> {
        self.wait_until(&format!("{selector} to go"), |page| {
            let shown = page.look("shown", &[selector])?;
            Ok(match shown == false {
                true => Probe::Done(()),
                false => Probe::NotYet("it is still shown".to_owned()),
            })
        })
    }

    /// Waits until the first element that a selector finds shows this text.
    ///
    /// # Errors
    /// It does not in time.
    pub fn wait_for_text(&mut self, selector: &str, text: &str) -> Result<()> {
        self.wait_until(&format!("\"{text}\" in {selector}"), |page| {
            let shown = page.look("text", &[selector])?;
            Ok(match shown.as_str() {
                Some(shown) if shown.contains(text) => Probe::Done(()),
                Some(shown) => Probe::NotYet(format!("it shows \"{}\"", excerpt(shown, 200))),
                None => Probe::NotYet("it is not there".to_owned()),
            })
        })
    }

    /// Text of the first element that a selector finds, as it is shown; waits for the element.
    ///
    /// # Errors
    /// It does not appear in time.
    pub fn text(&mut self, selector: &str) -> Result<String> {
        self.read("text", selector)
    }

    /// What a field holds; waits for the field.
    ///
    /// # Errors
    /// It does not appear in time.
    pub fn value(&mut self, selector: &str) -> Result<String> {
        self.read("value", selector)
    }

    fn read(&mut self, what: &'static str, selector: &str) -> Result<String> {
        self.wait_until(&format!("the {what} of {selector}"), |page| {
            Ok(match page.look(what, &[selector])? {
                Value::String(text) => Probe::Done(text),
                _ => Probe::NotYet("nothing there has one".to_owned()),
            })
        })
    }

    /// An attribute of the first element that a selector finds now, if it is there and has it.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn attribute(&mut self, selector: &str, name: &str) -> Result<Option<String>> {
        self.attempt(|page| {
            Ok(page
                .look("attribute", &[selector, name])?
                .as_str()
                .map(str::to_owned))
        })
    }

    /// How many elements a selector finds now, shown or not.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn count(&mut self, selector: &str) -> Result<u64> {
        self.attempt(|page| Ok(page.look("count", &[selector])?.as_u64().unwrap_or_default()))
    }

    /// The document as it is now, as HTML.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn html(&mut self) -> Result<String> {
        self.attempt(|page| Ok(words(&page.look("html", &[])?)))
    }

    /// Title of the page.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn title(&mut self) -> Result<String> {
        self.attempt(|page| Ok(words(&page.look("address", &[])?["title"])))
    }

    /// Address of the page, after redirects.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn url(&mut self) -> Result<String> {
        self.attempt(|page| Ok(words(&page.look("address", &[])?["url"])))
    }

    /// HTTP status the page came with; `None` if it did not come over HTTP, or out of a cache.
    pub fn status(&self) -> Option<u16> {
        self.journal.traffic.document_status(&self.journal.document)
    }

    /// What the page has loaded since it was opened, itself included. Chromium fetches a page's icon after the page has
    /// loaded: it may not be among them yet.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn traffic(&mut self) -> Result<Traffic> {
        self.attempt(|page| {
            page.look("address", &[])?;
            Ok(page.journal.traffic.of_document(&page.journal.document))
        })
    }

    /// What pages have complained about since the last call: errors on the console, uncaught exceptions, violations of
    /// the content security policy, what could not be loaded, dialogs.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn take_complaints(&mut self) -> Result<Vec<String>> {
        self.attempt(|page| {
            page.look("address", &[])?;
            Ok(std::mem::take(&mut page.journal.complaints))
        })
    }

    /// That no page has complained; see [`Page::take_complaints`].
    ///
    /// # Errors
    /// One has.
    pub fn check_quiet(&mut self) -> Result<()> {
        self.attempt(|page| {
            let complaints = page.take_complaints()?;
            ensure!(
                complaints.is_empty(),
                "the page complains: {}",
                complaints.join("; ")
            );
            Ok(())
        })
    }

    /// Waits for a condition on the page, with its patience.
    pub(super) fn wait_until<T>(
        &mut self,
        what: &str,
        mut probe: impl FnMut(&mut Self) -> Result<Probe<T>>,
    ) -> Result<T> {
        self.attempt(|page| poll::until(what, page.patience, || probe(page)))
    }

    /// Sends a command that is never refused without a fault.
    pub(super) fn must(&mut self, method: &str, params: Value) -> Result<Value> {
        self.call(method, params)?.done(method)
    }

    pub(super) fn call(&mut self, method: &str, params: Value) -> Result<Reply> {
        let reply = self.connection.call(method, &params, self.answer);
        self.digest()?;
        reply.map_err(|error| match self.browser.ended() {
            Some(end) => error.context(end),
            None => error,
        })
    }

    fn digest(&mut self) -> Result<()> {
        for event in self.connection.take_events() {
            self.journal.note(&event);
        }
        ensure!(!self.journal.crashed, "the page has crashed");
        Ok(())
    }
}

/// The text in a JSON value, if it is one.
pub(super) fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
