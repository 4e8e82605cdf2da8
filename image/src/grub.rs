//! GRUB for legacy BIOS: the same kernel and initrd as under UEFI, found on the EFI partition or the ISO.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};
use pocketstack_disk::bios;
use pocketstack_exec::run;

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
/// # Errors
/// If GRUB's files are not as they should be, the core does not fit, or the image cannot be written.
pub fn install(disk: &Path, boot_sector: &Path, core: &Path, offset: u64, room: u64) -> Result<()> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let first = offset / bios::SECTOR as u64;
    let embedded = bios::embed(&read(boot_sector)?, &read(core)?, first, room)?;
    let write = || {
        let file = File::options().write(true).open(disk)?;
        // Only the code: the rest of the first sector is the partition table's.
        file.write_all_at(&embedded.code, 0)?;
        file.write_all_at(&embedded.core, offset)
    };
    write().with_context(|| format!("cannot write {}", disk.display()))
}
