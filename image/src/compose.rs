//! The root file system's tree: packages, PocketStack's own files, the daemons, less what is pruned.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pocketstack_exec::run;

use crate::compile::INITRD;
use crate::efi;
use crate::grub;
use crate::namespace::Chroot;
use crate::paths::Paths;
use crate::prune;
use crate::root;
use crate::stage::walk;

/// Where a node finds what it is made of.
const SHARE: &str = "usr/share/pocketstack";

/// What belongs to PocketStack alone.
pub const LIB: &str = "usr/lib/pocketstack";

/// Raised when this file changes what is made.
pub const RECIPE: u32 = 2;

/// Makes all of the tree that does not change with the daemons, in the empty folder `tree`, which the tools root shows
/// as `/parts/tree`.
///
/// # Errors
/// Any step, with the path it failed at.
pub fn base(paths: &Paths, tools: &Chroot, archive: &Path, version: &str, tree: &Path) -> Result<()> {
    root::unpack(archive, tree)?;
    overlay(&paths.repo.join("image/rootfs"), tree)?;
    identity(tree, version)?;
    settle(paths, tree)?;
    prune::prune(tree, &paths.repo.join("image/prune.toml"))?;
    firmware(tools, tree)?;
    boot_files(tools, tree)?;
    factory(tree)
}

/// Adds the daemons and the list of what is inside.
///
/// # Errors
/// If a file cannot be written.
pub fn finish(tree: &Path, programs: &[PathBuf], sbom: &str) -> Result<()> {
    for program in programs {
        let name = program.file_name().context("a program without a name")?;
        // What nobody calls by name is not in the path of those who do.
        let folder = if name == INITRD { LIB } else { "usr/bin" };
        install(program, &tree.join(folder).join(name), 0o755)?;
    }
    make_dir(&tree.join(SHARE))?;
    write(&tree.join(SHARE).join("sbom.cdx.json"), sbom)
}

/// Copies PocketStack's own files over the tree. Modes are 0644 and 0755, whatever umask the checkout was made with.
pub fn overlay(from: &Path, tree: &Path) -> Result<()> {
    for path in walk(from)? {
        let target = tree.join(path.strip_prefix(from).unwrap_or(&path));
        let meta = fs::symlink_metadata(&path)?;
        if meta.is_dir() {
            if !target.is_dir() {
                make_dir(&target)?;
            }
        } else if meta.is_symlink() {
            symlink(fs::read_link(&path)?, &target)
                .with_context(|| format!("cannot link {}", target.display()))?;
        } else {
            install(
                &path,
                &target,
                if meta.permissions().mode() & 0o100 == 0 {
                    0o644
                } else {
                    0o755
                },
            )?;
        }
    }
    Ok(())
}

/// What the installer makes a disk bootable with. Kernel and initrd come from the medium: they know the root's hash.
fn boot_files(tools: &Chroot, tree: &Path) -> Result<()> {
    let folder = format!("/parts/tree/{LIB}/boot");
    grub::core(
        tools,
        &tree.join(LIB).join("boot"),
        &folder,
        "i386-pc",
        "core.img",
    )?;
    for (from, name) in [
        (grub::BOOT_SECTOR, "boot.img"),
        (efi::SYSTEMD_BOOT, "systemd-bootx64.efi"),
    ] {
        run(tools.cmd("cp").args([from, &format!("{folder}/{name}")]))
            .with_context(|| format!("the tools root has no {from}"))?;
    }
    Ok(())
}

/// Compresses firmware file by file. The kernel reads `.zst` as well (CONFIG_FW_LOADER_COMPRESS_ZSTD), and a file's
/// parts resemble each other over larger distances than the clusters of the file system.
fn firmware(tools: &Chroot, tree: &Path) -> Result<()> {
    let (mut files, mut links) = (Vec::new(), Vec::new());
    for path in walk(&tree.join("usr/lib/firmware"))? {
        let meta = fs::symlink_metadata(&path)?;
        if meta.is_symlink() {
            links.push(path);
        } else if meta.is_file() {
            files.push(path);
        }
    }
    let suffixed = |path: &Path| PathBuf::from(format!("{}.zst", path.display()));
    // Links first, while what they point at still has its old name: links to folders stay as they are.
    for link in links {
        if !link.is_dir() {
            let target = fs::read_link(&link)?;
            fs::remove_file(&link)?;
            symlink(suffixed(&target), suffixed(&link))
                .with_context(|| format!("cannot link {}", link.display()))?;
        }
    }
    // -T1: files are small and the result must not depend on the number of processors.
    let inside = files
        .iter()
        .map(|file| Path::new("/parts/tree").join(file.strip_prefix(tree).unwrap_or(file)));
    run(tools
        .cmd("zstd")
        .args(["--quiet", "-19", "-T1", "--rm", "--"])
        .args(inside))
    .context("cannot compress the firmware")?;
    Ok(())
}

