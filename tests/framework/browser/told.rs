//! Pictures of a page, and what is said of it when something on it has failed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::Page;
use super::page::words;

/// A failure with all that is known of the page; what is added to an error only once.
#[derive(Debug)]
struct OnPage(String);

impl std::fmt::Display for OnPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OnPage {}

/// How long a page that has failed is asked about itself.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Characters of the page's text in an error.
const EXCERPT: usize = 1500;

impl Page {
    /// Keeps a picture of the whole page, not only of what fits in the window, as PNG.
    ///
    /// # Errors
    /// There is no picture, or it cannot be written.
    pub fn screenshot(&mut self, path: &Path) -> Result<()> {
        self.attempt(|page| page.picture(path))
    }

    fn picture(&mut self, path: &Path) -> Result<()> {
        let sizes = self.call("Page.getLayoutMetrics", json!({}))?;
        let content = sizes.done("Page.getLayoutMetrics")?["cssContentSize"].take();
        let clip =
            json!({ "x": 0, "y": 0, "width": content["width"], "height": content["height"], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self
            .call("Page.captureScreenshot", wanted)?
            .done("Page.captureScreenshot")?;
        let png = BASE64_STANDARD
            .decode(taken["data"].as_str().unwrap_or_default())
            .context("chromium's picture is not valid base64")?;
        ensure!(!png.is_empty(), "chromium made no picture");
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(path, png).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Does something on the page; an error says what the page was then.
    pub(super) fn attempt<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        act(self).map_err(|error| match error.is::<OnPage>() {
            true => error,
            false => anyhow!(OnPage(self.describe(&error))),
        })
    }

    fn describe(&mut self, error: &anyhow::Error) -> String {
        let picture = self.browser.next_picture();
        let answer = std::mem::replace(&mut self.answer, LAST_WORDS);
        let pictured = match self.picture(&picture) {
            Ok(()) => picture.display().to_string(),
            Err(why) => format!("none: {why:#}"),
        };
        let (address, text) = (self.look("address", &[]), self.look("text", &["body"]));
        self.answer = answer;
        let at = match address {
            Ok(at) => format!("\"{}\" at {}", words(&at["title"]), words(&at["url"])),
            Err(why) => format!("does not answer: {why:#}"),
        };
        let status = self
            .status()
            .map_or_else(String::new, |status| format!(", status {status}"));
        let text = text.map_or_else(|_| String::new(), |text| words(&text));
        let complaints = match self.journal.complaints.as_slice() {
            [] => String::new(),
            some => format!("\n  complaints: {}", some.join("; ")),
        };
        format!(
            "{error:#}\n  page: {at}{status}\n  picture: {pictured}{complaints}\n  text: {}",
            excerpt(&text, EXCERPT)
        )
    }
}

/// The beginning of a text, in one line.
pub(super) fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{} ...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_and_never_cuts_a_character() {
        assert_eq!(excerpt("a\n  b", 10), "a b");
        assert_eq!(excerpt("ção ção", 3), "ção ...");
    }
}
