//! The GUID partition table as bytes (UEFI specification 2.10, chapter 5), with the boot sector in front of it.
//!
//! Written here and not by a tool, because of *how* it has to be written: boot sector, header and the first entries are
//! one page of the disk, which it takes in one piece.

mod read;
mod write;

use crate::Guid;

/// What is written in one piece. Disks of this century write sectors of this size inside.
pub const PAGE: usize = 4096;

const ENTRIES: usize = 128;
const ENTRY: usize = 128;
const HEADER: usize = 92;
const SIGNATURE: &[u8; 8] = b"EFI PART";

/// One partition. Places and sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is for.
    pub kind: Guid,
    /// Which one it is.
    pub id: Guid,
    /// First byte.
    pub start: u64,
    /// Size.
    pub size: u64,
    /// Attribute bits.
    pub flags: u64,
    /// Name, up to 36 characters.
    pub name: String,
}

impl Entry {
    /// First byte behind it.
    pub fn end(&self) -> u64 {
        self.start + self.size
    }
}

/// Size of a disk and of its sectors, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Size of the disk.
    pub size: u64,
    /// Size of a sector, the unit of the table.
    pub sector: u64,
}

/// A whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Id of the disk.
    pub id: Guid,
    /// Partitions by number, the first at index 0.
    pub entries: Vec<Option<Entry>>,
}

/// The bytes of a table: what goes to the start of the disk, and what to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes {
    /// From byte 0: boot sector, header, entries; whole pages.
    pub head: Vec<u8>,
    /// The second copy: entries, header.
    pub tail: Vec<u8>,
    /// Where the second copy begins.
    pub tail_at: u64,
}

impl Table {
    /// A partition by its name.
    pub fn named(&self, name: &str) -> Option<(usize, &Entry)> {
        let mut all = self.entries.iter().enumerate();
        all.find_map(|(index, entry)| {
            Some((index + 1, entry.as_ref()?)).filter(|(_, entry)| entry.name == name)
        })
    }

    /// A partition by its number.
    pub fn number(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number.checked_sub(1)?)?.as_ref()
    }

    /// Sets or removes a partition.
    pub fn set(&mut self, number: usize, entry: Option<Entry>) {
        if self.entries.len() < number {
            self.entries.resize(number, None);
        }
        if let Some(place) = number
            .checked_sub(1)
            .and_then(|index| self.entries.get_mut(index))
        {
            *place = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bios::CODE;

    const MIB: u64 = 1 << 20;

    fn table() -> Table {
        let entry = |number: u8, name: &str| Entry {
            kind: Guid([0xc1; 16]),
            id: Guid([number; 16]),
            start: u64::from(number) * MIB,
            size: MIB,
            flags: u64::from(number) << 60,
            name: name.to_owned(),
        };
        Table {
            id: Guid([9; 16]),
            entries: vec![Some(entry(1, "pocketstack-bios")), None, Some(entry(3, "_empty"))],
        }
    }

    fn disk(shape: Shape) -> Vec<u8> {
        let bytes = table().bytes(shape, &[0xab; CODE]);
        let mut disk = vec![0; shape.size as usize];
        disk[..bytes.head.len()].copy_from_slice(&bytes.head);
        disk[bytes.tail_at as usize..].copy_from_slice(&bytes.tail);
        disk
    }

    fn read(disk: &[u8], shape: Shape) -> Option<Table> {
        Table::read(shape, &mut |at, into| {
            into.copy_from_slice(&disk[at as usize..at as usize + into.len()]);
            Ok(())
        })
        .expect("read")
    }

    #[test]
    fn what_is_written_is_read_on_any_sector_size() {
        for sector in [512, 4096] {
            let shape = Shape {
                size: 8 * MIB,
                sector,
            };
            let disk = disk(shape);
            assert_eq!(read(&disk, shape), Some(table()));
            assert_eq!(disk[..CODE], [0xab; CODE]);
            assert_eq!(disk[510..512], [0x55, 0xaa]);
        }
    }

    #[test]
    fn a_damaged_copy_is_made_up_for_by_the_other_one() {
        let shape = Shape {
            size: 8 * MIB,
            sector: 512,
        };
        for at in [512, 600, 1024, 1024 + 56] {
            let mut disk = disk(shape);
            disk[at] ^= 0xff;
            assert_eq!(read(&disk, shape), Some(table()), "first copy damaged at {at}");
            let end = disk.len() - 512;
            disk[end] ^= 0xff;
            assert_eq!(read(&disk, shape), None, "both damaged");
        }
    }

    #[test]
    fn a_second_copy_alone_is_no_table() {
        let shape = Shape {
            size: 8 * MIB,
            sector: 512,
        };
        let mut disk = disk(shape);
        disk[..PAGE].fill(0);
        assert_eq!(read(&disk, shape), None);
    }

    #[test]
    fn what_has_no_size_has_no_table() {
        for sector in [0, 512] {
            assert_eq!(read(&[], Shape { size: 0, sector }), None);
        }
    }

    #[test]
    fn boot_sector_header_and_entries_fit_the_first_page() {
        let shape = Shape {
            size: 8 * MIB,
            sector: 512,
        };
        let mut more = table();
        more.set(24, more.number(3).cloned());
        let (few, many) = (table().bytes(shape, &[0; CODE]), more.bytes(shape, &[0; CODE]));
        assert_eq!(few.head[PAGE..], many.head[PAGE..]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_on_a_disk_make_the_reader_fail(noise in proptest::collection::vec(0_usize..8192, 1..40), value: u8) {
            let shape = Shape { size: 8 * MIB, sector: 512 };
            let mut disk = disk(shape);
            for at in noise {
                disk[at] = value;
                let end = disk.len() - 1 - at;
                disk[end] = value;
            }
            read(&disk, shape);
        }
    }
}
