//! What the root file system was read from: followed from what is mounted at `/` down to a disk.
//!
//! ```text
//!   /  ── dm-verity ── partition of ─┬─ a disk                                              → Disk
//!                                    └─ a loop device ─┬─ a file on a mounted ISO 9660 medium → Iso
//!                                                      └─ a file in memory                    → Network
//! ```
//!
//! The command line says none of this, and may say anything; sysfs says what is.

use std::path::Path;

use pocketstack_disk::parts;
use pocketstack_model::node::Medium;

use crate::inventory::partition_named;
use crate::mounts::{Mount, under};
use crate::root::Root;

/// What the root file system comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Kind of medium.
    pub medium: Medium,
    /// Kernel name of the disk it is on, if it is on one.
    pub disk: Option<String>,
}

impl Source {
    /// Whether this is a disk the system was installed on, and no medium that a person has written.
    pub fn is_installed(&self, root: &Root) -> bool {
        let disk = self.disk.as_deref();
        disk.is_some_and(|disk| partition_named(root, disk, parts::LVM).is_some())
    }
}

const OTHER: Source = Source {
    medium: Medium::Other,
    disk: None,
};

/// Follows `/` down to what it is read from.
pub fn source(root: &Root, mounts: &[Mount]) -> Source {
    under(mounts, Path::new("/")).map_or(OTHER, |mount| follow_number(root, mounts, &mount.device, 8))
}

/// `depth` ends the walk if devices should ever be stacked in a ring.
fn follow_number(root: &Root, mounts: &[Mount], number: &str, depth: u8) -> Source {
    match root.link_name(format!("/sys/dev/block/{number}")) {
        Some(name) if depth > 0 => follow(root, mounts, &name, depth - 1),
        _ => OTHER,
    }
}

fn follow(root: &Root, mounts: &[Mount], name: &str, depth: u8) -> Source {
    let folder = format!("/sys/class/block/{name}");
    // Of the two devices under dm-verity, data and hashes, either leads to the medium.
    if let Some(lower) = root.names(format!("{folder}/slaves")).first() {
        return if depth > 0 {
            follow(root, mounts, lower, depth - 1)
        } else {
            OTHER
        };
    }
    if let Some(file) = root.text(format!("{folder}/loop/backing_file")) {
        return behind_loop(root, mounts, &file, depth);
    }
    if root.exists(format!("{folder}/partition")) {
        // The parent may be a loop device itself: the root image for discs and network boot is a small disk in a file.
        let disk = std::fs::canonicalize(root.path(&folder)).ok();
        let disk = disk.as_deref().and_then(Path::parent).and_then(Path::file_name);
        return match disk {
            Some(disk) if depth > 0 => follow(root, mounts, &disk.to_string_lossy(), depth - 1),
            _ => OTHER,
        };
    }
    if root.exists(format!("{folder}/device")) {
        let medium = if name.starts_with("sr") {
            Medium::Iso
        } else {
            Medium::Disk
        };
        return Source {
            medium,
            disk: Some(name.to_owned()),
        };
    }
    OTHER
}

fn behind_loop(root: &Root, mounts: &[Mount], file: &str, depth: u8) -> Source {
    // What the initrd has mounted is told by its path on the medium itself, not by where the medium is mounted now.
    let on_medium = mounts.iter().find(|mount| {
        let path = mount.point.join(file.trim_start_matches('/'));
        is_disc(&mount.kind) && root.exists(path)
    });
    if let Some(mount) = on_medium {
        return Source {
            medium: Medium::Iso,
            disk: follow_number(root, mounts, &mount.device, depth).disk,
        };
    }
    // A file of the initial file system is gone once the root is switched, while the loop device keeps it open:
    // the kernel then marks its name, or shows one that leads nowhere any more.
    if file.ends_with(" (deleted)") || !root.exists(file) {
        return Source {
            medium: Medium::Network,
            disk: None,
        };
    }
    let Some(mount) = under(mounts, Path::new(file)) else {
        return OTHER;
    };
    match mount.kind.as_str() {
        "tmpfs" | "ramfs" | "rootfs" => Source {
            medium: Medium::Network,
            disk: None,
        },
        kind if is_disc(kind) => Source {
            medium: Medium::Iso,
            disk: follow_number(root, mounts, &mount.device, depth).disk,
        },
        _ => Source {
            medium: Medium::Other,
            disk: follow_number(root, mounts, &mount.device, depth).disk,
        },
    }
}

