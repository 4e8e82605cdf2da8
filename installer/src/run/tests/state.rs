//! Only the state of a machine on a disk.

use pocketstack_model::install::What;

use super::*;

/// What a machine that is started from its medium makes of the disks: the names of the stored configurations, if there is
/// a state.
fn state_beside_medium(host: &mut FakeHost, pool_of: &[&str]) -> Option<Vec<String>> {
    assert_eq!(starts(host, &[]), Starts::Nothing);
    let table = host.disk("sda").expect("a disk").table()?;
    let (_, state) = table.named(parts::STATE_OF_MEDIUM)?;
    let start = state.start;
    assert_eq!(host.file("sda", start, RECORD), Some(&b"abc\n"[..]));
    let paths = host.paths("sda", start).expect("a file system");
    let names = paths
        .iter()
        .filter_map(|path| path.strip_prefix("lib/pocketstack/config/"));
    let names = names.map(str::to_owned).collect();
    has_pool(host, pool_of);
    Some(names)
}

#[test]
fn a_state_alone_is_there_or_the_disk_is_empty_after_a_power_cut_at_any_change() {
    let (_dir, payload) = payload("1");
    let disks: [(&[&str], bool); 3] = [(&[], false), (&["sdb"], false), (&["sdb"], true)];
    for (data, mirror) in disks {
        let all: Vec<&str> = std::iter::once("sda").chain(data.iter().copied()).collect();
        let settings = InstallSettings {
            what: What::State,
            ..settings(Existing::Refuse, data, mirror)
        };
        let (mut nothing, mut complete) = (0, 0);
        cut_everywhere(&machine(&all), &settings, &payload, Some("first"), |mut host| {
            let found = state_beside_medium(&mut host, &all);
            if found.is_none() {
                nothing += 1;
                install(&mut host, &settings, &payload, Some("first")).expect("made at the second try");
            } else {
                complete += 1;
            }
            let found = state_beside_medium(&mut host, &all).expect("a state");
            assert_eq!(found, ["00000001.toml"]);
        });
        assert!(nothing > 20 && complete > 0, "{nothing} {complete}");
    }
}

#[test]
fn a_state_alone_goes_no_further_without_leave_and_then_a_system_can_take_its_place() {
    let (_dir, payload) = payload("1");
    let mut host = machine(&["sda"]);
    let state = |existing| InstallSettings {
        what: What::State,
        ..settings(existing, &[], false)
    };
    let told = install(&mut host, &state(Existing::Refuse), &payload, None).expect("made");
    assert!(
        told.iter()
            .any(|progress| progress.step == "writing the partition tables")
    );
    assert_eq!(state_beside_medium(&mut host, &["sda"]), Some(Vec::new()));
    let again = install(&mut host, &state(Existing::Refuse), &payload, None);
    assert!(
        matches!(again, Err(Failed::Plan(PlanError::Occupied { .. }))),
        "{again:?}"
    );
    install(&mut host, &state(Existing::Erase), &payload, Some("first")).expect("made anew");
    let found = state_beside_medium(&mut host, &["sda"]).expect("a state");
    assert_eq!(found, ["00000001.toml"]);
    install(&mut host, &settings(Existing::Erase, &[], false), &payload, None).expect("installed");
    assert_eq!(starts(&mut host, &["sda"]), whole("1", 0));
}
