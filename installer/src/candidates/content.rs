//! What is on a disk, in words that help to decide whether it may go.

use std::collections::BTreeMap;

use pocketstack_disk::parts;
use pocketstack_host::inventory::{Udev, partition_name};
use pocketstack_host::root::Root;
use pocketstack_model::install::Content;
use pocketstack_model::words::{Words, install as words, kept};

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

    fn words(&self) -> Words {
        let kind = match self.kind.as_deref() {
            None => {
                let name = self.name.as_deref().filter(|name| !name.is_empty());
                return name.map_or_else(words::part_unknown, words::part_unknown_named);
            }
            Some("LVM2_member") => {
                let group = self.group.as_deref();
                return group.map_or_else(|| "LVM".into(), words::lvm_of);
            }
            Some("linux_raid_member") => words::raid(),
            Some(kind) if kind.ends_with("_raid_member") => words::raid_firmware(),
            Some("crypto_LUKS") => words::luks(),
            Some("zfs_member") => words::zfs(),
            Some(kind) => kind.into(),
        };
        match &self.label {
            Some(label) => words::labelled(kind, label.as_str()),
            None => kind,
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
    let mut distinct: BTreeMap<String, Words> = there
        .iter()
        .chain(whole)
        .map(|part| (part.words().to_string(), part.words()))
        .collect();
    let unnamed = distinct.len().saturating_sub(NAMED);
    let more = (unnamed > 0).then(|| words::more(unnamed.to_string()));
    let named = std::iter::from_fn(|| distinct.pop_first()).map(|(_, words)| words);
    let what = Words::joined(named.take(NAMED).chain(more), kept::list);
    what.map_or(Content::Empty, |what| Content::Foreign { what })
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
        what: words::volumes(),
    }
}
