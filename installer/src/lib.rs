//! Puts PocketStack on the disks of the machine it runs on.
//!
//! ```text
//!   candidates(/sys, udev's data) ──► Vec<Candidate> ─┐
//!                                  InstallSettings ───┴─► plan ──► Plan ──┐
//!   Payload::find(what the machine runs from) ────────────────────────────┴─► run ──► Host ──► the disks
//!
//! Instead of the whole system only the state of a machine can be put on a disk, which then goes on being started from
//! its medium: the same steps without those that copy.
//!
//!   module      what is in it
//!   candidates  the disks, what is on them, and which are not offered
//!   plan        which disks, and what happens to them: pure
//!   layout      partitions and their places
//!   payload     what is copied, from the medium the machine runs from (uki: the parts of its boot file)
//!   verity      proof that a copy of the root is right
//!   pool        sizes of the thin pool
//!   record      which answers asked for an installation
//!   run         the steps in their order
//!   host        what the steps do to a machine: a trait, the real adapter, a fake with state
//! ```
//!
//! **Power cuts.** A new installation first makes the disk an empty one, and works behind the back of its partition
//! table: the kernel is told of the partitions, the disk is not. The last write is the first page of the disk, with the
//! boot sector and the table in one; before it the disk is empty to every firmware, and after it complete. Reinstalling
//! over a kept state begins with a table that lacks the EFI partition and ends in the same way.
//! See `docs/decisions/0007-installer.md`; the bytes of tables and boot sectors are in `daemon/disk`.
//!
//! Everything blocks; async callers use `spawn_blocking`.

pub mod candidates;
pub mod host;
pub mod layout;
pub mod payload;
pub mod plan;
pub mod pool;
pub mod record;
pub mod run;
pub mod uki;
pub mod verity;

pub use candidates::candidates;
pub use host::{Host, Machine};
pub use payload::Payload;
pub use plan::{Plan, PlanError, Runs, plan};
pub use record::installed_from;
pub use run::{Given, InstallError, Progress, run};
