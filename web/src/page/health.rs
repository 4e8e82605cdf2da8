//! What of an overview needs somebody's attention. Pure.

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::{Health, Management, Overview, Root, State, Units};
use pocketstack_model::status::{Doing, Installation};

use super::words;

/// How much it matters, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Works; good to know.
    Note,
    /// Not known yet.
    Pending,
    /// Works now, and will not under some condition.
    Warning,
    /// Does not work.
    Problem,
}

/// One thing that needs attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    pub text: String,
}

impl Finding {
    fn new(level: Level, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
        }
    }

    /// The level as a word: colour alone tells not everyone.
    pub fn word(&self) -> &'static str {
        match self.level {
            Level::Note => "Note",
            Level::Pending => "Starting",
            Level::Warning => "Warning",
            Level::Problem => "Problem",
        }
    }

    /// Class in the style sheet.
    pub fn class(&self) -> &'static str {
        match self.level {
            Level::Note | Level::Pending => "note",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

/// Share of the state file system or of memory above which it is said.
const NEARLY_FULL_PERCENT: u64 = 90;

/// All findings, the worst first.
pub fn findings(overview: &Overview) -> Vec<Finding> {
    let mut findings = Vec::new();
    for component in &overview.components {
        let (name, _) = words::component(component.kind);
        match &component.health {
            Health::Failed { why } => {
                findings.push(Finding::new(
                    Level::Problem,
                    format!("{name} does not work: {why}"),
                ));
            }
            Health::Checking => {
                findings.push(Finding::new(
                    Level::Pending,
                    format!("{name} has not been checked yet."),
                ));
            }
            Health::Working | Health::Ready => {}
        }
    }
    if let Units::Unknown { why } = &overview.units {
        findings.push(Finding::new(
            Level::Pending,
            format!("Whether a system service has failed is not known: {why}."),
        ));
    }
    for unit in overview.units.failed() {
        findings.push(Finding::new(
            Level::Problem,
            format!("The system service {unit} has failed."),
        ));
    }
    for kept in &overview.kept {
        if let Doing::Stuck { why } = &kept.doing {
            findings.push(Finding::new(
                Level::Problem,
                format!("{} is not as configured: {why}", kept.subject),
            ));
        }
    }
    if let Installation::Failed { why } = &overview.installation {
        findings.push(Finding::new(
            Level::Problem,
            format!("The installation to disk has failed: {why}"),
        ));
    }
    findings.extend(root(&overview.boot.root));
    findings.extend(state(&overview.boot.state));
    findings.extend(management(&overview.management));
    if nearly_full(overview.memory.used, overview.memory.total) {
        findings.push(Finding::new(Level::Warning, "Memory is nearly used up."));
    }
    // A stable sort: within a level the order above stays.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    findings
}

/// The whole in a few words, and the worst level (`None`: all is well).
pub fn summary(findings: &[Finding]) -> (Option<Level>, String) {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let several = |count, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts: Vec<String> = [
        several(count(Level::Problem), "problem", "problems"),
        several(count(Level::Warning), "warning", "warnings"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let worst = findings.iter().map(|finding| finding.level).max();
    let text = if !parts.is_empty() {
        parts.join(", ")
    } else if worst == Some(Level::Pending) {
        // Healthy is only what has been asked and has answered.
        "Starting".to_owned()
    } else {
        "Healthy".to_owned()
    };
    (worst, text)
}

fn root(root: &Root) -> Option<Finding> {
    match root {
        Root::Verified { read_only: true, .. } => None,
        Root::Verified { read_only: false, .. } => Some(Finding::new(
            Level::Warning,
            "The root file system is verified, but not mounted read-only.",
        )),
        Root::Corrupted { .. } => Some(Finding::new(
            Level::Problem,
            "The root file system is damaged: a block read from the boot medium is not what was built. Replace the \
             medium, or write the image to it anew.",
        )),
        Root::Unverified { why } => Some(Finding::new(
            Level::Warning,
            format!("The root file system is not verified: {why}"),
        )),
    }
}

fn state(state: &State) -> Option<Finding> {
    match state {
        State::Persistent { size, used, .. } => nearly_full(*used, *size).then(|| {
            Finding::new(
                Level::Warning,
                "The state partition is nearly full; nothing can be stored once it is.",
            )
        }),
        State::Volatile => Some(Finding::new(
            Level::Note,
            "State is kept in memory only, because the boot medium cannot be written: this machine forgets its \
             settings and its certificate when it restarts.",
        )),
    }
}

fn management(management: &Management) -> Option<Finding> {
    let text = match management {
        Management::Up { addresses, .. } if !addresses.is_empty() => return None,
        Management::NoNic => {
            "No wired network card was found. Add one, or one that the kernel knows.".to_owned()
        }
        Management::NoLink { .. } => {
            "No network card has a link. Check the cable, and that the switch is on.".to_owned()
        }
        Management::Up { bridge, .. } | Management::NoAddress { bridge } => {
            format!("{bridge} has no address. Check that there is a DHCP server on this network.")
        }
        Management::Failed { why } => format!("The management network could not be set up: {why}"),
    };
    Some(Finding::new(Level::Problem, text))
}

fn nearly_full(used: ByteCount, size: ByteCount) -> bool {
    size.0 > 0 && u128::from(used.0) * 100 >= u128::from(size.0) * u128::from(NEARLY_FULL_PERCENT)
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
