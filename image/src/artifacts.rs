//! What people write to sticks, burn, or serve: raw disk image, hybrid ISO, and the files for network boot.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use pocketstack_disk::parts::{self, MIB, kind};
use pocketstack_exec::run;

use crate::disk::{self, Partition, aligned, copy_into};
use crate::grub;
use crate::hash;
use crate::namespace::Chroot;
use crate::rootimage::{RootIds, uuid};
use crate::stage::walk;

/// Raised when this file, `disk.rs`, `grub.rs` or `daemon/disk` change what is made.
pub const RECIPE: u32 = 3;

/// All that artifacts are made from, as files in `work`: `vmlinuz`, `initrd`, `root.erofs`, `root.verity`.
pub struct Parts<'a> {
    /// The tools root with `work` mounted at `/parts`.
    pub tools: &'a Chroot,
    /// The folder of the parts.
    pub work: &'a Path,
    /// Ids of the root.
    pub ids: &'a RootIds,
    /// Version of PocketStack.
    pub version: &'a str,
    /// Time stamp of everything, seconds since 1970.
    pub epoch: u64,
}

impl Parts<'_> {
    /// The kernel command line, the same on every medium (docs/boot.md explains each word).
    pub fn cmdline(&self) -> String {
        format!(
            "root=/dev/mapper/root rootfstype=erofs ro roothash={} systemd.verity_root_data=/dev/pocketstack-boot/root \
             systemd.verity_root_hash=/dev/pocketstack-boot/verity systemd.verity_root_options=panic-on-corruption \
             lsm=lockdown,capability,landlock,yama,apparmor,ima,evm console=tty0 console=ttyS0,115200 quiet panic=30 rd.shell=0 systemd.getty_auto=0",
            self.ids.hash
        )
    }

    /// A program of the tools root, with the time stamp it should use.
    pub fn cmd(&self, program: &str) -> pocketstack_exec::Cmd {
        self.tools
            .cmd(program)
            .env("SOURCE_DATE_EPOCH", self.epoch.to_string())
    }

    /// An id that is the same in every build of the same root.
    fn id(&self, of: &str) -> String {
        uuid(&hash::of_bytes(format!("{of} {}", self.ids.hash).as_bytes())[..32])
    }

    /// The root as a small disk of its own, for media that are no disks.
    ///
    /// # Errors
    /// See [`disk::make`].
    pub fn root_disk(&self) -> Result<()> {
        let (root, tree) = (self.work.join("root.erofs"), self.work.join("root.verity"));
        let size = |path: &Path| path.metadata().map(|meta| aligned(meta.len()));
        let partitions = [
            Partition {
                kind: kind::ROOT,
                name: "pocketstack-root",
                id: self.ids.data_partition(),
                size: size(&root)?,
                content: Some(&root),
            },
            Partition {
                kind: kind::VERITY,
                name: "pocketstack-verity",
                id: self.ids.tree_partition(),
                size: size(&tree)?,
                content: Some(&tree),
            },
        ];
        disk::make(
            self.tools,
            self.work,
            "root.img",
            &self.id("root disk"),
            &partitions,
        )?;
        Ok(())
    }

    /// The image for sticks and disks, bootable by UEFI and BIOS: `pocketstack.raw`.
    ///
    /// # Errors
    /// Any step.
    pub fn raw(&self) -> Result<()> {
        fs::write(self.work.join("grub.cfg"), grub::config(&self.cmdline()))?;
        self.esp("esp.img", parts::ESP_SIZE, "32", true)?;
        grub::core(self.tools, self.work, "/parts", "i386-pc", "core.img")?;
        let at = |name: &str| self.work.join(name);
        let (esp, root, tree) = (at("esp.img"), at("root.erofs"), at("root.verity"));
        let partitions = [
            Partition {
                kind: kind::BIOS,
                name: parts::BIOS,
                id: self.id("bios"),
                size: parts::BIOS_SIZE,
                content: None,
            },
            Partition {
                kind: kind::ESP,
                name: parts::ESP,
                id: self.id("esp"),
                size: parts::ESP_SIZE,
                content: Some(&esp),
            },
            Partition {
                kind: kind::ROOT,
                name: parts::ROOT_A,
                id: self.ids.data_partition(),
                size: parts::ROOT_SIZE,
                content: Some(&root),
            },
            Partition {
                kind: kind::VERITY,
                name: parts::VERITY_A,
                id: self.ids.tree_partition(),
                size: parts::VERITY_SIZE,
                content: Some(&tree),
            },
        ];
        let offsets = disk::make(
            self.tools,
            self.work,
            "pocketstack.raw",
            &self.id("disk"),
            &partitions,
        )?;
        self.take(grub::BOOT_SECTOR, "boot.img")?;
        grub::install(
            &at("pocketstack.raw"),
            &at("boot.img"),
            &at("core.img"),
            offsets[0],
            parts::BIOS_SIZE,
        )?;
        fs::remove_file(esp)?;
        Ok(())
    }

    /// Copies a file out of the tools root.
    fn take(&self, from: &str, name: &str) -> Result<()> {
        run(self.cmd("cp").args([from, &format!("/parts/{name}")]))
            .with_context(|| format!("the tools root has no {from}"))?;
        Ok(())
    }

    /// The ISO for discs, BMC virtual media and sticks, bootable by UEFI and BIOS: `pocketstack.iso`.
    ///
    /// # Errors
    /// Any step.
    pub fn iso(&self) -> Result<()> {
        let iso = self.work.join("iso");
        let folder = iso.join("pocketstack");
        fs::create_dir_all(&folder)?;
        for (from, to) in [("vmlinuz", "vmlinuz"), ("initrd", "initrd")] {
            fs::copy(self.work.join(from), folder.join(to))?;
        }
        fs::write(folder.join("grub.cfg"), grub::config(&self.cmdline()))?;
        fs::hard_link(self.work.join("root.img"), iso.join("pocketstack.img"))?;
        grub::core(
            self.tools,
            self.work,
            "/parts",
            "i386-pc-eltorito",
            "iso/pocketstack/eltorito.img",
        )?;
        self.take("/usr/lib/grub/i386-pc/boot_hybrid.img", "boot_hybrid.img")?;
        let uki = self.work.join("pocketstack.efi").metadata()?.len();
        // systemd-boot twice, the FAT itself and its folders take less than 4 MiB.
        // A file of the ISO, so that the installer finds it on discs as well, which have no partitions.
        self.esp("iso/pocketstack/efi.img", aligned(uki) + 4 * MIB, "16", false)?;
        // xorriso takes the volume's dates and ids from SOURCE_DATE_EPOCH, and those of files from the files.
        let date = UNIX_EPOCH + Duration::from_secs(self.epoch);
        for path in walk(&iso)?.iter().chain([&iso]) {
            fs::File::open(path)
                .and_then(|file| file.set_modified(date))
                .with_context(|| format!("cannot set the date of {}", path.display()))?;
        }
        run(self
            .cmd("xorriso")
            .args([
                "-as",
                "mkisofs",
                "-quiet",
                "-volid",
                "POCKETSTACK_ISO",
                "--set_all_file_dates",
                "set_to_mtime",
                "-r",
                "-o",
                "/parts/pocketstack.iso",
            ])
            .args(["--grub2-mbr", "/parts/boot_hybrid.img", "-partition_offset", "16"])
            .args([
                "-b",
                "pocketstack/eltorito.img",
                "-no-emul-boot",
                "-boot-load-size",
                "4",
                "-boot-info-table",
                "--grub2-boot-info",
            ])
            .args(["-c", "pocketstack/boot.cat"])
            .args([
                "-eltorito-alt-boot",
                "-e",
                "pocketstack/efi.img",
                "-no-emul-boot",
                "-isohybrid-gpt-basdat",
                "/parts/iso",
            ]))
        .context("cannot make the ISO")?;
        Ok(())
    }

    /// The files for network boot: `pxe/`.
    ///
    /// # Errors
    /// Any step.
    pub fn pxe(&self) -> Result<()> {
        let pxe = self.work.join("pxe");
        fs::create_dir_all(&pxe)?;
        for (from, name) in [
            ("/usr/lib/ipxe/undionly.kpxe", "pxe/undionly.kpxe"),
            ("/usr/lib/ipxe/ipxe.efi", "pxe/ipxe.efi"),
        ] {
            self.take(from, name)?;
        }
        for name in ["vmlinuz", "initrd", "root.img", "pocketstack.efi"] {
            fs::hard_link(self.work.join(name), pxe.join(name))?;
        }
        // The root comes as a file of the initrd, and so does what an installation boots from: no network is needed any
        // more once the kernel runs.
        let script = format!(
            "#!ipxe\nkernel vmlinuz initrd=initrd.magic {}\ninitrd initrd\ninitrd root.img /pocketstack.img\n\
             initrd pocketstack.efi /pocketstack.efi\nboot\n",
            self.cmdline()
        );
        fs::write(pxe.join("boot.ipxe"), script)?;
        Ok(())
    }
}

/// Copies an artifact to where people look for it, holes kept, whole or not at all.
///
/// # Errors
/// If the disk is full.
pub fn publish(from: &Path, to: &Path) -> Result<()> {
    let part = to.with_extension("part");
    let size = from
        .metadata()
        .with_context(|| format!("cannot read {}", from.display()))?
        .len();
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::File::create(&part)
        .and_then(|file| file.set_len(size))
        .with_context(|| format!("cannot write {}", part.display()))?;
    copy_into(from, &part, 0)?;
    fs::rename(&part, to).with_context(|| format!("cannot write {}", to.display()))
}
