//! The real adapter: the disks of this machine, and the programs that make file systems and volumes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg, OFlag};

use super::{FileSystem, Host, HostError, NewFile, Part, PoolSeen, files, lvm, partitions};
use crate::pool::Pool;
use pocketstack_disk::Guid;

/// What direct I/O wants buffers to be aligned to, whatever the disk (open(2), O_DIRECT).
const ALIGN: usize = 4096;

/// This machine.
///
/// A disk is locked for as long as it is worked on (systemd.io/BLOCK_DEVICE_LOCKING): otherwise udev would see it closed,
/// read its table anew, and forget the partitions that are not in it yet. Dropping this value unlocks all disks, which is
/// what then happens, as it should after an installation that failed.
#[derive(Debug)]
pub struct Machine {
    sys: PathBuf,
    dev: PathBuf,
    work: PathBuf,
    disks: BTreeMap<String, Disk>,
    buffer: Vec<u8>,
}

/// An open disk. The lock is of the whole disk, and goes with it.
#[derive(Debug)]
struct Disk {
    direct: File,
    lock: Flock<File>,
}

impl Machine {
    /// `work` is a folder that this process may write and mount in; nobody else looks into it.
    pub fn new(work: impl Into<PathBuf>) -> Self {
        Self::at("/sys", "/dev", work)
    }

    /// With other folders for `/sys` and `/dev`, for tests.
    pub fn at(sys: impl Into<PathBuf>, dev: impl Into<PathBuf>, work: impl Into<PathBuf>) -> Self {
        Self {
            sys: sys.into(),
            dev: dev.into(),
            work: work.into(),
            disks: BTreeMap::new(),
            buffer: Vec::new(),
        }
    }

    fn disk(&mut self, name: &str) -> Result<&Disk, HostError> {
        if !self.disks.contains_key(name) {
            let path = self.dev.join(name);
            let direct = File::options()
                .read(true)
                .write(true)
                .custom_flags(OFlag::O_DIRECT.bits())
                .open(&path)?;
            // udev holds its own lock for moments only.
            let lock = Flock::lock(File::open(&path)?, FlockArg::LockExclusive)
                .map_err(|(_, error)| io::Error::from(error))?;
            self.disks.insert(name.to_owned(), Disk { direct, lock });
        }
        self.disks
            .get(name)
            .ok_or_else(|| HostError::Other(format!("{name} cannot be opened")))
    }

    fn device(&self, part: &Part) -> PathBuf {
        self.dev.join(part.name())
    }
}

/// The aligned middle of a buffer that is large enough for it.
fn aligned(buffer: &mut Vec<u8>, length: usize) -> &mut [u8] {
    buffer.resize(length + ALIGN, 0);
    let skip = buffer.as_ptr().align_offset(ALIGN).min(ALIGN);
    &mut buffer[skip..skip + length]
}

impl Host for Machine {
    fn sector(&mut self, disk: &str) -> Result<u64, HostError> {
        let path = self
            .sys
            .join("class/block")
            .join(disk)
            .join("queue/logical_block_size");
        let text = fs::read_to_string(&path)?;
        text.trim()
            .parse()
            .map_err(|_| HostError::Other(format!("{} is no number: {text}", path.display())))
    }

    fn id(&mut self) -> Result<Guid, HostError> {
        let text = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
        text.parse()
            .map_err(|error: pocketstack_disk::guid::NoGuid| HostError::Other(error.to_string()))
    }

