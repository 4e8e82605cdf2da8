//! The packet filter: the table `inet pocketstack` of nftables. Tables of others are neither read nor changed.
//!
//! ```text
//!   boot ──► /usr/lib/pocketstack/firewall.nft: nothing comes in
//!                     │ replaced in one transaction, and again whenever it differs
//!                     ▼
//!            the rules of the configuration
//! ```

mod fake;
mod listing;
mod nft;
mod script;

pub use fake::FakeFirewall;
pub use nft::Nft;

use pocketstack_model::firewall::{Rule, Seen};

/// Name of the table, of the family `inet`.
const TABLE: &str = "pocketstack";

/// Reads and replaces the rules. Blocks.
pub trait Firewall: Send + Sync {
    /// The rules in the kernel.
    ///
    /// # Errors
    /// [`Error::Read`] and [`Error::Listing`]. No table at all is no error.
    fn observe(&self) -> Result<Seen, Error>;

    /// Replaces all rules by these at once: there is no moment without, and if it fails the old ones stay.
    ///
    /// # Errors
    /// [`Error::Load`].
    fn load(&self, rules: &[Rule]) -> Result<(), Error>;
}

/// Why the packet filter could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel's rules could not be asked for.
    #[error("the rules of the packet filter cannot be read: {0}")]
    Read(#[source] pocketstack_exec::Error),
    /// What nft printed was not what it documents (libnftables-json(5)).
    #[error("the rules of the packet filter cannot be read: nft lists them in an unknown form: {0}")]
    Listing(#[source] serde_json::Error),
    /// The kernel did not take the rules; those that were there are still there.
    #[error("the rules of the packet filter cannot be set, the old ones stay: {0}")]
    Load(#[source] pocketstack_exec::Error),
}
