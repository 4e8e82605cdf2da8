//! Installing a root out of locked packages, with mmdebstrap and without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use pocketstack_exec::{Cmd, run};

use crate::fetch;
use crate::hash;
use crate::lock::Lock;
use crate::mirror::Mirrors;
use crate::packages::RootName;
use crate::paths::{Paths, need_space};
use crate::progress::{Stage, unchanged};
use crate::repository;

/// Raised when this file changes what a root holds, so that cached roots are made anew.
const RECIPE: u32 = 1;

/// What the local repository calls itself towards mmdebstrap. The lock has already decided what is in it.
const SUITE: &str = "locked";

/// Room a root needs while it is made: packages, unpacked files and the archive of both.
const SCRATCH: u64 = 3_500_000_000;

/// Roots of a kind that are kept besides the one just made: another branch's, and the one before.
const OTHERS: usize = 2;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What identifies a root's content: its packages, the time stamp they get, and the recipe.
fn key(lock: &Lock, name: RootName) -> Result<String> {
    let mut text = format!("{RECIPE} {}\n", epoch(lock, name));
    for package in &lock.root(name)?.packages {
        text += &format!("{} {}\n", package.name, package.sha256);
    }
    Ok(hash::of_bytes(text.as_bytes())[..16].to_owned())
}

/// Time stamp of a root's files. Only the image's are ever seen; the others need not be made anew with every lock.
fn epoch(lock: &Lock, name: RootName) -> u64 {
    if name == RootName::Image { lock.epoch } else { 0 }
}

/// The installed root as an archive (`.tar`), made if it is not in the cache.
///
/// # Errors
/// Fetching (see [`fetch::Error`]) and installing.
pub fn archive(paths: &Paths, lock: &Lock, name: RootName, mirrors: &Mirrors) -> Result<PathBuf> {
    let target = paths
        .cache
        .join("roots")
        .join(format!("{name}-{}.tar", key(lock, name)?));
    if target.exists() {
        used(&target);
        unchanged(&format!("Root {name}"));
        return Ok(target);
    }
    sweep(&paths.cache.join("roots"), name)?;
    let scratch = paths.scratch(SCRATCH)?;
    let made = install(paths, lock, name, mirrors, scratch.path())?;
    keep(&made, &target)?;
    Ok(target)
}

/// The installed root as a folder, made if it is not in the cache.
///
/// # Errors
/// As [`archive`].
pub fn tree(paths: &Paths, lock: &Lock, name: RootName, mirrors: &Mirrors) -> Result<PathBuf> {
    let target = paths
        .cache
        .join("roots")
        .join(format!("{name}-{}", key(lock, name)?));
    if target.exists() {
        used(&target);
        return Ok(target);
    }
    sweep(&paths.cache.join("roots"), name)?;
    let scratch = paths.scratch(SCRATCH)?;
    let made = install(paths, lock, name, mirrors, scratch.path())?;
    let part = target.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part).with_context(|| format!("cannot remove {}", part.display()))?;
    }
    fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
    need_space(&part, SCRATCH / 2)?;
    unpack(&made, &part)?;
    fs::rename(&part, &target).with_context(|| format!("cannot rename {}", part.display()))?;
    Ok(target)
}

/// Notes that a root is in use: those not used for longest go first. Not being able to tell costs a rebuild some day.
fn used(root: &Path) {
    drop(fs::File::open(root).and_then(|root| root.set_modified(SystemTime::now())));
}

