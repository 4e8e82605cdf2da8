//! The GUID partition table as bytes (UEFI specification 2.10, chapter 5), with the boot sector in front of it.
//!
//! Written here and not by a tool, because of *how* it has to be written: boot sector, header and the first entries are
//! one page of the disk, which it takes in one piece.

use std::fmt;
use std::io;
use std::str::FromStr;

/// Bytes of the first sector that hold code; what follows belongs to the partition table.
pub const CODE: usize = 440;
/// What is written in one piece. Disks of this century write sectors of this size inside.
pub const PAGE: usize = 4096;

const ENTRIES: usize = 128;
const ENTRY: usize = 128;
const HEADER: usize = 92;
const SIGNATURE: &[u8; 8] = b"EFI PART";

/// An id, as it stands in the table: the first three groups of its text are little-endian there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Guid(pub [u8; 16]);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        for (place, byte) in ORDER.into_iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02x}", self.0[byte])?;
        }
        Ok(())
    }
}

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no GUID: it has 32 hexadecimal digits, with or without hyphens")]
pub struct NoGuid(String);

impl FromStr for Guid {
    type Err = NoGuid;

    fn from_str(text: &str) -> Result<Self, NoGuid> {
        let wrong = || NoGuid(text.to_owned());
        let digits: Vec<char> = text.trim().chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 {
            return Err(wrong());
        }
        let mut bytes = [0_u8; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (pair[0].to_digit(16), pair[1].to_digit(16));
            let value = high.zip(low).map(|(high, low)| high * 16 + low);
            *byte = value
                .and_then(|value| u8::try_from(value).ok())
                .ok_or_else(wrong)?;
        }
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        Ok(Self(bytes))
    }
}

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

    /// The table as it stands on a disk, with `code` in the boot sector.
    pub fn bytes(&self, shape: Shape, code: &[u8; CODE]) -> Bytes {
        let sector = shape.sector as usize;
        let mut array = vec![0_u8; ENTRIES * ENTRY];
        for (slot, entry) in array.chunks_exact_mut(ENTRY).zip(&self.entries) {
            if let Some(entry) = entry {
                write_entry(slot, entry, shape.sector);
            }
        }
        let last = shape.size / shape.sector - 1;
        let array_sectors = (array.len() as u64).div_ceil(shape.sector);
        let header =
            |own, other, at| self.header(shape, own, other, at, array_sectors, crc32fast::hash(&array));

        let used = sector * 2 + array.len();
        let mut head = vec![0_u8; used.div_ceil(PAGE) * PAGE];
        boot_sector(&mut head, code, last);
        head[sector..sector + HEADER].copy_from_slice(&header(1, last, 2));
        head[sector * 2..used].copy_from_slice(&array);

        let mut tail = vec![0_u8; (array_sectors as usize + 1) * sector];
        tail[..array.len()].copy_from_slice(&array);
        let at = array_sectors as usize * sector;
        tail[at..at + HEADER].copy_from_slice(&header(last, 1, last - array_sectors));
        Bytes {
            head,
            tail,
            tail_at: (last - array_sectors) * shape.sector,
        }
    }

    fn header(&self, shape: Shape, own: u64, other: u64, at: u64, sectors: u64, array: u32) -> [u8; HEADER] {
        let mut header = [0_u8; HEADER];
        header[..8].copy_from_slice(SIGNATURE);
        header[8..12].copy_from_slice(&0x0001_0000_u32.to_le_bytes());
        header[12..16].copy_from_slice(&(HEADER as u32).to_le_bytes());
        header[24..32].copy_from_slice(&own.to_le_bytes());
        header[32..40].copy_from_slice(&other.to_le_bytes());
        // From the first MiB on, as every tool does; the second copy takes the end.
        header[40..48].copy_from_slice(&((1 << 20) / shape.sector).to_le_bytes());
        header[48..56].copy_from_slice(&(shape.size / shape.sector - 2 - sectors).to_le_bytes());
        header[56..72].copy_from_slice(&self.id.0);
        header[72..80].copy_from_slice(&at.to_le_bytes());
        header[80..84].copy_from_slice(&(ENTRIES as u32).to_le_bytes());
        header[84..88].copy_from_slice(&(ENTRY as u32).to_le_bytes());
        header[88..92].copy_from_slice(&array.to_le_bytes());
        let sum = crc32fast::hash(&header);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
        header
    }

    /// Reads the table of a disk, the second copy if the first is damaged. `None` if it has none. `read` fills a buffer
    /// from a place of the disk; both are whole sectors.
    ///
    /// # Errors
    /// What `read` says.
    pub fn read(
        shape: Shape,
        read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
    ) -> io::Result<Option<Self>> {
        let mut sector = vec![0; shape.sector as usize];
        read(0, &mut sector)?;
        // Without its protective entry there is no table, whatever is left of one (UEFI 2.10, 5.3.2).
        let protected = (446..510).step_by(16).any(|at| sector[at + 4] == 0xee);
        if sector[510..512] != [0x55, 0xaa] || !protected {
            return Ok(None);
        }
        let last = shape.size / shape.sector - 1;
        for at in [1, last] {
            if let Some(table) = copy_at(shape, at, read)? {
                return Ok(Some(table));
            }
        }
        Ok(None)
    }
}

