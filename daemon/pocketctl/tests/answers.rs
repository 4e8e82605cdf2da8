//! The built program over the files of answers that the model is tested with.

use std::fs;
use std::path::{Path, PathBuf};

use pocketstack_exec::{Cmd, Error, Output, run};

fn pocketctl(args: &[&str]) -> Cmd {
    Cmd::new(env!("CARGO_BIN_EXE_pocketctl")).args(args)
}

fn check(args: &[&str], file: &Path) -> Result<Output, Error> {
    run(pocketctl(&["answers", "check"]).args(args).arg(file))
}

/// The `.toml` files of a folder, each with what has to be said about it.
fn files(folder: &str, at_least: usize) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../model/tests/answers")
        .join(folder);
    let entries = fs::read_dir(&folder).expect("the model's files");
    let files: Vec<_> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .map(|path| {
            let words = fs::read_to_string(path.with_extension("txt")).expect("what is to be said");
            (path, words)
        })
        .collect();
    assert!(files.len() >= at_least, "{files:?}");
    files
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_a_right_file_would_do_is_said() {
    for (path, words) in files("ok", 5) {
        let said = check(&[], &path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(
            (said.text(), said.stderr.as_str()),
            (words.clone(), ""),
            "{}",
            path.display()
        );

        let said = json(&check(&["--json"], &path).expect("it is right").text());
        let lines: Vec<&str> = words.lines().collect();
        assert_eq!(said["right"], true);
        assert_eq!(said["does"], serde_json::json!(lines));
        let answers = fs::read_to_string(path.with_extension("json")).expect("what it says");
        assert_eq!(said["answers"], json(&answers), "{}", path.display());
    }
}

#[test]
fn all_that_is_wrong_is_said_and_the_exit_status_is_1() {
    for (path, words) in files("bad", 15) {
        match check(&[], &path) {
            Err(Error::Failed { status, stderr, .. }) => {
                assert_eq!(
                    (status.code(), stderr),
                    (Some(1), words.clone()),
                    "{}",
                    path.display()
                );
            }
            other => panic!("{}: {other:?}", path.display()),
        }
    }
}

#[test]
fn a_program_is_told_each_problem_apart() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/answers/bad");
    let out = tempfile::tempfile().expect("a file");
    let cmd = pocketctl(&["answers", "check", "--json"])
        .arg(folder.join("names.toml"))
        .stdout(pocketstack_exec::Stdio::File(
            out.try_clone().expect("the same file"),
        ));
    assert_eq!(run(cmd).expect_err("it is wrong").code(), Some(1));
    let mut out = out;
    std::io::Seek::rewind(&mut out).expect("a file can be rewound");
    let said = json(&std::io::read_to_string(out).expect("it is text"));
    assert_eq!(said["right"], false);
    assert_eq!(said["more"], 0);
    let first = &said["problems"][0];
    assert_eq!((&first["line"], &first["column"]), (&4.into(), &8.into()));
    assert_eq!(first["key"], "node.name");
    assert_eq!(first["wrong"], "\"Lab_1\" is no host name");
    assert_eq!(said["problems"].as_array().map(Vec::len), Some(6));
}

#[test]
fn standard_input_is_a_file_too() {
    let said = run(pocketctl(&["answers", "check", "-"]).input("version = 1\nnode.name = \"lab9\"\n"));
    assert!(
        said.expect("it is right")
            .text()
            .starts_with("The machine is called lab9.")
    );
}

#[test]
fn what_cannot_be_read_or_never_ends_is_named() {
    let missing = check(&[], Path::new("/no/such/answers.toml")).expect_err("it is not there");
    assert_eq!(missing.code(), Some(1));
    assert!(
        missing
            .to_string()
            .contains("pocketctl: cannot read /no/such/answers.toml: "),
        "{missing}"
    );
    let endless = check(&[], Path::new("/dev/zero")).expect_err("it has no end");
    assert_eq!(endless.code(), Some(1));
    assert!(endless.to_string().contains("more than 64 KiB"), "{endless}");
}

#[test]
fn help_says_what_there_is() {
    let help = run(pocketctl(&["--help"])).expect("help is no error").text();
    assert!(
        help.contains("answers") && help.contains("Command line tool of PocketStack"),
        "{help}"
    );
    let help = run(pocketctl(&["answers", "check", "--help"]))
        .expect("help is no error")
        .text();
    assert!(
        help.contains("Exit status: ") && help.contains("--json") && help.contains("Examples:"),
        "{help}"
    );
    for wrong in [&["answers", "chekc"][..], &["answers", "check"], &[]] {
        assert_eq!(
            run(pocketctl(wrong)).expect_err("it is wrong").code(),
            Some(2),
            "{wrong:?}"
        );
    }
}