/// Removes the roots of a kind that were not used for longest, so that a cache does not grow with every new lock.
/// One used within the last day may be in use now, by a demo or a long run of tests, and stays.
fn sweep(roots: &Path, name: RootName) -> Result<()> {
    let Ok(entries) = fs::read_dir(roots) else {
        return Ok(());
    };
    let prefix = format!("{name}-");
    let mut known: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    known.sort_by(|a, b| b.cmp(a));
    for (last, path) in known.into_iter().skip(OTHERS) {
        if last.elapsed().is_ok_and(|age| age > DAY) {
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Unpacks a root's archive with owners and modes; device files are left out (they are made at boot).
///
/// # Errors
/// tar's own words.
pub fn unpack(archive: &Path, dir: &Path) -> Result<()> {
    run(Cmd::new("tar")
        .args([
            "--extract",
            "--numeric-owner",
            "--preserve-permissions",
            "--xattrs",
            "--xattrs-include=*",
            "--exclude=./dev/*",
        ])
        .arg("--file")
        .arg(archive)
        .arg("--directory")
        .arg(dir)
        .unlimited())
    .with_context(|| format!("cannot unpack {}", archive.display()))?;
    Ok(())
}

/// Packs a tree so that [`unpack`] gives it back as it was.
///
/// # Errors
/// tar's own words.
pub fn pack(tree: &Path, archive: &Path) -> Result<()> {
    run(Cmd::new("tar")
        .args([
            "--create",
            "--numeric-owner",
            "--xattrs",
            "--xattrs-include=*",
            "--file",
        ])
        .arg(archive)
        .arg("--directory")
        .arg(tree)
        .arg(".")
        .unlimited())
    .with_context(|| format!("cannot pack {}", archive.display()))?;
    Ok(())
}

fn install(paths: &Paths, lock: &Lock, name: RootName, mirrors: &Mirrors, scratch: &Path) -> Result<PathBuf> {
    let packages = &lock.root(name)?.packages;
    fetch::fetch(&paths.objects, &packages.iter().collect::<Vec<_>>(), mirrors)?;
    let stage = Stage::start(format!("Installing root {name}"));
    let repository = scratch.join("repository");
    fs::create_dir_all(&repository)?;
    repository::make(&repository, SUITE, &paths.objects, packages)?;
    let made = scratch.join("root.tar");
    let log = paths.cache.join(format!("{name}-install.log"));
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    // No network: whatever a package's script might want to fetch is an error, not a surprise.
    run(Cmd::new("unshare")
        .args([
            // Its mounts are in nobody's way when the scratch folder is removed.
            "--mount",
            "--net",
            "--kill-child",
            "--fork",
            "--",
            "mmdebstrap",
            "--mode=root",
            "--variant=essential",
            "--format=tar",
            "--quiet",
        ])
        .arg(format!("--logfile={}", log.display()))
        .arg("--aptopt=APT::Sandbox::User \"root\"")
        .arg("--aptopt=APT::Install-Recommends \"false\"")
        .arg("--dpkgopt=force-unsafe-io")
        .arg(format!("--include={}", names.join(",")))
        .arg(SUITE)
        .arg(&made)
        .arg(format!("deb [trusted=yes] copy:{} ./", repository.display()))
        .env("SOURCE_DATE_EPOCH", epoch(lock, name).to_string())
        .env("TMPDIR", scratch)
        // Debian's kernel packages make no initrd then; the build makes its own.
        .env("INITRD", "No")
        .env("LC_ALL", "C.UTF-8")
        .unlimited())
    .with_context(|| {
        format!(
            "cannot install the packages of root {name} (all that was said: {})",
            log.display()
        )
    })?;
    stage.done(&format!("{} packages", packages.len()));
    Ok(made)
}

/// Puts a finished file where it belongs, whole or not at all.
fn keep(made: &Path, target: &Path) -> Result<()> {
    let part = target.with_extension("part");
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        need_space(parent, fs::metadata(made)?.len())?;
    }
    fs::copy(made, &part).with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(&part, target).with_context(|| format!("cannot write {}", target.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_long_unused_go_and_those_in_use_stay() {
        let roots = tempfile::tempdir().expect("a folder");
        let make = |name: &str, days: u32, folder: bool| {
            let path = roots.path().join(name);
            if folder {
                fs::create_dir(&path)
            } else {
                fs::write(&path, "")
            }
            .expect("written");
            let date = SystemTime::now() - DAY * days;
            fs::File::open(&path)
                .and_then(|file| file.set_modified(date))
                .expect("dated");
        };
        make("image-new.tar", 2, false);
        make("image-old.tar", 3, false);
        make("image-older.tar", 4, false);
        make("tools-a", 9, true);
        make("tools-b", 8, true);
        make("tools-c", 7, true);
        make("testbed-oldest", 99, true);
        let left = || {
            let mut names: Vec<_> = fs::read_dir(roots.path())
                .expect("listed")
                .flatten()
                .map(|entry| entry.file_name().into_string().expect("a name"))
                .collect();
            names.sort();
            names
        };
        used(&roots.path().join("tools-a"));
        sweep(roots.path(), RootName::Image).expect("swept");
        sweep(roots.path(), RootName::Tools).expect("swept");
        assert_eq!(
            left(),
            [
                "image-new.tar",
                "image-old.tar",
                "testbed-oldest",
                "tools-a",
                "tools-c"
            ]
        );
        make("tools-d", 0, true);
        make("tools-e", 0, true);
        sweep(roots.path(), RootName::Tools).expect("swept");
        assert!(left().contains(&"tools-a".to_owned()), "it was used a moment ago");
    }
}
