//! The journal. Systemd has no D-Bus interface for it; journalctl(1) is its reader.

use std::time::Duration;

use pocketstack_exec::{Cmd, Error, run};

use crate::systemd::UnitName;

/// Lines that are given at most.
pub const MOST: u32 = 2000;

/// The last lines of this boot, oldest first, of one unit or of all. Blocks.
///
/// # Errors
/// What journalctl says.
pub fn tail(unit: Option<&UnitName>, lines: u32) -> Result<Vec<String>, Error> {
    let output = run(journalctl("journalctl", unit, lines))?;
    Ok(output.text().lines().map(str::to_owned).collect())
}

fn journalctl(program: &str, unit: Option<&UnitName>, lines: u32) -> Cmd {
    let mut cmd = Cmd::new(program)
        .args(["--no-pager", "--quiet", "--boot", "--output=short-iso"])
        .arg(format!("--lines={}", lines.min(MOST)))
        .within(Duration::from_secs(10));
    if let Some(unit) = unit {
        cmd = cmd.arg(format!("--unit={unit}"));
    }
    cmd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_and_a_bounded_number_of_lines_are_asked_for() {
        // echo(1) in its place says what it was asked.
        let unit = UnitName::try_from("pocketstackd.service").expect("a name");
        let asked = run(journalctl("echo", Some(&unit), u32::MAX))
            .expect("echo runs")
            .text();
        assert_eq!(
            asked.trim(),
            "--no-pager --quiet --boot --output=short-iso --lines=2000 --unit=pocketstackd.service"
        );
    }
}
