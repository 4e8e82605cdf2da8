//! The journal. Systemd has no D-Bus interface for it; journalctl(1) is its reader.

use std::time::Duration;

use pocketstack_exec::{Cmd, Error, run};
use pocketstack_model::journal::{JournalEntry, JournalFilter, Priority};
use serde_json::Value;
use time::OffsetDateTime;

use crate::systemd::UnitName;

/// Lines that are given at most.
pub const MOST: u32 = 2000;
/// Entries among which a text is looked for. journalctl's own --grep needs a library that the image does without.
const LOOKED_AT: u32 = 5000;
/// How long journalctl may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The last lines of this boot, oldest first, of one unit or of all. Blocks.
///
/// # Errors
/// What journalctl says.
pub fn tail(unit: Option<&UnitName>, lines: u32) -> Result<Vec<String>, Error> {
    let output = run(journalctl("journalctl", unit, lines))?;
    Ok(output.text().lines().map(str::to_owned).collect())
}

/// Entries, oldest first; `unit` in place of the one that the filter names. Blocks.
///
/// # Errors
/// What journalctl says.
pub fn read(filter: &JournalFilter, unit: Option<&UnitName>) -> Result<Vec<JournalEntry>, Error> {
    let output = run(query("journalctl", filter, unit))?;
    Ok(select(filter, &output.text()))
}

fn journalctl(program: &str, unit: Option<&UnitName>, lines: u32) -> Cmd {
    let mut cmd = Cmd::new(program)
        .args(["--no-pager", "--quiet", "--boot", "--output=short-iso"])
        .arg(format!("--lines={}", lines.min(MOST)))
        .within(LIMIT);
    if let Some(unit) = unit {
        cmd = cmd.arg(format!("--unit={unit}"));
    }
    cmd
}

fn query(program: &str, filter: &JournalFilter, unit: Option<&UnitName>) -> Cmd {
    // Fields of more than 4096 bytes are left out (journalctl(1), --output=json), so that an answer is bounded.
    let mut cmd = Cmd::new(program)
        .args(["--no-pager", "--quiet", "--output=json"])
        .arg("--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER")
        .within(LIMIT);
    let lines = if filter.text.is_some() {
        LOOKED_AT
    } else {
        filter.lines
    };
    cmd = match &filter.after {
        Some(cursor) => cmd
            .arg(format!("--lines=+{lines}"))
            .arg(format!("--after-cursor={cursor}")),
        None => cmd.arg(format!("--lines={lines}")),
    };
    if let Some(since) = filter.since {
        cmd = cmd.arg(format!("--since=@{}", since.unix_timestamp()));
    } else if filter.after.is_none() {
        cmd = cmd.arg("--boot");
    }
    if let Some(priority) = filter.priority {
        cmd = cmd.arg(format!("--priority={}", priority.number()));
    }
    if let Some(unit) = unit {
        cmd = cmd.arg(format!("--unit={unit}"));
    }
    cmd
}

/// What journalctl printed, as far as it is asked for. A line that is none of its own is left out.
fn select(filter: &JournalFilter, text: &str) -> Vec<JournalEntry> {
    let wanted = filter.text.as_ref().map(|text| text.to_lowercase());
    let fits = |entry: &JournalEntry| {
        wanted
            .as_ref()
            .is_none_or(|wanted| entry.text.to_lowercase().contains(wanted))
    };
    let mut entries: Vec<JournalEntry> = text.lines().filter_map(entry).filter(fits).collect();
    let lines = usize::try_from(filter.lines).unwrap_or(usize::MAX);
    match filter.after {
        // Whoever follows goes on after the last that was given.
        Some(_) => entries.truncate(lines),
        None => drop(entries.drain(..entries.len().saturating_sub(lines))),
    }
    entries
}

fn entry(line: &str) -> Option<JournalEntry> {
    let fields: Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let micros: i128 = field("__REALTIME_TIMESTAMP")?.parse().ok()?;
    let number: usize = field("PRIORITY").and_then(|text| text.parse().ok()).unwrap_or(6);
    // What systemd says of a unit is that unit's.
    let unit = field("UNIT")
        .or(field("_SYSTEMD_UNIT"))
        .or(field("SYSLOG_IDENTIFIER"));
    Some(JournalEntry {
        cursor: field("__CURSOR")?.to_owned(),
        at: OffsetDateTime::from_unix_timestamp_nanos(micros.checked_mul(1000)?).ok()?,
        unit: unit.map(str::to_owned),
        priority: Priority::ALL.get(number).copied().unwrap_or(Priority::Info),
        text: message(fields.get("MESSAGE")),
    })
}

