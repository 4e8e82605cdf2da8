//! A tiny virtual machine to be started *inside* a node: kernel, busybox as initramfs, domain description, all on
//! one read-only disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use pocketstack_exec::{Cmd, run};

use crate::disk;

/// Label of the file system on the disk.
pub const LABEL: &str = "PSGUEST";
/// Name of the domain.
pub const DOMAIN: &str = "tiny";
/// Where the disk has to be mounted in the node: the domain description names files there.
pub const MOUNTED_AT: &str = "/run/pocketstack-test";
/// Where the guest's serial console is written in the node.
pub const CONSOLE: &str = "/run/pocketstack-test-console.log";

/// Makes the disk at `path`. The guest prints `marker` and then does nothing until it is ended.
///
/// # Errors
/// `busybox` (static) or `cpio` is missing, or the kernel is.
pub fn build_disk(kernel: &Path, marker: &str, path: &Path) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (files, root) = (dir.path().join("disk"), dir.path().join("initramfs"));
    fs::create_dir_all(&files)?;
    for folder in ["bin", "dev", "proc"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::copy("/bin/busybox", root.join("bin/busybox")).context("the package busybox-static: /bin/busybox")?;
    let init = root.join("init");
    fs::write(&init, init_script(marker))?;
    fs::set_permissions(&init, fs::Permissions::from_mode(0o755))?;
    let archive = run(Cmd::new("cpio")
        .args(["--quiet", "--create", "--format=newc", "--owner=0:0"])
        .dir(&root)
        .input(".\ninit\nbin\nbin/busybox\ndev\nproc\n"))?;
    fs::write(files.join("initrd"), archive.stdout)?;
    fs::copy(kernel, files.join("vmlinuz")).with_context(|| format!("{}", kernel.display()))?;
    fs::write(files.join("domain.xml"), domain())?;
    disk::ext4_from_folder(&files, path, 48, LABEL)
}

fn init_script(marker: &str) -> String {
    format!(
        "#!/bin/busybox sh\n\
         /bin/busybox mount -t devtmpfs dev /dev\n\
         /bin/busybox mount -t proc proc /proc\n\
         echo \"{marker} $(/bin/busybox grep -c ^processor /proc/cpuinfo) processor\" > /dev/ttyS0\n\
         exec /bin/busybox sleep 100000\n"
    )
}

/// Domain description, <https://libvirt.org/formatdomain.html>. The type is kvm: without hardware (or emulated
/// hardware) virtualisation libvirt refuses it. `quiet` matters, because each character on the console is an exit.
fn domain() -> String {
    format!(
        "<domain type='kvm'><name>{DOMAIN}</name><memory unit='MiB'>192</memory><vcpu>1</vcpu>\
         <os><type arch='x86_64' machine='pc'>hvm</type><kernel>{MOUNTED_AT}/vmlinuz</kernel>\
         <initrd>{MOUNTED_AT}/initrd</initrd><cmdline>console=ttyS0 quiet</cmdline></os>\
         <cpu mode='host-passthrough'/><features><acpi/></features>\
         <devices><serial type='file'><source path='{CONSOLE}'/></serial></devices></domain>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_a_kvm_one_and_reads_from_the_disk() {
        let domain = domain();
        assert!(domain.contains("<domain type='kvm'>"));
        assert!(domain.contains("/run/pocketstack-test/vmlinuz"));
    }
}
