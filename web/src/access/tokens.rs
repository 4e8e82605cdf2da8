//! Tokens for programs: `pst_` and 256 random bits, of which only the digest is kept.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::files;
use crate::secret::{self, Digest};

/// What every token starts with, so that scanners find one that got into the wrong place.
const PREFIX: &str = "pst_";
/// Most tokens.
const MOST: usize = 64;
/// Longest name, in characters.
const LONGEST_NAME: usize = 64;
/// Longest life in days.
const LONGEST_DAYS: u16 = 3650;
/// Where they are kept, in the state folder.
const FILE: &str = "tokens.json";
/// Version of the file.
const VERSION: u32 = 1;
/// The last use is written down only in such steps, so that a program that asks every second wears out no disk.
const STEP: Duration = Duration::hours(1);

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What its owner calls it; no two have the same.
    pub name: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// When it was last used, to the hour.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used: Option<OffsetDateTime>,
}

/// All tokens.
pub struct Tokens {
    file: PathBuf,
    list: Mutex<Vec<Kept>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    sha256: Digest,
    #[serde(flatten)]
    token: Token,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    tokens: Vec<Kept>,
}

/// A token that is asked for: its name and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    name: String,
    days: u16,
}

/// Why a token was not made or not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMade {
    /// No name, or none that can be shown.
    #[error("give the token a name of 1 to {LONGEST_NAME} characters that says what it is for")]
    Name,
    /// Another one has the name.
    #[error("a token has this name already; revoke it, or choose another name")]
    Twice,
    /// No number of days that makes sense.
    #[error("say in how many days it shall end, 1 to {LONGEST_DAYS}")]
    Days,
    /// There are too many.
    #[error("there are {MOST} tokens already; revoke one that is not needed")]
    TooMany,
    /// No token has this name.
    #[error("there is no token of this name")]
    NoSuch,
    /// It cannot be written down.
    #[error("the tokens cannot be stored: {0}")]
    NotStored(String),
}

impl NewToken {
    /// Checks what was typed.
    ///
    /// # Errors
    /// [`NotMade::Name`] and [`NotMade::Days`].
    pub fn new(name: &str, days: &str) -> Result<Self, NotMade> {
        let name = name.trim();
        let length = name.chars().count();
        if !(1..=LONGEST_NAME).contains(&length) || name.chars().any(char::is_control) {
            return Err(NotMade::Name);
        }
        let days = days.trim().parse().map_err(|_| NotMade::Days)?;
        if !(1..=LONGEST_DAYS).contains(&days) {
            return Err(NotMade::Days);
        }
        Ok(Self {
            name: name.to_owned(),
            days,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Tokens {
    /// The ones kept in the state folder. A damaged file is moved aside: no token is better than a guessed one.
    pub fn load(state: &Path) -> Self {
        let file = state.join(FILE);
        let list = files::read(&file).map(|bytes| {
            bytes.map(|bytes| match serde_json::from_slice::<File>(&bytes) {
                Ok(File {
                    version: VERSION,
                    tokens,
                }) => Ok(tokens),
                Ok(File { version, .. }) => {
                    Err(format!("it has version {version}, this program knows {VERSION}"))
                }
                Err(error) => Err(error.to_string()),
            })
        });
        let list = match list {
            Ok(None) => Vec::new(),
            Ok(Some(Ok(tokens))) => tokens,
            Ok(Some(Err(why))) => {
                tracing::warn!(
                    "no token is taken, {} cannot be used and is moved aside: {why}",
                    file.display()
                );
                if let Err(error) = files::move_aside(&file) {
                    tracing::warn!("{error}: {}", error.source);
                }
                Vec::new()
            }
            Err(error) => {
                tracing::warn!("no token is taken: {error}: {}", error.source);
                Vec::new()
            }
        };
        Self {
            file,
            list: Mutex::new(list),
        }
    }

    /// All that have not ended, in the order they were made.
    pub fn list(&self) -> Vec<Token> {
        let now = OffsetDateTime::now_utc();
        let list = self.lock();
        list.iter()
            .map(|kept| kept.token.clone())
            .filter(|token| token.expires > now)
            .collect()
    }

    /// Makes a token: what its owner has to keep, for it is shown this once.
    ///
    /// # Errors
    /// [`NotMade`].
    pub fn create(&self, new: &NewToken) -> Result<String, NotMade> {
        let now = OffsetDateTime::now_utc();
        let mut list = self.lock();
        let mut after: Vec<Kept> = list
            .iter()
            .filter(|kept| kept.token.expires > now)
            .cloned()
            .collect();
        if after.iter().any(|kept| kept.token.name == new.name) {
            return Err(NotMade::Twice);
        }
        if after.len() >= MOST {
            return Err(NotMade::TooMany);
        }
        let random = secret::fresh().map_err(|error| NotMade::NotStored(error.to_string()))?;
        let secret = format!("{PREFIX}{random}");
        after.push(Kept {
            sha256: Digest::of(&secret),
            token: Token {
                name: new.name.clone(),
                created: now,
                expires: now + Duration::days(i64::from(new.days)),
                last_used: None,
            },
        });
        self.store(&mut list, after)?;
        Ok(secret)
    }

    /// Ends the token of this name.
    ///
    /// # Errors
    /// [`NotMade::NoSuch`] and [`NotMade::NotStored`].
    pub fn revoke(&self, name: &str) -> Result<(), NotMade> {
        let mut list = self.lock();
        let after: Vec<Kept> = list
            .iter()
            .filter(|kept| kept.token.name != name)
            .cloned()
            .collect();
        if after.len() == list.len() {
            return Err(NotMade::NoSuch);
        }
        self.store(&mut list, after)
    }

    /// Name of the token, if it is one and has not ended. Looked up by digest, so its time tells nothing of the others.
    pub fn find(&self, secret: &str) -> Option<String> {
        if !secret.starts_with(PREFIX) || secret.len() > 128 {
            return None;
        }
        let (digest, now) = (Digest::of(secret), OffsetDateTime::now_utc());
        let mut list = self.lock();
        let kept = list.iter_mut().find(|kept| kept.sha256 == digest)?;
        if kept.token.expires <= now {
            return None;
        }
        let name = kept.token.name.clone();
        // A clock that was set back must not keep the last use in the future for years.
        if kept.token.last_used.is_none_or(|last| (now - last).abs() >= STEP) {
            kept.token.last_used = Some(now);
            let after = list.clone();
            if let Err(error) = self.store(&mut list, after) {
                tracing::warn!("{error}");
            }
        }
        Some(name)
    }

    fn store(&self, list: &mut Vec<Kept>, after: Vec<Kept>) -> Result<(), NotMade> {
        let file = File {
            version: VERSION,
            tokens: after,
        };
        let bytes =
            serde_json::to_vec_pretty(&file).map_err(|error| NotMade::NotStored(error.to_string()))?;
        files::write(&self.file, &bytes, 0o600)
            .map_err(|error| NotMade::NotStored(format!("{error}: {}", error.source)))?;
        *list = file.tokens;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        // What is in there is right after each statement.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
