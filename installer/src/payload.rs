//! What is installed: taken from the medium the machine runs from, and only if it belongs to the root that runs.
//!
//! | runs from | boot file | root |
//! |---|---|---|
//! | a stick or disk | on its EFI partition | the device-mapper device `root`, which verifies what is read, |
//! | the ISO | `pocketstack/efi.img` on the medium, a FAT image | and the partition with its hash tree |
//! | the network | `/run/pocketstack/boot/pocketstack.efi` | |

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::mount::MsFlags;
use pocketstack_disk::parts;
use pocketstack_exec::{Cmd, run};
use pocketstack_host::boot::{DeviceMapper, Source, source};
use pocketstack_host::inventory::partition_named;
use pocketstack_host::mounts::{Mount, mounts};
use pocketstack_host::root::Root;
use pocketstack_model::node::Medium;

use crate::host::{Mounted, NewFile};
use crate::uki::{Uki, UkiError};
use crate::verity::RootHash;

/// GRUB and systemd-boot, in the running root.
const BOOT: &str = "/usr/lib/pocketstack/boot";
/// Where the initrd leaves what came over the network.
const FROM_NETWORK: &str = "/run/pocketstack/boot/pocketstack.efi";
/// Where the initrd mounts a disc.
const DISC: &str = "/run/pocketstack/medium/pocketstack/efi.img";
const UKIS: &str = "EFI/Linux";
const MENU_PLACEHOLDER: &str = "@CMDLINE@";

/// Why there is nothing to install.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The machine does not run from a medium of PocketStack's.
    #[error(
        "this machine does not run from a PocketStack medium ({0}): start it from a stick, a disc or the network"
    )]
    NotRunning(String),
    /// A file is missing or cannot be read.
    #[error("{} cannot be read: {source}; write the medium again", .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The medium's boot files cannot be opened.
    #[error("the boot files on {what} cannot be opened: {why}")]
    Open {
        /// Device or file.
        what: String,
        /// Why.
        why: String,
    },
    /// A boot file makes no sense.
    #[error("the boot file {} is damaged: {source}; write the medium again", .path.display())]
    BootFile {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        source: UkiError,
    },
    /// None of the boot files belongs to the root that runs.
    #[error("none of the boot files on the medium belongs to the system that runs: write the medium again")]
    Foreign,
    /// GRUB's menu lacks the place for the command line.
    #[error("{BOOT}/grub.cfg has no place for the command line: the system image is damaged")]
    Menu,
}

/// What is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Kernel, initrd, command line.
    pub uki: Uki,
    /// systemd-boot.
    pub loader: Vec<u8>,
    /// Its settings.
    pub loader_conf: Vec<u8>,
    /// GRUB's menu, with the command line.
    pub menu: Vec<u8>,
    /// GRUB's boot sector.
    pub boot_sector: Vec<u8>,
    /// GRUB's core.
    pub core: Vec<u8>,
    /// Where the root is read from.
    pub data: Piece,
    /// Where its hash tree is read from.
    pub tree: Piece,
}

/// A device, or a file, and how much of it is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Path.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
}

impl Payload {
    /// Finds it. `work` is a folder that this process may write and mount in. Blocks.
    ///
    /// # Errors
    /// [`PayloadError`].
    pub fn find(root: &Root, mapper: &impl DeviceMapper, work: &Path) -> Result<Self, PayloadError> {
        let (hash, data, tree) = running(root, mapper)?;
        let mounts = mounts(root);
        let from = source(root, &mounts);
        let uki = match from.medium {
            Medium::Network => pick(&[root.path(FROM_NETWORK)], &hash),
            Medium::Iso => on_disc(root, &hash, work),
            Medium::Disk => on_disk(root, &mounts, &from, &hash, work),
            Medium::Other => Err(PayloadError::NotRunning(
                "its root is on nothing that is known".to_owned(),
            )),
        }?;
        Self::with(root, uki, data, tree)
    }

    /// Adds what is the same on every medium.
    fn with(root: &Root, uki: Uki, data: Piece, tree: Piece) -> Result<Self, PayloadError> {
        let part = |name: &str| file(&root.path(format!("{BOOT}/{name}")));
        let menu = String::from_utf8_lossy(&part("grub.cfg")?).into_owned();
        if !menu.contains(MENU_PLACEHOLDER) {
            return Err(PayloadError::Menu);
        }
        Ok(Self {
            menu: menu.replace(MENU_PLACEHOLDER, &uki.cmdline).into_bytes(),
            loader: part("systemd-bootx64.efi")?,
            loader_conf: part("loader.conf")?,
            boot_sector: part("boot.img")?,
            core: part("core.img")?,
            uki,
            data,
            tree,
        })
    }

    /// Name of the boot file on the EFI partition. systemd-boot counts down from three tries.
    pub fn uki_path(&self) -> String {
        format!("{UKIS}/pocketstack-{}+3.efi", self.uki.version)
    }

