//! Names under which the node controller is found on the system bus.

/// Well-known bus name of the node controller, owned by `pocketstackd`.
pub const NAME: &str = "org.pocketstack.Node1";
/// Object path of this node.
pub const PATH: &str = "/org/pocketstack/Node1";
/// Interface of this node. Documents are JSON text; an error's message is fit for a person, its name is
/// one of [`error`].
///
/// | member | argument | answer | who may call it |
/// |---|---|---|---|
/// | `Overview` | | a [`crate::node::Overview`] | the pages |
/// | `Configuration` | | the [`crate::config::Configuration`] in use | the pages |
/// | `CheckSetupCode` | the code | | the pages |
/// | `FinishSetup` | the code, an [`crate::answers::Answers`] | as `ChangeConfiguration` | the pages |
/// | `ConfirmNetwork` | the code | | the pages |
/// | `Disks` | | a list of [`crate::install::Candidate`] | the pages |
/// | `ChangeConfiguration` | a [`crate::config::Configuration`] | the code, or "" if nothing has to be confirmed | the pages |
/// | `Install` | an [`crate::install::InstallSettings`] | | root; the pages once the node is set up |
/// | `Power` | "restart" or "off" | | the pages |
/// | `Metrics` | | a [`crate::metrics::Metrics`] | the pages |
/// | `Units` | | a list of [`crate::unit::Unit`] | the pages |
/// | `UnitAction` | unit, and "start", "stop" or "restart" | | the pages |
/// | `Journal` | a [`crate::journal::JournalFilter`] | a [`crate::journal::Journal`] | the pages |
/// | `Time` | | a [`crate::timekeeping::Timekeeping`] | the pages |
/// | `FactoryReset` | | | the pages |
/// | `Logs` | unit or "", number of lines | lines, oldest first | root |
///
/// Errors have one of the names of [`error`]; any other is none of the caller's making.
///
/// The signal `OverviewChanged()` is sent when something a person would notice has changed.
pub const INTERFACE: &str = "org.pocketstack.Node1";

/// Names of the errors that say what to do next; an error's message says the same to a person. Beside them there are those
/// of D-Bus itself, for a node that cannot be reached or does not let somebody ask.
pub mod error {
    /// It is not the code: another one can be tried.
    pub const WRONG_CODE: &str = "org.pocketstack.Error.WrongCode";
    /// It was not the code too often: only waiting helps.
    pub const TOO_MANY_TRIES: &str = "org.pocketstack.Error.TooManyTries";
    /// No change of the networks waits to be confirmed, or the node is set up already.
    pub const NOTHING_WAITS: &str = "org.pocketstack.Error.NothingWaits";
    /// Another change of the networks has to be confirmed, or taken back, first.
    pub const UNCONFIRMED: &str = "org.pocketstack.Error.Unconfirmed";
    /// The configuration cannot be written, for example because the state partition is full. What waited to be confirmed
    /// goes on waiting.
    pub const NOT_STORED: &str = "org.pocketstack.Error.NotStored";
    /// What was sent is not what is asked for.
    pub const INVALID_ARGS: &str = "org.pocketstack.Error.InvalidArgs";
    /// Everything else that is not done.
    pub const REFUSED: &str = "org.pocketstack.Error.Refused";
}
