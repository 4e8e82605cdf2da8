//! What is laid over the read-only root: memory at `/var` where there is no disk, and a volatile layer over `/etc`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};

/// Mounts memory at `var`.
///
/// # Errors
/// What the kernel says.
pub fn memory(var: &Path) -> Result<()> {
    mount(
        Some("pocketstack-state"),
        var,
        Some("tmpfs"),
        MsFlags::MS_NODEV | MsFlags::MS_NOSUID,
        Some("mode=0755"),
    )
    .with_context(|| format!("memory cannot be mounted at {}", var.display()))
}

/// Copies what packages expect to find; what is there already stays as it is. Owners and modes are kept.
///
/// # Errors
/// Names the file that could not be copied.
pub fn fill(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries.flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        copy(&from, &to).with_context(|| format!("cannot make {}", to.display()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let meta = fs::symlink_metadata(from)?;
    let there = fs::symlink_metadata(to).is_ok();
    if meta.is_dir() {
        if !there {
            fs::create_dir(to)?;
            chown(to, Some(meta.uid()), Some(meta.gid()))?;
            fs::set_permissions(to, fs::Permissions::from_mode(meta.mode()))?;
        }
        return fill(from, to);
    }
    if there {
        return Ok(());
    }
    if meta.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
        return Ok(lchown(to, Some(meta.uid()), Some(meta.gid()))?);
    }
    // Under another name first: a power cut must not leave half a file that then stays for ever.
    let mut part = to.as_os_str().to_owned();
    part.push(".new");
    fs::copy(from, &part)?;
    chown(&part, Some(meta.uid()), Some(meta.gid()))?;
    // After the owner: changing that takes away set-user-id bits (chown(2)).
    fs::set_permissions(&part, fs::Permissions::from_mode(meta.mode()))?;
    Ok(fs::rename(&part, to)?)
}

/// Lays a volatile layer, kept under `layer`, over `/etc` of the root.
///
/// # Errors
/// What the kernel says.
pub fn etc(sysroot: &Path, layer: &Path) -> Result<()> {
    let (upper, work, etc) = (layer.join("upper"), layer.join("work"), sysroot.join("etc"));
    for folder in [&upper, &work] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    // The upper folder becomes /etc: everybody may look into that.
    fs::set_permissions(&upper, fs::Permissions::from_mode(0o755))?;
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        etc.display(),
        upper.display(),
        work.display()
    );
    mount(
        Some("pocketstack-etc"),
        &etc,
        Some("overlay"),
        MsFlags::empty(),
        Some(options.as_str()),
    )
    .context("no layer can be laid over /etc")
}

/// Gives the machine the id it had before, if it had one: pocketstackd keeps it in the state.
pub fn machine_id(sysroot: &Path) {
    let Ok(id) = fs::read(sysroot.join("var/lib/pocketstack/machine-id")) else {
        return;
    };
    if let Err(error) = fs::write(sysroot.join("etc/machine-id"), id) {
        eprintln!("the machine cannot be given its id: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_filled_in_and_what_is_there_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("factory"), folder.path().join("var"));
        fs::create_dir_all(from.join("lib/dpkg")).expect("a folder");
        fs::set_permissions(from.join("lib/dpkg"), fs::Permissions::from_mode(0o750)).expect("a mode");
        fs::write(from.join("lib/dpkg/status"), "factory").expect("a file");
        fs::write(from.join("lib/new"), "factory").expect("a file");
        symlink("/run", from.join("run")).expect("a link");
        fs::create_dir_all(to.join("lib")).expect("a folder");
        fs::write(to.join("lib/new"), "kept").expect("a file");
        for _ in 0..2 {
            fill(&from, &to).expect("filled");
            let read = |name: &str| fs::read_to_string(to.join(name)).expect("there");
            assert_eq!(read("lib/dpkg/status"), "factory");
            assert_eq!(read("lib/new"), "kept");
            assert_eq!(fs::read_link(to.join("run")).expect("a link"), Path::new("/run"));
            let mode = fs::metadata(to.join("lib/dpkg")).expect("there").mode();
            assert_eq!(mode & 0o7777, 0o750);
            assert!(!to.join("lib/dpkg/status.new").exists());
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = fill(&folder.path().join("none"), folder.path()).expect_err("no folder");
        assert!(error.to_string().ends_with("none"), "{error}");
    }
}
