//! What of an overview needs somebody's attention. Pure.

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::{Health, Management, Overview, Root, State, Units};
use pocketstack_model::status::{Doing, Installation};
use pocketstack_model::words::Words;

use super::words;
use crate::locale::{Key, Language, Said};

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
#[derive(Debug)]
pub struct Finding {
    pub level: Level,
    pub text: Said<'static>,
    /// What the system said.
    pub detail: Option<Words>,
}

impl Finding {
    fn new(level: Level, text: Said<'static>) -> Self {
        Self {
            level,
            text,
            detail: None,
        }
    }

    fn because(self, why: impl Into<Words>) -> Self {
        Self {
            detail: Some(why.into()),
            ..self
        }
    }

    /// The level as a word: colour alone tells not everyone.
    pub fn word(&self) -> Key {
        match self.level {
            Level::Note => Key("level-note"),
            Level::Pending => Key("level-pending"),
            Level::Warning => Key("level-warning"),
            Level::Problem => Key("level-problem"),
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
pub fn findings(overview: &Overview, language: Language) -> Vec<Finding> {
    let say = |level, key: Key| Finding::new(level, language.say(key));
    let mut findings = Vec::new();
    for component in &overview.components {
        let (name, _) = words::component(component.kind);
        let about = |level, key: Key| Finding::new(level, language.say(key).with("name", name));
        match &component.health {
            Health::Failed { why } => {
                findings.push(about(Level::Problem, Key("finding-component-failed")).because(why.as_str()));
            }
            Health::Checking => findings.push(about(Level::Pending, Key("finding-component-checking"))),
            Health::Working | Health::Ready => {}
        }
    }
    if let Units::Unknown { why } = &overview.units {
        findings.push(say(Level::Pending, Key("finding-units-unknown")).because(why.as_str()));
    }
    for unit in overview.units.failed() {
        let text = language.say("finding-unit-failed").with("unit", unit);
        findings.push(Finding::new(Level::Problem, text));
    }
    for kept in &overview.kept {
        if let Doing::Stuck { why } = &kept.doing {
            let text = language
                .say("finding-stuck")
                .with("subject", language.told_text(&kept.subject));
            findings.push(Finding::new(Level::Problem, text).because(why.clone()));
        }
    }
    if let Installation::Failed { why } = &overview.installation {
        findings.push(say(Level::Problem, Key("finding-installation-failed")).because(why.clone()));
    }
    findings.extend(root(&overview.boot.root, &say));
    findings.extend(state(&overview.boot.state, &say));
    findings.extend(management(&overview.management, language));
    if nearly_full(overview.memory.used, overview.memory.total) {
        findings.push(say(Level::Warning, Key("finding-memory-full")));
    }
    // A stable sort: within a level the order above stays.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    findings
}

/// The whole in a few words, and the worst level (`None`: all is well).
pub fn summary(findings: &[Finding], language: Language) -> (Option<Level>, String) {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let several = |count, key: Key| (count > 0).then(|| language.say(key).count("count", count).to_string());
    let parts: Vec<String> = [
        several(count(Level::Problem), Key("summary-problems")),
        several(count(Level::Warning), Key("summary-warnings")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let worst = findings.iter().map(|finding| finding.level).max();
    let text = if !parts.is_empty() {
        parts.join(", ")
    } else if worst == Some(Level::Pending) {
        // Healthy is only what has been asked and has answered.
        language.say("summary-starting").to_string()
    } else {
        language.say("summary-healthy").to_string()
    };
    (worst, text)
}

fn root(root: &Root, say: &impl Fn(Level, Key) -> Finding) -> Option<Finding> {
    match root {
        Root::Verified { read_only: true, .. } => None,
        Root::Verified { read_only: false, .. } => Some(say(Level::Warning, Key("finding-root-writable"))),
        Root::Corrupted { .. } => Some(say(Level::Problem, Key("finding-root-damaged"))),
        Root::Unverified { why } => {
            Some(say(Level::Warning, Key("finding-root-unverified")).because(why.as_str()))
        }
    }
}

fn state(state: &State, say: &impl Fn(Level, Key) -> Finding) -> Option<Finding> {
    match state {
        State::Persistent { size, used, .. } => {
            nearly_full(*used, *size).then(|| say(Level::Warning, Key("finding-state-full")))
        }
        State::Volatile => Some(say(Level::Note, Key("finding-state-volatile"))),
    }
}

fn management(management: &Management, language: Language) -> Option<Finding> {
    let problem = |text| Some(Finding::new(Level::Problem, text));
    match management {
        Management::Up { addresses, .. } if !addresses.is_empty() => None,
        Management::NoNic => problem(language.say("finding-no-nic")),
        Management::NoLink { .. } => problem(language.say("finding-no-link")),
        Management::Up { bridge, .. } | Management::NoAddress { bridge } => {
            problem(language.say("finding-no-address").with("bridge", bridge))
        }
        Management::Failed { why } => {
            Some(Finding::new(Level::Problem, language.say("finding-network-failed")).because(why.as_str()))
        }
    }
}

fn nearly_full(used: ByteCount, size: ByteCount) -> bool {
    size.0 > 0 && u128::from(used.0) * 100 >= u128::from(size.0) * u128::from(NEARLY_FULL_PERCENT)
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
