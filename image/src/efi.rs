//! What UEFI boots: the unified kernel image, and the file system with systemd-boot and it.

use std::fs;

use anyhow::{Context, Result};
use pocketstack_exec::run;

use crate::artifacts::Parts;
use crate::hash;

/// The boot loader, in the tools root.
pub const SYSTEMD_BOOT: &str = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";

impl Parts<'_> {
    /// Kernel, initrd and command line in one signed-or-signable file: `pocketstack.efi`.
    ///
    /// # Errors
    /// ukify's words.
    pub fn uki(&self) -> Result<()> {
        fs::write(
            self.work.join("os-release"),
            format!(
                "ID=pocketstack\nNAME=PocketStack\nPRETTY_NAME=\"PocketStack {0}\"\nVERSION_ID={0}\n",
                self.version
            ),
        )?;
        fs::write(self.work.join("cmdline"), self.cmdline())?;
        run(self.cmd("ukify").args([
            "build",
            "--linux=/parts/vmlinuz",
            "--initrd=/parts/initrd",
            "--cmdline=@/parts/cmdline",
            "--os-release=@/parts/os-release",
            "--stub=/usr/lib/systemd/boot/efi/linuxx64.efi.stub",
            "--output=/parts/pocketstack.efi",
        ]))
        .context("cannot make the unified kernel image")?;
        Ok(())
    }

    /// A FAT file system with systemd-boot and the UKI; on a disk also what GRUB reads.
    ///
    /// # Errors
    /// mkfs.vfat's and mtools' words.
    pub fn esp(&self, name: &str, size: u64, fat: &str, with_grub: bool) -> Result<()> {
        let path = self.work.join(name);
        fs::File::create(&path)?.set_len(size)?;
        let inside = format!("/parts/{name}");
        let serial = &hash::of_bytes(self.ids.hash.as_bytes())[..8];
        run(self.cmd("mkfs.vfat").args([
            "-F",
            fat,
            "-n",
            "POCKETBOOT",
            "-i",
            serial,
            "--invariant",
            &inside,
        ]))
        .context("cannot make the EFI file system")?;
        fs::write(
            self.work.join("loader.conf"),
            include_str!("../rootfs/usr/lib/pocketstack/boot/loader.conf"),
        )?;
        let uki = format!("::/EFI/Linux/pocketstack-{}+3.efi", self.version);
        let boot = SYSTEMD_BOOT;
        let mut dirs = vec![
            "::/EFI",
            "::/EFI/BOOT",
            "::/EFI/systemd",
            "::/EFI/Linux",
            "::/loader",
        ];
        let mut files = vec![
            (boot, "::/EFI/BOOT/BOOTX64.EFI"),
            (boot, "::/EFI/systemd/systemd-bootx64.efi"),
            ("/parts/loader.conf", "::/loader/loader.conf"),
            ("/parts/pocketstack.efi", uki.as_str()),
        ];
        if with_grub {
            dirs.push("::/pocketstack");
            files.extend([
                ("/parts/vmlinuz", "::/pocketstack/vmlinuz"),
                ("/parts/initrd", "::/pocketstack/initrd"),
                ("/parts/grub.cfg", "::/pocketstack/grub.cfg"),
            ]);
        }
        run(self.cmd("mmd").args(["-i", &inside]).args(dirs))
            .context("cannot make folders on the EFI file system")?;
        for (from, to) in files {
            run(self.cmd("mcopy").args(["-i", &inside, from, to]))
                .with_context(|| format!("cannot copy {from} to the EFI file system"))?;
        }
        Ok(())
    }
}