/// Copies a file into the tree, in place of whatever is there.
///
/// # Errors
/// If it cannot be read or written.
pub fn install(from: &Path, to: &Path, mode: u32) -> Result<()> {
    // Removed first: a hard link or a symlink of a package must not be written through.
    if fs::symlink_metadata(to).is_ok() {
        fs::remove_file(to).with_context(|| format!("cannot replace {}", to.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    fs::set_permissions(to, PermissionsExt::from_mode(mode))
        .with_context(|| format!("cannot set the mode of {}", to.display()))
}

fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)
        .and_then(|()| fs::set_permissions(dir, PermissionsExt::from_mode(0o755)))
        .with_context(|| format!("cannot make {}", dir.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path).with_context(|| format!("cannot replace {}", path.display()))?;
    }
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, PermissionsExt::from_mode(0o644)))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// What the system says it is (os-release(5)). The initrd says the same: its systemd sets the host name first.
///
/// # Errors
/// If a file cannot be written.
pub fn identity(tree: &Path, version: &str) -> Result<()> {
    let text = format!(
        "NAME=PocketStack\nID=pocketstack\nID_LIKE=debian\nVERSION_ID={version}\nVERSION={version}\nIMAGE_ID=pocketstack\n\
         IMAGE_VERSION={version}\nPRETTY_NAME=\"PocketStack {version}\"\nVERSION_CODENAME=trixie\n"
    );
    write(&tree.join("usr/lib/os-release"), &text)?;
    for file in ["etc/issue", "etc/issue.net", "etc/motd"] {
        let path = tree.join(file);
        if fs::symlink_metadata(&path).is_ok() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    // Until somebody gives it a better one.
    write(&tree.join("etc/hostname"), "pocketstack\n")?;
    write(
        &tree.join("etc/hosts"),
        "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
    )
}

/// Users and enabled units, by systemd's own tools, in the tree.
fn settle(paths: &Paths, tree: &Path) -> Result<()> {
    let chroot = Chroot::new(paths, tree, &[])?;
    run(chroot.cmd("systemd-sysusers")).context("cannot make the users")?;
    run(chroot.cmd("systemctl").args(["--root=/", "preset-all"])).context("cannot apply the presets")?;
    run(chroot
        .cmd("systemctl")
        .args(["--root=/", "set-default", "multi-user.target"]))?;
    drop(chroot);
    // Nobody may log in: no account has a password, and none may be set by a package unnoticed.
    let shadow = fs::read_to_string(tree.join("etc/shadow")).context("cannot read etc/shadow of the root")?;
    for line in shadow.lines() {
        let mut fields = line.split(':');
        let (user, password) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        if !password.starts_with(['!', '*']) {
            bail!("the account {user} can be logged in to: no account of the image may have a password");
        }
    }
    // sysusers and passwd keep backups that carry the time.
    for file in [
        "passwd-",
        "group-",
        "shadow-",
        "gshadow-",
        ".pwd.lock",
        "subuid-",
        "subgid-",
    ] {
        let path = tree.join("etc").join(file);
        if path.exists() {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Empties what is mounted at run time; what packages expect in `/var` is kept where the initrd takes it from.
fn factory(tree: &Path) -> Result<()> {
    make_dir(&tree.join("usr/share/factory"))?;
    let factory = tree.join("usr/share/factory/var");
    if factory.exists() {
        fs::remove_dir_all(&factory)?;
    }
    make_dir(&tree.join("var/log"))?;
    make_dir(&tree.join("var/cache"))?;
    make_dir(&tree.join("var/lib/pocketstack"))?;
    fs::rename(tree.join("var"), &factory).context("cannot move /var to the factory folder")?;
    make_dir(&tree.join("var"))?;
    // systemd writes the id there on first boot, into the volatile layer.
    write(&tree.join("etc/machine-id"), "")?;
    // Chroot::new made these mount points, if the packages had not.
    for dir in ["tmp", "run", "dev", "proc", "sys"] {
        let path = tree.join(dir);
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot empty {}", path.display()))?;
        }
        make_dir(&path)?;
    }
    fs::set_permissions(tree.join("tmp"), PermissionsExt::from_mode(0o1777))?;
    // "/etc and /var are as new as /usr" (systemd-update-done.service(8)): users, caches and catalogs were made here.
    write(&tree.join("etc/.updated"), "")?;
    write(&factory.join(".updated"), "")?;
    // systemd-gpt-auto-generator(8) mounts the EFI partition there when something looks, for one systemd-bless-boot.
    make_dir(&tree.join("boot"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overlay_sets_modes_itself_and_replaces_links() {
        let (from, tree) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        fs::create_dir(from.path().join("etc")).expect("a folder");
        fs::write(from.path().join("etc/conf"), "ours").expect("a file");
        fs::set_permissions(from.path().join("etc/conf"), PermissionsExt::from_mode(0o600)).expect("a mode");
        fs::create_dir(tree.path().join("etc")).expect("a folder");
        fs::write(tree.path().join("etc/target"), "theirs").expect("a file");
        symlink("target", tree.path().join("etc/conf")).expect("a link");
        overlay(from.path(), tree.path()).expect("works");
        let meta = fs::symlink_metadata(tree.path().join("etc/conf")).expect("there");
        assert!(meta.is_file());
        assert_eq!(meta.permissions().mode() & 0o777, 0o644);
        assert_eq!(
            fs::read_to_string(tree.path().join("etc/target")).expect("there"),
            "theirs"
        );
    }
}
