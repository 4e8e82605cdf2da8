//! The volume group `pocketstack` and its thin pool, through lvm(8).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pocketstack_exec::{Cmd, run};
use pocketstack_model::bytes::ByteCount;

use super::{HostError, PoolSeen};
use crate::pool::Pool;

/// Name of the volume group.
const GROUP: &str = "pocketstack";
/// Name of the thin pool.
const POOL: &str = "pool";
/// Name of its metadata until it is part of the pool.
const METADATA: &str = "pool_metadata";
const LIMIT: Duration = Duration::from_secs(300);

/// LVM, told to look at the devices themselves (udev does not look at a disk that is worked on), to leave nothing in
/// `/etc` and `/run`, and to start no daemon.
fn lvm(work: &Path, verb: &str) -> Cmd {
    let settings = format!(
        "devices {{ obtain_device_list_from_udev=0 hints=\"none\" }} backup {{ backup=0 archive=0 }} \
         activation {{ monitoring=0 }} global {{ locking_dir=\"{}\" }}",
        work.join("lvm").display()
    );
    Cmd::new("lvm")
        .arg(verb)
        .arg("--config")
        .arg(settings)
        // Its remarks on inherited files would hide what it has to say.
        .env("LVM_SUPPRESS_FD_WARNINGS", "1")
        .within(LIMIT)
}

/// Device and volume group of every physical volume.
fn physical(work: &Path) -> Result<Vec<(PathBuf, String)>, HostError> {
    let report = lvm(work, "pvs").args(["--noheadings", "--separator", "\t", "-o", "pv_name,vg_name"]);
    Ok(volumes_of(&run(report)?.text()))
}

fn volumes_of(report: &str) -> Vec<(PathBuf, String)> {
    let lines = report
        .lines()
        .filter_map(|line| line.trim_start().split_once('\t'));
    lines
        .filter(|(device, _)| device.starts_with('/'))
        .map(|(device, group)| (PathBuf::from(device), group.trim().to_owned()))
        .collect()
}

/// Kernel name of the disk a device is on, or of the device itself if it is a whole one.
fn disk_of(sys: &Path, device: &Path) -> Option<String> {
    let device = fs::canonicalize(device).unwrap_or_else(|_| device.to_owned());
    let folder = sys.join("class/block").join(device.file_name()?);
    if !folder.join("partition").exists() {
        return Some(device.file_name()?.to_string_lossy().into_owned());
    }
    let parent = fs::canonicalize(folder).ok()?;
    Some(parent.parent()?.file_name()?.to_string_lossy().into_owned())
}

/// Switches off the groups on a disk.
pub fn release(sys: &Path, work: &Path, disk: &str) -> Result<(), HostError> {
    let groups: BTreeSet<String> = physical(work)?
        .into_iter()
        .filter(|(device, group)| !group.is_empty() && disk_of(sys, device).as_deref() == Some(disk))
        .map(|(_, group)| group)
        .collect();
    for group in groups {
        run(lvm(work, "vgchange").args(["--activate", "n", "--"]).arg(group))?;
    }
    Ok(())
}

/// Disks that the group `pocketstack` is on.
pub fn disks(sys: &Path, work: &Path) -> Result<Vec<String>, HostError> {
    let volumes = physical(work)?.into_iter().filter(|(_, group)| group == GROUP);
    let disks: BTreeSet<String> = volumes.filter_map(|(device, _)| disk_of(sys, &device)).collect();
    Ok(disks.into_iter().collect())
}

/// Makes the group and its pool.
pub fn make(work: &Path, devices: &[PathBuf], pool: &Pool) -> Result<(), HostError> {
    run(lvm(work, "pvcreate")
        .args(["--yes", "--force", "--force"])
        .args(devices))?;
    run(lvm(work, "vgcreate").args(["--yes", GROUP]).args(devices))?;
    for args in pool_commands(pool) {
        let (verb, rest) = args
            .split_first()
            .map_or(("", &[][..]), |(verb, rest)| (verb.as_str(), rest));
        run(lvm(work, verb).args(rest))?;
    }
    run(lvm(work, "vgchange").args(["--activate", "n", GROUP]))?;
    Ok(())
}

