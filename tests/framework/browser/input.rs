//! What a person does on a page: clicks and keys, sent as the events of a real mouse and keyboard.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::Page;
use super::cdp::Reply;
use super::keys::Stroke;
use super::page::words;
use crate::poll::Probe;

/// Longest row of fields and links before the one that is wanted; keeps a page that swallows Tab from going on for ever.
const MOST_STOPS: usize = 300;

impl Page {
    /// Clicks the one element that a selector finds, once it is shown, enabled and not covered.
    ///
    /// # Errors
    /// It is not so in time, or several are shown.
    pub fn click(&mut self, selector: &str) -> Result<()> {
        let at = self.wait_until(&format!("{selector} to be clickable"), |page| {
            let point = page.look("point", &[selector])?;
            Ok(match point["why"].as_str() {
                Some(why) => Probe::NotYet(why.to_owned()),
                None => Probe::Done(point),
            })
        })?;
        self.attempt(|page| {
            for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
                let button = if kind == "mouseMoved" { "none" } else { "left" };
                let event = json!({ "type": kind, "x": at["x"], "y": at["y"], "button": button,
                    "buttons": buttons, "clickCount": 1 });
                page.input("Input.dispatchMouseEvent", event)?;
            }
            Ok(())
        })
    }

    /// Clicks what leads to another page, and waits until that one has loaded.
    ///
    /// # Errors
    /// Those of [`Page::click`], or no other page has loaded in time.
    pub fn click_through(&mut self, selector: &str) -> Result<()> {
        self.loads(|page| page.click(selector))
    }

    /// Clicks a field and types this text in place of what it holds.
    ///
    /// # Errors
    /// Those of [`Page::click`], or the field does not take the focus.
    pub fn type_into(&mut self, selector: &str, text: &str) -> Result<()> {
        self.attempt(|page| {
            page.click(selector)?;
            let focused = page.look("has_focus", &[selector])? == true;
            ensure!(focused, "{selector} does not take the focus when it is clicked");
            page.press("Control+a")?;
            if text.is_empty() {
                page.press("Delete")?;
            }
            page.type_text(text)
        })
    }

    /// Types into whatever has the focus.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn type_text(&mut self, text: &str) -> Result<()> {
        self.attempt(|page| {
            text.chars()
                .try_for_each(|char| page.stroke(&Stroke::of_char(char)))
        })
    }

    /// Presses a key: one character, `Tab`, `Enter`, `Shift+Tab`, `Control+a`, `ArrowDown` ...
    ///
    /// # Errors
    /// There is no such key, or the page does not answer.
    pub fn press(&mut self, key: &str) -> Result<()> {
        self.attempt(|page| page.stroke(&Stroke::parse(key)?))
    }

    /// Presses Tab until what a selector finds has the focus.
    ///
    /// # Errors
    /// It never gets it; says what did.
    pub fn tab_to(&mut self, selector: &str) -> Result<()> {
        self.attempt(|page| {
            let mut passed: Vec<String> = Vec::new();
            while page.look("has_focus", &[selector])? != true {
                page.press("Tab")?;
                let now = page.focused()?;
                // Round once more: only the end of the page may be passed twice.
                let again = now != "nothing" && passed.iter().filter(|before| **before == now).count() > 1;
                if again || passed.len() > MOST_STOPS {
                    bail!("Tab does not lead to {selector}, but to {}", passed.join(", "))
                }
                passed.push(now);
            }
            Ok(())
        })
    }

    /// What has the focus, as `<button#save> "Save"`; `nothing` if nothing has.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn focused(&mut self) -> Result<String> {
        self.attempt(|page| Ok(words(&page.look("focused", &[])?)))
    }

    /// That Tab reaches everything on the page that can be worked with, and that one sees where one is.
    ///
    /// # Errors
    /// Names each element for which it is not so.
    pub fn check_keyboard(&mut self) -> Result<()> {
        self.attempt(|page| {
            let stops = page.look("stops", &[])?.as_u64().unwrap_or_default();
            // Twice round, as it begins wherever the focus was.
            for _ in 0..2 * stops + 4 {
                page.press("Tab")?;
                if page.look("stopped", &[])? == 0 {
                    break;
                }
            }
            let faults = page.look("stop_faults", &[])?;
            let faults: Vec<&str> = faults
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            ensure!(
                faults.is_empty(),
                "not for the keyboard alone: {}",
                faults.join("; ")
            );
            Ok(())
        })
    }

    /// Chooses from a list (`<select>`) what is labelled so, with the arrow keys.
    ///
    /// # Errors
    /// There is no such list or label.
    pub fn choose(&mut self, selector: &str, label: &str) -> Result<()> {
        self.wait_until(&format!("{selector} to take the focus"), |page| {
            let focus = page.look("focus", &[selector])?;
            Ok(match focus["why"].as_str() {
                Some(why) => Probe::NotYet(why.to_owned()),
                None => Probe::Done(()),
            })
        })?;
        self.attempt(|page| {
            page.press("Home")?;
            let mut labels = Vec::new();
            loop {
                let chosen = page.look("chosen", &[selector])?;
                let now = (chosen["index"].clone(), words(&chosen["label"]));
                if now.1 == label {
                    return Ok(());
                }
                if labels.last() == Some(&now) {
                    let labels: Vec<String> = labels.into_iter().map(|(_, label)| label).collect();
                    bail!("{selector} does not offer \"{label}\", but {}", labels.join(", "))
                }
                labels.push(now);
                page.press("ArrowDown")?;
            }
        })
    }

    /// Chooses a file of this machine in a file field.
    ///
    /// # Errors
    /// There is no such field.
    pub fn upload(&mut self, selector: &str, file: &Path) -> Result<()> {
        self.attempt(|page| {
            let document = page.must("DOM.getDocument", json!({ "depth": 0 }))?;
            let wanted = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
            let field = page.must("DOM.querySelector", wanted)?;
            let id = field["nodeId"].as_u64().filter(|id| *id != 0);
            let id = id.with_context(|| format!("nothing matches {selector}"))?;
            let file = file
                .canonicalize()
                .with_context(|| format!("{}", file.display()))?;
            page.must("DOM.setFileInputFiles", json!({ "nodeId": id, "files": [file] }))
                .map(drop)
        })
    }

    fn stroke(&mut self, stroke: &Stroke) -> Result<()> {
        stroke
            .events()
            .into_iter()
            .try_for_each(|event| self.input("Input.dispatchKeyEvent", event))
    }

    /// Sends an event of mouse or keyboard. That the page went away under it is what many of them are for.
    fn input(&mut self, method: &str, event: Value) -> Result<()> {
        match self.call(method, event)? {
            Reply::Refused(why) if why.contains("navigated or closed") => Ok(()),
            reply => reply.done(method).map(drop),
        }
    }
}
