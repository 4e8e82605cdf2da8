//! Where the pages get their knowledge of this machine from.

mod cache;
#[cfg(test)]
mod contract;
mod dbus;
#[cfg(test)]
mod fake;

pub use cache::{Cached, MAX_AGE};
#[cfg(test)]
pub use contract::{CODE, NO_ROOM};
pub use dbus::{DbusNode, connect};
#[cfg(test)]
pub use fake::{FakeNode, example};

use pocketstack_model::node::Overview;
use rocket::async_trait;
use tokio::sync::watch;

/// The node controller as the pages see it.
#[async_trait]
pub trait NodeSource: Send + Sync {
    /// The machine as it is now. Answers within seconds, if only with an error.
    async fn overview(&self) -> Result<Overview, Unavailable>;

    /// Keeps the change of the networks that this code belongs to.
    async fn confirm_network(&self, code: &str) -> Result<(), NotConfirmed>;

    /// A count that grows whenever the overview has changed, and whenever the node controller has gone or come
    /// back. Never shrinks; several changes may be seen as one.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// Why the machine cannot be shown. `Display` says what is wrong, [`Unavailable::advice`] what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// There is no connection to the message bus.
    #[error("The system message bus cannot be reached: {0}.")]
    NoBus(String),
    /// Nobody owns the node controller's name, or its owner went away before it answered.
    #[error("The node controller (pocketstackd) is not running.")]
    NotRunning,
    /// It took too long.
    #[error("The node controller (pocketstackd) did not answer within {0} seconds.")]
    TimedOut(u64),
    /// The bus policy does not let this process ask.
    #[error("The message bus does not let the web server talk to the node controller: {0}.")]
    Refused(String),
    /// The node controller answered with an error.
    #[error("The node controller (pocketstackd) reported an error: {0}.")]
    Failed(String),
    /// The node controller's answer is not an overview.
    #[error("The answer of the node controller (pocketstackd) could not be understood: {0}.")]
    Unreadable(String),
}

/// Why a change of the networks was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotConfirmed {
    /// It is not the code of the change, in the node controller's words.
    #[error("The change was not confirmed: {0}.")]
    WrongCode(String),
    /// So many codes were wrong that the node controller takes none any more.
    #[error("The change was not confirmed: too many wrong codes were given.")]
    TooManyTries,
    /// There is no change, or it was taken back meanwhile.
    #[error("No change of the networks waits to be confirmed.")]
    NothingWaits,
    /// The code may be right, and the change cannot be kept all the same; why, in the node controller's words.
    #[error("The change was not confirmed: {0}.")]
    Refused(String),
    /// It could not be asked, or did not answer. Whether the change is kept can be seen on the overview.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Unavailable {
    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NotRunning | Self::TimedOut(_) | Self::NoBus(_) => {
                "It is started again by itself; this usually takes less than a minute. If this page stays, look at \
                 the console of the machine, and restart the machine if the console shows no progress."
            }
            Self::Failed(_) => {
                "The console of the machine shows more. If this page stays for more than a minute, restart the machine."
            }
            Self::Refused(_) | Self::Unreadable(_) => {
                "The parts of this installation do not fit together. Restart the machine; if this page is still here \
                 afterwards, write the image to the boot medium anew."
            }
        }
    }
}
