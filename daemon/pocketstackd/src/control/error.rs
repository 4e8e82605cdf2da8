//! Why a change of the configuration was not made or not confirmed.

use pocketstack_plan::setup::Refused;

use crate::store::StoreError;

/// The reason, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Another one has to be confirmed, or taken back, first.
    #[error(
        "a change of the networks still waits to be confirmed: confirm it, or wait {seconds} s until it is taken back"
    )]
    Unconfirmed {
        /// Until then.
        seconds: u64,
    },
    /// There is nothing to confirm.
    #[error(
        "no change of the networks waits to be confirmed; it may have been taken back already: make it again"
    )]
    NothingWaits,
    /// It is not the code.
    #[error("the code is wrong: type it as it was given when the change was made")]
    WrongCode,
    /// It was not the code too often.
    #[error(
        "too many wrong codes were given: only the console it was made at can keep the change now; otherwise it is taken back in {seconds} s, make it again then"
    )]
    TooManyTries {
        /// Until then.
        seconds: u64,
    },
    /// It sets or takes away what only the setup may.
    #[error(transparent)]
    Setup(#[from] Refused),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel gave no random numbers for a code.
    #[error("no code for confirming the change could be made: {0}")]
    Code(std::io::Error),
    /// The daemon is about to end.
    #[error("pocketstackd is about to end: try again in a few seconds")]
    Ending,
}
