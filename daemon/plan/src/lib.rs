//! What to do, given what is wanted and what is there. Pure: no I/O, no clock, no randomness.
//!
//! ```text
//!   what was observed ──►  plan  ──►  actions  ──►  pocketstack-host carries them out
//!          ▲                                                    │
//!          └────────────── observed again, until nothing is left to do ◄──┘
//! ```
//!
//! Every plan removes before it adds, and is level-triggered: it looks only at what is there now, never at what
//! was done before, so a pass can be cut short anywhere and the next one goes on from there.

pub mod addresses;
pub mod answers;
pub mod apart;
pub mod clock;
pub mod firewall;
pub mod history;
pub mod installation;
pub mod management;
pub mod network;
pub mod reset;
pub mod setup;
pub mod ssh;
pub mod state;
pub mod units;

#[cfg(test)]
mod made_up;
