//! Whether a disk is in use. Logical volumes that udev has switched on, but nobody has opened, are not: the installer
//! switches them off again.

use pocketstack_host::inventory::partitions;
use pocketstack_host::mounts::Mount;
use pocketstack_host::root::Root;
use pocketstack_model::words::{Words, install as words};

/// What uses the disk or anything on it, in words.
pub fn by(root: &Root, mounts: &[Mount], disk: &str) -> Option<Words> {
    let whole = format!("/sys/block/{disk}");
    let parts = partitions(root, disk)
        .into_iter()
        .map(|part| (format!("{whole}/{part}"), part));
    std::iter::once((whole.clone(), disk.to_owned()))
        .chain(parts)
        .find_map(|(folder, name)| device(root, mounts, &folder, &name, 8))
}

/// `depth` ends the walk if devices should ever be stacked in a ring.
fn device(root: &Root, mounts: &[Mount], folder: &str, name: &str, depth: u8) -> Option<Words> {
    let number = root.text(format!("{folder}/dev"));
    if let Some(mount) = mounts.iter().find(|mount| Some(&mount.device) == number.as_ref()) {
        return Some(words::disk_mounted(name, mount.point.display().to_string()));
    }
    let swaps = root.text("/proc/swaps").unwrap_or_default();
    let is_swap = |line: &str| {
        line.split_whitespace()
            .next()
            .and_then(|path| path.strip_prefix("/dev/"))
            == Some(name)
    };
    if swaps.lines().any(is_swap) {
        return Some(words::disk_swap(name));
    }
    root.names(format!("{folder}/holders"))
        .into_iter()
        .find_map(|holder| {
            let above = format!("/sys/class/block/{holder}");
            let is_volume = root
                .text(format!("{above}/dm/uuid"))
                .is_some_and(|uuid| uuid.starts_with("LVM-"));
            if is_volume && depth > 0 {
                return device(root, mounts, &above, &holder, depth - 1);
            }
            let called = root.text(format!("{above}/dm/name")).unwrap_or(holder);
            Some(words::disk_part_of(name, called))
        })
}