fn boot_sector(head: &mut [u8], code: &[u8; CODE], last: u64) {
    head[..CODE].copy_from_slice(code);
    let sectors = u32::try_from(last).unwrap_or(u32::MAX);
    head[446..454].copy_from_slice(&[0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
    head[454..458].copy_from_slice(&1_u32.to_le_bytes());
    head[458..462].copy_from_slice(&sectors.to_le_bytes());
    head[510..512].copy_from_slice(&[0x55, 0xaa]);
}

fn write_entry(slot: &mut [u8], entry: &Entry, sector: u64) {
    slot[..16].copy_from_slice(&entry.kind.0);
    slot[16..32].copy_from_slice(&entry.id.0);
    slot[32..40].copy_from_slice(&(entry.start / sector).to_le_bytes());
    slot[40..48].copy_from_slice(&(entry.end() / sector - 1).to_le_bytes());
    slot[48..56].copy_from_slice(&entry.flags.to_le_bytes());
    for (place, unit) in slot[56..].chunks_exact_mut(2).zip(entry.name.encode_utf16()) {
        place.copy_from_slice(&unit.to_le_bytes());
    }
}

fn copy_at(
    shape: Shape,
    at: u64,
    read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> io::Result<Option<Table>> {
    let sector = shape.sector as usize;
    let mut header = vec![0; sector];
    read(at * shape.sector, &mut header)?;
    let sum = u32_at(&header, 16);
    let mut plain = header[..HEADER].to_vec();
    plain[16..20].fill(0);
    let (start, count, size) = (
        u64_at(&header, 72),
        u32_at(&header, 80) as usize,
        u32_at(&header, 84) as usize,
    );
    let usual = header[..8] == *SIGNATURE && u32_at(&header, 12) as usize == HEADER;
    if !usual || crc32fast::hash(&plain) != sum || u64_at(&header, 24) != at || count > 1024 || size != ENTRY
    {
        return Ok(None);
    }
    let length = count * size;
    let fits = start
        .checked_mul(shape.sector)
        .and_then(|from| from.checked_add(length as u64));
    if fits.is_none_or(|end| end > shape.size) {
        return Ok(None);
    }
    let mut array = vec![0; length.div_ceil(sector) * sector];
    read(start * shape.sector, &mut array)?;
    if crc32fast::hash(&array[..length]) != u32_at(&header, 88) {
        return Ok(None);
    }
    let mut entries: Vec<Option<Entry>> = array[..length]
        .chunks_exact(size)
        .map(|slot| entry(slot, shape.sector))
        .collect();
    while entries.last().is_some_and(Option::is_none) {
        entries.pop();
    }
    let mut id = Guid::default();
    id.0.copy_from_slice(&header[56..72]);
    Ok(Some(Table { id, entries }))
}

fn entry(slot: &[u8], sector: u64) -> Option<Entry> {
    let guid = |at: usize| {
        let mut guid = Guid::default();
        guid.0.copy_from_slice(&slot[at..at + 16]);
        guid
    };
    let (kind, first, last) = (guid(0), u64_at(slot, 32), u64_at(slot, 40));
    let sectors = last.checked_sub(first)?.checked_add(1)?;
    if kind == Guid::default() {
        return None;
    }
    let units: Vec<u16> = slot[56..]
        .chunks_exact(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    Some(Entry {
        kind,
        id: guid(16),
        start: first.checked_mul(sector)?,
        size: sectors.checked_mul(sector)?,
        flags: u64_at(slot, 48),
        name: String::from_utf16_lossy(&units),
    })
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn ids_are_written_as_people_know_them() {
        let text = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
        let guid: Guid = text.parse().expect("a GUID");
        assert_eq!(guid.0[..6], [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8]);
        assert_eq!(guid.to_string(), text);
        assert!("c12a".parse::<Guid>().is_err());
        assert!("zz2a7328f81f11d2ba4b00a0c93ec93b".parse::<Guid>().is_err());
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
