//! Where things are: the checkout, its target folder, and the cache that all checkouts of a user share.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::interrupt;

/// How scratch folders' names begin; the process id follows.
const SCRATCH: &str = "pocketstack-scratch-";

/// The folders of one build.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The checkout.
    pub repo: PathBuf,
    /// Artifacts (`target/image`), or another folder for a second build.
    pub out: PathBuf,
    /// Roots, which are the same for every checkout.
    pub cache: PathBuf,
    /// Packages by hash.
    pub objects: PathBuf,
}

impl Paths {
    /// Finds the checkout from the current folder upwards; the cache is `$POCKETSTACK_CACHE`,
    /// `$XDG_CACHE_HOME/pocketstack` or `~/.cache/pocketstack`.
    ///
    /// # Errors
    /// If this is no checkout, or there is no place for a cache.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().context("cannot tell the current folder")?;
        let Some(repo) = here
            .ancestors()
            .find(|dir| dir.join("image/packages.toml").is_file())
        else {
            bail!("{} is not inside a checkout of PocketStack", here.display());
        };
        let set = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let cache = set("POCKETSTACK_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("pocketstack")))
            .or_else(|| set("HOME").map(|dir| dir.join(".cache/pocketstack")))
            .context("no place for the cache: set HOME or POCKETSTACK_CACHE")?;
        std::fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        Ok(Self {
            repo: repo.to_owned(),
            out: repo.join("target/image"),
            objects: cache.join("objects"),
            cache,
        })
    }

    /// `packages.toml`.
    pub fn wanted(&self) -> PathBuf {
        self.repo.join("image/packages.toml")
    }

    /// `packages.lock`.
    pub fn lock(&self) -> PathBuf {
        self.repo.join("image/packages.lock")
    }

    /// The same checkout built into another folder, from nothing but the packages.
    pub fn apart(&self, out: &Path) -> Self {
        Self {
            repo: self.repo.clone(),
            out: out.to_owned(),
            cache: out.join("cache"),
            objects: self.objects.clone(),
        }
    }

    /// A folder for a tree that is written once and thrown away: in memory where there is plenty, on disk otherwise.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn scratch(&self, needed: u64) -> Result<tempfile::TempDir> {
        let memory = Path::new("/dev/shm");
        // Half as much again stays free for everything else that runs.
        let roomy = available_memory() > needed + needed / 2 && free_bytes(memory) > needed;
        let base = if roomy {
            memory.to_owned()
        } else {
            self.cache.join("scratch")
        };
        std::fs::create_dir_all(&base).with_context(|| format!("cannot make {}", base.display()))?;
        sweep(&base);
        let dir = tempfile::Builder::new()
            .prefix(&format!("{SCRATCH}{}-", std::process::id()))
            .tempdir_in(&base)
            .with_context(|| format!("cannot make a work folder in {}", base.display()))?;
        interrupt::scratch(dir.path());
        Ok(dir)
    }
}

/// Removes scratch folders of builders that were killed before they could.
fn sweep(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(SCRATCH)?.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Somebody else's folder that cannot be removed is in nobody's way but the disk's.
            let _kept = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// `MemAvailable` in bytes, 0 if it cannot be read.
fn available_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    text.lines()
        .find_map(|line| {
            line.strip_prefix("MemAvailable:")?
                .trim()
                .strip_suffix(" kB")?
                .trim()
                .parse::<u64>()
                .ok()
        })
        .unwrap_or(0)
        * 1024
}

/// Bytes an ordinary user can still write there, 0 if that cannot be told.
pub fn free_bytes(dir: &Path) -> u64 {
    nix::sys::statvfs::statvfs(dir)
        .map(|fs| fs.blocks_available() * fs.fragment_size())
        .unwrap_or(0)
}

/// Refuses to start what cannot end well.
///
/// # Errors
/// Says how much is missing and where.
pub fn need_space(dir: &Path, bytes: u64) -> Result<()> {
    let free = free_bytes(dir);
    if free < bytes {
        bail!(
            "{} has {} MB free and the build needs {} MB there: make room, or point POCKETSTACK_CACHE or CARGO_TARGET_DIR elsewhere",
            dir.display(),
            free / 1_000_000,
            bytes / 1_000_000
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_folders_of_the_dead_are_swept_and_those_of_the_living_kept() {
        let base = tempfile::tempdir().expect("a folder");
        // No process has this number: the largest possible one is 4194304 (proc_sys_kernel(5), pid_max).
        let dead = base.path().join(format!("{SCRATCH}4194305-x"));
        let living = base.path().join(format!("{SCRATCH}{}-x", std::process::id()));
        let stranger = base.path().join("something-else");
        for dir in [&dead, &living, &stranger] {
            std::fs::create_dir(dir).expect("a folder");
        }
        sweep(base.path());
        assert!(!dead.exists() && living.exists() && stranger.exists());
    }

    #[test]
    fn a_full_disk_is_told_before_anything_is_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = need_space(dir.path(), u64::MAX / 2).expect_err("nobody has that much");
        assert!(error.to_string().contains("make room"), "{error}");
        need_space(dir.path(), 1).expect("one byte is free");
    }
}
