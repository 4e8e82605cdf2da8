//! The real adapter: labels as udev has read them, and a mount of the daemon's own.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use pocketstack_exec::{Cmd, run};

use super::{Error, Volumes};
use crate::inventory::Udev;
use crate::mounts::mounts;
use crate::root::Root;

/// File systems that are mounted. Their names say nothing about who wrote them, so they are few, and simple.
const KINDS: [&str; 3] = ["vfat", "iso9660", "ext4"];

/// Volumes of this machine.
#[derive(Debug, Clone)]
pub struct Labelled {
    root: Root,
    /// Where one volume at a time is mounted.
    at: PathBuf,
}

impl Labelled {
    /// Mounts at `at`, which only root may look into.
    pub fn new(root: Root, at: impl Into<PathBuf>) -> Self {
        Self { root, at: at.into() }
    }

    fn make_folder(&self) -> Result<(), Error> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.at)
            .map_err(|source| Error::Folder {
                path: self.at.clone(),
                source,
            })
    }

    /// Where the device is mounted already: the kernel mounts none a second time that can be written the first. The
    /// EFI partition is for as long as systemd-bless-boot(8) needs it.
    fn mounted(&self, device: &str) -> Option<PathBuf> {
        let number = self.root.text(format!("/sys/class/block/{device}/dev"))?;
        let mount = mounts(&self.root)
            .into_iter()
            .find(|mount| mount.device == number)?;
        Some(self.root.path(mount.point))
    }
}

impl Volumes for Labelled {
    fn settle(&self) {
        let settle = Cmd::new("udevadm")
            .args(["settle", "--timeout=30"])
            .within(Duration::from_secs(40));
        if let Err(error) = run(settle) {
            tracing::warn!("not all devices may be known yet: {error}");
        }
    }

    fn labelled(&self, label: &str, disk: Option<&str>) -> Vec<String> {
        let of_disk = |name: &str| {
            let path = fs::canonicalize(self.root.path(format!("/sys/class/block/{name}"))).ok();
            let parent = path.as_deref().and_then(Path::parent).and_then(Path::file_name);
            parent.and_then(|parent| parent.to_str()) == disk
        };
        self.root
            .names("/sys/class/block")
            .into_iter()
            .filter(|name| {
                let folder = format!("/sys/class/block/{name}");
                Udev::of(&self.root, &folder).property("ID_FS_LABEL") == Some(label)
                    && (disk.is_none() || of_disk(name))
            })
            .collect()
    }

    fn read(&self, device: &str, path: &str, limit: usize) -> Result<Option<String>, Error> {
        if let Some(point) = self.mounted(device) {
            return read_text(&point, device, path, limit);
        }
        self.make_folder()?;
        let _mounted = Mounted::read_only(&self.at, &self.root, device)?;
        read_text(&self.at, device, path, limit)
    }
}

/// A mounted volume; dropping it takes it away again. After a crash it is gone with the daemon's own view of the
/// file systems, which its unit gives it.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn read_only(at: &'a Path, root: &Root, device: &str) -> Result<Self, Error> {
        let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOEXEC;
        let mut last = nix::Error::EINVAL;
        for kind in KINDS {
            // Without noload a journal would be replayed, which writes.
            let data = (kind == "ext4").then_some("noload");
            match Self::mount(at, root, device, kind, flags, data) {
                Ok(mounted) => return Ok(mounted),
                // Another file system: the next kind is tried. Anything else is the better explanation.
                Err(nix::Error::EINVAL | nix::Error::ENODEV) => {}
                Err(error) => last = error,
            }
        }
        Err(not_mounted(device, last))
    }

    fn mount(
        at: &'a Path,
        root: &Root,
        device: &str,
        kind: &str,
        flags: MsFlags,
        data: Option<&str>,
    ) -> nix::Result<Self> {
        let from = root.path(format!("/dev/{device}"));
        let flags = flags | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some(&from), at, Some(kind), flags, data).map(|()| Self(at))
    }
}

fn not_mounted(device: &str, error: nix::Error) -> Error {
    Error::Mount {
        device: device.to_owned(),
        source: error.into(),
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        if let Err(error) = umount2(self.0, MntFlags::MNT_DETACH) {
            tracing::warn!("{} stays mounted: {error}", self.0.display());
        }
    }
}

