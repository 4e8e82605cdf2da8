//! Unique ids and names in a disk's GUID partition table (UEFI specification 2.10, section 5.3).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// An id as it stands in the table: the first three groups of its text form are little-endian there.
pub type Guid = [u8; 16];

/// More entries than any table has; a damaged one may claim any number.
const MOST: u32 = 1024;

/// One entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Unique id; zeros where there is no partition.
    pub id: Guid,
    /// Name.
    pub name: String,
}

/// The entries by number of their partition, the first at index 0. Read from the disk: the kernel does not know the
/// names of partitions that were added while it ran.
///
/// # Errors
/// The disk cannot be read, or has no such table.
pub fn entries(disk: &mut File, sector: u64) -> io::Result<Vec<Entry>> {
    let no_table = || io::Error::new(io::ErrorKind::InvalidData, "it has no GUID partition table");
    let mut header = [0; 92];
    disk.seek(SeekFrom::Start(sector))?;
    disk.read_exact(&mut header)?;
    let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (start, count, size) = (
        u64::from(number(72)) | u64::from(number(76)) << 32,
        number(80),
        number(84),
    );
    if &header[..8] != b"EFI PART" || count > MOST || !(128..=4096).contains(&size) {
        return Err(no_table());
    }
    let mut table = vec![0; count as usize * size as usize];
    disk.seek(SeekFrom::Start(start.checked_mul(sector).ok_or_else(no_table)?))?;
    disk.read_exact(&mut table)?;
    let entry = |bytes: &[u8]| Entry {
        id: bytes[16..32].try_into().unwrap_or_default(),
        name: text(&bytes[56..128]),
    };
    Ok(table.chunks_exact(size as usize).map(entry).collect())
}

/// UTF-16 up to the first zero, as far as it is ASCII; nothing else is compared with.
pub fn text(bytes: &[u8]) -> String {
    bytes
        .chunks_exact(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .take_while(|unit| *unit != 0)
        .map(|unit| u8::try_from(unit).map_or('?', char::from))
        .collect()
}

/// From text, with or without hyphens, in any case.
pub fn parse(text: &str) -> Option<Guid> {
    let digits: Vec<char> = text.trim().chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 {
        return None;
    }
    let mut guid = Guid::default();
    for (byte, pair) in guid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (pair[0].to_digit(16)? << 4 | pair[1].to_digit(16)?) as u8;
    }
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    Some(guid)
}

#[cfg(test)]
pub mod tests {
    use std::io::Write;

    use super::*;

    /// A disk with a table of these ids and names.
    pub fn disk(entries: &[(Guid, &str)]) -> Vec<u8> {
        let mut bytes = vec![0; 512 * 34];
        bytes[512..520].copy_from_slice(b"EFI PART");
        bytes[512 + 72] = 2;
        bytes[512 + 80] = 128;
        bytes[512 + 84] = 128;
        for (entry, (id, name)) in bytes[1024..].chunks_exact_mut(128).zip(entries) {
            entry[16..32].copy_from_slice(id);
            let name = name.encode_utf16().flat_map(u16::to_le_bytes);
            entry[56..].iter_mut().zip(name).for_each(|(to, from)| *to = from);
        }
        bytes
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        file
    }

    #[test]
    fn entries_are_read_by_number() {
        let esp = parse("C12A7328-f81f-11d2-ba4b-00a0c93ec93b").expect("a GUID");
        assert_eq!(esp[..6], [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8]);
        let table = disk(&[(Guid::default(), ""), (esp, "pocketstack-esp")]);
        let found = entries(&mut file(&table), 512).expect("read");
        assert_eq!((found.len(), found[1].id), (128, esp));
        assert_eq!(found[1].name, "pocketstack-esp");
        assert_eq!(found[0], Entry::default());
    }

    #[test]
    fn ids_in_text_have_32_digits() {
        assert_eq!(parse("c12a"), None);
        assert_eq!(parse("zz2a7328f81f11d2ba4b00a0c93ec93b"), None);
    }

    #[test]
    fn what_is_no_table_is_an_error() {
        let error = entries(&mut file(&[0; 4096]), 512).expect_err("no table");
        assert_eq!(error.to_string(), "it has no GUID partition table");
    }
}
