//! What a legacy BIOS starts: GRUB's boot sector and core, and what stands in their place while a disk is not complete.
//!
//! Offsets are GRUB's (`include/grub/i386/pc/boot.h`): the boot sector reads the core's first sector from the 64-bit
//! sector number at 0x5c; that sector reads the rest by the list entry in its last 12 bytes (start, length, segment).

/// Bytes of the first sector that hold code; what follows belongs to the partition table.
pub const CODE: usize = 440;

/// The sectors a BIOS counts in, whatever the disk's own are.
pub const SECTOR: usize = 512;

const CORE_SECTOR: usize = 0x5c;
const DRIVE_CHECK: usize = 0x66;
const LIST: usize = 500;

/// Code for a disk that is not complete: "no system here, try the next device" (`int 0x18`, BIOS Boot Specification
/// 1.01, 6.7), and a halt for a BIOS that has no next one.
pub const PASS_ON: [u8; CODE] = {
    let mut code = [0; CODE];
    let instructions = [0xcd, 0x18, 0xf4, 0xeb, 0xfd];
    let mut at = 0;
    while at < instructions.len() {
        code[at] = instructions[at];
        at += 1;
    }
    code
};

/// GRUB, made fit for a place on a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// Code of the first sector; the rest of that is the partition table's.
    pub code: [u8; CODE],
    /// The core, whole sectors, for the BIOS boot partition.
    pub core: Vec<u8>,
}

/// Files that are not what GRUB has made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BiosError {
    /// boot.img has the wrong size.
    #[error("GRUB's boot sector has {0} bytes instead of {SECTOR}: the system image is damaged")]
    BootSector(usize),
    /// core.img is too small or too large.
    #[error("GRUB's core has {size} bytes, and there is room for {room}: the system image is damaged")]
    Core {
        /// Bytes it has.
        size: usize,
        /// Bytes there are for it.
        room: u64,
    },
}

/// Fits GRUB's `boot.img` and `core.img` to a core that begins at sector `first` and has `room` bytes there.
///
/// # Errors
/// [`BiosError`].
pub fn embed(boot_sector: &[u8], core: &[u8], first: u64, room: u64) -> Result<Embedded, BiosError> {
    if boot_sector.len() != SECTOR {
        return Err(BiosError::BootSector(boot_sector.len()));
    }
    let wrong = || BiosError::Core {
        size: core.len(),
        room,
    };
    let sectors = core.len().div_ceil(SECTOR);
    if core.len() < SECTOR || (sectors * SECTOR) as u64 > room {
        return Err(wrong());
    }
    let rest = u16::try_from(sectors - 1).map_err(|_| wrong())?;
    let mut code = [0; CODE];
    code.copy_from_slice(&boot_sector[..CODE]);
    code[CORE_SECTOR..CORE_SECTOR + 8].copy_from_slice(&first.to_le_bytes());
    // Two no-ops switch on GRUB's check of the drive number that some BIOSes pass wrongly for hard disks.
    code[DRIVE_CHECK..DRIVE_CHECK + 2].copy_from_slice(&[0x90, 0x90]);
    let mut core = core.to_vec();
    core.resize(sectors * SECTOR, 0);
    core[LIST..LIST + 8].copy_from_slice(&(first + 1).to_le_bytes());
    core[LIST + 8..LIST + 10].copy_from_slice(&rest.to_le_bytes());
    Ok(Embedded { code, core })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sector_knows_where_the_next_is() {
        let embedded = embed(&[1; 512], &[2; 1300], 2048, 1 << 20).expect("it fits");
        assert_eq!(embedded.code[0x5c..0x64], 2048_u64.to_le_bytes());
        assert_eq!(embedded.code[0x66..0x68], [0x90, 0x90]);
        assert_eq!(embedded.code[..0x5c], [1; 0x5c]);
        assert_eq!(embedded.core.len(), 1536);
        assert_eq!(embedded.core[500..508], 2049_u64.to_le_bytes());
        assert_eq!(embedded.core[508..510], 2_u16.to_le_bytes());
        assert_eq!(embedded.core[510..512], [2, 2]);
    }

    #[test]
    fn what_grub_has_not_made_is_refused() {
        assert_eq!(
            embed(&[0; 440], &[0; 512], 1, 4096),
            Err(BiosError::BootSector(440))
        );
        let core = |size| BiosError::Core { size, room: 4096 };
        assert_eq!(embed(&[0; 512], &[0; 100], 1, 4096), Err(core(100)));
        assert_eq!(embed(&[0; 512], &[0; 4097], 1, 4096), Err(core(4097)));
    }

    #[test]
    fn a_disk_that_is_not_complete_passes_on_to_the_next() {
        assert_eq!(PASS_ON[..2], [0xcd, 0x18]);
    }
}
