//! Who did what, and what came of it: one JSON line each, never with a secret.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Who;

/// A file that would grow beyond this is put aside.
const LARGEST: u64 = 1 << 20;
/// Files that are kept beside the one that is written to.
const KEPT: u32 = 4;
/// Most characters of a text that comes from outside.
const LONGEST: usize = 200;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Signing in at a browser, or with the password for a token.
    SignIn,
    /// Signing out.
    SignOut,
    /// Setting the machine up.
    Setup,
    /// Another password.
    Password,
    /// An SSH key more.
    AddKey,
    /// An SSH key less.
    RemoveKey,
    /// A token was made.
    CreateToken,
    /// A token was revoked.
    RevokeToken,
    /// Another configuration.
    ChangeConfiguration,
    /// A new certificate of its own.
    NewCertificate,
    /// A certificate that an authority has signed.
    UploadCertificate,
    /// A unit was started.
    StartUnit,
    /// A unit was stopped.
    StopUnit,
    /// A unit was restarted.
    RestartUnit,
    /// New network settings were kept.
    ConfirmNetwork,
    /// The machine was restarted.
    Restart,
    /// The machine was switched off.
    PowerOff,
    /// An installation to disk was begun.
    Install,
    /// The machine was made as it was before its setup.
    FactoryReset,
    /// A support bundle was put together.
    SupportBundle,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not.
    Refused {
        /// Why, in words.
        why: String,
    },
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// "admin", or "token NAME".
    pub who: String,
    /// From where.
    pub from: IpAddr,
    /// What.
    pub action: Action,
    /// On what; may be empty.
    pub detail: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Entry {
    /// Of this moment.
    pub fn new(who: &Who, from: IpAddr, action: Action, detail: &str, outcome: Outcome) -> Self {
        let short = |text: &str| text.chars().take(LONGEST).collect::<String>();
        Self {
            at: OffsetDateTime::now_utc(),
            who: short(&who.to_string()),
            from,
            action,
            detail: short(detail),
            outcome: match outcome {
                Outcome::Done => Outcome::Done,
                Outcome::Refused { why } => Outcome::Refused { why: short(&why) },
            },
        }
    }
}

/// The record, in the state folder.
pub struct Audit {
    folder: PathBuf,
    writing: Mutex<()>,
}

impl Audit {
    /// The one in this folder.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self {
            folder,
            writing: Mutex::new(()),
        }
    }

    /// Adds an entry. What cannot be written is in the log of the machine at least.
    pub fn record(&self, entry: Entry) {
        let line = serde_json::to_string(&entry).unwrap_or_default();
        tracing::info!(target: "audit", "{line}");
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.write(&line) {
            tracing::warn!("{} cannot be written: {error}", self.file(0).display());
        }
    }

    /// The last entries, the newest first. Lines that are damaged are left out.
    pub fn last(&self, most: usize) -> Vec<Entry> {
        let mut found = Vec::new();
        for number in 0..=KEPT {
            let mut text = Vec::new();
            let read =
                File::open(self.file(number)).and_then(|file| file.take(2 * LARGEST).read_to_end(&mut text));
            if read.is_err() {
                break;
            }
            let lines = text.split(|byte| *byte == b'\n').rev();
            found.extend(
                lines
                    .filter_map(|line| serde_json::from_slice(line).ok())
                    .take(most - found.len()),
            );
            if found.len() >= most {
                break;
            }
        }
        found
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let current = self.file(0);
        let length = fs::metadata(&current).map_or(0, |data| data.len());
        if length + line.len() as u64 > LARGEST {
            for number in (0..KEPT).rev() {
                match fs::rename(self.file(number), self.file(number + 1)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&current)?;
        // After a power cut the last line may have no end; the next must not be glued to it.
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last)?;
        }
        let start = if last == [b'\n'] { "" } else { "\n" };
        file.write_all(format!("{start}{line}\n").as_bytes())
    }

    fn file(&self, number: u32) -> PathBuf {
        match number {
            0 => self.folder.join("audit.jsonl"),
            number => self.folder.join(format!("audit.jsonl.{number}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn entry(detail: &str) -> Entry {
        let from = IpAddr::from([192, 0, 2, 1]);
        Entry::new(
            &Who::Token("ci".to_owned()),
            from,
            Action::AddKey,
            detail,
            Outcome::Done,
        )
    }

    #[test]
    fn entries_come_back_newest_first_and_only_the_owner_reads_them() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let audit = Audit::in_folder(folder.path().to_owned());
        assert_eq!(audit.last(10), []);
        for detail in ["one", "two\nlines", "three"] {
            audit.record(entry(detail));
        }
        let details: Vec<String> = audit.last(2).into_iter().map(|entry| entry.detail).collect();
        assert_eq!(details, ["three", "two\nlines"]);
        let file = folder.path().join("audit.jsonl");
        assert_eq!(
            fs::metadata(&file).expect("it is there").permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_to_string(&file).expect("text").lines().count(), 3);
        assert_eq!(audit.last(10)[0].who, "token ci");
    }

    #[test]
    fn a_line_cut_off_by_a_power_cut_costs_only_itself() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let audit = Audit::in_folder(folder.path().to_owned());
        audit.record(entry("before"));
        let file = folder.path().join("audit.jsonl");
        let mut text = fs::read_to_string(&file).expect("text");
        text.push_str("{\"at\":\"20");
        fs::write(&file, text).expect("written");
        audit.record(entry("after"));
        let details: Vec<String> = audit.last(10).into_iter().map(|entry| entry.detail).collect();
        assert_eq!(details, ["after", "before"]);
    }

    #[test]
    fn files_are_put_aside_and_the_oldest_goes() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let audit = Audit::in_folder(folder.path().to_owned());
        for round in 0..7 {
            audit.record(entry(&format!("round {round}")));
            let file = folder.path().join("audit.jsonl");
            let padding = "\n".repeat(usize::try_from(LARGEST).expect("fits") - 100);
            let mut text = fs::read_to_string(&file).expect("text");
            text.push_str(&padding);
            fs::write(&file, text).expect("written");
        }
        audit.record(entry("last"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 5);
        let details: Vec<String> = audit.last(100).into_iter().map(|entry| entry.detail).collect();
        assert_eq!(details, ["last", "round 6", "round 5", "round 4", "round 3"]);
    }

    #[test]
    fn what_comes_from_outside_is_kept_short() {
        let long = entry(&"é".repeat(5000));
        assert_eq!(long.detail.chars().count(), LONGEST);
    }
}
