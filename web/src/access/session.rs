//! Who is signed in: random cookies, of which only the digest is kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rocket::http::{Cookie, SameSite};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::files;
use crate::secret::{self, Digest, NoRandom};

/// Name of the cookie. Browsers take a name that starts so only with Secure, for all paths, and from this host alone
/// (RFC 6265bis section 4.1.3.2).
pub const COOKIE: &str = "__Host-session";
/// A session ends after so long without a request of a person.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// And after so long in any case.
pub const LIFE: Duration = Duration::from_secs(12 * 3600);
/// Most sessions; one more ends the one that was longest unused.
const MOST: usize = 64;
/// A later last use is written down only in such steps.
const STEP: Duration = Duration::from_secs(60);
/// Where they are kept, in the runtime folder.
const FILE: &str = "sessions.json";

/// What is known of somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Proves that a form came from a page of this session.
    pub csrf: String,
    since: Duration,
    last: Duration,
}

/// All sessions. They outlast a restart of this program, not one of the machine.
pub struct Sessions {
    clock: Clock,
    file: Option<PathBuf>,
    open: Mutex<HashMap<Digest, Session>>,
}

/// One session as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    digest: Digest,
    #[serde(flatten)]
    session: Session,
}

impl Sessions {
    /// The ones kept in `folder`, if there is one.
    pub fn load(folder: Option<PathBuf>, clock: Clock) -> Self {
        let file = folder.map(|folder| folder.join(FILE));
        let kept = file.as_ref().map_or(Ok(None), |file| files::read(file));
        let kept: Vec<Kept> = match kept {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!("nobody is signed in any more, {FILE} is damaged: {error}");
                Vec::new()
            }),
            Ok(None) => Vec::new(),
            Err(error) => {
                tracing::warn!("nobody is signed in any more: {error}: {}", error.source);
                Vec::new()
            }
        };
        let sessions = Self {
            clock,
            file,
            open: Mutex::new(kept.into_iter().map(|kept| (kept.digest, kept.session)).collect()),
        };
        sessions.forget_old(&mut sessions.lock());
        sessions
    }

    /// Opens a session: the cookie's value.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn open(&self) -> Result<String, NoRandom> {
        let (value, csrf) = (secret::fresh()?, secret::fresh()?);
        let now = self.clock.now();
        let mut open = self.lock();
        self.forget_old(&mut open);
        if open.len() >= MOST {
            let oldest = open
                .iter()
                .min_by_key(|(_, session)| session.last)
                .map(|(digest, _)| *digest);
            oldest.map(|digest| open.remove(&digest));
        }
        let session = Session {
            csrf,
            since: now,
            last: now,
        };
        open.insert(Digest::of(&value), session);
        self.keep(&open);
        Ok(value)
    }

    /// The session of a cookie. A request of a person keeps it open; one that a page makes by itself does not.
    pub fn find(&self, cookie: &str, by_a_person: bool) -> Option<Session> {
        let mut open = self.lock();
        self.forget_old(&mut open);
        let session = open.get_mut(&Digest::of(cookie))?;
        let now = self.clock.now();
        let worth = by_a_person && now.saturating_sub(session.last) >= STEP;
        if worth {
            session.last = now;
        }
        let found = session.clone();
        if worth {
            self.keep(&open);
        }
        Some(found)
    }

    /// Ends the session of a cookie.
    pub fn close(&self, cookie: &str) {
        let mut open = self.lock();
        open.remove(&Digest::of(cookie));
        self.keep(&open);
    }

    /// Ends all but the session of a cookie: the password is another one.
    pub fn close_others(&self, cookie: &str) {
        let mut open = self.lock();
        let own = Digest::of(cookie);
        open.retain(|digest, _| *digest == own);
        self.keep(&open);
    }

    /// The cookie with a value.
    pub fn cookie(value: String) -> Cookie<'static> {
        guarded_cookie(COOKIE, value)
    }

    fn forget_old(&self, open: &mut HashMap<Digest, Session>) {
        let now = self.clock.now();
        open.retain(|_, session| {
            now.saturating_sub(session.last) < IDLE && now.saturating_sub(session.since) < LIFE
        });
    }

    fn keep(&self, open: &HashMap<Digest, Session>) {
        let Some(file) = &self.file else { return };
        let kept = |(digest, session): (&Digest, &Session)| Kept {
            digest: *digest,
            session: session.clone(),
        };
        let kept: Vec<Kept> = open.iter().map(kept).collect();
        let written = serde_json::to_vec(&kept)
            .map_err(|error| error.to_string())
            .and_then(|bytes| {
                files::write(file, &bytes, 0o600).map_err(|error| format!("{error}: {}", error.source))
            });
        if let Err(why) = written {
            tracing::warn!("who is signed in is forgotten when this program is restarted: {why}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        // What is in there is right after each statement.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cookie that only this server gets, over HTTPS and from its own pages, and no script reads.
pub fn guarded_cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .build()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::clock::Hand;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_session_ends_when_nobody_uses_it_and_after_twelve_hours() {
        let hand = Hand::default();
        let sessions = Sessions::load(None, hand.clock());
        let cookie = sessions.open().expect("opened");
        assert!(sessions.find("other", true).is_none());
        for _ in 0..24 {
            hand.pass(29 * MINUTE);
            assert!(sessions.find(&cookie, true).is_some());
        }
        hand.pass(25 * MINUTE);
        assert!(sessions.find(&cookie, true).is_none(), "12 hours are over");

        let cookie = sessions.open().expect("opened");
        hand.pass(29 * MINUTE);
        assert!(
            sessions.find(&cookie, false).is_some(),
            "looked at by the page itself"
        );
        hand.pass(MINUTE);
        assert!(
            sessions.find(&cookie, true).is_none(),
            "30 minutes without a person"
        );
    }

    #[test]
    fn there_are_only_so_many_and_the_longest_unused_goes_first() {
        let hand = Hand::default();
        let sessions = Sessions::load(None, hand.clock());
        let first = sessions.open().expect("opened");
        let second = sessions.open().expect("opened");
        hand.pass(2 * MINUTE);
        sessions.find(&first, true).expect("used");
        for _ in 2..=MOST {
            sessions.open().expect("opened");
        }
        assert!(sessions.find(&first, true).is_some());
        assert!(sessions.find(&second, true).is_none());
        assert_eq!(sessions.lock().len(), MOST);
    }

    #[test]
    fn they_outlast_a_restart_and_the_file_tells_no_cookie() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let hand = Hand::default();
        let load = || Sessions::load(Some(folder.path().to_owned()), hand.clock());
        let (cookie, other) = {
            let sessions = load();
            (sessions.open().expect("opened"), sessions.open().expect("opened"))
        };
        let file = folder.path().join(FILE);
        let mode = std::fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!std::fs::read_to_string(&file).expect("text").contains(&cookie));
        let sessions = load();
        assert!(sessions.find(&cookie, true).is_some());
        sessions.close_others(&cookie);
        assert!(load().find(&other, true).is_none());
        assert!(load().find(&cookie, true).is_some());
        sessions.close(&cookie);
        assert!(load().find(&cookie, true).is_none());
        std::fs::write(&file, "[{").expect("written");
        assert!(load().find(&cookie, true).is_none());
    }
}
