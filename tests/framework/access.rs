//! How the harness gets in: as the admin, with the test's password.
//!
//! ```text
//!   node not set up ──► setup code off its serial console ──► POST /api/v1/setup  ──┐
//!   node set up     ──► the test's password ────────────────► POST /api/v1/tokens ──┴─► token, kept for all later requests
//! ```

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use argon2::{Algorithm, Argon2, Params, Version};
use pocketstack_model::access::{Hash, PasswordHash};
use serde_json::{Value, json};

use crate::browser::Page;
use crate::node::{Answer, Node};
use crate::poll::{self, Probe};
use crate::serial::{Mark, Serial, words};

/// The admin's password on all machines of the tests.
pub const PASSWORD: &str = "correct horse battery staple";
/// How long making a token may take: an emulated machine hashes for seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// What stands before the setup code on the console, in small letters.
const BEFORE_CODE: &str = "setup code";

/// What answers carry so that the machine has [`PASSWORD`]: the section `[access]`. Made once.
pub fn answers() -> &'static str {
    static SECTION: OnceLock<String> = OnceLock::new();
    SECTION.get_or_init(|| format!("[access]\npassword_hash = \"{}\"\n", String::from(hash())))
}

fn hash() -> PasswordHash {
    // The salt is fixed: the same answers each time, and nothing here is secret.
    let salt = *b"pocketstack-test";
    let (memory_kib, passes, lanes) = (19_456, 2, 1);
    let mut output = vec![0; 32];
    let hashed = Params::new(memory_kib, passes, lanes, Some(output.len())).and_then(|parameters| {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters).hash_password_into(
            PASSWORD.as_bytes(),
            &salt,
            &mut output,
        )
    });
    let hash = hashed.ok().and_then(|()| {
        PasswordHash::new(Hash {
            memory_kib,
            passes,
            lanes,
            salt: salt.to_vec(),
            output,
        })
    });
    hash.expect("the parameters are right")
}

/// The setup code that the console shows now: the last one, as the console is painted over and over.
///
/// # Errors
/// The serial log cannot be read.
pub fn setup_code(console: &Serial) -> Result<Option<String>> {
    Ok(code_in(&words(&console.since(Mark::default())?)))
}

/// Two times four capitals and digits with a hyphen between, among the first words after [`BEFORE_CODE`].
fn code_in(said: &str) -> Option<String> {
    let lower = said.to_ascii_lowercase();
    let places: Vec<usize> = lower.match_indices(BEFORE_CODE).map(|(at, _)| at).collect();
    places.into_iter().rev().find_map(|at| {
        let rest = said.get(at + BEFORE_CODE.len()..)?;
        rest.split_whitespace()
            .take(3)
            .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
            .find(|word| is_code(word))
            .map(str::to_owned)
    })
}

fn is_code(word: &str) -> bool {
    let part = |part: &str| {
        part.len() == 4
            && part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    word.split_once('-')
        .is_some_and(|(first, second)| part(first) && part(second))
}

/// A way into a node: what its console shows, and the token that was made.
#[derive(Debug)]
pub struct Access {
    console: Serial,
    token: Mutex<Option<String>>,
}

impl Access {
    /// Into the machine with this console.
    pub fn new(console: Serial) -> Self {
        Self {
            console,
            token: Mutex::new(None),
        }
    }

    /// The token; makes one if there is none, or `stale` is the one there is. Sets the node up before if it is not.
    pub(crate) fn token(&self, node: &Node, stale: Option<&str>) -> Result<String> {
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = kept.as_deref().filter(|token| Some(*token) != stale) {
            return Ok(token.to_owned());
        }
        let token = self.sign_in(node)?;
        *kept = Some(token.clone());
        Ok(token)
    }

    fn sign_in(&self, node: &Node) -> Result<String> {
        let mut tried = None;
        poll::until("a token of the node", PATIENCE, || {
            let asked = json!({ "password": PASSWORD, "name": token_name()?, "expires_in_days": 1 });
            let answer = node.post_as_stranger("/api/v1/tokens", &asked, PATIENCE)?;
            Ok(match answer.status {
                201 => Probe::Done(token_of(&answer)?),
                409 => self.set_up(node, &mut tried, &answer)?,
                // It is busy, or has just started.
                429 | 503 => Probe::NotYet(answer.body),
                other => bail!(
                    "the node answers the test's password with {other}: {}",
                    answer.body
                ),
            })
        })
    }

    /// Sets the node up with the code on its console, unless that is the one that was refused.
    fn set_up(&self, node: &Node, tried: &mut Option<String>, refusal: &Answer) -> Result<Probe<String>> {
        let said = &refusal.body;
        let Some(code) = setup_code(&self.console)? else {
            return Ok(Probe::NotYet(format!("the console shows no setup code: {said}")));
        };
        if tried.as_ref() == Some(&code) {
            return Ok(Probe::NotYet(format!("the console still shows {code}: {said}")));
        }
        let asked = json!({ "code": code, "password": PASSWORD });
        let answer = node.post_as_stranger("/api/v1/setup", &asked, PATIENCE)?;
        Ok(match answer.status {
            201 => Probe::Done(token_of(&answer)?),
            // The daemon has started anew, and its console does not show it yet.
            403 => {
                *tried = Some(code);
                Probe::NotYet(answer.body)
            }
            429 | 503 => Probe::NotYet(answer.body),
            other => bail!("the setup code {code} is answered with {other}: {}", answer.body),
        })
    }
}

/// No two tokens have the same name, also not those of an earlier run with the same disk.
fn token_name() -> Result<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    Ok(format!("test {now}.{}", COUNT.fetch_add(1, Ordering::Relaxed)))
}

fn token_of(answer: &Answer) -> Result<String> {
    let made: Value = serde_json::from_str(&answer.body)?;
    let token = made["token"].as_str();
    Ok(token
        .with_context(|| format!("there is no token in {}", answer.body))?
        .to_owned())
}

/// Signs in with [`PASSWORD`] at a browser, on whatever page asks for it now.
///
/// # Errors
/// The page does not ask for a password, or does not take it.
pub fn sign_in(page: &mut Page) -> Result<()> {
    give_password(page)?;
    page.wait_for("form[action='/sign-out']")
}

/// Gives [`PASSWORD`] on the page that asks for it, and waits as long as that says others have tried wrong ones.
///
/// # Errors
/// The page does not ask for a password.
pub fn give_password(page: &mut Page) -> Result<()> {
    poll::until("the password to be looked at", PATIENCE, || {
        page.type_into("#password", PASSWORD)?;
        page.click_through("main button[type=submit]")?;
        Ok(match page.status() {
            Some(429) => Probe::NotYet("too many wrong passwords came from this address before".to_owned()),
            _ => Probe::Done(()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketstack_model::answers::Answers;

    #[test]
    fn answers_with_the_section_set_the_password() {
        let answers = Answers::parse(&format!("version = 1\n\n[node]\nname = \"n1\"\n\n{}", answers()));
        assert!(answers.expect("right answers").access.password.is_some());
    }

    #[test]
    fn the_last_code_that_is_shown_whole_is_the_code() {
        let screen = "Setup code: ABCD-EFGH [N] network ... and type the setup code 2345-6789. [N] network";
        assert_eq!(code_in(screen).as_deref(), Some("2345-6789"));
        assert_eq!(
            code_in("Setup code: ABCD-EFGH setup code: ABC").as_deref(),
            Some("ABCD-EFGH")
        );
        assert_eq!(code_in("the setup code that the console shows"), None);
        assert_eq!(code_in("ABCD-EFGH"), None);
    }
}
