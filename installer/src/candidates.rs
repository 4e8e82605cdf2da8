//! The disks of this machine that PocketStack could be installed on, and why others are not offered: read from sysfs
//! and from what udev has found on them. Disks are opened only where that says nothing, to be sure.

mod content;
mod used;

use std::fs::File;
use std::os::unix::fs::FileExt;

use pocketstack_disk::table::{Shape, Table};
use pocketstack_host::boot::source;
use pocketstack_host::inventory::{self, Udev, partitions};
use pocketstack_host::mounts::{Mount, mounts};
use pocketstack_host::root::Root;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::install::{Candidate, Content, SMALLEST_DISK};
use pocketstack_model::node::Disk;
use pocketstack_model::words::{Words, install as words};

pub use content::{Part, what_is_on};

/// All disks of the machine, in the order of their names. Two that tell no serial number and have the same model differ
/// by their path. What cannot be read about a disk is a reason not to offer it, never to leave it out.
pub fn candidates(root: &Root) -> Vec<Candidate> {
    let mounts = mounts(root);
    let medium = source(root, &mounts).disk;
    let mut found: Vec<(Candidate, Vec<Part>)> = inventory::disks(root, medium.as_deref())
        .into_iter()
        .map(|disk| candidate(root, &mounts, disk))
        .collect();
    // What an interrupted installation has left on a further disk is nothing, unless a system has come of it after all.
    let complete = found
        .iter()
        .any(|(disk, parts)| content::is_complete(parts, &disk.content));
    for (disk, parts) in &mut found {
        if disk.content == Content::Empty && complete && content::is_unfinished(parts) {
            disk.content = content::volumes();
        }
    }
    found.into_iter().map(|(disk, _)| disk).collect()
}

fn candidate(root: &Root, mounts: &[Mount], disk: Disk) -> (Candidate, Vec<Part>) {
    let name = disk.name.as_str();
    let folder = format!("/sys/block/{name}");
    let whole = Udev::of(root, &folder);
    let (parts, content) = content_of(root, name, &whole, disk.size);
    let candidate = Candidate {
        refused: refused(root, mounts, &disk, &whole),
        path: whole.by_path().map(str::to_owned),
        content,
        name: disk.name,
        model: disk.model,
        serial: disk.serial,
        size: disk.size,
    };
    (candidate, parts)
}

fn content_of(root: &Root, name: &str, whole: &Udev, size: ByteCount) -> (Vec<Part>, Content) {
    let folder = format!("/sys/block/{name}");
    let open = || File::open(root.path(format!("/dev/{name}"))).ok();
    let mut parts: Vec<Part> = partitions(root, name)
        .iter()
        .map(|part| Part::read(root, &folder, part))
        .collect();
    // Partitions of a disk without any table are those an installation told the kernel of before it was ended.
    let unnamed = !parts.is_empty() && parts.iter().all(|part| part.name.is_none());
    if unnamed && open().is_some_and(|device| has_no_table(&device)) {
        parts.clear();
    }
    let content = what_is_on(&parts, Part::of_whole(whole).as_ref());
    if content != Content::Empty || !parts.is_empty() {
        return (parts, content);
    }
    // The kernel sees nothing if the first copy of the table is damaged. The second one still says what was there.
    let parts: Vec<Part> = table(root, name, size)
        .iter()
        .flat_map(|table| table.entries.iter().flatten())
        .map(|entry| Part::in_table(&entry.name))
        .collect();
    let content = what_is_on(&parts, None);
    (parts, content)
}

/// The partition table on the disk itself; `None` if there is none, or it cannot be read.
pub(crate) fn table(root: &Root, disk: &str, size: ByteCount) -> Option<Table> {
    let sector = root.number(format!("/sys/block/{disk}/queue/logical_block_size"));
    let shape = Shape {
        size: size.0,
        sector: sector.unwrap_or(512).max(512),
    };
    let device = File::open(root.path(format!("/dev/{disk}"))).ok()?;
    let read = Table::read(shape, &mut |at, into| device.read_exact_at(into, at));
    read.ok().flatten()
}

/// Whether there is nothing at all where every kind of partition table begins.
fn has_no_table(device: &File) -> bool {
    let mut start = [0xff; 8192];
    device.read_exact_at(&mut start, 0).is_ok() && start.iter().all(|byte| *byte == 0)
}

fn refused(root: &Root, mounts: &[Mount], disk: &Disk, udev: &Udev) -> Option<Words> {
    if disk.boot_medium {
        return Some(words::disk_runs());
    }
    if disk.name.starts_with("sr") {
        return Some(words::disk_disc());
    }
    if root.text(format!("/sys/block/{}/ro", disk.name)).as_deref() == Some("1") {
        return Some(words::disk_read_only());
    }
    if disk.size < SMALLEST_DISK {
        return Some(words::disk_small(disk.size, SMALLEST_DISK));
    }
    if let Some(why) = used::by(root, mounts, &disk.name) {
        return Some(why);
    }
    if !udev.has_looked() {
        return Some(words::disk_unseen());
    }
    None
}

#[cfg(test)]
mod tests;
