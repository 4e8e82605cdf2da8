//! Which answers asked for an installation: noted on the state partition, and looked for before the same answers would
//! install once more.

use pocketstack_disk::parts::{self, number};
use pocketstack_host::boot::source;
use pocketstack_host::inventory::{partition_name, partition_named};
use pocketstack_host::mounts::mounts;
use pocketstack_host::root::Root;
use pocketstack_host::volumes::{self, Volumes};
use pocketstack_model::install::{Candidate, Content};

use crate::candidates::table;

/// The note, seen from `/var`: SHA-256 of the answers. It is written before the disk is complete, so that there is no
/// moment at which a complete one could be installed again.
pub(crate) const RECORD: &str = "lib/pocketstack/installed-from";
/// Longer notes are none.
const LONGEST: usize = 1024;

/// Nobody can tell whether a disk was installed from these answers: to take it for another one could wipe it again and
/// again.
#[derive(Debug, thiserror::Error)]
#[error(
    "it cannot be seen whether {disk} was installed from these answers already: {source}; nothing is installed meanwhile: take the medium or that disk out"
)]
pub struct RecordError {
    /// The disk.
    pub disk: String,
    /// Why it cannot be read.
    pub source: volumes::Error,
}

/// The disk that was installed from answers with this SHA-256, if one of `disks` was. Blocks.
///
/// # Errors
/// [`RecordError`].
pub fn installed_from(
    root: &Root,
    volumes: &impl Volumes,
    disks: &[Candidate],
    answers: &str,
) -> Result<Option<String>, RecordError> {
    let running = source(root, &mounts(root)).disk;
    for disk in disks {
        // The medium itself is not what it has installed.
        if running.as_ref() == Some(&disk.name) {
            continue;
        }
        let (part, complete) = match disk.content {
            Content::PocketStack { complete } => (state_partition(root, disk), complete),
            Content::StateOfMedium => (partition_named(root, &disk.name, parts::STATE_OF_MEDIUM), true),
            Content::Empty | Content::Foreign { .. } => continue,
        };
        let Some(part) = part else { continue };
        match volumes.read(&part, RECORD, LONGEST) {
            Ok(Some(text)) if text.trim() == answers => return Ok(Some(disk.name.clone())),
            Ok(_) => {}
            Err(_) if !complete => {}
            Err(source) => {
                return Err(RecordError {
                    disk: disk.name.clone(),
                    source,
                });
            }
        }
    }
    Ok(None)
}

/// Kernel name of the state partition beside a system; none while the system is written anew, which is to be repeated.
fn state_partition(root: &Root, disk: &Candidate) -> Option<String> {
    if table(root, &disk.name, disk.size).is_some_and(|table| table.named(parts::ESP).is_none()) {
        return None;
    }
    let name = disk.name.as_str();
    // The kernel knows no names while a disk whose volumes are in use keeps it from reading the new table.
    let folder = format!("/sys/class/block/{name}");
    let usual = |part: &String| {
        let part = format!("{folder}/{part}");
        root.number(format!("{part}/partition")) == Some(number::STATE as u64)
            && partition_name(root, &part).is_none()
    };
    partition_named(root, name, parts::STATE).or_else(|| root.names(&folder).into_iter().find(usual))
}

#[cfg(test)]
mod tests {
    use pocketstack_disk::Guid;
    use pocketstack_disk::bios::PASS_ON;
    use pocketstack_disk::table::Shape;
    use pocketstack_host::volumes::FakeVolumes;
    use pocketstack_model::bytes::ByteCount;

    use super::*;
    use crate::layout;
    use crate::verity::RootHash;

    const COMPLETE: Content = Content::PocketStack { complete: true };

    fn disk(name: &str, content: Content) -> Candidate {
        Candidate {
            name: name.to_owned(),
            path: None,
            model: None,
            serial: None,
            size: ByteCount(1 << 40),
            content,
            refused: None,
        }
    }

