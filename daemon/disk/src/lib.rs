//! What PocketStack's disks look like, as bytes. Pure: callers read and write. Whoever makes an image (`image`), installs
//! on a disk (`installer`) or looks for one at the start (`daemon/initrd`) agrees with the others here.
//!
//! ```text
//!   module  what is in it
//!   parts   names, kinds, numbers and sizes of the partitions
//!   table   the GUID partition table, written and read
//!   guid    ids
//!   bios    the boot sector for legacy BIOS
//! ```

pub mod bios;
pub mod guid;
pub mod parts;
pub mod table;

pub use guid::Guid;
