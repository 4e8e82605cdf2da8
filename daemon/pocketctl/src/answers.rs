//! `pocketctl answers`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use pocketstack_model::answers::{Answers, AnswersError, describe};
use serde_json::{Value, json};

use crate::documents::read;

/// Prints what a file would do to `out`, or what is wrong with it to `err`; with `json` both as one object to `out`. Returns whether
/// the file is right.
///
/// # Errors
/// The file cannot be read, or nothing can be printed.
pub fn check(file: &Path, json: bool, out: &mut dyn Write, err: &mut dyn Write) -> Result<bool> {
    let answers = Answers::from_bytes(&read(file)?);
    let right = answers.is_ok();
    let printed = match (answers, json) {
        (Ok(answers), false) => describe(&answers)
            .iter()
            .try_for_each(|line| writeln!(out, "{line}")),
        (Err(error), false) => writeln!(err, "{error}"),
        (Ok(answers), true) => writeln!(
            out,
            "{:#}",
            json!({ "right": true, "does": describe(&answers), "answers": answers })
        ),
        (Err(error), true) => writeln!(out, "{:#}", wrong(&error)),
    };
    printed.context("cannot print the result")?;
    Ok(right)
}

fn wrong(error: &AnswersError) -> Value {
    match error {
        AnswersError::Wrong(findings) => {
            json!({ "right": false, "problems": findings.list, "more": findings.more })
        }
        whole => {
            json!({ "right": false, "problems": [{ "wrong": whole.to_string() }], "more": 0 })
        }
    }
}
