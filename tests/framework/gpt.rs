//! Reads a GUID partition table (UEFI specification 2.10, section 5.3), to find a partition by its name.

use anyhow::{Context, Result, ensure};

const SECTOR: usize = 512;

/// How much of the start of a disk holds the table, in bytes.
pub const TABLE_BYTES: usize = 34 * SECTOR;

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Number, from 1.
    pub number: usize,
    /// Name ("PARTLABEL").
    pub name: String,
    /// Type, as text in capitals.
    pub kind: String,
    /// First byte.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64> {
    let mut wide = [0; 8];
    let field = bytes.get(at..at + N).context("the partition table is cut off")?;
    wide[..N].copy_from_slice(field);
    Ok(u64::from_le_bytes(wide))
}

/// Type of a root file system on x86-64 (Discoverable Partitions Specification, UAPI group).
pub const ROOT_X86_64: &str = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";

/// The first three groups are stored with their low byte first (UEFI specification, appendix A).
fn guid(bytes: &[u8]) -> String {
    let hex = |order: &[usize]| {
        order
            .iter()
            .map(|at| format!("{:02X}", bytes[*at]))
            .collect::<String>()
    };
    [
        &[3, 2, 1, 0][..],
        &[5, 4],
        &[7, 6],
        &[8, 9],
        &[10, 11, 12, 13, 14, 15],
    ]
    .map(hex)
    .join("-")
}

/// Parses the first [`TABLE_BYTES`] of a disk with sectors of 512 bytes.
///
/// # Errors
/// There is no table, or it is cut off.
pub fn partitions(start_of_disk: &[u8]) -> Result<Vec<Partition>> {
    let header = start_of_disk
        .get(SECTOR..2 * SECTOR)
        .context("the disk is too small for a partition table")?;
    ensure!(
        &header[..8] == b"EFI PART",
        "the disk has no GUID partition table"
    );
    let usize_at = |at| number::<4>(header, at).map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let first = usize::try_from(number::<8>(header, 72)?)?.saturating_mul(SECTOR);
    let (count, size) = (usize_at(80)?, usize_at(84)?);
    ensure!(
        size >= 128 && count <= 1024,
        "the partition table is damaged: {count} entries of {size} bytes"
    );
    let mut found = Vec::new();
    for index in 0..count {
        let at = first.saturating_add(index * size);
        let Some(entry) = start_of_disk.get(at..at.saturating_add(size)) else {
            break;
        };
        // A type of all zeros marks an unused entry.
        if entry[..16].iter().all(|byte| *byte == 0) {
            continue;
        }
        let (from, to) = (number::<8>(entry, 32)?, number::<8>(entry, 40)?);
        let units: Vec<u16> = entry[56..128]
            .chunks(2)
            .map(|c| u16::from_le_bytes([c[0], c[1]]))
            .collect();
        let name = String::from_utf16_lossy(units.split(|unit| *unit == 0).next().unwrap_or_default());
        ensure!(to >= from, "partition {} ends before it starts", index + 1);
        let (sector, kind) = (SECTOR as u64, guid(&entry[..16]));
        found.push(Partition {
            number: index + 1,
            name,
            kind,
            start: from * sector,
            length: (to - from + 1) * sector,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(entries: &[(usize, &str, u64, u64)]) -> Vec<u8> {
        let mut disk = vec![0; TABLE_BYTES];
        disk[512..520].copy_from_slice(b"EFI PART");
        disk[512 + 72..512 + 80].copy_from_slice(&2_u64.to_le_bytes());
        disk[512 + 80..512 + 84].copy_from_slice(&128_u32.to_le_bytes());
        disk[512 + 84..512 + 88].copy_from_slice(&128_u32.to_le_bytes());
        for (number, name, from, to) in entries {
            let at = 1024 + (number - 1) * 128;
            let kind = [
                0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d, 0x96, 0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7,
                0x09,
            ];
            disk[at..at + 16].copy_from_slice(&kind);
            disk[at + 32..at + 40].copy_from_slice(&from.to_le_bytes());
            disk[at + 40..at + 48].copy_from_slice(&to.to_le_bytes());
            for (index, unit) in name.encode_utf16().enumerate() {
                disk[at + 56 + index * 2..at + 58 + index * 2].copy_from_slice(&unit.to_le_bytes());
            }
        }
        disk
    }

    #[test]
    fn partitions_are_read_with_number_name_and_place() {
        let disk = disk(&[(1, "bios", 2048, 4095), (3, "pocketstack-root-a", 4096, 4096)]);
        let found = partitions(&disk).expect("a table");
        assert_eq!(found.len(), 2);
        let root = Partition {
            number: 3,
            name: "pocketstack-root-a".into(),
            kind: ROOT_X86_64.into(),
            start: 2_097_152,
            length: 512,
        };
        assert_eq!(found[1], root);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(partitions(&[0; 100]).is_err());
        assert!(partitions(&vec![0; TABLE_BYTES]).is_err());
        assert!(partitions(&disk(&[(1, "backwards", 10, 5)])).is_err());
    }
}