    /// The files of the EFI partition; `uki` is [`Payload::uki_path`]. What firmware looks for comes last.
    pub fn boot_files<'a>(&'a self, uki: &'a str) -> Vec<NewFile<'a>> {
        let file = |path, bytes| NewFile { path, bytes };
        vec![
            file("pocketstack/vmlinuz", self.uki.linux()),
            file("pocketstack/initrd", self.uki.initrd()),
            file("pocketstack/grub.cfg", &self.menu),
            file("loader/loader.conf", &self.loader_conf),
            file(uki, &self.uki.bytes),
            file("EFI/systemd/systemd-bootx64.efi", &self.loader),
            file("EFI/BOOT/BOOTX64.EFI", &self.loader),
        ]
    }
}

/// Root hash, data and hash tree of the root that runs, as device-mapper has them.
fn running(root: &Root, mapper: &impl DeviceMapper) -> Result<(RootHash, Piece, Piece), PayloadError> {
    let table = mapper.table("root").map_err(PayloadError::NotRunning)?;
    let unknown = || PayloadError::NotRunning(format!("its root is not understood: {table}"));
    // Start, length in sectors, target, version, data, hashes, two block sizes, blocks, start, algorithm, root hash.
    let words: Vec<&str> = table.split_whitespace().collect();
    let [_, length, "verity", _, _, hashes, _, _, _, _, _, hash, ..] = words.as_slice() else {
        return Err(unknown());
    };
    let length: u64 = length.parse().map_err(|_| unknown())?;
    let hash: RootHash = hash.parse().map_err(|_| unknown())?;
    let name = root
        .link_name(format!("/sys/dev/block/{hashes}"))
        .ok_or_else(unknown)?;
    let size = root
        .number(format!("/sys/dev/block/{hashes}/size"))
        .ok_or_else(unknown)?;
    let data = Piece {
        path: root.path("/dev/mapper/root"),
        size: length * 512,
    };
    let tree = Piece {
        path: root.path(format!("/dev/{name}")),
        size: size * 512,
    };
    Ok((hash, data, tree))
}

fn on_disc(root: &Root, hash: &RootHash, work: &Path) -> Result<Uki, PayloadError> {
    let image = root.path(DISC);
    let open = |why: String| PayloadError::Open {
        what: image.display().to_string(),
        why,
    };
    if let Err(source) = fs::metadata(&image) {
        return Err(PayloadError::Read { path: image, source });
    }
    // Read-only and gone by itself once nothing is mounted from it (losetup(8)).
    let found = Mounted::by(work, |folder| {
        let mount = Cmd::new("mount")
            .args(["-t", "vfat", "-o", "ro,loop,nodev,nosuid,noexec"])
            .arg(&image)
            .arg(folder);
        run(mount)
            .map(|_| ())
            .map_err(|error| io::Error::other(error.to_string()))
    });
    let mounted = found.map_err(|error| open(error.to_string()))?;
    pick(&ukis(mounted.path())?, hash)
}

fn on_disk(
    root: &Root,
    mounts: &[Mount],
    from: &Source,
    hash: &RootHash,
    work: &Path,
) -> Result<Uki, PayloadError> {
    let disk = from.disk.as_deref().unwrap_or_default();
    let part = partition_named(root, disk, parts::ESP).ok_or_else(|| PayloadError::Open {
        what: disk.to_owned(),
        why: format!("it has no partition {}", parts::ESP),
    })?;
    let number = root.text(format!("/sys/class/block/{disk}/{part}/dev"));
    if let Some(mount) = mounts.iter().find(|mount| Some(&mount.device) == number.as_ref()) {
        return pick(&ukis(&root.path(&mount.point))?, hash);
    }
    let device = root.path(format!("/dev/{part}"));
    let mounted =
        Mounted::at(work, &device, "vfat", MsFlags::MS_RDONLY).map_err(|error| PayloadError::Open {
            what: part,
            why: error.to_string(),
        })?;
    pick(&ukis(mounted.path())?, hash)
}

/// The boot files of a mounted EFI partition, in the order of their names.
fn ukis(esp: &Path) -> Result<Vec<PathBuf>, PayloadError> {
    let folder = esp.join(UKIS);
    let read = |source| PayloadError::Read {
        path: folder.clone(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path
            .extension()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("efi"))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The boot file that starts the root that runs. One that is damaged matters only if no other is right.
fn pick(paths: &[PathBuf], hash: &RootHash) -> Result<Uki, PayloadError> {
    let mut trouble = PayloadError::Foreign;
    for path in paths {
        match Uki::parse(file(path)?) {
            Ok(uki) if uki.root == *hash => return Ok(uki),
            Ok(_) => {}
            Err(source) => {
                trouble = PayloadError::BootFile {
                    path: path.clone(),
                    source,
                };
            }
        }
    }
    Err(trouble)
}

fn file(path: &Path) -> Result<Vec<u8>, PayloadError> {
    fs::read(path).map_err(|source| PayloadError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
pub(crate) mod tests;
