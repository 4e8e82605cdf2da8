//! Puts PocketStack on the disks of the machine it runs on.
//!
//! ```text
//!   candidates(/sys, udev's data) ──► Vec<Candidate> ─┐
//!                                  InstallSettings ───┴─► plan ──► Plan ──┐
//!   Payload::find(what the machine runs from) ────────────────────────────┴─► run ──► Host ──► the disks
//!
//!   module      what is in it
//!   candidates  the disks, what is on them, and which are not offered
//!   plan        which disks, and what happens to them: pure
//!   layout      partitions and their places
//!   table       the GUID partition table as bytes
//!   bios        the boot sector for legacy BIOS
//!   payload     what is copied, from the medium the machine runs from (uki: the parts of its boot file)
//!   verity      proof that a copy of the root is right
//!   pool        sizes of the thin pool
//!   run         the steps in their order
//!   host        what the steps do to a machine: a trait, the real adapter, a fake with state
//! ```
//!
//! **Power cuts.** A new installation first makes the disk an empty one, and works behind the back of its partition
//! table: the kernel is told of the partitions, the disk is not. The last write is the first page of the disk, with the
//! boot sector and the table in one; before it the disk is empty to every firmware, and after it complete. Reinstalling
//! over a kept state begins with a table that lacks the EFI partition and ends in the same way.
//! See `docs/decisions/0007-installer.md`.
//!
//! Everything blocks; async callers use `spawn_blocking`.

pub mod bios;
pub mod candidates;
pub mod host;
pub mod layout;
pub mod payload;
pub mod plan;
pub mod pool;
pub mod run;
pub mod table;
pub mod uki;
pub mod verity;

pub use candidates::candidates;
pub use host::{Host, Machine};
pub use payload::Payload;
pub use plan::{Plan, PlanError, plan};
pub use run::{InstallError, Progress, run};
