use super::*;
use crate::node::example;

/// What it says, and what the system said.
fn text(finding: &Finding) -> String {
    match &finding.detail {
        Some(detail) => format!("{} {detail}", finding.text),
        None => finding.text.to_string(),
    }
}

fn summary(findings: &[Finding]) -> (Option<Level>, String) {
    super::summary(findings, Language::English)
}

fn after(change: impl FnOnce(&mut Overview)) -> Vec<Finding> {
    let mut overview = example();
    change(&mut overview);
    findings(&overview, Language::English)
}

/// The only finding after a change.
fn only(change: impl FnOnce(&mut Overview)) -> (Level, String) {
    let mut found = after(change);
    assert_eq!(found.len(), 1, "{found:?}");
    let finding = found.remove(0);
    (finding.level, text(&finding))
}

#[test]
fn a_healthy_machine_needs_nothing() {
    assert!(after(|_| {}).is_empty());
    assert_eq!(summary(&[]), (None, "Healthy".to_owned()));
}

#[test]
fn a_failed_component_is_a_problem_with_its_reason() {
    let found = only(|overview| {
        overview.components[0].health = Health::Failed {
            why: "switched off in the firmware".to_owned(),
        };
    });
    assert_eq!(
        found,
        (
            Level::Problem,
            "KVM does not work: switched off in the firmware".to_owned()
        )
    );
}

#[test]
fn what_has_not_been_asked_is_not_called_healthy() {
    let found = after(|overview| overview.components[1].health = Health::Checking);
    assert_eq!(summary(&found), (Some(Level::Pending), "Starting".to_owned()));
    assert_eq!(found[0].text.to_string(), "libvirt has not been checked yet.");
}

fn failed(units: &[&str]) -> Units {
    Units::Known {
        failed: units.iter().map(|unit| (*unit).to_owned()).collect(),
    }
}

#[test]
fn units_that_are_not_known_are_not_called_healthy() {
    let why = "systemd has not been asked yet".to_owned();
    let (level, text) = only(|overview| overview.units = Units::Unknown { why });
    assert_eq!(level, Level::Pending);
    assert!(text.contains("systemd has not been asked yet"), "{text}");
}

#[test]
fn a_failed_unit_is_a_problem() {
    let (level, text) = only(|overview| overview.units = failed(&["libvirtd.service"]));
    assert_eq!(level, Level::Problem);
    assert!(text.contains("libvirtd.service"));
}

#[test]
fn the_root_file_system_is_watched() {
    let root_hash = String::new();
    let corrupted = only(|overview| {
        overview.boot.root = Root::Corrupted {
            root_hash: root_hash.clone(),
        }
    });
    assert_eq!(corrupted.0, Level::Problem);
    let writable = Root::Verified {
        root_hash,
        read_only: false,
    };
    assert_eq!(only(|overview| overview.boot.root = writable).0, Level::Warning);
    let unverified = Root::Unverified {
        why: "no roothash= on the command line".to_owned(),
    };
    let (level, text) = only(|overview| overview.boot.root = unverified);
    assert_eq!(level, Level::Warning);
    assert!(text.contains("no roothash="));
}

#[test]
fn every_state_of_the_network_but_up_is_a_problem_of_its_own() {
    let bridge = || "br-mgmt".to_owned();
    let states = [
        Management::NoNic,
        Management::NoLink { bridge: bridge() },
        Management::NoAddress { bridge: bridge() },
        Management::Failed {
            why: "no permission".to_owned(),
        },
    ];
    let mut texts: Vec<String> = states
        .into_iter()
        .map(|management| {
            let (level, text) = only(|overview| overview.management = management);
            assert_eq!(level, Level::Problem);
            text
        })
        .collect();
    texts.dedup();
    assert_eq!(texts.len(), 4);
    // Up without an address cannot be reached either.
    let up = Management::Up {
        bridge: bridge(),
        addresses: Vec::new(),
    };
    assert_eq!(only(|overview| overview.management = up).0, Level::Problem);
}

#[test]
fn memory_and_state_are_said_to_be_full_from_ninety_percent() {
    let memory =
        |used| after(|overview| (overview.memory.total, overview.memory.used) = (ByteCount(100), used));
    assert!(memory(ByteCount(89)).is_empty());
    assert_eq!(memory(ByteCount(90))[0].level, Level::Warning);
    assert_eq!(memory(ByteCount(u64::MAX))[0].level, Level::Warning);

    let state = |used| {
        let device = String::new();
        after(|overview| {
            overview.boot.state = State::Persistent {
                device,
                size: ByteCount(100),
                used,
            }
        })
    };
    assert!(state(ByteCount(89)).is_empty());
    assert_eq!(state(ByteCount(90))[0].level, Level::Warning);
}

#[test]
fn state_in_memory_is_a_note_and_leaves_the_machine_healthy() {
    let found = after(|overview| overview.boot.state = State::Volatile);
    assert_eq!(summary(&found), (Some(Level::Note), "Healthy".to_owned()));
}

#[test]
fn the_worst_comes_first_and_the_summary_counts() {
    let found = after(|overview| {
        overview.boot.state = State::Volatile;
        overview.memory.used = overview.memory.total;
        overview.units = failed(&["a.service", "b.service"]);
    });
    let levels: Vec<Level> = found.iter().map(|finding| finding.level).collect();
    assert_eq!(
        levels,
        [Level::Problem, Level::Problem, Level::Warning, Level::Note]
    );
    assert_eq!(
        summary(&found),
        (Some(Level::Problem), "2 problems, 1 warning".to_owned())
    );
}

#[test]
fn a_reader_of_portuguese_is_told_in_portuguese() {
    let mut overview = example();
    overview.memory.used = overview.memory.total;
    overview.units = failed(&["a.service", "b.service"]);
    let found = findings(&overview, Language::Portuguese);
    let (_, words) = super::summary(&found, Language::Portuguese);
    assert_eq!(words, "2 problemas, 1 aviso");
    assert_eq!(
        found[0].text.to_string(),
        "O serviço de sistema a.service falhou."
    );
}
