//! Who may do what: one account with a password, sessions for browsers, tokens for programs, and a record of it all.
//!
//! ```text
//! request ─▶ hosts ─▶ csrf: SameOrigin ─▶ guard: Admin ◀── session (cookie)   kept in the runtime folder
//!                                            │        ◀── tokens (Bearer)    kept in the state folder
//! /sign-in ─▶ throttle ─▶ password ─▶ session              audit ◀── every action
//! ```

mod audit;
mod csrf;
mod guard;
mod hosts;
mod password;
mod session;
mod sign_in;
mod throttle;
mod tokens;

pub use audit::{Action, Audit, Entry, Outcome};
pub use csrf::SameOrigin;
pub use guard::{Admin, AdminForm, Carried, Who, client};
pub use hosts::{KnownHosts, misdirected};
pub use password::{Hasher, TooBusy};
pub use session::{COOKIE, Sessions, guarded_cookie};
pub use sign_in::NotSignedIn;
pub use throttle::Throttle;
pub use tokens::{NewToken, NotMade, Token, Tokens};

use std::path::PathBuf;

use crate::clock::Clock;

/// All that is known of who may do what.
pub struct Access {
    /// Browsers that are signed in.
    pub sessions: Sessions,
    /// Programs that may come in.
    pub tokens: Tokens,
    /// What was done by whom.
    pub audit: Audit,
    /// Who tries passwords.
    pub throttle: Throttle,
    /// The one place where passwords are hashed.
    pub hasher: Hasher,
}

impl Access {
    /// What is kept in the state folder, and in the runtime folder if there is one.
    pub fn load(state: PathBuf, runtime: Option<PathBuf>, clock: &Clock) -> Self {
        Self {
            sessions: Sessions::load(runtime, clock.clone()),
            tokens: Tokens::load(&state),
            audit: Audit::in_folder(state),
            throttle: Throttle::new(clock.clone()),
            hasher: Hasher::default(),
        }
    }
}
