//! Setting a node up: how often a code may be tried, and what becomes of what a person has said.
//!
//! ```text
//!                      ┌─ an installation is asked for ──► name and networks go to the disk; here only the password counts
//!   answers, in use ───┤
//!                      └─ none ──► name and password are stored; other networks are a change that waits to be confirmed
//! ```

use std::time::Duration;

use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::InstallSettings;

use crate::installation::taken_along;

/// Wrong codes before somebody has to wait.
const FREE: u32 = 5;
/// The first wait; each further wrong code doubles it.
const FIRST: Duration = Duration::from_secs(30);
/// The longest: whoever mistyped is not kept out for a day.
const LONGEST: Duration = Duration::from_secs(600);

/// Wrong setup codes so far. Times are those of a clock that nobody sets, since a moment that stays the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tries {
    wrong: u32,
    until: Duration,
}

impl Tries {
    /// How long no code is looked at, not even the right one.
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        self.until.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// A wrong code was given.
    pub fn wrong(&mut self, now: Duration) {
        self.wrong = self.wrong.saturating_add(1);
        if let Some(doubled) = self.wrong.checked_sub(FREE) {
            let wait = FIRST.saturating_mul(2_u32.saturating_pow(doubled));
            self.until = now.saturating_add(wait.min(LONGEST));
        }
    }

    /// The right code was given.
    pub fn right(&mut self) {
        *self = Self::default();
    }
}

/// Why a configuration or answers are not taken, whatever else is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody could sign in.
    #[error("there is no password in it, and without one nobody could sign in: choose one")]
    NoPassword,
    /// A password is the end of the setup.
    #[error(
        "this machine is not set up: its first password is set with the setup code that the console shows, or at the console"
    )]
    NotSetUp,
}

/// What becomes of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// Stored and used here at once: whoever has set the node up can sign in from now on.
    pub now: Configuration,
    /// What follows.
    pub then: Then,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// This configuration, which has other networks and has to be confirmed.
    Change(Box<Configuration>),
    /// An installation to disk.
    Install {
        /// Where to.
        settings: Box<InstallSettings>,
        /// What the installed node gets; nothing where a state is kept, which has its own.
        configuration: Option<Box<Configuration>>,
    },
}

/// Decides about the answers that end the setup.
///
/// # Errors
/// [`Refused::NoPassword`].
pub fn finish(answers: Answers, in_use: &Configuration) -> Result<Finish, Refused> {
    let wanted = answers.configuration();
    if !wanted.is_set_up() {
        return Err(Refused::NoPassword);
    }
    // The networks stay as they are here in both cases: the person looks at this node through them.
    let with_access = Configuration {
        access: wanted.access.clone(),
        ..in_use.clone()
    };
    if let Some(settings) = answers.install {
        return Ok(Finish {
            now: with_access,
            then: Then::Install {
                configuration: taken_along(wanted, settings.existing).map(Box::new),
                settings: Box::new(settings),
            },
        });
    }
    let now = Configuration {
        node: wanted.node.clone(),
        ..with_access
    };
    let then = match wanted.network == now.network {
        true => Then::Nothing,
        false => Then::Change(Box::new(wanted)),
    };
    Ok(Finish { now, then })
}

/// Whether a configuration may follow another one without the setup.
///
/// # Errors
/// [`Refused`].
pub fn follows(before: &Configuration, after: &Configuration) -> Result<(), Refused> {
    match (before.is_set_up(), after.is_set_up()) {
        (true, false) => Err(Refused::NoPassword),
        (false, true) => Err(Refused::NotSetUp),
        (true, true) | (false, false) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_model::install::Existing;

    use super::*;

    const HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$IJIcN1Dv5Gzw6W2tVYoe8R3J6zv9Qk5D7rYtFqf0bWE";

    fn answers(more: &str) -> Answers {
        let text =
            format!("version = 1\n[node]\nname = \"one\"\n[access]\npassword_hash = \"{HASH}\"\n{more}");
        Answers::parse(&text).expect("good answers")
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn five_codes_are_free_and_then_each_costs_twice_as_long() {
        let mut tries = Tries::default();
        let mut now = seconds(1000);
        for _ in 0..4 {
            tries.wrong(now);
            assert_eq!(tries.wait(now), None);
        }
        for wait in [30, 60, 120, 240, 480, 600, 600] {
            tries.wrong(now);
            assert_eq!(tries.wait(now), Some(seconds(wait)));
            now += seconds(wait - 1);
            assert_eq!(tries.wait(now), Some(seconds(1)));
            now += seconds(1);
            assert_eq!(tries.wait(now), None);
        }
        for _ in 0..100 {
            tries.wrong(now);
        }
        assert_eq!(tries.wait(now), Some(LONGEST), "and never longer");
        tries.right();
        assert_eq!(tries.wait(now), None);
    }

    #[test]
    fn name_and_password_are_stored_and_the_networks_stay() {
        let in_use = Configuration::default();
        let finish = finish(answers(""), &in_use).expect("taken");
        assert_eq!(finish.now, answers("").configuration());
        assert_eq!(finish.then, Then::Nothing);
    }

    #[test]
    fn other_networks_are_a_change_of_their_own() {
        let answers = answers("[network.management]\nvlan = 7\n");
        let finish = finish(answers.clone(), &Configuration::default()).expect("taken");
        assert_eq!(finish.now.network, Configuration::default().network);
        assert!(finish.now.is_set_up());
        assert_eq!(finish.now.node, answers.node);
        assert_eq!(finish.then, Then::Change(Box::new(answers.configuration())));
    }

    #[test]
    fn an_installation_takes_all_along_and_leaves_only_the_password_here() {
        let mut answers = answers("[network.management]\nvlan = 7\n[install]\ndisk = { name = \"vda\" }\n");
        let mut in_use = Configuration::default();
        in_use.node.name = "here".parse().expect("a name");
        let decided = finish(answers.clone(), &in_use).expect("taken");
        assert_eq!(
            decided.now,
            Configuration {
                access: answers.access.clone(),
                ..in_use.clone()
            }
        );
        let Then::Install {
            settings,
            configuration,
        } = decided.then
        else {
            panic!("it is asked for");
        };
        assert_eq!(Some(*settings), answers.install);
        assert_eq!(configuration.as_deref(), Some(&answers.configuration()));

        // A state that is kept has a password of its own.
        if let Some(install) = &mut answers.install {
            install.existing = Existing::Keep;
        }
        let decided = finish(answers, &in_use).expect("taken");
        assert!(matches!(
            decided.then,
            Then::Install {
                configuration: None,
                ..
            }
        ));
    }

    #[test]
    fn nobody_is_locked_out_and_nobody_sets_a_password_without_the_setup() {
        let bare = Configuration::default();
        let set_up = answers("").configuration();
        let without = Answers::parse("version = 1\n").expect("answers");
        assert_eq!(finish(without, &bare), Err(Refused::NoPassword));
        assert_eq!(follows(&set_up, &bare), Err(Refused::NoPassword));
        assert_eq!(follows(&bare, &set_up), Err(Refused::NotSetUp));
        assert_eq!(follows(&set_up, &set_up), Ok(()));
        assert_eq!(follows(&bare, &bare), Ok(()));
    }
}