/// Reads a file of a strange file system: a real file, no larger than `limit`, of text.
fn read_text(at: &Path, device: &str, path: &str, limit: usize) -> Result<Option<String>, Error> {
    let failed = |source| Error::Read {
        device: device.to_owned(),
        path: path.to_owned(),
        source,
    };
    let unfit = |why: String| Error::Unfit {
        device: device.to_owned(),
        path: path.to_owned(),
        why,
    };
    // A link could lead to a file of this machine; a pipe would be waited for.
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let opened = File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(at.join(path));
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(unfit("is no plain file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > limit {
        return Err(unfit(format!("is larger than {} KiB", limit / 1024)));
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| unfit("is no text in UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn volumes_are_found_by_label_and_disk() {
        let dir = tempfile::tempdir().expect("a folder");
        let sys = dir.path().join("sys");
        fs::create_dir_all(sys.join("class/block")).expect("made");
        fs::create_dir_all(dir.path().join("run/udev/data")).expect("made");
        for (name, path, number, label) in [
            ("sda", "sda", "8:0", ""),
            ("sda2", "sda/sda2", "8:2", "POCKETBOOT"),
            ("sdb2", "sdb/sdb2", "8:18", "POCKETBOOT"),
            ("sdc", "sdc", "8:32", "POCKETSTACK"),
        ] {
            let device = sys.join("devices/block").join(path);
            fs::create_dir_all(&device).expect("made");
            fs::write(device.join("dev"), format!("{number}\n")).expect("written");
            symlink(&device, sys.join("class/block").join(name)).expect("made");
            let udev = format!("S:disk/by-id/x\nE:ID_FS_LABEL={label}\nE:ID_FS_TYPE=vfat\n");
            fs::write(dir.path().join(format!("run/udev/data/b{number}")), udev).expect("written");
        }
        let volumes = Labelled::new(Root::at(dir.path()), dir.path().join("mnt"));
        // What is mounted already is read where it is.
        fs::create_dir_all(dir.path().join("proc/1")).expect("made");
        fs::create_dir_all(dir.path().join("boot")).expect("made");
        fs::write(dir.path().join("boot/answers"), "text").expect("written");
        let line = "40 1 8:2 / /boot rw,relatime shared:1 - vfat /dev/sda2 rw\n";
        fs::write(dir.path().join("proc/1/mountinfo"), line).expect("written");
        let text = volumes.read("sda2", "answers", 100).expect("read");
        assert_eq!(text.as_deref(), Some("text"));
        assert_eq!(volumes.labelled("POCKETBOOT", None), ["sda2", "sdb2"]);
        assert_eq!(volumes.labelled("POCKETBOOT", Some("sdb")), ["sdb2"]);
        assert_eq!(volumes.labelled("POCKETSTACK", None), ["sdc"]);
        assert_eq!(volumes.labelled("POCKETSTACK", Some("sda")), [""; 0]);
    }

    #[test]
    fn only_small_plain_text_files_are_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = dir.path();
        let read = |path: &str| read_text(at, "sdb1", path, 2048);
        assert_eq!(read("answers.toml").expect("no error"), None);
        fs::write(at.join("answers.toml"), "version = 1\n").expect("written");
        assert_eq!(
            read("answers.toml").expect("read").as_deref(),
            Some("version = 1\n")
        );
        fs::write(at.join("large"), vec![b'#'; 2049]).expect("written");
        fs::write(at.join("bytes"), [0xff, 0xfe]).expect("written");
        fs::create_dir(at.join("folder")).expect("made");
        symlink("/etc/passwd", at.join("link")).expect("made");
        nix::unistd::mkfifo(&at.join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        for (path, why) in [
            ("large", "large on sdb1 is larger than 2 KiB"),
            ("bytes", "bytes on sdb1 is no text in UTF-8"),
            ("folder", "folder on sdb1 is no plain file"),
            ("pipe", "pipe on sdb1 is no plain file"),
            ("link", "link on sdb1 cannot be read"),
        ] {
            let said = read(path).expect_err(path).to_string();
            assert!(said.starts_with(why), "{said}");
        }
    }
}
