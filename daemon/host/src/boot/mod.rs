//! How the machine was started and what it runs from.

mod device_mapper;
mod medium;
mod state;
mod verity;

pub use device_mapper::{DeviceMapper, Dmsetup, FakeDeviceMapper};
pub use medium::{Source, source};
pub use state::{disks_with_state, is_apart, state};
pub use verity::root_state;

use pocketstack_model::node::Firmware;

use crate::root::Root;

/// The kernel has this folder exactly when UEFI started it (`filesystems/efivarfs.rst`).
pub fn firmware(root: &Root) -> Firmware {
    if root.exists("/sys/firmware/efi") {
        Firmware::Uefi
    } else {
        Firmware::Bios
    }
}

/// Kernel release, as `uname -r`.
pub fn kernel(root: &Root) -> String {
    root.text("/proc/sys/kernel/osrelease").unwrap_or_default()
}

/// Whole seconds since the kernel started.
pub fn uptime_seconds(root: &Root) -> u64 {
    let text = root.text("/proc/uptime").unwrap_or_default();
    text.split('.')
        .next()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(0)
}
