//! Files of answers and configurations that were changed in thousands of small ways: whatever becomes of them, reading them
//! ends, and what is wrong is told with its line, or why there is none. The same changes in every run: a failure names the
//! number of its round.

use std::fs;
use std::time::{Duration, Instant};

use pocketstack_model::answers::{Answers, AnswersError, LARGEST, describe};
use pocketstack_model::config::file::{FileError, from_toml, to_toml};

use crate::common::{folder, read};

/// Changed files of each kind.
const ROUNDS: u64 = 3000;

/// Numbers that nobody can predict and that are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    fn one_of<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A stretch of something that long: short ones mostly.
    fn stretch(&mut self, length: usize) -> (usize, usize) {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 12 };
        (start, (start + self.below(most + 1)).min(length))
    }
}

/// What breaks readers of TOML, or means something to this one.
fn insertion(dice: &mut Dice) -> Vec<u8> {
    let many = 1 << dice.below(9);
    match dice.below(12) {
        0 => vec![0; many],
        1 => b"[".repeat(many),
        2 => b"{a=".repeat(many),
        3 => b"a.".repeat(many),
        4 => format!("\n[{}]\n", ["a"; 40].join(".")).into_bytes(),
        5 => b"9".repeat(many),
        6 => dice
            .one_of(&[
                "-9223372036854775809",
                "18446744073709551616",
                "0xffffffffffffffffff",
                "1e999",
                "nan",
                "-inf",
                "0b2",
                "1979-05-27T07:32:00Z",
            ])
            .as_bytes()
            .to_vec(),
        7 => format!("\n{} = 1\n", "k".repeat(many * 8)).into_bytes(),
        8 => dice
            .one_of(&[
                "\"\"\"",
                "'''",
                "\\u0000",
                "\\U00110000",
                "\"",
                "#",
                "\r",
                "\u{feff}",
                "\u{202e}",
            ])
            .as_bytes()
            .to_vec(),
        9 => dice
            .one_of(&[
                "\n[network.external]\n",
                "\n[install]\nwhat = \"state\"\n",
                "vlan = 4095\n",
                "disk = {}\n",
                "ipv4 = \"off\"\nipv6 = \"off\"\n",
                "version = 2\n",
                "[[install.data_disks]]\n",
            ])
            .as_bytes()
            .to_vec(),
        10 => [0xff, 0xc3, 0xed, 0xa0, 0x80][..dice.below(6)].to_vec(),
        _ => (0..dice.below(20)).map(|_| dice.roll() as u8).collect(),
    }
}

/// Changes the file once, or takes something of the other one.
fn change(dice: &mut Dice, file: &mut Vec<u8>, other: &[u8]) {
    let (start, end) = dice.stretch(file.len());
    match dice.below(8) {
        0 => {
            if let Some(byte) = file.get_mut(start) {
                *byte ^= 1 << dice.below(8);
            }
        }
        1 => drop(file.drain(start..end)),
        2 => {
            let again = file[start..end].to_vec();
            file.splice(start..start, again);
        }
        3 => {
            let (from, to) = dice.stretch(other.len());
            file.splice(start..end, other[from..to].iter().copied());
        }
        4 => drop(file.splice(start..start, insertion(dice))),
        5 => drop(file.splice(start..end, insertion(dice))),
        kind => {
            let mut lines: Vec<Vec<u8>> = file.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            let (one, two) = (dice.below(lines.len()), dice.below(lines.len()));
            if kind == 6 {
                lines.swap(one, two);
            } else {
                lines.insert(one, lines[two].clone());
            }
            *file = lines.join(&b'\n');
        }
    }
    file.truncate(LARGEST + 2);
}

/// All files of answers there are, right and wrong.
fn answers() -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    for name in ["answers/ok", "answers/bad"] {
        for entry in fs::read_dir(folder(name)).expect("the folder of this test") {
            paths.push(entry.expect("an entry of the folder").path());
        }
    }
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    paths.iter().map(|path| read(path).into_bytes()).collect()
}

