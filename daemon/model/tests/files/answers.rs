//! Files of answers in pairs: what is taken, with what it says (`.json`) and what it would do (`.txt`), and what is refused, with
//! the exact message (`.txt`).

use std::fs;
use std::path::PathBuf;

use pocketstack_model::answers::{Answers, describe};

use crate::common::{compare, folder, read};

/// All `.toml` of a folder. Fewer than `at_least` would say that the folder is not found.
fn files(name: &str, at_least: usize) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).expect("the folder of this test");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= at_least, "{files:?}");
    files
}

#[test]
fn what_is_right_says_what_it_should() {
    for path in files("answers/ok", 5) {
        let answers =
            Answers::parse(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let json = serde_json::to_string_pretty(&answers).expect("answers are JSON");
        compare(&path.with_extension("json"), &format!("{json}\n"));
        compare(
            &path.with_extension("txt"),
            &format!("{}\n", describe(&answers).join("\n")),
        );
        let document: Answers = serde_json::from_str(&json).expect("a document is taken as well");
        assert_eq!(document, answers, "{}", path.display());
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for path in files("answers/bad", 15) {
        match Answers::parse(&read(&path)) {
            Ok(answers) => panic!("{} is taken: {answers:?}", path.display()),
            Err(error) => compare(&path.with_extension("txt"), &format!("{error}\n")),
        }
    }
}

/// A key that serde knows and the form does not would be missing in all files that people write.
#[test]
fn every_key_is_in_the_file_of_every_key() {
    let text = read(&folder("answers/ok/every-key.toml"));
    let file: toml::Table = toml::from_str(&text).expect("it is TOML");
    let answers = Answers::parse(&text).expect("it is right");
    let written = toml::Table::try_from(&answers).expect("answers are TOML");
    let mut missing = Vec::new();
    keys_not_in(&file, &written, "", &mut missing);
    assert_eq!(
        missing,
        [
            "network.bmc.bond",
            "network.bmc.mtu",
            "network.external.bond",
            "network.external.mtu"
        ],
        "these have the values that management names"
    );
}

fn keys_not_in(file: &toml::Table, written: &toml::Table, path: &str, missing: &mut Vec<String>) {
    for (key, value) in written {
        let path = format!("{path}{key}");
        match (file.get(key), value) {
            (None, _) => missing.push(path),
            (Some(toml::Value::Table(file)), toml::Value::Table(written)) => {
                keys_not_in(file, written, &format!("{path}."), missing);
            }
            (Some(_), _) => {}
        }
    }
}
