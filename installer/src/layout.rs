//! The partitions of a PocketStack disk and their places. The first four are where the raw image has them, so that a
//! disk it was written to can be reinstalled as well.

use pocketstack_disk::Guid;
use pocketstack_disk::parts::{self, MIB, kind, number};
use pocketstack_disk::table::{Entry, Shape, Table};

use crate::verity::RootHash;

/// Number, type, name and size of all that has a fixed size, in the order of their places.
const FIXED: [(usize, &str, &str, u64); 7] = [
    (number::BIOS, kind::BIOS, parts::BIOS, parts::BIOS_SIZE),
    (number::ESP, kind::ESP, parts::ESP, parts::ESP_SIZE),
    (number::ROOT_A, kind::ROOT, parts::ROOT_A, parts::ROOT_SIZE),
    (
        number::VERITY_A,
        kind::VERITY,
        parts::VERITY_A,
        parts::VERITY_SIZE,
    ),
    (number::ROOT_B, kind::ROOT, parts::EMPTY, parts::ROOT_SIZE),
    (number::VERITY_B, kind::VERITY, parts::EMPTY, parts::VERITY_SIZE),
    (number::STATE, kind::LINUX, parts::STATE, parts::STATE_SIZE),
];

/// What is left for the physical volume: to the last whole mebibyte before the second copy of the table.
fn volume(shape: Shape, start: u64, name: &str, id: Guid) -> Entry {
    let end = (shape.size - MIB) / MIB * MIB;
    entry(kind::LVM, name, id, start, end.saturating_sub(start))
}

fn entry(kind: &str, name: &str, id: Guid, start: u64, size: u64) -> Entry {
    Entry {
        kind: guid(kind),
        id,
        start,
        size,
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
    let mut start = parts::BIOS_START;
    for (number, kind, name, size) in FIXED {
        let entry = entry(kind, name, fresh(), start, size);
        start = entry.end();
        table.set(number, Some(entry));
    }
    table.set(number::LVM, Some(volume(shape, start, parts::LVM, fresh())));
    name_root(&mut table, root);
    table
}

/// The table of a disk with the state and volumes of a machine that is started from a medium.
pub fn state(shape: Shape, fresh: &mut dyn FnMut() -> Guid) -> Table {
    let id = fresh();
    let state = entry(
        kind::LINUX,
        parts::STATE_OF_MEDIUM,
        fresh(),
        MIB,
        parts::STATE_SIZE,
    );
    let volume = volume(shape, state.end(), parts::LVM, fresh());
    Table {
        id,
        entries: vec![Some(state), Some(volume)],
    }
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
    let mut start = parts::BIOS_START;
    for (number, kind, name, size) in FIXED {
        let place = old.number(number);
        if REWRITTEN.contains(&number) {
            match place {
                Some(entry) if (entry.start, entry.size) == (start, size) => {}
                None if number == number::ESP => {
                    table.set(number, Some(entry(kind, name, fresh(), start, size)));
                }
                _ => return Err(format!("its partition {number} is not {name} in its usual place")),
            }
            start += size;
        }
    }
    for number in [number::ROOT_B, number::VERITY_B] {
        let kinds = [guid(kind::ROOT), guid(kind::VERITY)];
        if let Some(entry) = old.number(number).filter(|entry| kinds.contains(&entry.kind)) {
            // It may hold the very root that is written to slot A, and ids are unique.
            let entry = Entry {
                id: fresh(),
                name: parts::EMPTY.to_owned(),
                ..entry.clone()
            };
            table.set(number, Some(entry));
        }
    }
    if old.named(parts::STATE).is_none() {
        return Err(format!("it has no partition {}", parts::STATE));
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
    // The constants of `parts`, which a test there says are ids.
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
    fn a_disk_for_state_has_nothing_a_firmware_starts() {
        let table = state(shape(), &mut ids());
        let names: Vec<&str> = table
            .entries
            .iter()
            .flatten()
            .map(|entry| entry.name.as_str())
            .collect();
        assert_eq!(names, [parts::STATE_OF_MEDIUM, parts::LVM]);
        let place = |number: usize| table.number(number).map(|entry| (entry.start, entry.end()));
        let end = MIB + parts::STATE_SIZE;
        assert_eq!(place(1), Some((MIB, end)));
        assert_eq!(place(2), Some((end, shape().size - MIB)));
        assert_ne!(
            table.number(1).map(|entry| entry.id),
            table.number(2).map(|entry| entry.id)
        );
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
        assert_eq!(new.number(5).map(|entry| entry.name.as_str()), Some(parts::EMPTY));
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
