//! Why a question was not answered, or something was not done.

use pocketstack_model::bus::error;
use zbus::fdo;

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
    /// The node controller's answer is not what was asked for.
    #[error("The answer of the node controller (pocketstackd) could not be understood: {0}.")]
    Unreadable(String),
}

/// Why the node controller did not do something. `Display` is what it says itself, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The code is another one.
    #[error("{0}")]
    WrongCode(String),
    /// There were so many wrong codes that none is looked at now.
    #[error("{0}")]
    TooManyTries(String),
    /// There is nothing to confirm, or nothing to set up.
    #[error("{0}")]
    NothingWaits(String),
    /// Another change of the networks has to be confirmed first.
    #[error("{0}")]
    Unconfirmed(String),
    /// It is right, and could not be written down.
    #[error("{0}")]
    NotStored(String),
    /// It cannot be done as asked.
    #[error("{0}")]
    Refused(String),
    /// It could not be asked, or did not answer. Whether it is done can be seen on the overview.
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

/// Meanings of the errors as the D-Bus specification has them.
impl From<zbus::Error> for Unavailable {
    fn from(error: zbus::Error) -> Self {
        let said = |text: String| text.trim_end_matches('.').to_owned();
        match error {
            zbus::Error::FDO(error) => match *error {
                fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_) | fdo::Error::NoReply(_) => {
                    Self::NotRunning
                }
                fdo::Error::AccessDenied(text) | fdo::Error::AuthFailed(text) => Self::Refused(said(text)),
                fdo::Error::Failed(text) => Self::Failed(said(text)),
                other => Self::Failed(said(other.to_string())),
            },
            zbus::Error::InputOutput(error) => Self::NoBus(error.to_string()),
            other => Self::Failed(said(other.to_string())),
        }
    }
}

/// An answer in words is a refusal, and its name says of which kind; everything else is none.
impl From<zbus::Error> for NotDone {
    fn from(error: zbus::Error) -> Self {
        if let zbus::Error::MethodError(name, Some(words), _) = &error {
            let words = words.trim_end_matches('.').to_owned();
            match name.as_str() {
                error::WRONG_CODE => return Self::WrongCode(words),
                error::TOO_MANY_TRIES => return Self::TooManyTries(words),
                error::NOTHING_WAITS => return Self::NothingWaits(words),
                error::NOT_STORED => return Self::NotStored(words),
                error::UNCONFIRMED => return Self::Unconfirmed(words),
                error::INVALID_ARGS | error::REFUSED => return Self::Refused(words),
                _ => {}
            }
        }
        match Unavailable::from(error) {
            Unavailable::Failed(why) => Self::Refused(why),
            other => Self::Unavailable(other),
        }
    }
}
