use super::*;

fn disk(name: &str, content: Content) -> Candidate {
    Candidate {
        name: name.to_owned(),
        path: Some(format!("pci-{name}")),
        model: Some("Disk".to_owned()),
        serial: Some(format!("S-{name}")),
        size: ByteCount(100 << 30),
        content,
        refused: None,
    }
}

fn foreign(what: impl Into<Words>) -> Content {
    Content::Foreign { what: what.into() }
}

const POCKETSTACK: Content = Content::PocketStack { complete: true };

/// A wish for `sda` with these further disks.
pub(crate) fn settings(existing: Existing, data: &[&str]) -> InstallSettings {
    InstallSettings {
        what: What::System,
        disk: DiskChoice::Name("sda".to_owned()),
        data_disks: data
            .iter()
            .map(|name| DiskChoice::Name((*name).to_owned()))
            .collect(),
        mirror: false,
        existing,
        then: pocketstack_model::install::Then::Restart,
    }
}

fn error(settings: &InstallSettings, candidates: &[Candidate]) -> String {
    plan(settings, candidates).expect_err("no plan").to_string()
}

/// The plan of a machine that runs from a medium.
fn plan(settings: &InstallSettings, candidates: &[Candidate]) -> Result<Plan, PlanError> {
    super::plan(settings, candidates, Runs::FromMedium)
}

#[test]
fn an_empty_disk_is_taken_however_it_is_named() {
    let disks = [disk("sda", Content::Empty), disk("sdb", Content::Empty)];
    for choice in [
        DiskChoice::Name("sda".to_owned()),
        DiskChoice::Name("/dev/sda".to_owned()),
        DiskChoice::Serial("S-sda".to_owned()),
        DiskChoice::Path("pci-sda".to_owned()),
        DiskChoice::Path("/dev/disk/by-path/pci-sda".to_owned()),
    ] {
        let settings = InstallSettings {
            disk: choice,
            ..settings(Existing::Refuse, &["sdb"])
        };
        let plan = plan(&settings, &disks).expect("a plan");
        let names: Vec<&str> = plan.disks().map(|disk| disk.name.as_str()).collect();
        assert_eq!(names, ["sda", "sdb"]);
        assert_eq!(plan.goal, Goal::System);
    }
}

#[test]
fn no_disk_and_the_wrong_disk_are_told_with_what_is_there() {
    let refuse = settings(Existing::Refuse, &[]);
    assert!(error(&refuse, &[]).starts_with("this machine has no disk: check"));
    assert_eq!(
        error(&refuse, &[disk("vda", Content::Empty)]),
        "there is no disk sda; there are: vda (Disk, 100 GiB, serial number S-vda, pci-vda)"
    );
    let mut small = disk("sda", Content::Empty);
    small.refused = Some("it has 1.0 GiB, and at least 8.0 GiB are needed".into());
    let said = error(&refuse, &[small]);
    assert!(
        said.contains("cannot be used: it has 1.0 GiB, and at least 8.0 GiB are needed"),
        "{said}"
    );
}

#[test]
fn of_two_identical_disks_neither_is_guessed() {
    let mut disks = [disk("sda", Content::Empty), disk("sdb", Content::Empty)];
    for disk in &mut disks {
        disk.serial = Some("SAME".to_owned());
    }
    let mut settings = settings(Existing::Erase, &[]);
    settings.disk = DiskChoice::Serial("SAME".to_owned());
    let said = error(&settings, &disks);
    assert!(
        said.starts_with("the disk with the serial number SAME means more than one disk: sda ("),
        "{said}"
    );
    assert!(
        said.contains("pci-sdb") && said.ends_with("choose one by its path"),
        "{said}"
    );
    settings.disk = DiskChoice::Path("pci-sdb".to_owned());
    assert_eq!(plan(&settings, &disks).expect("a plan").disk.name, "sdb");
}

#[test]
fn nothing_is_wiped_unless_that_was_asked_for() {
    let contents = [
        (POCKETSTACK, "has a PocketStack already: set existing = \"keep\""),
        (
            Content::PocketStack { complete: false },
            "is not empty (an incomplete PocketStack): set existing = \"erase\"",
        ),
        (
            foreign("LVM of the volume group vg0"),
            "is not empty (LVM of the volume group vg0): set existing = \"erase\"",
        ),
        (foreign("a part of a RAID"), "is not empty (a part of a RAID)"),
    ];
    for (content, words) in contents {
        let on_first = [disk("sda", content.clone()), disk("sdb", Content::Empty)];
        let on_second = [disk("sda", Content::Empty), disk("sdb", content)];
        for disks in [on_first, on_second] {
            let said = error(&settings(Existing::Refuse, &["sdb"]), &disks);
            assert!(said.contains(words), "{said}");
            assert!(plan(&settings(Existing::Erase, &["sdb"]), &disks).is_ok());
        }
    }
}

