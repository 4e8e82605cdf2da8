//! A table as it is read from a disk, which may hold anything.

use std::io;

use super::{ENTRY, Entry, HEADER, SIGNATURE, Shape, Table};
use crate::Guid;

impl Table {
    /// Reads the table of a disk, the second copy if the first is damaged. `None` if it has none. `read` fills a buffer
    /// from a place of the disk; both are whole sectors.
    ///
    /// # Errors
    /// What `read` says.
    pub fn read(
        shape: Shape,
        read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
    ) -> io::Result<Option<Self>> {
        let sectors = shape.size.checked_div(shape.sector).unwrap_or(0);
        // A reader without a card has no size, and nothing on it.
        let Some(last) = sectors.checked_sub(1) else {
            return Ok(None);
        };
        let mut sector = vec![0; shape.sector as usize];
        read(0, &mut sector)?;
        // Without its protective entry there is no table, whatever is left of one (UEFI 2.10, 5.3.2).
        let protected = (446..510).step_by(16).any(|at| sector[at + 4] == 0xee);
        if sector[510..512] != [0x55, 0xaa] || !protected {
            return Ok(None);
        }
        for at in [1, last] {
            if let Some(table) = copy_at(shape, at, read)? {
                return Ok(Some(table));
            }
        }
        Ok(None)
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
