//! What is in the machine.

mod cpu;
mod disk;
mod memory;
mod partition;
mod udev;

pub use cpu::{CpuTimes, cpu};
pub use disk::disks;
pub use memory::memory;
pub use partition::{partition_name, partition_named, partitions};
pub use udev::Udev;
