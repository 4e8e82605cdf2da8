//! Network links and their addresses.

mod arp;
mod card;
mod fake;
mod rtnetlink;

pub(crate) use card::is_card;
pub use fake::FakeLinks;
pub use rtnetlink::Rtnetlink;

use std::future::Future;
use std::net::Ipv4Addr;

use pocketstack_model::link::{LinkAction, LinkName, Links};
use pocketstack_model::mac::MacAddress;
use tokio::sync::watch;

/// Reads and changes network links.
pub trait NetworkLinks: Send + Sync {
    /// All links and addresses now.
    ///
    /// # Errors
    /// [`Error::Read`].
    fn observe(&self) -> impl Future<Output = Result<Links, Error>> + Send;

    /// Carries out one action. What the action would change and is already so stays so without an error, except
    /// that making a link whose name is taken is one.
    ///
    /// # Errors
    /// [`Error::Act`] with what the kernel says; nothing is half done.
    fn act(&self, action: &LinkAction) -> impl Future<Output = Result<(), Error>> + Send;

    /// Asks on the link's network who has an address; `None` if no other machine says so within about a second. `from`
    /// is an own address that is in use there, to ask from; without one, nobody learns anything from the question.
    ///
    /// # Errors
    /// [`Error::Ask`].
    fn who_has(
        &self,
        link: &LinkName,
        address: Ipv4Addr,
        from: Option<Ipv4Addr>,
    ) -> impl Future<Output = Result<Option<MacAddress>, Error>> + Send;

    /// A counter that grows with each change of links or addresses, however made. Some changes may be counted
    /// together. It is closed when the kernel can no longer be heard.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// Why links could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection to the kernel could not be made.
    #[error("cannot talk to the kernel about network links: {0}")]
    Connect(std::io::Error),
    /// Links or addresses could not be read.
    #[error("cannot read the network links: {0}")]
    Read(String),
    /// Nobody could be asked for an address.
    #[error("cannot ask on {link} who has {address}: {why}")]
    Ask {
        /// Where.
        link: LinkName,
        /// The address.
        address: Ipv4Addr,
        /// What the kernel says.
        why: String,
    },
    /// An action failed.
    #[error("{action} failed: {why}")]
    Act {
        /// The action.
        action: LinkAction,
        /// What the kernel says.
        why: String,
    },
}