/// Hands changed files to `look`, which says whether a file was still right; both have to happen.
fn rounds(seed: u64, files: &[Vec<u8>], look: impl Fn(&[u8]) -> bool) {
    let started = Instant::now();
    let mut right = 0;
    for round in 0..ROUNDS {
        let mut dice = Dice(seed << 32 | round);
        let mut file = files[dice.below(files.len())].clone();
        let other = &files[dice.below(files.len())];
        for _ in 0..=dice.below(4) {
            change(&mut dice, &mut file, other);
        }
        let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(&file)));
        let text = String::from_utf8_lossy(&file);
        right += u64::from(looked.unwrap_or_else(|_| panic!("round {round}:\n{text}")));
    }
    // A tenth of it unoptimised; a reader that takes the square of a length takes minutes.
    assert!(
        started.elapsed() < Duration::from_secs(50),
        "{:?}",
        started.elapsed()
    );
    assert!(
        (ROUNDS / 100..ROUNDS * 9 / 10).contains(&right),
        "{right} of {ROUNDS} are right"
    );
}

/// Every line of what is told begins with a place in the file, but for the last one that counts the rest.
fn has_places(told: &str, lines: usize) {
    for line in told.split('\n') {
        let number = line
            .strip_prefix("line ")
            .and_then(|rest| rest.split_once(", column "))
            .and_then(|(number, _)| number.parse::<usize>().ok());
        let counted = line.starts_with("and ") && line.ends_with(" more");
        assert!(
            counted || number.is_some_and(|number| (1..=lines).contains(&number)),
            "{told}"
        );
    }
}

#[test]
fn answers_changed_anyhow_are_right_or_told_with_their_lines() {
    rounds(1, &answers(), |bytes| {
        let lines = bytes.split(|byte| *byte == b'\n').count();
        match Answers::from_bytes(bytes) {
            Ok(answers) => {
                assert!(!describe(&answers).is_empty());
                let json = serde_json::to_string(&answers).expect("answers are JSON");
                assert_eq!(
                    serde_json::from_str::<Answers>(&json).expect("taken again"),
                    answers
                );
                true
            }
            Err(error) => {
                let told = error.to_string();
                match error {
                    AnswersError::TooLarge => assert!(told.contains("KiB"), "{told}"),
                    AnswersError::NoText { .. } | AnswersError::Wrong(_) => has_places(&told, lines),
                }
                false
            }
        }
    });
}

#[test]
fn configurations_changed_anyhow_are_right_or_told_with_their_lines() {
    let mut files = vec![read(&folder("golden/config-v1.toml")).into_bytes()];
    files.extend(answers().iter().filter_map(|file| {
        let answers = Answers::from_bytes(file).ok()?;
        Some(to_toml(&answers.configuration()).expect("written").into_bytes())
    }));
    assert!(files.len() > 5, "{}", files.len());
    rounds(2, &files, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        match from_toml(&text) {
            Ok(configuration) => {
                let again = to_toml(&configuration).expect("written");
                assert_eq!(from_toml(&again), Ok(configuration));
                true
            }
            Err(error) => {
                let told = error.to_string();
                assert!(!told.contains('\n'), "{told}");
                match error {
                    FileError::Wrong(_) => {
                        let lines = text.split('\n').count();
                        told.split("; also line ").enumerate().for_each(|(index, one)| {
                            let one = if index == 0 {
                                one.to_owned()
                            } else {
                                format!("line {one}")
                            };
                            has_places(&one, lines);
                        });
                    }
                    // These are about the file as a whole.
                    FileError::Newer { .. } => assert!(told.contains("newer PocketStack"), "{told}"),
                    FileError::NoVersion => assert!(told.contains("which form it has"), "{told}"),
                    FileError::Unfit(_) | FileError::Write(_) => panic!("nothing was written: {told}"),
                }
                false
            }
        }
    });
}
