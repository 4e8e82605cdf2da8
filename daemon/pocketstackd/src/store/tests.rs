use std::os::unix::fs::symlink;

use super::*;

fn named(name: &str) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.node.name = name.parse().expect("a host name");
    configuration
}

fn open(dir: &tempfile::TempDir) -> (Store, Loaded) {
    Store::open(dir.path().join("config"))
}

fn path(dir: &tempfile::TempDir, name: &str) -> PathBuf {
    dir.path().join("config").join(name)
}

#[test]
fn an_empty_folder_is_a_node_before_setup() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(open(&dir).1, Loaded::default());
}

#[test]
fn the_newest_generation_is_used_and_ten_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut store, _) = open(&dir);
    for count in 1..=12 {
        let stored = store.save(&named(&format!("node-{count}"))).expect("stored");
        assert_eq!(stored, count);
    }
    let (_, loaded) = open(&dir);
    assert_eq!(loaded.configuration, named("node-12"));
    assert_eq!(loaded.generation, 12);
    assert_eq!(loaded.trouble, [""; 0]);
    let names = names(&dir.path().join("config")).expect("read");
    assert_eq!(names.len(), KEPT);
    assert_eq!(names.first().map(String::as_str), Some("00000003.toml"));
}

#[test]
fn a_power_cut_anywhere_leaves_the_old_or_the_new_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut store, _) = open(&dir);
    store.save(&named("old")).expect("stored");
    store.save(&named("new")).expect("stored");
    let bytes = fs::read(path(&dir, "00000002.toml")).expect("read");
    for cut in 0..bytes.len() {
        // While it was being written: as if it had never been begun.
        fs::remove_file(path(&dir, "00000002.toml")).expect("removed");
        fs::write(path(&dir, "00000002.new"), &bytes[..cut]).expect("written");
        let (_, loaded) = open(&dir);
        assert_eq!(
            (loaded.configuration, loaded.generation, loaded.trouble),
            (named("old"), 1, Vec::new())
        );
        assert!(!path(&dir, "00000002.new").exists());

        // A disk that lost the end of a file: said so, and the one before is used.
        fs::write(path(&dir, "00000002.toml"), &bytes[..cut]).expect("written");
        let (mut store, loaded) = open(&dir);
        assert_eq!((loaded.configuration, loaded.generation), (named("old"), 1));
        assert_eq!(loaded.trouble.len(), 1);
        let said = &loaded.trouble[0];
        assert!(said.starts_with("configuration 2 is damaged ("), "{said}");
        assert!(said.ends_with("): 1 is used"), "{said}");
        assert!(path(&dir, "00000002.damaged").exists());
        // Its number is not given out again.
        assert_eq!(store.save(&named("later")).expect("stored"), 3);
        fs::remove_file(path(&dir, "00000003.toml")).expect("removed");
        fs::rename(path(&dir, "00000002.damaged"), path(&dir, "00000002.toml")).expect("renamed");
    }
}

#[test]
fn with_every_generation_damaged_the_node_is_as_before_setup() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut store, _) = open(&dir);
    store.save(&named("one")).expect("stored");
    fs::write(path(&dir, "00000001.toml"), [0xff, 0, 1]).expect("written");
    let (_, loaded) = open(&dir);
    assert_eq!(
        (loaded.configuration, loaded.generation),
        (named("pocketstack"), 0)
    );
    assert_eq!(
        loaded.trouble,
        ["configuration 1 is damaged (it is no text): none is left, and the node is as before its setup"]
    );
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut store, _) = open(&dir);
    store.save(&named("old")).expect("stored");
    // /dev/full answers every write as a full disk does.
    symlink("/dev/full", path(&dir, "00000002.new")).expect("made");
    let error = store.save(&named("new")).expect_err("full").to_string();
    assert!(error.contains("state partition is full"), "{error}");
    assert!(error.ends_with("the one before stays"), "{error}");
    assert_eq!(open(&dir).1.configuration, named("old"));
    assert_eq!(store.save(&named("new")).expect("there is room again"), 2);
}

#[test]
fn a_file_without_a_checksum_is_taken_as_the_installer_left_it() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("config")).expect("made");
    let text = to_toml(&named("installed")).expect("text");
    fs::write(path(&dir, "00000001.toml"), text).expect("written");
    let (_, loaded) = open(&dir);
    assert_eq!((loaded.configuration, loaded.generation), (named("installed"), 1));
}

#[test]
fn what_was_in_use_and_not_stored_is_known_after_a_restart_and_only_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let cut_off = || {
        let (first, second) = (open(&dir).1.cut_off, open(&dir).1.cut_off);
        assert!(!second, "only once");
        first
    };
    assert!(!cut_off());
    let (mut store, _) = open(&dir);
    store.save(&named("one")).expect("stored");
    assert!(!cut_off());
    store.note_unconfirmed().expect("noted");
    assert!(cut_off());
    store.note_unconfirmed().expect("noted");
    store.forget_unconfirmed();
    assert!(!cut_off());

    // The power went while it was being stored.
    store.note_unconfirmed().expect("noted");
    fs::write(path(&dir, "00000002.new"), "half of").expect("written");
    assert!(cut_off());
    // The power went after it was stored and before the note was taken away.
    store.note_unconfirmed().expect("noted");
    store.save(&named("two")).expect("stored");
    assert!(!cut_off());
    // A note that was damaged is one all the same.
    fs::write(path(&dir, UNCONFIRMED), [0xff]).expect("written");
    assert!(cut_off());
}

#[test]
fn room_is_seen_by_writing_and_nothing_of_it_stays() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, _) = open(&dir);
    store.check_room().expect("there is room");
    symlink("/dev/full", path(&dir, "room.new")).expect("made");
    let error = store.check_room().expect_err("full").to_string();
    assert!(error.contains("state partition is full"), "{error}");
    // The power went while it was looked at.
    fs::write(path(&dir, ROOM), "").expect("written");
    open(&dir);
    assert_eq!(names(&dir.path().join("config")).expect("read"), [""; 0]);
}
