//! Which partitions are this boot's root and its hash tree: udev asks, and makes `/dev/pocketstack-boot/root` and
//! `/dev/pocketstack-boot/verity` (`usr/lib/udev/rules.d/61-pocketstack.rules`).
//!
//! An installed disk and the stick it was installed from hold partitions with the same ids. Either would verify, but a
//! node that runs from the stick without anybody knowing dies when it is pulled, and keeps its state there. So only
//! partitions of the disk count whose boot files were started:
//!
//! | started by | how that is known |
//! |---|---|
//! | systemd-boot | the variable `LoaderDevicePartUUID` (Boot Loader Interface) names the EFI partition |
//! | GRUB | `pocketstack.esp=` on the command line does |
//! | a disc, or the network | neither: the root is in a file behind a loop device, and no disk counts |

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use pocketstack_disk::Guid;

use crate::cmdline::word;
use crate::device;

/// Where systemd-boot says which partition it was started from.
const LOADER: &str = "sys/firmware/efi/efivars/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// What was started.
#[derive(Debug, PartialEq, Eq)]
enum Started {
    /// A disk with this partition.
    From(Guid),
    /// Whatever has the right root (`pocketstack.esp=any`): a kernel that was handed over by a hypervisor.
    Anything,
    /// No disk.
    NoDisk,
}

/// The name of the link for a partition, if it is to have one.
///
/// # Errors
/// The command line has no root hash, or the disk cannot be read.
pub fn name(root: &Path, part: &str) -> Result<Option<&'static str>> {
    let sys = root.join("sys");
    let Some((disk, number)) = device::place(&sys, part) else {
        return Ok(None);
    };
    let line =
        fs::read_to_string(root.join("proc/cmdline")).context("cannot read the kernel's command line")?;
    let (data, tree) = wanted(&line).context("the kernel's command line has no roothash= of 64 digits")?;
    let table = device::table(&sys, &root.join("dev"), &disk)?;
    let link = match table.number(number).map(|entry| entry.id) {
        Some(id) if id == data => "root",
        Some(id) if id == tree => "verity",
        _ => return Ok(None),
    };
    let counts = device::is_loop(&sys, &disk)
        || match started(&line, fs::read(root.join(LOADER)).ok().as_deref()) {
            Started::From(esp) => table.entries.iter().flatten().any(|entry| entry.id == esp),
            Started::Anything => true,
            Started::NoDisk => false,
        };
    Ok(counts.then_some(link))
}

/// Ids of the data partition and of the hash tree: the halves of the root hash (Discoverable Partitions
/// Specification).
fn wanted(line: &str) -> Option<(Guid, Guid)> {
    let hash = word(line, "roothash=")?;
    (hash.len() == 64 && hash.is_ascii()).then_some(())?;
    Some((hash[..32].parse().ok()?, hash[32..].parse().ok()?))
}

fn started(line: &str, loader: Option<&[u8]>) -> Started {
    if let Some(esp) = word(line, "pocketstack.esp=") {
        if esp == "any" {
            return Started::Anything;
        }
        if let Ok(esp) = esp.parse() {
            return Started::From(esp);
        }
    }
    // Four bytes of attributes, then text in UTF-16 (efivarfs, Documentation/filesystems/efivarfs.rst).
    let text = loader.unwrap_or_default().get(4..).unwrap_or_default();
    let units: Vec<u16> = text
        .chunks_exact(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16_lossy(&units)
        .parse()
        .map_or(Started::NoDisk, Started::From)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tests::{ESPS, Machine};

    const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

    fn variable(text: &str) -> Vec<u8> {
        let mut bytes = vec![7, 0, 0, 0];
        bytes.extend(text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        bytes
    }

    #[test]
    fn the_boot_loader_says_which_disk_was_started() {
        let esp = ESP.parse().expect("a GUID");
        let upper = variable(&ESP.to_uppercase());
        assert_eq!(started("quiet", Some(&upper)), Started::From(esp));
        assert_eq!(
            started(&format!("quiet pocketstack.esp={ESP}"), None),
            Started::From(esp)
        );
        assert_eq!(started("pocketstack.esp=any", Some(&upper)), Started::Anything);
        assert_eq!(started("pocketstack.esp= quiet", None), Started::NoDisk);
        assert_eq!(started("quiet", Some(&[7, 0])), Started::NoDisk);
    }

    #[test]
    fn the_root_hash_names_both_partitions() {
        let line = format!("ro roothash={}{} quiet", "1".repeat(32), "2".repeat(32));
        assert_eq!(wanted(&line), Some((Guid([0x11; 16]), Guid([0x22; 16]))));
        assert_eq!(wanted("roothash=11"), None);
        assert_eq!(wanted("quiet"), None);
    }

    /// A machine with an installed disk `sda` and the stick `sdb`, the same root on both.
    #[test]
    fn of_two_disks_with_the_same_root_the_started_one_counts() {
        let machine = Machine::new();
        let root = machine.root();
        let line = |esp: &str| {
            let text = format!(
                "roothash={}{} pocketstack.esp={esp}\n",
                "1".repeat(32),
                "2".repeat(32)
            );
            fs::write(root.join("proc/cmdline"), text).expect("written");
        };
        let name = |part: &str| name(root, part).expect("known");
        line(ESPS[0]);
        assert_eq!(name("sda3"), Some("root"));
        assert_eq!(name("sda4"), Some("verity"));
        assert_eq!((name("sda7"), name("sdb3")), (None, None));
        line(ESPS[1]);
        assert_eq!((name("sda3"), name("sdb3")), (None, Some("root")));
        line("");
        assert_eq!(
            (name("sda3"), name("sdb3"), name("loop0p1")),
            (None, None, Some("root"))
        );
        line("any");
        assert_eq!(name("sdb4"), Some("verity"));
        assert_eq!(name("nothing"), None);
    }
}