/// What makes the pool: at once, or, mirrored, out of two RAID volumes (lvmthin(7), "RAID for thin pools").
fn pool_commands(pool: &Pool) -> Vec<Vec<String>> {
    let bytes = |size: ByteCount| format!("{}b", size.0);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (data, metadata, chunk) = (bytes(pool.data), bytes(pool.metadata), bytes(pool.chunk));
    if !pool.mirror {
        return vec![words(&[
            "lvcreate",
            "--yes",
            "--type",
            "thin-pool",
            "--size",
            &data,
            "--poolmetadatasize",
            &metadata,
            "--chunksize",
            &chunk,
            "--name",
            POOL,
            GROUP,
        ])];
    }
    let raid = |name: &str, size: &str| {
        words(&[
            "lvcreate",
            "--yes",
            "--type",
            "raid1",
            "--mirrors",
            "1",
            "--size",
            size,
            "--name",
            name,
            GROUP,
        ])
    };
    vec![
        raid(POOL, &data),
        raid(METADATA, &metadata),
        words(&[
            "lvconvert",
            "--yes",
            "--type",
            "thin-pool",
            "--chunksize",
            &chunk,
            "--poolmetadata",
            &format!("{GROUP}/{METADATA}"),
            &format!("{GROUP}/{POOL}"),
        ]),
    ]
}

/// The pool, if there is one.
pub fn pool(work: &Path) -> Result<Option<PoolSeen>, HostError> {
    let report = lvm(work, "lvs").args([
        "--all",
        "--noheadings",
        "--separator",
        "\t",
        "--units",
        "b",
        "--nosuffix",
        "-o",
        "lv_name,segtype,lv_size",
        GROUP,
    ]);
    let text = run(report)?.text();
    seen(&text).map_err(|line| HostError::Other(format!("what lvs says is not understood: {line}")))
}

fn seen(report: &str) -> Result<Option<PoolSeen>, String> {
    let mut pool = None;
    let mut mirrored = Vec::new();
    for line in report.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.trim().split('\t').collect();
        let [name, kind, size] = words.as_slice() else {
            return Err(line.to_owned());
        };
        match (name.trim_matches(['[', ']']), *kind) {
            (POOL, "thin-pool") => pool = Some(size.parse().map_err(|_| line.to_owned())?),
            ("pool_tdata" | "pool_tmeta", kind) => mirrored.push(kind == "raid1"),
            _ => {}
        }
    }
    Ok(pool.map(|data| PoolSeen {
        data: ByteCount(data),
        mirror: mirrored.len() == 2 && mirrored.iter().all(|yes| *yes),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn physical_volumes_are_told_with_their_group() {
        let report = "  /dev/sda8\tpocketstack\n  [unknown]\tpocketstack\n  /dev/sdb\t\n";
        let expected = [
            (PathBuf::from("/dev/sda8"), "pocketstack".to_owned()),
            (PathBuf::from("/dev/sdb"), String::new()),
        ];
        assert_eq!(volumes_of(report), expected);
    }

    #[test]
    fn the_pool_is_read_with_what_it_is_made_of() {
        let linear = "  [lvol0_pmspare]\tlinear\t16777216\n  pool\tthin-pool\t1073741824\n  [pool_tdata]\tlinear\t1073741824\n  \
                      [pool_tmeta]\tlinear\t16777216\n";
        let expected = |mirror| PoolSeen {
            data: ByteCount(1 << 30),
            mirror,
        };
        assert_eq!(seen(linear), Ok(Some(expected(false))));
        let raid = linear
            .replace("tdata]\tlinear", "tdata]\traid1")
            .replace("tmeta]\tlinear", "tmeta]\traid1");
        assert_eq!(seen(&raid), Ok(Some(expected(true))));
        assert_eq!(
            seen(&linear.replace("tmeta]\tlinear", "tmeta]\traid1")),
            Ok(Some(expected(false)))
        );
        assert_eq!(seen("  pool\tlinear\t4194304\n"), Ok(None));
        assert_eq!(seen(""), Ok(None));
        assert!(seen("  WARNING: something\n").is_err());
    }

    #[test]
    fn a_mirror_is_made_of_two_raid_volumes() {
        let pool = Pool::fitting(&[10 << 30, 20 << 30], true);
        let verbs: Vec<String> = pool_commands(&pool).iter().map(|args| args[0].clone()).collect();
        assert_eq!(verbs, ["lvcreate", "lvcreate", "lvconvert"]);
        let single = pool_commands(&Pool::fitting(&[10 << 30], false));
        assert_eq!(single.len(), 1);
        assert!(single[0].contains(&"thin-pool".to_owned()), "{single:?}");
    }

    #[test]
    fn a_partition_is_told_from_a_whole_disk() {
        let dir = tempfile::tempdir().expect("a folder");
        let sys = dir.path();
        fs::create_dir_all(sys.join("devices/sda/sda8")).expect("made");
        fs::create_dir_all(sys.join("class/block/sdb")).expect("made");
        fs::write(sys.join("devices/sda/sda8/partition"), "8\n").expect("written");
        std::os::unix::fs::symlink(sys.join("devices/sda/sda8"), sys.join("class/block/sda8"))
            .expect("linked");
        assert_eq!(disk_of(sys, Path::new("/nowhere/sda8")).as_deref(), Some("sda"));
        assert_eq!(disk_of(sys, Path::new("/nowhere/sdb")).as_deref(), Some("sdb"));
    }
}
