//! Small files that are there whole or not at all, whenever the power goes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Makes a file have this text, and returns when it is on the disk. It is written under its name with `.new` for an
/// extension, which nobody else may use. Blocks.
///
/// # Errors
/// What the kernel says. The file is then as it was, or, where only the folder could not be flushed, perhaps the new
/// one; what was written under the other name is gone.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let write = || {
        let mut file = File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().inspect_err(|_| {
        // What was wrong with writing it says more than this could.
        let _ = fs::remove_file(&fresh);
    })
}

/// Makes a file not be there.
///
/// # Errors
/// What the kernel says, unless it is that there is none.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("note");
        // Left by a power cut.
        fs::write(dir.path().join("note.new"), "half of o").expect("written");
        for text in ["one\n", "two\n", ""] {
            write(&path, text).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
        }
        assert_eq!(fs::read_dir(dir.path()).expect("read").count(), 1);
        remove(&path).expect("removed");
        remove(&path).expect("not there");
        assert!(!path.exists());
    }

    #[test]
    fn a_full_disk_changes_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("note");
        write(&path, "one\n").expect("written");
        // /dev/full answers every write as a full disk does.
        symlink("/dev/full", dir.path().join("note.new")).expect("made");
        let error = write(&path, "two\n").expect_err("full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).expect("read"), "one\n");
        assert_eq!(fs::read_dir(dir.path()).expect("read").count(), 1);
    }
}
