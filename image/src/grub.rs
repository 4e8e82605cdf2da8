//! GRUB for legacy BIOS: the same kernel and initrd as under UEFI, found on the EFI partition or the ISO.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};
use pocketstack_exec::run;

use crate::disk::SECTOR;
use crate::namespace::Chroot;

/// The first sector of a disk, in the tools root.
pub const BOOT_SECTOR: &str = "/usr/lib/grub/i386-pc/boot.img";

const MODULES: [&str; 14] = [
    "biosdisk",
    "part_gpt",
    "part_msdos",
    "fat",
    "iso9660",
    "normal",
    "linux",
    "search",
    "search_label",
    "search_fs_file",
    "serial",
    "terminal",
    "echo",
    "probe",
];

/// The menu: one entry, no waiting. `Shift` or `Esc` at start brings the menu up. The installer uses the same text.
pub fn config(cmdline: &str) -> String {
    include_str!("../rootfs/usr/lib/pocketstack/boot/grub.cfg").replace("@CMDLINE@", cmdline)
}

/// Makes GRUB's core for a disk (`i386-pc`) or a disc (`i386-pc-eltorito`) as `NAME` in `folder` of the tools root,
/// which is `work` outside.
///
/// # Errors
/// grub-mkimage's words.
pub fn core(tools: &Chroot, work: &Path, folder: &str, format: &str, name: &str) -> Result<()> {
    // On a disk the second partition of the disk that was started (`(,gpt2)`); there first, and then wherever the file
    // only PocketStack has is found: some firmwares give the disk another number than the one it was started as.
    let prefix = match format {
        "i386-pc" => "(,gpt2)/pocketstack",
        _ => "/pocketstack",
    };
    let early = "search --no-floppy --file --set=root --hint=$root /pocketstack/grub.cfg\n\
                 set prefix=($root)/pocketstack\nconfigfile /pocketstack/grub.cfg\n";
    fs::write(work.join("grub-early.cfg"), early)?;
    let inside = |name: &str| format!("{folder}/{name}");
    run(tools
        .cmd("grub-mkimage")
        .args(["--format", format, "--prefix", prefix, "--config"])
        .arg(inside("grub-early.cfg"))
        .arg("--output")
        .arg(inside(name))
        .args(MODULES)
        .arg("configfile"))
    .with_context(|| format!("cannot make GRUB's {name}"))?;
    fs::remove_file(work.join("grub-early.cfg")).context("cannot remove GRUB's early configuration")
}

/// Puts GRUB's boot sector and core into a disk image, as grub-bios-setup would on a device.
///
/// Offsets are GRUB's (`include/grub/i386/pc/boot.h`): the boot sector reads the core's first sector from the 64-bit
/// sector number at 0x5c; that sector reads the rest by the list entry in its last 12 bytes (start, length, segment).
///
/// # Errors
/// If the core does not fit, or the image cannot be written.
pub fn install(disk: &Path, boot_sector: &Path, core: &Path, offset: u64, room: u64) -> Result<()> {
    let boot = fs::read(boot_sector).with_context(|| format!("cannot read {}", boot_sector.display()))?;
    let mut core_bytes = fs::read(core).with_context(|| format!("cannot read {}", core.display()))?;
    anyhow::ensure!(
        boot.len() == SECTOR as usize,
        "GRUB's boot sector has {} bytes",
        boot.len()
    );
    anyhow::ensure!(
        core_bytes.len() as u64 <= room,
        "GRUB's core has {} bytes and its partition {room}",
        core_bytes.len()
    );
    let first = offset / SECTOR;
    let rest = core_bytes.len().div_ceil(SECTOR as usize) - 1;
    core_bytes[500..508].copy_from_slice(&(first + 1).to_le_bytes());
    core_bytes[508..510].copy_from_slice(&u16::try_from(rest)?.to_le_bytes());
    let mut file = OpenOptions::new()
        .write(true)
        .open(disk)
        .with_context(|| format!("cannot write {}", disk.display()))?;
    // Only the code: the partition table behind 0x1b8 is the disk's.
    file.write_all(&boot[..0x1b8])?;
    file.seek(SeekFrom::Start(0x5c))?;
    file.write_all(&first.to_le_bytes())?;
    // Two no-ops at 0x66 switch on GRUB's check of the drive number that some BIOSes pass wrongly for hard disks.
    file.seek(SeekFrom::Start(0x66))?;
    file.write_all(&[0x90, 0x90])?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(&core_bytes)?;
    Ok(())
}
