//! Disks of a [`super::Spec`] as QEMU's block layer wants them (QEMU, "blockdev-add" in docs/interop/qemu-qmp-ref).

use serde_json::{Value, json};

use super::{Bus, DiskSpec};

/// Name in QMP.
pub(super) fn node_name(index: usize) -> String {
    format!("disk{index}")
}

/// For `-blockdev`.
pub(super) fn block_device(index: usize, disk: &DiskSpec) -> Value {
    // Nobody needs these disks after a power cut of the host: the file's flushes may be skipped. Those that the machine
    // asks for still reach the log above the file.
    let mut file = json!({
        "driver": "file", "filename": disk.image, "cache": { "no-flush": true }, "read-only": disk.read_only,
    });
    if let Some(sector) = disk.bad_sector {
        // "none" comes once, when the node is made: the rule holds from then on.
        let rule = json!({
            "event": "none", "iotype": "write", "errno": 5, "sector": sector, "once": false, "immediately": true,
        });
        file = json!({ "driver": "blkdebug", "image": file, "inject-error": [rule] });
    }
    if let Some(log) = &disk.record {
        let log = json!({ "driver": "file", "filename": log, "cache": { "no-flush": true } });
        file = json!({ "driver": "blklogwrites", "file": file, "log": log, "log-sector-size": 512 });
    }
    json!({ "driver": "raw", "node-name": node_name(index), "read-only": disk.read_only, "file": file })
}

/// For `-device`.
pub(super) fn device(index: usize, disk: &DiskSpec, boots: bool) -> String {
    let model = match disk.bus {
        // Merged requests have as many parts as a write may have, and `blklogwrites` adds one of its own.
        Bus::Virtio if disk.record.is_some() => "virtio-blk-pci,request-merging=off",
        Bus::Virtio => "virtio-blk-pci",
        Bus::Sata => "ide-hd",
        Bus::Nvme => "nvme",
        Bus::Usb => "usb-storage,bus=usb.0,removable=on",
    };
    let node = node_name(index);
    let serial = disk.serial.as_ref().map(|serial| format!(",serial={serial}"));
    let boot = if boots { ",bootindex=0" } else { "" };
    format!(
        "{model},id={node}-device,drive={node}{}{boot}",
        serial.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::installed;
    use crate::raw::Raw;
    use pocketstack_exec::{Cmd, run};
    use std::path::Path;

    #[test]
    fn a_plain_disk_is_a_raw_file() {
        let value = block_device(1, &DiskSpec::new("/d.raw", Bus::Virtio).read_only());
        assert_eq!(value["node-name"], "disk1");
        assert_eq!(value["file"]["filename"], "/d.raw");
        assert_eq!(value["read-only"], true);
        assert_eq!(
            device(1, &DiskSpec::new("/d.raw", Bus::Virtio), false),
            "virtio-blk-pci,id=disk1-device,drive=disk1"
        );
    }

    /// qemu-io takes the same description, as one "json:" name.
    fn io(disk: &Value, command: &str) -> Result<String, String> {
        let mut disk = disk.clone();
        disk.as_object_mut().expect("an object").remove("node-name");
        let name = format!("json:{disk}");
        run(Cmd::new("qemu-io").args(["-c", command, &name]))
            .map(|output| output.text())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_bad_sector_cannot_be_written() {
        if !installed("qemu-io") {
            eprintln!("skipped: qemu-io is not installed here");
            return;
        }
        let dir = tempfile::tempdir().expect("folder");
        let image = dir.path().join("d.raw");
        Raw::blank(&image, 1 << 20).expect("made");
        let disk = block_device(0, &DiskSpec::new(&image, Bus::Virtio).bad_sector(100));
        io(&disk, "write 0 51200").expect("everything before it");
        io(&disk, "write 51712 4096").expect("everything after it");
        assert!(io(&disk, "write 51200 512").is_err());
        assert!(io(&disk, "write 49152 8192").is_err());
        io(&disk, "read 51200 512").expect("reading is no trouble");
    }

    #[test]
    fn a_recorded_disk_has_a_log() {
        if !installed("qemu-io") {
            eprintln!("skipped: qemu-io is not installed here");
            return;
        }
        let dir = tempfile::tempdir().expect("folder");
        let (image, log) = (dir.path().join("d.raw"), dir.path().join("log"));
        Raw::blank(&image, 1 << 20).expect("made");
        std::fs::write(&log, b"").expect("written");
        let disk = block_device(0, &DiskSpec::new(&image, Bus::Virtio).record(&log));
        io(&disk, "write -P 9 0 512").expect("written");
        let record =
            crate::power::Record::read(Path::new(&log)).expect("a record, with the flush at the end");
        assert!(record.len() >= 2);
    }
}