/// File systems of discs, and of sticks that a disc's image was written to.
fn is_disc(kind: &str) -> bool {
    matches!(kind, "iso9660" | "udf")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::mounts::mounts;

    struct Machine {
        dir: tempfile::TempDir,
        mountinfo: String,
    }

    impl Machine {
        /// A root on dm-0 over `lower`.
        fn with_root_over(lower: &str) -> Self {
            let machine = Self {
                dir: tempfile::tempdir().expect("a folder"),
                mountinfo: String::new(),
            };
            let machine = machine.device("254:0", "dm-0", "virtual/block/dm-0");
            machine.write(&format!("sys/devices/virtual/block/dm-0/slaves/{lower}"), "");
            machine.mounted("254:0", "/", "erofs")
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }

        fn device(self, number: &str, name: &str, path: &str) -> Self {
            let target = self.dir.path().join("sys/devices").join(path);
            std::fs::create_dir_all(&target).expect("made");
            for (folder, link) in [("dev/block", number), ("class/block", name)] {
                let folder = self.dir.path().join("sys").join(folder);
                std::fs::create_dir_all(&folder).expect("made");
                symlink(&target, folder.join(link)).expect("made");
            }
            self
        }

        fn mounted(mut self, number: &str, point: &str, kind: &str) -> Self {
            self.mountinfo
                .push_str(&format!("1 1 {number} / {point} ro - {kind} x ro\n"));
            self
        }

        fn source(&self) -> Source {
            self.write("proc/1/mountinfo", &self.mountinfo);
            let root = Root::at(self.dir.path());
            source(&root, &mounts(&root))
        }
    }

    fn told(medium: Medium, disk: Option<&str>) -> Source {
        Source {
            medium,
            disk: disk.map(str::to_owned),
        }
    }

    #[test]
    fn a_partition_is_a_disk() {
        let machine = Machine::with_root_over("sda3")
            .device("8:0", "sda", "pci/block/sda")
            .device("8:3", "sda3", "pci/block/sda/sda3");
        machine.write("sys/devices/pci/block/sda/device/model", "Stick");
        machine.write("sys/devices/pci/block/sda/sda3/partition", "3\n");
        assert_eq!(machine.source(), told(Medium::Disk, Some("sda")));
        let root = Root::at(machine.dir.path());
        assert!(!machine.source().is_installed(&root));
        machine.write(
            "sys/devices/pci/block/sda/sda8/uevent",
            "PARTNAME=pocketstack-lvm\n",
        );
        assert!(machine.source().is_installed(&root));
    }

    #[test]
    fn a_file_on_a_disc_is_the_iso_and_the_drive_is_named() {
        let machine = Machine::with_root_over("loop0p1")
            .device("7:0", "loop0", "virtual/block/loop0")
            .device("259:0", "loop0p1", "virtual/block/loop0/loop0p1")
            .device("11:0", "sr0", "pci/block/sr0")
            .mounted("0:20", "/run", "tmpfs")
            .mounted("11:0", "/run/pocketstack/medium", "iso9660");
        machine.write("sys/devices/virtual/block/loop0/loop0p1/partition", "1\n");
        machine.write("sys/devices/pci/block/sr0/device/model", "DVD");
        machine.write("run/pocketstack/medium/root.img", "");
        for file in ["/run/pocketstack/medium/root.img\n", "/root.img\n"] {
            machine.write("sys/devices/virtual/block/loop0/loop/backing_file", file);
            assert_eq!(machine.source(), told(Medium::Iso, Some("sr0")), "{file}");
        }
    }

    #[test]
    fn a_file_in_memory_came_over_the_network() {
        let machine = || {
            Machine::with_root_over("loop0p1")
                .device("7:0", "loop0", "virtual/block/loop0")
                .device("259:0", "loop0p1", "virtual/block/loop0/loop0p1")
                .mounted("0:20", "/run", "tmpfs")
        };
        for file in ["/root.img (deleted)\n", "/root.img\n", "/run/root.img\n"] {
            let machine = machine();
            machine.write("run/root.img", "");
            machine.write("sys/devices/virtual/block/loop0/loop0p1/partition", "1\n");
            machine.write("sys/devices/virtual/block/loop0/loop/backing_file", file);
            assert_eq!(machine.source(), told(Medium::Network, None), "{file}");
        }
    }

    #[test]
    fn a_development_machine_is_something_else() {
        let machine = Machine {
            dir: tempfile::tempdir().expect("a folder"),
            mountinfo: String::new(),
        };
        assert_eq!(
            machine.mounted("0:50", "/", "overlay").source(),
            told(Medium::Other, None)
        );
    }
}
