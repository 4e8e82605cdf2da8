//! Keeps the machine as it is configured. Every keeper looks at what is there now, does what is missing, and tells
//! what it wants, sees and does; it never asks what it did before, so it can be killed at any moment.
//!
//! ```text
//!   control ──wanted──┬──► networks   links (netlink), files for systemd-networkd, /etc/resolv.conf
//!                     ├──► node       name, time zone, time servers
//!                     ├──► access     packet filter, SSH
//!                     └──► clock      looks whether the time can be right
//!                                │
//!                                └──► Board ──► kept (overview, console)
//! ```

pub mod access;
pub mod apart;
mod board;
pub mod clock;
pub mod networks;
pub mod node;
mod words;

pub use board::{Board, Section, changing, kept, stuck_or_nothing};
