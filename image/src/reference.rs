//! What a node's boot is measured against: a plain Debian with the same packages, as their maintainers set them up.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pocketstack_exec::run;

use crate::artifacts::publish;
use crate::initrd;
use crate::lock::Lock;
use crate::mirror::Mirrors;
use crate::namespace::{Bind, Chroot};
use crate::packages::{RootName, Wanted};
use crate::paths::Paths;
use crate::root;
use crate::stage::{Inputs, Stages};

/// Raised when this file changes what is made.
const RECIPE: u32 = 1;

/// Makes `vmlinuz`, `initrd`, `root.ext4` and `cmdline` and returns their folder.
///
/// # Errors
/// Any step.
pub fn make(paths: &Paths, mirrors: &Mirrors) -> Result<PathBuf> {
    let wanted = Wanted::read(&paths.wanted())?;
    let lock = Lock::read(&paths.lock(), &wanted)?;
    let tools_tree = root::tree(paths, &lock, RootName::Tools, mirrors)?;
    let archive = root::archive(paths, &lock, RootName::Image, mirrors)?;
    let key = Inputs::recipe(RECIPE).text(&archive.to_string_lossy()).key();
    Stages::new(paths.out.join("stages")).run("reference", &key, |out| {
        let scratch = paths.scratch(3_000_000_000)?;
        let tree = scratch.path().join("tree");
        fs::create_dir(&tree)?;
        root::unpack(&archive, &tree)?;
        fs::write(tree.join("etc/fstab"), "/dev/vda / ext4 defaults 0 1\n")?;
        fs::write(tree.join("etc/hostname"), "plain\n")?;
        fs::write(
            tree.join("etc/systemd/network/20-wired.network"),
            "[Match]\nName=en*\n[Network]\nDHCP=yes\n[Link]\nRequiredForOnline=no\n",
        )?;
        let release = initrd::kernel_release(&tree)?;
        let chroot = Chroot::new(
            paths,
            &tree,
            &[Bind {
                from: scratch.path(),
                to: Path::new("/mnt"),
                writable: true,
            }],
        )?;
        run(chroot
            .cmd("systemctl")
            .args(["--root=/", "enable", "systemd-networkd.service"]))?;
        run(chroot.cmd("dracut").args([
            "--force",
            "--quiet",
            "--no-hostonly",
            "--kver",
            &release,
            "/mnt/initrd",
        ]))
        .context("cannot make the initrd of the plain Debian")?;
        drop(chroot);
        fs::copy(
            tree.join(format!("boot/vmlinuz-{release}")),
            scratch.path().join("vmlinuz"),
        )?;
        fs::write(
            scratch.path().join("cmdline"),
            "root=/dev/vda rw console=ttyS0,115200 quiet systemd.show_status=1\n",
        )?;
        let tools = Chroot::new(
            paths,
            &tools_tree,
            &[Bind {
                from: scratch.path(),
                to: Path::new("/parts"),
                writable: true,
            }],
        )?;
        run(tools
            .cmd("mke2fs")
            .args(["-q", "-t", "ext4", "-d", "/parts/tree", "/parts/root.ext4", "3G"]))
        .context("cannot make the root of the plain Debian")?;
        drop(tools);
        for name in ["vmlinuz", "initrd", "root.ext4", "cmdline"] {
            publish(&scratch.path().join(name), &out.join(name))?;
        }
        Ok("a plain Debian with the same packages".to_owned())
    })
}
