//! `pocketctl logs`.

use std::io::{self, Write};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::args::Logs;
use crate::client::{Client, segment};
use crate::commands::{PRINT, Results};
use crate::show::{cell, harmless};

/// Pause between two questions for what is new.
const PAUSE: Duration = Duration::from_secs(1);
/// Most entries that the node tells at once.
const MOST: u16 = 500;

/// Prints the newest entries, and with `follow` what comes after them until the program is ended.
pub fn logs(results: &mut Results<'_>, client: &Client, wanted: &Logs) -> Result<()> {
    let told = client.get(&path(wanted, wanted.lines, None))?;
    if !wanted.follow {
        return results.print(&told, |out, told| {
            Ok(entries(told).try_for_each(|entry| line(out, entry))?)
        });
    }
    let mut cursor = print(results, &told)?;
    loop {
        // Without an entry yet, the newest one is what is new.
        let (lines, after) = match &cursor {
            Some(cursor) => (MOST, Some(cursor.as_str())),
            None => (1, None),
        };
        let told = client.get(&path(wanted, lines, after))?;
        cursor = print(results, &told)?.or(cursor);
        sleep(PAUSE);
    }
}

/// Prints entries one by one. The cursor of the last.
fn print(results: &mut Results<'_>, told: &Value) -> Result<Option<String>> {
    let mut cursor = None;
    for entry in entries(told) {
        let printed = if results.json {
            writeln!(results.out, "{entry}")
        } else {
            line(results.out, entry)
        };
        printed.context(PRINT)?;
        cursor = entry["cursor"].as_str().map(str::to_owned);
    }
    results.out.flush().context(PRINT)?;
    Ok(cursor)
}

fn entries(told: &Value) -> impl Iterator<Item = &Value> {
    told["entries"].as_array().into_iter().flatten()
}

fn line(out: &mut dyn Write, entry: &Value) -> io::Result<()> {
    let (at, unit) = (cell(entry, "at"), cell(entry, "unit"));
    let (priority, text) = (cell(entry, "priority"), cell(entry, "text"));
    let at = at.replace('T', " ");
    // To the second.
    let at: String = at.chars().take(19).collect();
    writeln!(out, "{at} {priority:<9} {}: {}", harmless(&unit), harmless(&text))
}

fn path(wanted: &Logs, lines: u16, after: Option<&str>) -> String {
    let parameters = [
        ("unit", wanted.unit.as_deref()),
        ("priority", wanted.priority.as_deref()),
        ("text", wanted.text.as_deref()),
        ("after", after),
    ];
    let given = parameters
        .iter()
        .filter_map(|(name, value)| Some(format!("&{name}={}", segment((*value)?))));
    format!("journal?lines={lines}{}", given.collect::<String>())
}
