//! Newtypes and documents that PocketStack's parts exchange. No I/O.
//!
//! `pocketstackd` builds a [`node::Overview`] out of what it reads from the machine, hands it out over D-Bus
//! (`org.pocketstack.Node1`), and `pocketstack-web` shows it as page and as `/api/v1/node`. What is parsed
//! here once is not checked again elsewhere.

pub mod access;
pub mod answers;
pub mod bus;
pub mod bytes;
pub mod clock;
pub mod config;
pub mod firewall;
pub mod install;
pub mod journal;
pub mod link;
pub mod mac;
pub mod metrics;
pub mod node;
pub mod status;
pub mod timekeeping;
pub mod unit;
pub mod words;
