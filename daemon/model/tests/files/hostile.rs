//! Files of answers that somebody made to harm, or that were damaged: an error, soon, and nothing in it that a terminal obeys.

use std::time::{Duration, Instant};

use pocketstack_model::answers::{Answers, LARGEST, describe};
use proptest::prelude::*;

use crate::common::{folder, read};

/// Reads, and looks at all that is told about it. Time is generous: this runs unoptimised beside other tests.
fn look(bytes: &[u8]) {
    let started = Instant::now();
    let told = match Answers::from_bytes(bytes) {
        Ok(answers) => describe(&answers).join("\n"),
        Err(error) => error.to_string(),
    };
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    assert!(!told.is_empty());
    assert!(told.len() < 64 << 10, "{} bytes are told", told.len());
    let obeyed = told.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(obeyed, None, "{told:?}");
}

/// As often as it fits.
fn filled(start: &str, again: &str) -> String {
    let times = (LARGEST - start.len()) / again.len();
    format!("{start}{}", again.repeat(times))
}

#[test]
fn what_is_deep_long_or_many_is_refused_in_time() {
    for text in [
        filled("version = 1\n", "a."),
        filled("version = 1\na", ".a") + "=1",
        filled("version = 1\n[a", ".a"),
        filled("version = 1\na=", "["),
        filled("version = 1\na=", "{a="),
        filled("version = 1\n", "[[a]]\n"),
        filled("version = 1\n[[a]]\n", "[[a.b]]\n"),
        filled("version = 1\n", "="),
        filled("version = 1\n", "=\n"),
        filled("version = 1\n", "\n"),
        filled("version = ", "9"),
        filled("version = 1\n\"", "a"),
        filled("version = 1\n'''", "\n"),
        filled("version = 1\n\"", "\\u0000") + "\" = 1",
        filled("version = 1\nnode.name = \"", "\\u001b") + "\"",
        filled("version = 1\n[network.management]\ncards = [", "\"e\",") + "]",
        filled("version = 1\n[network.management]\ncards = [", "1,") + "]",
        filled(
            "version = 1\n[install]\ndisk={name=\"a\"}\ndata_disks = [",
            "{name=\"b\"},",
        ) + "]",
        filled("version = 1\n[install]\ndisk={name=\"a\"}\ndata_disks = [", "{},") + "]",
    ] {
        look(&text.as_bytes()[..text.len().min(LARGEST)]);
    }
    let keys: String = (0..6000).map(|number| format!("k{number} = 1\n")).collect();
    look(&keys.as_bytes()[..LARGEST.min(keys.len())]);
    let long = format!("version = 1\n{} = 1\n", "nodes".repeat(12_000));
    look(long.as_bytes());
}

#[test]
fn what_ends_anywhere_is_an_error_or_right() {
    let text = read(&folder("answers/ok/every-key.toml"));
    for end in 0..text.len() {
        look(&text.as_bytes()[..end]);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        look(&bytes);
    }

    #[test]
    fn arbitrary_text_of_what_toml_is_made_of(text in "([a-z\\[\\]{}=.,\"'\\\\#\n 0-9:+-]|version|network|management|install|\\PC){0,300}") {
        look(text.as_bytes());
    }

    #[test]
    fn a_right_file_with_bytes_changed(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..3_u8), 1..8)) {
        let mut bytes = read(&folder("answers/ok/every-key.toml")).into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        look(&bytes);
    }

    #[test]
    fn a_right_file_with_lines_moved(moves in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 1..6)) {
        let text = read(&folder("answers/ok/every-key.toml"));
        let mut lines: Vec<&str> = text.lines().collect();
        for (from, to) in moves {
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len() + 1), line);
        }
        look(lines.join("\n").as_bytes());
    }
}
