//! Partitions that the kernel knows and the disk does not: the ioctls of linux/blkpg.h.

use std::ffi::{c_int, c_void};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;

use nix::errno::Errno;

use super::{HostError, Part};

const ADD: c_int = 1;
const REMOVE: c_int = 2;

#[repr(C)]
struct Argument {
    operation: c_int,
    flags: c_int,
    length: c_int,
    data: *mut c_void,
}

#[repr(C)]
struct Partition {
    start: i64,
    length: i64,
    number: c_int,
    unused: [u8; 128],
}

mod raw {
    // linux/fs.h: _IO(0x12, 105) and _IO(0x12, 95).
    nix::ioctl_write_ptr_bad!(blkpg, 0x1269, super::Argument);
    nix::ioctl_none_bad!(blkrrpart, 0x125f);
}

/// Partitions of the disk as the kernel has them now.
pub fn known(sys: &Path, disk: &str) -> Vec<Part> {
    let folder = sys.join("class/block").join(disk);
    let number = |path: &Path, file: &str| -> Option<u64> {
        fs::read_to_string(path.join(file)).ok()?.trim().parse().ok()
    };
    let mut parts: Vec<Part> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            Some(Part {
                disk: disk.to_owned(),
                number: usize::try_from(number(&path, "partition")?).ok()?,
                // Always in units of 512 bytes.
                start: number(&path, "start")?.checked_mul(512)?,
                size: number(&path, "size")?.checked_mul(512)?,
            })
        })
        .collect();
    parts.sort_by_key(|part| part.number);
    parts
}

/// Makes the kernel have exactly `wanted` where it has `there`. Removes before it adds.
pub fn show(disk: BorrowedFd<'_>, there: &[Part], wanted: &[Part]) -> Result<(), HostError> {
    for part in there.iter().filter(|part| !wanted.contains(part)) {
        change(disk, REMOVE, part).map_err(|error| match error {
            Errno::EBUSY => HostError::Other(format!("{} is in use", part.name())),
            other => io::Error::from(other).into(),
        })?;
    }
    for part in wanted.iter().filter(|part| !there.contains(part)) {
        change(disk, ADD, part).map_err(io::Error::from)?;
    }
    Ok(())
}

/// Makes the kernel read the disk's own table.
pub fn read_table(disk: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the ioctl takes no argument, and the descriptor is open for as long as it is borrowed.
    unsafe { raw::blkrrpart(disk.as_raw_fd()) }.map(drop)
}

fn change(disk: BorrowedFd<'_>, operation: c_int, part: &Part) -> Result<(), Errno> {
    let signed = |value: u64| i64::try_from(value).map_err(|_| Errno::EOVERFLOW);
    let mut partition = Partition {
        start: signed(part.start)?,
        length: signed(part.size)?,
        number: c_int::try_from(part.number).map_err(|_| Errno::EOVERFLOW)?,
        unused: [0; 128],
    };
    let argument = Argument {
        operation,
        flags: 0,
        length: size_of::<Partition>() as c_int,
        data: (&raw mut partition).cast(),
    };
    // SAFETY: both structures are those of linux/blkpg.h and outlive the call; the descriptor is open.
    unsafe { raw::blkpg(disk.as_raw_fd(), &raw const argument) }.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_those_of_the_kernel() {
        // sizeof(struct blkpg_partition) and sizeof(struct blkpg_ioctl_arg) on 64-bit machines.
        assert_eq!((size_of::<Partition>(), size_of::<Argument>()), (152, 24));
    }

    #[test]
    fn what_the_kernel_knows_is_read_from_sysfs() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join("class/block/nvme0n1").join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        };
        for (file, text) in [("partition", "2\n"), ("start", "4096\n"), ("size", "2048\n")] {
            write(&format!("nvme0n1p2/{file}"), text);
        }
        write("queue/rotational", "0\n");
        let parts = known(dir.path(), "nvme0n1");
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].start, parts[0].size), (2 << 20, 1 << 20));
        assert_eq!(parts[0].name(), "nvme0n1p2");
    }
}
