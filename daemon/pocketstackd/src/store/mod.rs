//! The configuration on disk: one file a generation in `/var/lib/pocketstack/config`.
//!
//! ```text
//!   00000011.toml      the generation before
//!   00000012.toml      the newest that is whole is in use
//!   00000013.damaged   could not be read: kept aside for whoever wants to know
//!   unconfirmed        something that is not stored is in use: the highest number when that began
//! ```
//!
//! A generation is written under another name, flushed, and renamed: after a power cut it is there whole or not at
//! all. Its first line is the SHA-256 of the rest, because a file that lost its end can still be good TOML. A file
//! without that line is taken as it is: that is how the installer, or a person with an editor, leaves one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pocketstack_host::whole;
use pocketstack_model::config::Configuration;
use pocketstack_model::config::file::{FileError, from_toml, to_toml};
use sha2::{Digest, Sha256};

/// Generations kept.
const KEPT: usize = 10;
/// Damaged files kept.
const DAMAGED: usize = 3;
/// The note that what is in use is not stored.
const UNCONFIRMED: &str = "unconfirmed";
/// The file by which it is seen whether there is room, and its size in bytes: more than any configuration needs.
const ROOM: &str = "room";
const ENOUGH: usize = 64 << 10;
/// Before the checksum, in the first line.
const CHECKSUM: &str = "# sha256 of what follows: ";

/// Why a configuration was not stored. Nothing that was stored before is lost.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be written.
    #[error("the configuration cannot be written to {}: {source}{}; the one before stays", .path.display(), hint(.source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// It has no form as a file.
    #[error("the configuration cannot be written as a file: {0}")]
    Form(String),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            " (the state partition is full: make room on it and try again)"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            " (the state partition can only be read: its disk may be failing or write-protected)"
        }
        _ => "",
    }
}

/// What was found at the start.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// In use now; the default if there is none.
    pub configuration: Configuration,
    /// Its generation; 0 if nothing was ever stored, or nothing of it can be read.
    pub generation: u64,
    /// What could not be read, in words.
    pub trouble: Vec<String>,
    /// Whether something that was not stored was in use when the node, or its daemon, ended.
    pub cut_off: bool,
}

/// The folder of generations.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// Highest number in use, whatever became of it.
    highest: u64,
}

impl Store {
    /// Reads the newest generation that is whole. Never fails: what is wrong is told in [`Loaded::trouble`].
    pub fn open(folder: impl Into<PathBuf>) -> (Self, Loaded) {
        let folder = folder.into();
        let mut loaded = Loaded::default();
        if let Err(error) = fs::create_dir_all(&folder) {
            loaded.trouble.push(format!(
                "{} cannot be made: {error}; no configuration can be kept",
                folder.display()
            ));
        }
        let names = match names(&folder) {
            Ok(names) => names,
            Err(error) => {
                loaded
                    .trouble
                    .push(format!("{} cannot be read: {error}", folder.display()));
                Vec::new()
            }
        };
        remove(&folder.join(ROOM));
        for name in names.iter().filter(|name| name.ends_with(".new")) {
            // Left by a power cut; nobody was told that it was stored.
            remove(&folder.join(name));
        }
        loaded.cut_off = cut_off(&folder, &names);
        let highest = names.iter().filter_map(|name| number(name)).max().unwrap_or(0);
        let mut bad = Vec::new();
        for number in generations(&names) {
            let path = folder.join(file_name(number));
            match read(&path) {
                Ok(configuration) => {
                    loaded.configuration = configuration;
                    loaded.generation = number;
                    break;
                }
                Err(why) => bad.push((number, why, path)),
            }
        }
        let instead = match loaded.generation {
            0 => "none is left, and the node is as before its setup".to_owned(),
            number => format!("{number} is used"),
        };
        for (number, why, path) in bad {
            let word = match why {
                Unusable::Damaged(why) => {
                    if let Err(error) = fs::rename(&path, path.with_extension("damaged")) {
                        tracing::warn!("{} cannot be put aside: {error}", path.display());
                    }
                    format!("damaged ({why})")
                }
                Unusable::Unreadable(why) => format!("unusable ({why})"),
            };
            loaded
                .trouble
                .push(format!("configuration {number} is {word}: {instead}"));
        }
        (Self { folder, highest }, loaded)
    }

