//! Results for people.

use std::io::{self, Write};

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::{Health, Management, Overview, State, Units};
use pocketstack_model::status::{Doing, Installation, NetworkChange};
use serde_json::Value;

/// A member as one cell: "-" if there is none.
pub fn cell(of: &Value, member: &str) -> String {
    match &of[member] {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A member that is a number of bytes.
pub fn size(of: &Value, member: &str) -> String {
    match of[member].as_u64() {
        Some(bytes) => ByteCount(bytes).to_string(),
        None => "-".to_owned(),
    }
}

/// A moment to the minute, in UTC: "2026-11-21 16:07".
pub fn moment(of: &Value, member: &str) -> String {
    let text = cell(of, member);
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {}", time.chars().take(5).collect::<String>()),
        None => text,
    }
}

/// Text from elsewhere, with nothing in it that a terminal would obey.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// Prints rows under their titles, in columns.
pub fn table(out: &mut dyn Write, titles: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(&titles)
        .chain(rows)
        .map(|row| row.iter().map(|text| harmless(text)).collect())
        .collect();
    let width = |at: usize| {
        let cells = lines.iter().filter_map(|line| line.get(at));
        cells.map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths);
        let padded: Vec<String> = cells.map(|(text, width)| format!("{text:<width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    Ok(())
}

/// Prints what a person asks first of a machine.
pub fn overview(out: &mut dyn Write, of: &Overview) -> io::Result<()> {
    let hours = of.boot.uptime_seconds / 3600;
    let mut rows = vec![
        ("name", of.name.clone()),
        ("version", of.version.clone()),
        ("up for", format!("{} days, {} hours", hours / 24, hours % 24)),
        ("management", management(&of.management)),
        ("networks", change(&of.network_change)),
        (
            "processors",
            match of.cpu.busy_percent {
                Some(busy) => format!("{}, {} threads, {busy:.0} % busy", of.cpu.model, of.cpu.threads),
                None => format!("{}, {} threads", of.cpu.model, of.cpu.threads),
            },
        ),
        (
            "memory",
            format!("{} used of {}", of.memory.used, of.memory.total),
        ),
        (
            "state",
            match &of.boot.state {
                State::Persistent { device, size, used } => format!("{used} used of {size} on {device}"),
                State::Volatile => "in memory: lost with a restart".to_owned(),
            },
        ),
        ("installation", installation(&of.installation)),
        (
            "services",
            match &of.units {
                Units::Unknown { why } => format!("not known: {why}"),
                Units::Known { failed } if failed.is_empty() => "none has failed".to_owned(),
                Units::Known { failed } => format!("failed: {}", failed.join(", ")),
            },
        ),
    ];
    if of.setup_needed {
        rows.push(("setup", format!("not set up yet: open https://{}/setup", of.name)));
    }
    for component in &of.components {
        if let Health::Failed { why } = &component.health {
            rows.push(("failed", format!("{:?}: {why}", component.kind)));
        }
    }
    for kept in &of.kept {
        match &kept.doing {
            Doing::Nothing => {}
            Doing::Changing { step, .. } => rows.push(("changing", format!("{}: {step}", kept.subject))),
            Doing::Stuck { why } => rows.push(("stuck", format!("{}: {why}", kept.subject))),
        }
    }
    for (what, words) in rows {
        writeln!(out, "{what:<14}{}", harmless(&words))?;
    }
    Ok(())
}

fn management(of: &Management) -> String {
    match of {
        Management::NoNic => "no network card".to_owned(),
        Management::NoLink { bridge } => format!("{bridge}: no link"),
        Management::NoAddress { bridge } => format!("{bridge}: no address yet"),
        Management::Up { bridge, addresses } => {
            let shown = |address: &pocketstack_model::node::Address| {
                format!("{}/{}", address.address, address.prefix)
            };
            let addresses: Vec<String> = addresses.iter().map(shown).collect();
            format!("{bridge}: {}", addresses.join(", "))
        }
        Management::Failed { why } => format!("failed: {why}"),
    }
}

fn change(of: &NetworkChange) -> String {
    match of {
        NetworkChange::None => "as configured".to_owned(),
        NetworkChange::Unconfirmed { until } => {
            format!("changed, and taken back at {until} unless confirmed")
        }
        NetworkChange::Reverted { at, why } => format!("the last change was taken back at {at}: {why}"),
    }
}

fn installation(of: &Installation) -> String {
    match of {
        Installation::None => "none runs".to_owned(),
        Installation::Running { step, percent } => format!("{percent} %: {step}"),
        Installation::Failed { why } => format!("failed: {why}"),
        Installation::Done { disk } => format!("done, on {disk}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["sda".to_owned(), "1.0 TiB".to_owned()],
            vec!["nvme0n1".to_owned(), "\u{1b}[2J".to_owned()],
        ];
        let mut out = Vec::new();
        table(&mut out, &["NAME", "SIZE"], &rows).expect("written");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "NAME     SIZE\nsda      1.0 TiB\nnvme0n1  \\u{1b}[2J\n"
        );
    }

    #[test]
    fn cells_say_what_is_not_there() {
        let of = serde_json::json!({"a": null, "b": "", "c": 7, "at": "2026-11-21T16:07:10Z", "size": 2048});
        assert_eq!(
            (cell(&of, "a"), cell(&of, "b"), cell(&of, "c")),
            ("-".into(), "-".into(), "7".into())
        );
        assert_eq!(moment(&of, "at"), "2026-11-21 16:07");
        assert_eq!(
            (size(&of, "size"), size(&of, "a")),
            ("2.0 KiB".into(), "-".into())
        );
    }
}