/// Text, or a list of bytes where it is none, or nothing where it is too long.
fn message(field: Option<&Value>) -> String {
    match field {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(bytes)) => {
            let bytes = bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok());
            String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
        }
        Some(Value::Null) => "(too long to be shown here; journalctl on the machine shows it)".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// echo(1) in its place says what it was asked.
    fn asked(cmd: Cmd) -> String {
        run(cmd).expect("echo runs").text().trim().to_owned()
    }

    fn filter(json: &str) -> JournalFilter {
        serde_json::from_str(json).expect("a filter")
    }

    #[test]
    fn a_unit_and_a_bounded_number_of_lines_are_asked_for() {
        let unit = UnitName::try_from("pocketstackd.service").expect("a name");
        assert_eq!(
            asked(journalctl("echo", Some(&unit), u32::MAX)),
            "--no-pager --quiet --boot --output=short-iso --lines=2000 --unit=pocketstackd.service"
        );
    }

    #[test]
    fn a_filter_becomes_arguments() {
        const ALWAYS: &str = "--no-pager --quiet --output=json \
             --output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER";
        let unit = UnitName::try_from("a.service").expect("a name");
        assert_eq!(
            asked(query(
                "echo",
                &filter(r#"{"lines":7,"priority":"error"}"#),
                Some(&unit)
            )),
            format!("{ALWAYS} --lines=7 --boot --priority=3 --unit=a.service")
        );
        let following = r#"{"lines":7,"after":"s=1;i=2","since":"1970-01-01T00:01:00Z","text":"x"}"#;
        assert_eq!(
            asked(query("echo", &filter(following), None)),
            format!("{ALWAYS} --lines=+5000 --after-cursor=s=1;i=2 --since=@60")
        );
    }

    const PRINTED: &str = r#"{"__CURSOR":"s=1;i=1","__REALTIME_TIMESTAMP":"60000000","PRIORITY":"3","_SYSTEMD_UNIT":"a.service","MESSAGE":"It FAILED"}
{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"61000000","_SYSTEMD_UNIT":"init.scope","UNIT":"b.service","MESSAGE":[104,105,255]}
no line of journalctl
{"__CURSOR":"s=1;i=3","__REALTIME_TIMESTAMP":"62000000","PRIORITY":"99","SYSLOG_IDENTIFIER":"kernel","MESSAGE":null}
"#;

    #[test]
    fn what_is_printed_is_read_whatever_is_in_it() {
        let entries = select(&filter(r#"{"lines":9}"#), PRINTED);
        let told: Vec<(&str, Option<&str>, Priority)> = entries
            .iter()
            .map(|entry| (entry.text.as_str(), entry.unit.as_deref(), entry.priority))
            .collect();
        assert_eq!(
            told,
            [
                ("It FAILED", Some("a.service"), Priority::Error),
                ("hi\u{fffd}", Some("b.service"), Priority::Info),
                (
                    "(too long to be shown here; journalctl on the machine shows it)",
                    Some("kernel"),
                    Priority::Info
                ),
            ]
        );
        assert_eq!(entries[0].at.unix_timestamp(), 60);
    }

    #[test]
    fn the_newest_are_given_and_who_follows_gets_the_next() {
        let cursors = |json: &str| -> Vec<String> {
            select(&filter(json), PRINTED)
                .into_iter()
                .map(|entry| entry.cursor)
                .collect()
        };
        assert_eq!(cursors(r#"{"lines":2}"#), ["s=1;i=2", "s=1;i=3"]);
        assert_eq!(cursors(r#"{"lines":2,"after":"s=0"}"#), ["s=1;i=1", "s=1;i=2"]);
        assert_eq!(cursors(r#"{"lines":9,"text":"it failed"}"#), ["s=1;i=1"]);
    }
}