#[test]
fn only_a_whole_pocketstack_is_kept() {
    let keep = settings(Existing::Keep, &[]);
    let kept = plan(&keep, &[disk("sda", POCKETSTACK)]).expect("a plan");
    assert_eq!(kept.goal, Goal::SystemAnew);
    assert!(!kept.steps().contains(&Step::Clear) && !kept.steps().contains(&Step::State));
    for (content, words) in [
        (Content::Empty, "leave out existing"),
        (
            Content::PocketStack { complete: false },
            "(now: an incomplete PocketStack): set existing = \"erase\"",
        ),
        (foreign("ext4"), "(now: ext4): set existing = \"erase\""),
    ] {
        let said = error(&keep, &[disk("sda", content)]);
        assert!(
            said.contains("no PocketStack whose state could be kept") && said.contains(words),
            "{said}"
        );
    }
    let with = settings(Existing::Keep, &["sdb"]);
    let disks = |content| [disk("sda", POCKETSTACK), disk("sdb", content)];
    assert!(plan(&with, &disks(foreign(words::volumes()))).is_ok());
    let said = error(&with, &disks(Content::Empty));
    assert!(said.contains("no disk of the PocketStack that is kept"), "{said}");
}

#[test]
fn a_mirror_is_over_two_disks_and_no_disk_is_taken_twice() {
    let disks = [
        disk("sda", Content::Empty),
        disk("sdb", Content::Empty),
        disk("sdc", Content::Empty),
    ];
    let mirror = |data: &[&str]| InstallSettings {
        mirror: true,
        ..settings(Existing::Refuse, data)
    };
    assert!(error(&mirror(&[]), &disks).starts_with("a mirror needs a second disk"));
    assert!(
        error(&mirror(&["sdb", "sdc"]), &disks).starts_with("a mirror is over two disks, and there are 3")
    );
    assert!(plan(&mirror(&["sdb"]), &disks).expect("a plan").mirror);
    for data in [&["sda"][..], &["sdb", "sdb"]] {
        let said = error(&settings(Existing::Refuse, data), &disks);
        assert!(said.ends_with("is chosen twice: name each disk once"), "{said}");
    }
}

#[test]
fn a_person_is_told_what_goes_and_what_stays() {
    let disks = [disk("sda", foreign("ext4 \"data\"")), disk("sdb", Content::Empty)];
    let lines = plan(&settings(Existing::Erase, &["sdb"]), &disks)
        .expect("a plan")
        .describe();
    assert_eq!(
        lines,
        [
            "sda (Disk, 100 GiB, serial number S-sda, pci-sda): wiped (now: ext4 \"data\"); PocketStack is installed on it, \
             and the machine starts from it.",
            "sdb (Disk, 100 GiB, serial number S-sdb, pci-sdb): wiped (now: empty), and used for volumes.",
        ]
    );
    let lines = plan(&settings(Existing::Keep, &[]), &[disk("sda", POCKETSTACK)])
        .expect("a plan")
        .describe();
    assert!(
        lines[0].ends_with("the system is written anew; state and volumes stay."),
        "{lines:?}"
    );
}

fn state(existing: Existing, data: &[&str]) -> InstallSettings {
    InstallSettings {
        what: What::State,
        ..settings(existing, data)
    }
}

#[test]
fn a_state_alone_is_put_where_a_system_could_be_and_nothing_is_copied() {
    let disks = [disk("sda", Content::Empty), disk("sdb", foreign("ext4"))];
    let made = plan(&state(Existing::Refuse, &[]), &disks).expect("a plan");
    assert_eq!(made.goal, Goal::State);
    for step in [Step::Copy, Step::Boot, Step::Activate] {
        assert!(!made.steps().contains(&step), "{step}");
    }
    assert_eq!(
        made.describe(),
        [
            "sda (Disk, 100 GiB, serial number S-sda, pci-sda): wiped (now: empty); the state of this machine is put on it, \
             and the machine goes on being started from its medium."
        ]
    );
    let said = error(&state(Existing::Refuse, &["sdb"]), &disks);
    assert!(
        said.contains("is not empty (ext4): set existing = \"erase\""),
        "{said}"
    );
    let refused = [Candidate {
        refused: Some(words::disk_runs()),
        ..disk("sda", Content::Empty)
    }];
    let said = error(&state(Existing::Erase, &[]), &refused);
    assert!(
        said.contains("cannot be used: this machine runs from it"),
        "{said}"
    );
}

#[test]
fn a_state_that_could_not_be_used_is_not_made() {
    let disks = [disk("sda", Content::Empty), disk("sdb", Content::StateOfMedium)];
    let installed = super::plan(&state(Existing::Erase, &[]), &disks, Runs::Installed);
    assert_eq!(installed, Err(PlanError::HasState));
    assert!(super::plan(&settings(Existing::Erase, &[]), &disks, Runs::Installed).is_ok());
    assert_eq!(
        plan(&state(Existing::Keep, &[]), &disks),
        Err(PlanError::NothingAnew)
    );
    let said = error(&state(Existing::Erase, &[]), &disks);
    assert!(
        said.starts_with("sdb (") && said.contains("only one such disk"),
        "{said}"
    );
    assert!(plan(&state(Existing::Erase, &["sdb"]), &disks).is_ok());
    // For a system it is like anything else that is there.
    assert!(plan(&settings(Existing::Erase, &[]), &disks).is_ok());
    let said = error(&settings(Existing::Refuse, &["sdb"]), &disks);
    assert!(
        said.contains("is not empty (the state of a machine that is started from a medium)"),
        "{said}"
    );
}
