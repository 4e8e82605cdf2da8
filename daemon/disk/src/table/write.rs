//! A table as it is written to a disk.

use super::{Bytes, ENTRIES, ENTRY, Entry, HEADER, PAGE, SIGNATURE, Shape, Table};
use crate::bios::CODE;

impl Table {
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
