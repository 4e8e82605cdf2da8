//! `pocketctl answers`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use pocketstack_model::answers::{Answers, AnswersError, LARGEST, describe};
use serde_json::{Value, json};

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

/// Never more than it takes to see that a file is too large: it may be a device without end.
fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = LARGEST as u64 + 1;
    let read = if file == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(bytes)
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
