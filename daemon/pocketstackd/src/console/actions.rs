//! What a console can do to this node.

use futures_util::future::BoxFuture;
pub use pocketstack_host::systemd::Power;
use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::Candidate;

/// The node as its consoles change it. Errors are in words for the person in front of it.
pub trait Actions: Send + Sync {
    /// The configuration in use.
    fn configuration(&self) -> BoxFuture<'_, Configuration>;

    /// Uses another configuration. With a code, it is kept only if [`Actions::confirm`] is called with it in time.
    fn change(&self, new: Configuration) -> BoxFuture<'_, Result<Option<String>, String>>;

    /// Keeps the change that this code belongs to.
    fn confirm(&self, code: String) -> BoxFuture<'_, Result<(), String>>;

    /// Restarts the machine or switches it off, soon after the answer.
    fn power(&self, what: Power) -> BoxFuture<'_, Result<(), String>>;

    /// The last lines of the log, oldest first: of one unit, or of everything.
    fn log(&self, unit: Option<String>, lines: u32) -> BoxFuture<'_, Result<Vec<String>, String>>;

    /// The disks, and which of them PocketStack could be installed on.
    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>>;

    /// Sets the node up. With a code, its networks change, and stay changed only if [`Actions::confirm`] is called in time.
    fn finish_setup(&self, answers: Answers) -> BoxFuture<'_, Result<Option<String>, String>>;
}