    /// Writes the next generation, and returns its number once it is safely on the disk. Blocks.
    ///
    /// # Errors
    /// [`StoreError`]; the generations before are untouched.
    pub fn save(&mut self, configuration: &Configuration) -> Result<u64, StoreError> {
        let body = to_toml(configuration).map_err(|error| StoreError::Form(error.to_string()))?;
        let text = format!("{CHECKSUM}{}\n{body}", checksum(body.as_bytes()));
        let number = self.highest + 1;
        let path = self.folder.join(file_name(number));
        if let Err(source) = whole::write(&path, &text) {
            // Renamed but perhaps not on the disk: it must not win at the next start after all.
            remove(&path);
            return Err(StoreError::Write { path, source });
        }
        self.highest = number;
        self.prune();
        Ok(number)
    }

    /// Notes that something is used from now on that is not stored, until [`Store::forget_unconfirmed`]. Blocks.
    ///
    /// # Errors
    /// [`StoreError`]: there is no room for the note, so there would be none for what it is about.
    pub fn note_unconfirmed(&self) -> Result<(), StoreError> {
        let path = self.folder.join(UNCONFIRMED);
        whole::write(&path, &format!("{}\n", self.highest))
            .map_err(|source| StoreError::Write { path, source })
    }

    /// What is in use is what is stored. If the power goes before the disk knows, a generation that was stored meanwhile
    /// tells that it was.
    pub fn forget_unconfirmed(&self) {
        remove(&self.folder.join(UNCONFIRMED));
    }

    /// Whether a configuration could be stored now. Blocks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn check_room(&self) -> Result<(), StoreError> {
        let path = self.folder.join(ROOM);
        let written = whole::write(&path, &" ".repeat(ENOUGH));
        remove(&path);
        written.map_err(|source| StoreError::Write { path, source })
    }

    fn prune(&self) {
        let names = names(&self.folder).unwrap_or_default();
        for old in generations(&names).skip(KEPT) {
            remove(&self.folder.join(file_name(old)));
        }
        let damaged = names.iter().rev().filter(|name| name.ends_with(".damaged"));
        for old in damaged.skip(DAMAGED) {
            remove(&self.folder.join(old));
        }
    }
}

/// Reads the note of what was in use and takes it away. A number that was given out after it was made means that what was
/// in use became a lasting one.
fn cut_off(folder: &Path, names: &[String]) -> bool {
    let path = folder.join(UNCONFIRMED);
    let Ok(note) = fs::read(&path) else {
        return false;
    };
    remove(&path);
    let before = String::from_utf8_lossy(&note).trim().parse::<u64>();
    let stored = names.iter().filter(|name| !name.ends_with(".new"));
    let highest = stored.filter_map(|name| number(name)).max().unwrap_or(0);
    !before.is_ok_and(|before| highest > before)
}

/// Why a generation is not used.
enum Unusable {
    /// What is in it makes no sense.
    Damaged(String),
    /// It could not be read at all, or is whole but from a newer version: the file stays where it is.
    Unreadable(String),
}

fn read(path: &Path) -> Result<Configuration, Unusable> {
    let bytes = fs::read(path).map_err(|error| Unusable::Unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| Unusable::Damaged("it is no text".to_owned()))?;
    let (whole, body) = match text.strip_prefix(CHECKSUM) {
        Some(rest) => {
            let (sum, body) = rest.split_once('\n').unwrap_or((rest, ""));
            if sum != checksum(body.as_bytes()) {
                return Err(Unusable::Damaged("its checksum is wrong".to_owned()));
            }
            (true, body)
        }
        None => (false, text.as_str()),
    };
    from_toml(body).map_err(|error| {
        let why = error.to_string();
        if whole || matches!(error, FileError::Newer { .. }) {
            Unusable::Unreadable(why)
        } else {
            Unusable::Damaged(why)
        }
    })
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn file_name(number: u64) -> String {
    format!("{number:08}.toml")
}

/// Number of a generation, by the name of its file in any state.
fn number(name: &str) -> Option<u64> {
    let (digits, _) = name.split_once('.')?;
    (digits.len() == 8).then(|| digits.parse().ok()).flatten()
}

/// Numbers of the generations, newest first.
fn generations(names: &[String]) -> impl Iterator<Item = u64> {
    let mut numbers: Vec<u64> = names
        .iter()
        .filter(|name| name.ends_with(".toml"))
        .filter_map(|name| number(name))
        .collect();
    numbers.sort_unstable();
    numbers.into_iter().rev()
}

/// Names in the folder, in order.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

fn remove(path: &Path) {
    if let Err(error) = whole::remove(path) {
        tracing::warn!("{} cannot be removed: {error}", path.display());
    }
}

#[cfg(test)]
mod tests;