    fn machine(parts: &[(&str, &str, &str)]) -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().expect("a folder");
        for (disk, part, name) in parts {
            let folder = dir.path().join("sys/class/block").join(disk).join(part);
            std::fs::create_dir_all(&folder).expect("made");
            let number = &part[part.len() - 1..];
            std::fs::write(folder.join("partition"), number).expect("written");
            std::fs::write(folder.join("uevent"), name).expect("written");
        }
        let root = Root::at(dir.path());
        (dir, root)
    }

    fn noted(volumes: &FakeVolumes, part: &str, disk: &str, answers: &str) {
        volumes.plug_in(part, disk, "pocketstack-stat", RECORD, &format!("{answers}\n"));
    }

    #[test]
    fn an_installation_is_known_by_its_answers() {
        let (_dir, root) = machine(&[
            ("vda", "vda3", "PARTNAME=pocketstack-root-a\n"),
            ("vda", "vda5", "PARTNAME=pocketstack-state\n"),
            ("vda", "vda7", "PARTNAME=pocketstack-lvm\n"),
            ("nvme0n1", "nvme0n1p7", "DEVTYPE=partition\n"),
            ("vdb", "vdb1", "PARTNAME=pocketstack-state-of-medium\n"),
        ]);
        let volumes = FakeVolumes::default();
        for (part, disk) in [("vda5", "vda"), ("nvme0n1p7", "nvme0n1"), ("vdb1", "vdb")] {
            volumes.plug_in(part, disk, "pocketstack-stat", "lib/other", "");
        }
        let disks = [
            disk("sda", Content::Empty),
            disk("vda", COMPLETE),
            disk("nvme0n1", COMPLETE),
            disk("vdb", Content::StateOfMedium),
        ];
        let found = |answers: &str| installed_from(&root, &volumes, &disks, answers).expect("looked");
        assert_eq!(found("abc"), None);
        noted(&volumes, "nvme0n1p7", "nvme0n1", "abc");
        noted(&volumes, "vda5", "vda", "def");
        noted(&volumes, "vdb1", "vdb", "ghi");
        assert_eq!(found("abc").as_deref(), Some("nvme0n1"));
        assert_eq!(found("def").as_deref(), Some("vda"));
        assert_eq!(found("ghi").as_deref(), Some("vdb"));
        assert_eq!(found("abcd"), None);
    }

    #[test]
    fn a_complete_installation_that_cannot_be_read_stops_the_next_one() {
        let (_dir, root) = machine(&[("vda", "vda7", "PARTNAME=pocketstack-state\n")]);
        let volumes = FakeVolumes::default();
        let look_at = |complete| {
            let disks = [disk("vda", Content::PocketStack { complete })];
            installed_from(&root, &volumes, &disks, "abc")
        };
        assert_eq!(look_at(false).expect("looked"), None);
        let said = look_at(true).expect_err("nobody can tell").to_string();
        assert!(said.contains("nothing is installed meanwhile"), "{said}");
    }

    #[test]
    fn a_system_that_is_being_written_anew_is_not_installed_yet() {
        let (dir, root) = machine(&[("vda", "vda7", "PARTNAME=pocketstack-state\n")]);
        let volumes = FakeVolumes::default();
        noted(&volumes, "vda7", "vda", "abc");
        let shape = Shape {
            size: 8 << 30,
            sector: 512,
        };
        let mut table = layout::system(shape, &RootHash([1; 32]), &mut || Guid([7; 16]));
        let mut found = |closed: bool| {
            if closed {
                table.set(number::ESP, None);
            }
            std::fs::create_dir_all(dir.path().join("dev")).expect("made");
            std::fs::write(dir.path().join("dev/vda"), table.bytes(shape, &PASS_ON).head).expect("written");
            let disks = [Candidate {
                size: ByteCount(shape.size),
                ..disk("vda", COMPLETE)
            }];
            installed_from(&root, &volumes, &disks, "abc").expect("looked")
        };
        assert_eq!(found(false).as_deref(), Some("vda"));
        assert_eq!(found(true), None);
    }
}
