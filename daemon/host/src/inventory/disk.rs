//! Disks, out of sysfs and the data udev keeps about them.

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::Disk;

use super::Udev;
use crate::root::Root;

/// All disks, in the order of their names. `boot_disk` is the kernel name of the one this node runs from. Left out
/// are drives without a medium, and what is no disk of its own: loop devices, mappings, memory.
pub fn disks(root: &Root, boot_disk: Option<&str>) -> Vec<Disk> {
    root.names("/sys/block")
        .iter()
        .filter_map(|name| disk(root, name, boot_disk == Some(name)))
        .collect()
}

fn disk(root: &Root, name: &str, boot_medium: bool) -> Option<Disk> {
    let folder = format!("/sys/block/{name}");
    let text = |file: &str| root.text(format!("{folder}/{file}"));
    let flag = |file: &str| text(file).as_deref() == Some("1");
    // Only real devices have this link; hidden ones are the single paths of a multipath NVMe disk.
    if !root.exists(format!("{folder}/device")) || flag("hidden") {
        return None;
    }
    // An eMMC chip shows its two tiny boot areas as disks.
    if name.starts_with("mmcblk") && name.contains("boot") {
        return None;
    }
    // Always in units of 512 bytes, whatever the disk's sectors are (linux/blk_types.h).
    let size = ByteCount(root.number(format!("{folder}/size"))?.checked_mul(512)?);
    let udev = Udev::of(root, &folder);
    let property = |key: &str| udev.property(key).map(str::to_owned);
    let optical = name.starts_with("sr");
    // An empty drive keeps the size of what was in it last, or claims 1 GiB.
    if size.0 == 0 || (optical && !boot_medium && property("ID_CDROM_MEDIA").as_deref() != Some("1")) {
        return None;
    }
    let usb = std::fs::canonicalize(root.path(&folder)).is_ok_and(|path| {
        path.components()
            .any(|part| part.as_os_str().to_string_lossy().starts_with("usb"))
    });
    Some(Disk {
        name: name.to_owned(),
        model: text("device/model").or_else(|| property("ID_MODEL")),
        serial: property("ID_SERIAL_SHORT")
            .or_else(|| text("serial"))
            .or_else(|| text("device/serial")),
        size,
        rotational: flag("queue/rotational") && !optical,
        removable: flag("removable") || usb,
        boot_medium,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::testing::tree;

    #[test]
    fn disks_are_told_from_what_only_looks_like_one() {
        let (_dir, root) = tree(&[
            ("sys/block/sda/size", "2048\n"),
            ("sys/block/sda/dev", "8:0\n"),
            ("sys/block/sda/removable", "0\n"),
            ("sys/block/sda/queue/rotational", "1\n"),
            ("sys/block/sda/device/model", "WDC WD10EZEX    \n"),
            (
                "run/udev/data/b8:0",
                "S:disk/by-id/x\nE:ID_SERIAL_SHORT=WD-123\nE:ID_MODEL=WDC_WD10\n",
            ),
            ("sys/block/vda/size", "4096\n"),
            ("sys/block/vda/serial", "disk-1\n"),
            ("sys/block/vda/device/vendor", "0x1af4\n"),
            ("sys/block/sr0/size", "2097151\n"),
            ("sys/block/sr0/device/model", "DVD\n"),
            ("sys/block/loop0/size", "512\n"),
            ("sys/block/dm-0/size", "512\n"),
            ("sys/block/fd0/size", "0\n"),
            ("sys/block/fd0/device/x", ""),
            ("sys/block/nvme0c0n1/size", "512\n"),
            ("sys/block/nvme0c0n1/hidden", "1\n"),
            ("sys/block/nvme0c0n1/device/x", ""),
            ("sys/block/mmcblk0boot0/size", "8192\n"),
            ("sys/block/mmcblk0boot0/device/x", ""),
        ]);
        let found = disks(&root, Some("vda"));
        let names: Vec<&str> = found.iter().map(|disk| disk.name.as_str()).collect();
        assert_eq!(names, ["sda", "vda"]);
        let sda = Disk {
            name: "sda".to_owned(),
            model: Some("WDC WD10EZEX".to_owned()),
            serial: Some("WD-123".to_owned()),
            size: ByteCount(1024 * 1024),
            rotational: true,
            removable: false,
            boot_medium: false,
        };
        assert_eq!(found[0], sda);
        assert_eq!(found[1].serial.as_deref(), Some("disk-1"));
        assert!(found[1].boot_medium);
    }

    #[test]
    fn a_disc_counts_when_it_is_in_the_drive_and_usb_is_removable() {
        let (dir, root) = tree(&[
            ("sys/block/sr0/size", "600000\n"),
            ("sys/block/sr0/dev", "11:0\n"),
            ("sys/block/sr0/removable", "1\n"),
            ("sys/block/sr0/device/model", "DVD\n"),
            ("run/udev/data/b11:0", "E:ID_CDROM_MEDIA=1\n"),
            ("sys/devices/pci0000:00/usb1/1-1/block/sdb/size", "2048\n"),
            ("sys/devices/pci0000:00/usb1/1-1/block/sdb/removable", "0\n"),
            (
                "sys/devices/pci0000:00/usb1/1-1/block/sdb/device/model",
                "Stick\n",
            ),
        ]);
        let device = dir.path().join("sys/devices/pci0000:00/usb1/1-1/block/sdb");
        std::os::unix::fs::symlink(device, dir.path().join("sys/block/sdb")).expect("made");
        let found = disks(&root, None);
        let removable: Vec<(&str, bool)> = found
            .iter()
            .map(|disk| (disk.name.as_str(), disk.removable))
            .collect();
        assert_eq!(removable, [("sdb", true), ("sr0", true)]);
    }
}
