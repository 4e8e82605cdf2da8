//! Asking a page about itself: `look.js`, and evaluation in general.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::Page;
use super::cdp::Reply;
use super::journal::exception;
use crate::poll::{self, Probe};

const LOOK: &str = include_str!("look.js");

/// What Chromium says when the document went away while it was asked: the next one is asked instead.
const GOING: [&str; 4] = [
    "Execution context was destroyed",
    "Cannot find default execution context",
    "Inspected target navigated or closed",
    "Cannot find context with specified id",
];

impl Page {
    /// Calls a function of `look.js` with these texts.
    pub(super) fn look(&mut self, function: &str, arguments: &[&str]) -> Result<Value> {
        let arguments: Vec<String> = arguments.iter().map(|text| json!(text).to_string()).collect();
        let question = format!("({}).{function}({})", LOOK.trim_end(), arguments.join(", "));
        poll::until("a document to ask", self.answer, || {
            Ok(match self.evaluate(&question, false)? {
                Some(value) => Probe::Done(value),
                None => Probe::NotYet("one page went, and the next has not come".to_owned()),
            })
        })
    }

    /// Value of an expression, with `promised` that of the promise it is; `None` if the document went away meanwhile.
    pub(super) fn evaluate(&mut self, expression: &str, promised: bool) -> Result<Option<Value>> {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": promised });
        let mut answer = match self.call("Runtime.evaluate", params)? {
            Reply::Done(answer) => answer,
            Reply::Refused(why) if GOING.iter().any(|going| why.contains(going)) => return Ok(None),
            Reply::Refused(why) => bail!("chromium refused to look at the page: {why}"),
        };
        if !answer["exceptionDetails"].is_null() {
            bail!(
                "looking at the page failed: {}",
                exception(&answer["exceptionDetails"])
            );
        }
        Ok(Some(answer["result"]["value"].take()))
    }
}
