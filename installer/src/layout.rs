//! The partitions of a PocketStack disk and their places. The first four are where the raw image has them, so that a
//! disk it was written to can be reinstalled as well.

use crate::table::{Entry, Guid, Shape, Table};
use crate::verity::RootHash;

/// One mebibyte: everything is aligned to it.
pub const MIB: u64 = 1 << 20;

/// Name in the table of the partition with GRUB's core.
pub const BIOS: &str = "pocketstack-bios";
/// Name of the EFI system partition.
pub const ESP: &str = "pocketstack-esp";
/// Name of the root in slot A.
pub const ROOT_A: &str = "pocketstack-root-a";
/// Name of its hash tree.
pub const VERITY_A: &str = "pocketstack-verity-a";
/// Name of an empty slot, for systemd-sysupdate(8) as well.
pub const EMPTY: &str = "_empty";
/// Name of the state partition.
pub const STATE: &str = "pocketstack-state";
/// Name of the physical volume, on any disk.
pub const LVM: &str = "pocketstack-lvm";
/// Name of the physical volume on a further disk until the disk that is started from is complete.
pub const LVM_NEW: &str = "pocketstack-lvm-new";

/// Labels of the file systems; that of ext4 has 16 characters at most.
pub mod label {
    /// The EFI system partition's.
    pub const ESP: &str = "POCKETBOOT";
    /// The state partition's.
    pub const STATE: &str = "pocketstack-stat";
}

/// Numbers of the partitions.
pub mod number {
    /// GRUB's core.
    pub const BIOS: usize = 1;
    /// EFI system partition.
    pub const ESP: usize = 2;
    /// Root in slot A.
    pub const ROOT_A: usize = 3;
    /// Its hash tree.
    pub const VERITY_A: usize = 4;
    /// Root in slot B.
    pub const ROOT_B: usize = 5;
    /// Its hash tree.
    pub const VERITY_B: usize = 6;
    /// State.
    pub const STATE: usize = 7;
    /// Physical volume.
    pub const LVM: usize = 8;
}

/// Where GRUB's core begins.
pub const BIOS_START: u64 = MIB;
/// Room for GRUB's core.
pub const BIOS_SIZE: u64 = MIB;
const ESP_SIZE: u64 = 1024 * MIB;
/// Size of a slot's root.
pub const ROOT_SIZE: u64 = 512 * MIB;
/// Size of a slot's hash tree.
pub const VERITY_SIZE: u64 = 16 * MIB;
const STATE_SIZE: u64 = 2048 * MIB;

/// Partition types: UEFI specification 5.3.3, GRUB, and the Discoverable Partitions Specification (UAPI group).
const KIND_BIOS: &str = "21686148-6449-6e6f-744e-656564454649";
const KIND_ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
const KIND_ROOT: &str = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
const KIND_VERITY: &str = "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5";
const KIND_LINUX: &str = "0fc63daf-8483-4772-8e79-3d69d8477de4";
const KIND_LVM: &str = "e6d6d379-f507-44c2-a23c-238f2a3df928";

/// Number, type, name and size of all that has a fixed size, in the order of their places.
const FIXED: [(usize, &str, &str, u64); 7] = [
    (number::BIOS, KIND_BIOS, BIOS, BIOS_SIZE),
    (number::ESP, KIND_ESP, ESP, ESP_SIZE),
    (number::ROOT_A, KIND_ROOT, ROOT_A, ROOT_SIZE),
    (number::VERITY_A, KIND_VERITY, VERITY_A, VERITY_SIZE),
    (number::ROOT_B, KIND_ROOT, EMPTY, ROOT_SIZE),
    (number::VERITY_B, KIND_VERITY, EMPTY, VERITY_SIZE),
    (number::STATE, KIND_LINUX, STATE, STATE_SIZE),
];

/// What is left for the physical volume: to the last whole mebibyte before the second copy of the table.
fn volume(shape: Shape, start: u64, name: &str, id: Guid) -> Entry {
    let end = (shape.size - MIB) / MIB * MIB;
    Entry {
        kind: guid(KIND_LVM),
        id,
        start,
        size: end.saturating_sub(start),
        flags: 0,
        name: name.to_owned(),
    }
}

/// The table of a disk that is started from, with the root that `root` names. `fresh` gives new ids.
pub fn system(shape: Shape, root: &RootHash, fresh: &mut dyn FnMut() -> Guid) -> Table {
    let mut table = Table {
        id: fresh(),
        entries: Vec::new(),
    };
    let mut start = BIOS_START;
    for (number, kind, name, size) in FIXED {
        let entry = Entry {
            kind: guid(kind),
            id: fresh(),
            start,
            size,
            flags: 0,
            name: name.to_owned(),
        };
        start = entry.end();
        table.set(number, Some(entry));
    }
    table.set(number::LVM, Some(volume(shape, start, LVM, fresh())));
    name_root(&mut table, root);
    table
}

/// The table of a further disk, its partition called `name`.
pub fn data(shape: Shape, name: &str, id: Guid, part: Guid) -> Table {
    Table {
        id,
        entries: vec![Some(volume(shape, MIB, name, part))],
    }
}

/// What has to be where [`system`] puts it for a disk's system to be written anew; the rest may be as it is.
const REWRITTEN: [usize; 4] = [number::BIOS, number::ESP, number::ROOT_A, number::VERITY_A];

