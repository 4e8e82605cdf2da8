//! File systems: made, mounted out of sight, written and read back.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use pocketstack_exec::{Cmd, run};

use super::{FileSystem, HostError, NewFile};
use pocketstack_disk::parts::label;

impl FileSystem {
    fn kernel_name(self) -> &'static str {
        match self {
            Self::Fat => "vfat",
            Self::Ext4 => "ext4",
        }
    }
}

/// A mounted file system in a folder of its own; dropping it takes both away.
#[derive(Debug)]
pub struct Mounted(tempfile::TempDir);

impl Mounted {
    /// Mounts a device.
    ///
    /// # Errors
    /// The kernel's.
    pub fn at(work: &Path, device: &Path, kind: &str, flags: MsFlags) -> io::Result<Self> {
        let flags = flags | MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
        Self::by(work, |folder| {
            Ok(mount(Some(device), folder, Some(kind), flags, None::<&str>)?)
        })
    }

    /// Has something mounted at a new folder.
    ///
    /// # Errors
    /// The caller's own, or there can be no folder.
    pub fn by(work: &Path, mount: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<Self> {
        fs::create_dir_all(work)?;
        let folder = tempfile::Builder::new().prefix("mounted-").tempdir_in(work)?;
        mount(folder.path())?;
        Ok(Self(folder))
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes it away, and says whether that went well: what was written is on the disk then.
    fn close(self) -> io::Result<()> {
        umount2(self.path(), MntFlags::empty())?;
        // Not mounted any more: this finds nothing to do but the folder.
        Ok(())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // EINVAL says that it is not mounted any more. Otherwise it is taken out of sight, and goes once nobody uses it.
        let _gone = umount2(self.path(), MntFlags::MNT_DETACH);
    }
}

/// Makes a file system over whatever is there.
pub fn format(device: &Path, kind: FileSystem) -> Result<(), HostError> {
    let cmd = match kind {
        FileSystem::Fat => Cmd::new("mkfs.vfat").args(["-F", "32", "-n", label::ESP]),
        FileSystem::Ext4 => Cmd::new("mke2fs").args(["-q", "-F", "-t", "ext4", "-L", label::STATE]),
    };
    run(cmd.arg(device).within(Duration::from_secs(300)))?;
    Ok(())
}

/// Writes files, each under another name first.
pub fn put(work: &Path, device: &Path, kind: FileSystem, files: &[NewFile<'_>]) -> Result<(), HostError> {
    let mounted = Mounted::at(work, device, kind.kernel_name(), MsFlags::empty())?;
    for file in files {
        write(mounted.path(), file)?;
    }
    Ok(mounted.close()?)
}

fn write(root: &Path, file: &NewFile<'_>) -> io::Result<()> {
    let path = root.join(file.path);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder)?;
    let mut part = path.as_os_str().to_owned();
    part.push(".new");
    let part = PathBuf::from(part);
    let mut new = File::create(&part)?;
    new.write_all(file.bytes)?;
    new.sync_all()?;
    drop(new);
    fs::rename(&part, &path)?;
    // Every folder on the way may be new.
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(root)) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Compares files. What the kernel remembered of the device went when it was unmounted, so this reads the device.
pub fn check(
    work: &Path,
    device: &Path,
    kind: FileSystem,
    files: &[NewFile<'_>],
) -> Result<Option<String>, HostError> {
    let mounted = Mounted::at(work, device, kind.kernel_name(), MsFlags::MS_RDONLY)?;
    for file in files {
        if !is_same(&mounted.path().join(file.path), file.bytes)? {
            return Ok(Some(file.path.to_owned()));
        }
    }
    Ok(None)
}

fn is_same(path: &Path, expected: &[u8]) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    if file.metadata()?.len() != expected.len() as u64 {
        return Ok(false);
    }
    let mut buffer = vec![0; 1 << 20];
    for chunk in expected.chunks(buffer.len()) {
        file.read_exact(&mut buffer[..chunk.len()])?;
        if buffer[..chunk.len()] != *chunk {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Files in a folder, in the order of their names.
pub fn list(
    work: &Path,
    device: &Path,
    kind: FileSystem,
    folder: &Path,
) -> Result<Vec<(String, Vec<u8>)>, HostError> {
    let mounted = Mounted::at(work, device, kind.kernel_name(), MsFlags::MS_RDONLY)?;
    Ok(read_all(&mounted.path().join(folder))?)
}

fn read_all(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            found.push((name, fs::read(entry.path())?));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_whole_into_new_folders_and_compared() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |bytes| NewFile { path: "a/b/c", bytes };
        for bytes in [&b"one"[..], b"two"] {
            write(dir.path(), &file(bytes)).expect("written");
            let path = dir.path().join("a/b/c");
            assert!(is_same(&path, bytes).expect("read"));
            assert!(!is_same(&path, b"six").expect("read"));
            assert!(!is_same(&path, b"longer").expect("read"));
            assert!(!is_same(&dir.path().join("a/none"), b"").expect("read"));
        }
        let there = read_all(&dir.path().join("a/b")).expect("read");
        assert_eq!(there, [("c".to_owned(), b"two".to_vec())]);
        assert_eq!(read_all(&dir.path().join("none")).expect("read"), []);
    }
}
