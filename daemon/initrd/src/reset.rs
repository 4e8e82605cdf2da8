//! The reset to how the machine was before its setup: pocketstackd leaves a mark in the state and restarts the machine.
//!
//! Everything in the file system is removed, and the mark last. A power cut in the middle leaves the mark, and the next
//! start goes on; a file system that was made anew instead would be none at all for a moment.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::unistd::syncfs;
use pocketstack_disk::parts::RESET_MARK;

/// What mke2fs(8) makes and e2fsck(8) needs.
const STAYS: &[u8] = b"lost+found";

/// Whether the state mounted at `var` is to be removed.
pub fn is_wanted(var: &Path) -> bool {
    // A link may lead out of the state, where nothing is to be removed.
    let mut path = var.to_owned();
    let mut last = None;
    for part in Path::new(RESET_MARK) {
        path.push(part);
        last = fs::symlink_metadata(&path).ok().map(|meta| meta.file_type());
        if last.is_none_or(|kind| kind.is_symlink()) {
            return false;
        }
    }
    last.is_some_and(|kind| kind.is_file())
}

/// Removes everything at `var`, the mark last. Returns when that is on the disk.
///
/// # Errors
/// Names what could not be removed; the mark is still there then.
pub fn empty(var: &Path) -> Result<()> {
    empty_by(var, &mut |path| {
        if fs::symlink_metadata(path)?.is_dir() {
            fs::remove_dir(path)
        } else {
            fs::remove_file(path)
        }
    })
}

fn empty_by(var: &Path, remove: &mut impl FnMut(&Path) -> io::Result<()>) -> Result<()> {
    let mark = var.join(RESET_MARK);
    let mut remove =
        |path: &Path| remove(path).with_context(|| format!("{} cannot be removed", path.display()));
    for path in entries(var)? {
        if path.file_name().is_none_or(|name| name.as_bytes() != STAYS) {
            remove_below(&path, &mark, &mut remove)?;
        }
    }
    // The order in which the disk forgets is the one of the calls only if it is told so.
    flush(var)?;
    remove(&mark)?;
    flush(var)?;
    let folders = mark.ancestors().skip(1).take_while(|folder| *folder != var);
    for folder in folders {
        remove(folder)?;
    }
    Ok(())
}

/// Removes what is there, but not the mark and the folders it is in.
fn remove_below(path: &Path, mark: &Path, remove: &mut impl FnMut(&Path) -> Result<()>) -> Result<()> {
    if path == mark {
        return Ok(());
    }
    let meta = fs::symlink_metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
    if meta.is_dir() {
        for path in entries(path)? {
            remove_below(&path, mark, remove)?;
        }
    }
    if mark.starts_with(path) {
        return Ok(());
    }
    remove(path)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read =
        || -> io::Result<Vec<PathBuf>> { fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    read().with_context(|| format!("cannot read {}", folder.display()))
}

fn flush(var: &Path) -> Result<()> {
    let folder = fs::File::open(var).with_context(|| format!("cannot open {}", var.display()))?;
    syncfs(&folder).with_context(|| format!("{} cannot be flushed", var.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A state with everything in it, and a folder beside it.
    fn state() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let var = folder.path().join("var");
        for (path, text) in [
            ("var/lib/pocketstack/config/00000001.toml", "secret"),
            ("var/lib/pocketstack/machine-id", "id"),
            ("var/lib/pocketstack-web/tokens.json", "[]"),
            ("var/log/journal/a/system.journal", "log"),
            ("var/lost+found/1", "found"),
            ("outside/stays", "it does"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        symlink(folder.path().join("outside"), var.join("lib/link")).expect("a link");
        (folder, var)
    }

    fn everything(var: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for path in entries(var).expect("read") {
            found.push(path.display().to_string());
            if fs::symlink_metadata(&path).expect("there").is_dir() {
                found.extend(everything(&path));
            }
        }
        found
    }

    #[test]
    fn only_a_mark_that_is_a_file_in_the_state_is_one() {
        let (folder, var) = state();
        assert!(!is_wanted(&var));
        fs::create_dir(var.join(RESET_MARK)).expect("made");
        assert!(!is_wanted(&var));
        fs::remove_dir(var.join(RESET_MARK)).expect("removed");
        fs::write(var.join(RESET_MARK), "").expect("written");
        assert!(is_wanted(&var));
        fs::rename(var.join("lib"), folder.path().join("lib")).expect("moved");
        symlink(folder.path().join("lib"), var.join("lib")).expect("a link");
        assert!(!is_wanted(&var));
    }

    #[test]
    fn everything_goes_and_nothing_outside() {
        let (folder, var) = state();
        fs::write(var.join(RESET_MARK), "").expect("written");
        empty(&var).expect("emptied");
        assert!(!is_wanted(&var));
        let left: Vec<String> = everything(&var);
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(left.iter().all(|path| path.contains("lost+found")));
        assert!(folder.path().join("outside/stays").exists());
    }

    #[test]
    fn a_power_cut_anywhere_leaves_the_mark_or_an_empty_state() {
        let mut cut = 0;
        loop {
            let (_folder, var) = state();
            fs::write(var.join(RESET_MARK), "").expect("written");
            let mut left = cut;
            let done = empty_by(&var, &mut |path| {
                if left == 0 {
                    return Err(io::Error::other("the power goes"));
                }
                left -= 1;
                if fs::symlink_metadata(path)?.is_dir() {
                    fs::remove_dir(path)
                } else {
                    fs::remove_file(path)
                }
            });
            let files = |var: &Path| {
                let all = everything(var);
                all.into_iter()
                    .filter(|path| !path.contains("lost+found") && !Path::new(path).is_dir())
                    .count()
            };
            assert!(is_wanted(&var) || files(&var) == 0, "after {cut}");
            if done.is_ok() {
                assert!(cut > 8, "each removal was cut once");
                return;
            }
            if is_wanted(&var) {
                empty(&var).expect("the next start goes on");
            }
            assert_eq!(files(&var), 0);
            cut += 1;
        }
    }
}