/// The table of a disk whose state stays, once its system is written anew: all of `old`, with slot A named by `root`,
/// slot B empty, and an EFI partition again if an installation was interrupted before it came back.
///
/// # Errors
/// In words, what of `old` is not where it has to be.
pub fn kept(old: &Table, root: &RootHash, fresh: &mut dyn FnMut() -> Guid) -> Result<Table, String> {
    let mut table = old.clone();
    let mut start = BIOS_START;
    for (number, kind, name, size) in FIXED {
        let place = old.number(number);
        if REWRITTEN.contains(&number) {
            match place {
                Some(entry) if (entry.start, entry.size) == (start, size) => {}
                None if number == number::ESP => {
                    let entry = Entry {
                        kind: guid(kind),
                        id: fresh(),
                        start,
                        size,
                        flags: 0,
                        name: name.to_owned(),
                    };
                    table.set(number, Some(entry));
                }
                _ => return Err(format!("its partition {number} is not {name} in its usual place")),
            }
            start += size;
        }
    }
    for number in [number::ROOT_B, number::VERITY_B] {
        let kinds = [guid(KIND_ROOT), guid(KIND_VERITY)];
        if let Some(entry) = old.number(number).filter(|entry| kinds.contains(&entry.kind)) {
            // It may hold the very root that is written to slot A, and ids are unique.
            let entry = Entry {
                id: fresh(),
                name: EMPTY.to_owned(),
                ..entry.clone()
            };
            table.set(number, Some(entry));
        }
    }
    if old.named(STATE).is_none() {
        return Err(format!("it has no partition {STATE}"));
    }
    name_root(&mut table, root);
    Ok(table)
}

fn name_root(table: &mut Table, root: &RootHash) {
    let ids = [
        (number::ROOT_A, root.data_partition()),
        (number::VERITY_A, root.tree_partition()),
    ];
    for (number, id) in ids {
        let entry = table.number(number).cloned().map(|entry| Entry { id, ..entry });
        table.set(number, entry);
    }
}

fn guid(text: &str) -> Guid {
    // The constants above: `every_constant_is_an_id` says so.
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use pocketstack_model::install::SMALLEST_DISK;

    use super::*;

    fn ids() -> impl FnMut() -> Guid {
        let mut next = 0_u8;
        move || {
            next += 1;
            Guid([next; 16])
        }
    }

    fn shape() -> Shape {
        Shape {
            size: SMALLEST_DISK.0,
            sector: 512,
        }
    }

    const ROOT: RootHash = RootHash([0xaa; 32]);

    #[test]
    fn every_constant_is_an_id() {
        for text in [KIND_BIOS, KIND_ESP, KIND_ROOT, KIND_VERITY, KIND_LINUX, KIND_LVM] {
            assert_eq!(guid(text).to_string(), text);
        }
    }

    #[test]
    fn partitions_follow_each_other_and_leave_room_for_volumes() {
        let table = system(shape(), &ROOT, &mut ids());
        let entries: Vec<&Entry> = table.entries.iter().flatten().collect();
        assert_eq!(entries.len(), 8);
        assert_eq!(entries[0].start, 2048 * 512);
        for pair in entries.windows(2) {
            assert_eq!(pair[0].end(), pair[1].start);
        }
        let last = entries[7];
        assert!(last.size > 3 << 30, "{}", last.size);
        assert_eq!(last.end(), shape().size - MIB);
        assert_eq!(table.number(3).map(|entry| entry.id), Some(ROOT.data_partition()));
        assert_eq!(table.number(4).map(|entry| entry.id), Some(ROOT.tree_partition()));
    }

    #[test]
    fn what_is_kept_stays_where_it_is_and_slot_b_is_emptied() {
        let mut old = system(shape(), &ROOT, &mut ids());
        let used = old.number(5).cloned().map(|entry| Entry {
            name: "pocketstack-root-b".to_owned(),
            ..entry
        });
        old.set(5, used);
        let root = RootHash([0xbb; 32]);
        let mut fresh = || Guid([0xee; 16]);
        let new = kept(&old, &root, &mut fresh).expect("kept");
        for number in [1, 2, 7, 8] {
            assert_eq!(new.number(number), old.number(number));
        }
        assert_eq!(new.number(3).map(|entry| entry.id), Some(root.data_partition()));
        assert_eq!(new.number(5).map(|entry| entry.name.as_str()), Some(EMPTY));
        assert_eq!(new.number(5).map(|entry| entry.id), Some(Guid([0xee; 16])));

        // Interrupted once: the EFI partition comes back in its place.
        let mut without = old.clone();
        without.set(2, None);
        let place = |table: &Table| table.number(2).map(|entry| (entry.start, entry.size));
        assert_eq!(
            place(&kept(&without, &root, &mut fresh).expect("kept")),
            place(&old)
        );
    }

    #[test]
    fn another_layout_is_not_kept() {
        let old = system(shape(), &ROOT, &mut ids());
        let mut moved = old.clone();
        moved.set(3, old.number(5).cloned());
        let error = kept(&moved, &ROOT, &mut ids()).expect_err("moved");
        assert_eq!(
            error,
            "its partition 3 is not pocketstack-root-a in its usual place"
        );
        let mut lost = old;
        lost.set(7, None);
        assert!(
            kept(&lost, &ROOT, &mut ids())
                .expect_err("lost")
                .contains("pocketstack-state")
        );
    }
}
