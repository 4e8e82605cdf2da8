//! What udev knows about devices, in the files it keeps below `/run/udev/data`.

use std::path::Path;

use crate::root::Root;

/// What udev knows about one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Udev(Option<String>);

impl Udev {
    /// About the device with this folder in sysfs.
    pub fn of(root: &Root, folder: impl AsRef<Path>) -> Self {
        let number = root.text(folder.as_ref().join("dev"));
        Self(number.and_then(|number| root.text(format!("/run/udev/data/b{number}"))))
    }

    /// Whether udev has looked at the device.
    pub fn has_looked(&self) -> bool {
        self.0.is_some()
    }

    /// A property, unless it is empty.
    pub fn property(&self, key: &str) -> Option<&str> {
        let mut values = self
            .lines()
            .filter_map(|line| line.strip_prefix("E:")?.strip_prefix(key)?.strip_prefix('='));
        values.next().map(str::trim).filter(|value| !value.is_empty())
    }

    /// What `/dev/disk/by-path` calls it; of several names the one that udev gives as such.
    pub fn by_path(&self) -> Option<&str> {
        let links = self
            .lines()
            .filter_map(|line| line.strip_prefix("S:disk/by-path/"));
        let own = self.property("ID_PATH");
        links
            .clone()
            .find(|link| Some(*link) == own)
            .or_else(|| links.min())
    }

    fn lines(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.as_deref().unwrap_or_default().lines()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_and_paths_are_told_once_udev_has_looked() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Root::at(dir.path());
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let udev = || Udev::of(&root, "/sys/block/sda");
        assert!(!udev().has_looked());
        write("sys/block/sda/dev", "8:0\n");
        assert!(!udev().has_looked());
        let links = "S:disk/by-id/x\nS:disk/by-path/b\nS:disk/by-path/a\n";
        write(
            "run/udev/data/b8:0",
            &format!("{links}E:ID_MODEL=Disk  \nE:ID_BUS=\n"),
        );
        assert!(udev().has_looked());
        assert_eq!(udev().property("ID_MODEL"), Some("Disk"));
        assert_eq!((udev().property("ID_BUS"), udev().property("ID")), (None, None));
        assert_eq!(udev().by_path(), Some("a"));
        for (own, told) in [("b", "b"), ("c", "a")] {
            write("run/udev/data/b8:0", &format!("{links}E:ID_PATH={own}\n"));
            assert_eq!(udev().by_path(), Some(told));
        }
    }
}