    fn read(&mut self, disk: &str, at: u64, into: &mut [u8]) -> Result<(), HostError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let direct = aligned(&mut buffer, into.len());
        let done = self
            .disk(disk)
            .and_then(|disk| Ok(disk.direct.read_exact_at(direct, at)?));
        into.copy_from_slice(direct);
        self.buffer = buffer;
        done
    }

    fn write(&mut self, disk: &str, at: u64, bytes: &[u8]) -> Result<(), HostError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let direct = aligned(&mut buffer, bytes.len());
        direct.copy_from_slice(bytes);
        let done = self
            .disk(disk)
            .and_then(|disk| Ok(disk.direct.write_all_at(direct, at)?));
        self.buffer = buffer;
        done
    }

    fn flush(&mut self, disk: &str) -> Result<(), HostError> {
        Ok(self.disk(disk)?.direct.sync_all()?)
    }

    fn show(&mut self, disk: &str, parts: &[Part]) -> Result<(), HostError> {
        let there = partitions::known(&self.sys, disk);
        let lock = self.disk(disk)?.lock.as_fd();
        partitions::show(lock, &there, parts)
    }

    fn format(&mut self, part: &Part, kind: FileSystem) -> Result<(), HostError> {
        files::format(&self.device(part), kind)
    }

    fn put(&mut self, part: &Part, kind: FileSystem, files: &[NewFile<'_>]) -> Result<(), HostError> {
        files::put(&self.work, &self.device(part), kind, files)
    }

    fn check(
        &mut self,
        part: &Part,
        kind: FileSystem,
        files: &[NewFile<'_>],
    ) -> Result<Option<String>, HostError> {
        files::check(&self.work, &self.device(part), kind, files)
    }

    fn list(
        &mut self,
        part: &Part,
        kind: FileSystem,
        folder: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, HostError> {
        files::list(&self.work, &self.device(part), kind, Path::new(folder))
    }

    fn release(&mut self, disk: &str) -> Result<(), HostError> {
        lvm::release(&self.sys, &self.work, disk)
    }

    fn group(&mut self) -> Result<Vec<String>, HostError> {
        lvm::disks(&self.sys, &self.work)
    }

    fn make_pool(&mut self, parts: &[Part], pool: &Pool) -> Result<(), HostError> {
        let devices: Vec<PathBuf> = parts.iter().map(|part| self.device(part)).collect();
        lvm::make(&self.work, &devices, pool)
    }

    fn pool(&mut self) -> Result<Option<PoolSeen>, HostError> {
        lvm::pool(&self.work)
    }

    fn finish(&mut self, disks: &[String]) -> Result<(), HostError> {
        for name in disks {
            let lock = self.disk(name)?.lock.as_fd();
            let read = partitions::read_table(lock);
            // Where the state stayed, volumes may be in use; their partitions are where they were.
            if let Err(error) = read
                && error != nix::errno::Errno::EBUSY
            {
                return Err(io::Error::from(error).into());
            }
            self.disks.remove(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_from_the_disk() {
        // Direct I/O is for real file systems: the target folder is on one.
        let dir = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).expect("a folder");
        let disk = File::create(dir.path().join("sda")).expect("made");
        disk.set_len(1 << 20).expect("grown");
        let mut machine = Machine::at(dir.path(), dir.path(), dir.path());
        let bytes: Vec<u8> = (0..8192_u32).map(|at| (at % 251) as u8).collect();
        machine.write("sda", 512, &bytes).expect("written");
        machine.flush("sda").expect("flushed");
        let mut back = vec![0; 8192];
        machine.read("sda", 512, &mut back).expect("read");
        assert_eq!(back, bytes);
        let mut beyond = vec![0; 4096];
        let error = machine
            .read("sda", 1 << 20, &mut beyond)
            .expect_err("beyond the end");
        assert!(!error.is_disk(), "{error}");
        // Nobody else takes the disk meanwhile.
        let other = File::open(dir.path().join("sda")).expect("opened");
        assert!(Flock::lock(other, FlockArg::LockExclusiveNonblock).is_err());
    }

    #[test]
    fn ids_are_new_each_time() {
        let mut machine = Machine::new("/nowhere");
        assert_ne!(machine.id().expect("an id"), machine.id().expect("an id"));
        assert!(machine.write("no-such-disk", 0, &[0; 512]).is_err());
    }
}
