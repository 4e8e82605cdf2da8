//! Files of the state folder and of the runtime folder: read whole, written whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Something could not be read from or written to a folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}; the folders given with --state and --runtime must belong to the user of this program", .path.display())]
pub struct FileError {
    /// What was tried.
    pub doing: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What the kernel said.
    pub source: std::io::Error,
}

/// Nothing kept here is longer; more is not read.
const LIMIT: u64 = 256 * 1024;

fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> FileError + 'a {
    move |source| FileError {
        doing,
        path: path.to_owned(),
        source,
    }
}

/// The content, `None` when there is no such file.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("open", path)(error)),
    };
    let mut content = Vec::new();
    file.take(LIMIT)
        .read_to_end(&mut content)
        .map_err(io("read", path))?;
    Ok(Some(content))
}

/// Makes the folder when it is not there. Others may enter it: the console reads the certificate.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(io("make", path))
}

/// Writes beside, flushes, then renames over: there is never a half-written file under the name
/// (rename(2) is atomic; without the fsync(2) before it a power cut could leave an empty file).
pub fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // Left over from a crash; opened anew it would keep its old mode.
    match fs::remove_file(&beside) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(io("remove", &beside)(error)),
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)
        .map_err(io("make", &beside))?;
    // The umask may have taken bits away.
    file.set_permissions(Permissions::from_mode(mode))
        .map_err(io("set the mode of", &beside))?;
    file.write_all(content).map_err(io("write", &beside))?;
    file.sync_all().map_err(io("flush", &beside))?;
    fs::rename(&beside, path).map_err(io("rename to", path))?;
    sync_folder(path)
}

/// Gives a file another name in its folder, in place of what has that name.
pub fn rename(path: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(path, to).map_err(io("rename", path))?;
    sync_folder(to)
}

/// Renames to `NAME.damaged`, over what has that name. Nothing happens when there is no such file.
pub fn move_aside(path: &Path) -> Result<(), FileError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".damaged");
    match fs::rename(path, Path::new(&aside)) {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("move aside", path)(error)),
    }
}

/// Takes the key away from group and others, should someone have given it to them.
pub fn tighten(path: &Path) -> Result<(), FileError> {
    let mode = fs::metadata(path)
        .map_err(io("look at", path))?
        .permissions()
        .mode()
        & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!(
            "{} could be read by others (mode {mode:o}); set to 600",
            path.display()
        );
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(io("set the mode of", path))?;
    }
    Ok(())
}

fn sync_folder(path: &Path) -> Result<(), FileError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io("flush", folder))
}
