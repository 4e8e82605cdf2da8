//! Where `/proc`, `/sys`, `/dev`, `/etc` and `/run` are.

use std::io;
use std::path::{Path, PathBuf};

/// The folder that stands for `/`.
#[derive(Debug, Clone)]
pub struct Root(PathBuf);

impl Root {
    /// This machine.
    pub fn system() -> Self {
        Self(PathBuf::from("/"))
    }

    /// A tree made for a test.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// An absolute path of the machine, seen from here.
    pub fn path(&self, absolute: impl AsRef<Path>) -> PathBuf {
        let absolute = absolute.as_ref();
        self.0.join(absolute.strip_prefix("/").unwrap_or(absolute))
    }

    /// Text of a file without white space around it; `None` if it cannot be read or is empty. For attributes that
    /// a driver may or may not offer, where being absent is an answer.
    pub fn text(&self, absolute: impl AsRef<Path>) -> Option<String> {
        let bytes = std::fs::read(self.path(absolute)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Text of a file as it is, for one that has to be there.
    ///
    /// # Errors
    /// What the kernel says; that it is no text in UTF-8.
    pub fn read(&self, absolute: impl AsRef<Path>) -> io::Result<String> {
        std::fs::read_to_string(self.path(absolute))
    }

    /// Makes a folder, and those above it. One that is there stays as it is.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn make_folder(&self, absolute: impl AsRef<Path>) -> io::Result<()> {
        std::fs::create_dir_all(self.path(absolute))
    }

    /// A number in a file, as [`Root::text`].
    pub fn number(&self, absolute: impl AsRef<Path>) -> Option<u64> {
        self.text(absolute)?.parse().ok()
    }

    /// Names of what is in a folder, in order; none if it cannot be read.
    pub fn names(&self, absolute: impl AsRef<Path>) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(absolute)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        names
    }

    /// Whether there is something at this path.
    pub fn exists(&self, absolute: impl AsRef<Path>) -> bool {
        self.path(absolute).exists()
    }

    /// Last part of what a symbolic link points to, as sysfs uses them for drivers, devices and masters.
    pub fn link_name(&self, absolute: impl AsRef<Path>) -> Option<String> {
        let target = std::fs::read_link(self.path(absolute)).ok()?;
        Some(target.file_name()?.to_str()?.to_owned())
    }
}

/// What the tests of the readers share.
#[cfg(test)]
pub(crate) mod testing {
    use super::Root;

    /// A folder with these files in it, by path and content; it goes with the first value.
    pub fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let root = Root::at(dir.path());
        (dir, root)
    }
}
