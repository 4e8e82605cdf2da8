//! What is on a disk, in words that help to decide whether it may go.

use std::collections::BTreeSet;

use pocketstack_disk::parts;
use pocketstack_host::inventory::{Udev, partition_name};
use pocketstack_host::root::Root;
use pocketstack_model::install::Content;

/// How a further disk of a PocketStack is described.
pub const VOLUMES: &str = "volumes of a PocketStack";

/// Things named before the rest is only counted.
const NAMED: usize = 6;

/// A partition, or a whole disk without any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Name in the partition table.
    pub name: Option<String>,
    /// Kind of content, as blkid(8) calls it; `None` if none is known.
    pub kind: Option<String>,
    /// Label of the file system.
    pub label: Option<String>,
    /// Volume group that it is part of.
    pub group: Option<String>,
    /// Whether its content was looked at.
    pub seen: bool,
}

impl Part {
    pub(super) fn read(root: &Root, disk: &str, part: &str) -> Self {
        let folder = format!("{disk}/{part}");
        let udev = Udev::of(root, &folder);
        Self {
            name: partition_name(root, &folder),
            group: group(root, &folder).or_else(|| udev.property("LVM_VG_NAME_COMPLETE").map(str::to_owned)),
            ..Self::on(&udev)
        }
    }

    /// What is on a disk as a whole, if anything.
    pub(super) fn of_whole(udev: &Udev) -> Option<Self> {
        let part = Self::on(udev);
        part.kind.is_some().then_some(part)
    }

    /// What only a partition table tells.
    pub fn in_table(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    fn on(udev: &Udev) -> Self {
        let text = |key: &str| udev.property(key).map(str::to_owned);
        Self {
            name: None,
            kind: text("ID_FS_TYPE"),
            label: text("ID_FS_LABEL"),
            group: None,
            seen: udev.has_looked(),
        }
    }

    fn words(&self) -> String {
        let kind = match self.kind.as_deref() {
            None => {
                let name = self.name.as_deref().filter(|name| !name.is_empty());
                return name.map_or_else(
                    || "a partition without a known content".to_owned(),
                    |name| format!("a partition \"{name}\" without a known content"),
                );
            }
            Some("LVM2_member") => {
                return self.group.as_ref().map_or_else(
                    || "LVM".to_owned(),
                    |group| format!("LVM of the volume group {group}"),
                );
            }
            Some("linux_raid_member") => "a part of a RAID",
            Some(kind) if kind.ends_with("_raid_member") => "a part of a RAID made by the firmware",
            Some("crypto_LUKS") => "an encrypted volume (LUKS)",
            Some("zfs_member") => "a part of a ZFS pool",
            Some("swap") => "swap",
            Some(kind) => kind,
        };
        match &self.label {
            Some(label) => format!("{kind} \"{label}\""),
            None => kind.to_owned(),
        }
    }
}

/// The volume group on a device, by the name of a volume above it: `group-volume`, where hyphens of either are doubled.
fn group(root: &Root, folder: &str) -> Option<String> {
    root.names(format!("{folder}/holders")).iter().find_map(|holder| {
        let dm = format!("/sys/class/block/{holder}/dm");
        root.text(format!("{dm}/uuid"))
            .filter(|uuid| uuid.starts_with("LVM-"))?;
        let name = root.text(format!("{dm}/name"))?;
        let plain = name.replace("--", "\0");
        let (group, _) = plain.split_once('-')?;
        Some(group.replace('\0', "-"))
    })
}

/// What the partitions of a disk, or what it holds as a whole, amount to.
pub fn what_is_on(there: &[Part], whole: Option<&Part>) -> Content {
    let named = |name: &str| there.iter().find(|part| part.name.as_deref() == Some(name));
    if named(parts::STATE_OF_MEDIUM).is_some() {
        return Content::StateOfMedium;
    }
    // The EFI partition is not asked for: while a system is written anew the table lacks it.
    let own = [parts::BIOS, parts::ROOT_A, parts::VERITY_A, parts::STATE];
    if own.iter().any(|name| named(name).is_some()) {
        let state =
            named(parts::STATE).is_some_and(|part| !part.seen || part.kind.as_deref() == Some("ext4"));
        return Content::PocketStack {
            complete: state && own.iter().all(|name| named(name).is_some()),
        };
    }
    if named(parts::LVM).is_some() {
        return volumes();
    }
    if is_unfinished(there) {
        return Content::Empty;
    }
    let words: Vec<String> = there.iter().chain(whole).map(Part::words).collect();
    if words.is_empty() {
        return Content::Empty;
    }
    let distinct: BTreeSet<&String> = words.iter().collect();
    let mut what: Vec<String> = distinct.iter().take(NAMED).map(|word| (*word).clone()).collect();
    if distinct.len() > NAMED {
        what.push(format!("{} more", distinct.len() - NAMED));
    }
    Content::Foreign {
        what: what.join(", "),
    }
}

/// Whether the first disk of an installation came to its end: it is the one with volumes beside a system or a state.
pub(super) fn is_complete(there: &[Part], content: &Content) -> bool {
    let whole = matches!(
        content,
        Content::PocketStack { complete: true } | Content::StateOfMedium
    );
    // A stick is a whole system as well, and says nothing of the disks.
    whole && there.iter().any(|part| part.name.as_deref() == Some(parts::LVM))
}

/// Whether a disk is a further one of an installation that did not come to its end.
pub(super) fn is_unfinished(there: &[Part]) -> bool {
    matches!(there, [part] if part.name.as_deref() == Some(parts::LVM_NEW))
}

pub(super) fn volumes() -> Content {
    Content::Foreign {
        what: VOLUMES.to_owned(),
    }
}
