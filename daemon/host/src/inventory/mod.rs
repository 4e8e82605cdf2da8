//! What is in the machine.

mod cpu;
mod disk;
mod memory;

pub use cpu::{CpuTimes, cpu};
pub use disk::disks;
pub use memory::memory;
