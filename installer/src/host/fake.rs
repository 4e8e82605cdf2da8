//! The fake: disks in memory, with a cache that a power cut empties, and faults on demand.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use pocketstack_disk::Guid;
use pocketstack_disk::table::{PAGE, Shape, Table};

use super::{FileSystem, Host, HostError, NewFile, Part, PoolSeen};
use crate::pool::Pool;

const PAGE_SIZE: u64 = PAGE as u64;
const ZEROS: [u8; PAGE] = [0; PAGE];

/// A disk.
#[derive(Debug, Clone)]
pub struct FakeDisk {
    /// Size and sectors.
    pub shape: Shape,
    /// What is safely on it, without pages of zeros.
    pub pages: BTreeMap<u64, Vec<u8>>,
    cache: Vec<(u64, Vec<u8>)>,
    shown: Vec<Part>,
}

/// A file system; it is there as long as its first page is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FakeFiles {
    kind: FileSystem,
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Clone)]
struct FakeGroup {
    parts: Vec<Part>,
    pool: Option<PoolSeen>,
    on: bool,
}

/// What of a disk's cache a power cut leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survives {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// What was written last, but not what was written before.
    Last,
}

/// A machine in memory.
#[derive(Debug, Clone, Default)]
pub struct FakeHost {
    disks: BTreeMap<String, FakeDisk>,
    files: BTreeMap<(String, u64), FakeFiles>,
    group: Option<FakeGroup>,
    ids: u8,
    /// Changes made so far.
    pub changes: usize,
    /// The power fails before this change.
    pub cut: Option<usize>,
    /// Part of a disk that can be neither read nor written.
    pub broken: Option<(String, Range<u64>)>,
    /// A byte of a disk that turns into another one whenever it is written.
    pub flips: Option<(String, u64)>,
}

impl FakeHost {
    /// Plugs in an empty disk.
    pub fn plug_in(&mut self, name: &str, shape: Shape) {
        let disk = FakeDisk {
            shape,
            pages: BTreeMap::new(),
            cache: Vec::new(),
            shown: Vec::new(),
        };
        self.disks.insert(name.to_owned(), disk);
    }

    /// A disk, if it is there.
    pub fn disk(&self, name: &str) -> Option<&FakeDisk> {
        self.disks.get(name)
    }

    /// The power goes, and comes back: the kernel knows what stands in the tables.
    pub fn power_cut(&mut self, survives: Survives) {
        self.cut = None;
        let mut shown = BTreeMap::new();
        for (name, disk) in &mut self.disks {
            let last = disk.cache.pop();
            let before = std::mem::take(&mut disk.cache);
            let before = before.into_iter().filter(|_| survives == Survives::Everything);
            let last = last.filter(|_| survives != Survives::Nothing);
            for (at, bytes) in before.chain(last) {
                disk.store(at, &bytes);
            }
            shown.insert(name.clone(), disk.in_table(name));
        }
        for (name, parts) in shown {
            if let Some(disk) = self.disks.get_mut(&name) {
                disk.shown = parts;
            }
        }
        if let Some(group) = &mut self.group {
            // As udev does.
            group.on = true;
        }
    }

    /// Whether no disk has anything in its cache: what survives a power cut is then everything.
    pub fn is_flushed(&self) -> bool {
        self.disks.values().all(|disk| disk.cache.is_empty())
    }

    /// A file of a file system that begins there, if there is one.
    pub fn file(&self, disk: &str, start: u64, path: &str) -> Option<&[u8]> {
        let files = self.at(disk, start, None)?;
        files.files.get(path).map(Vec::as_slice)
    }

    /// Paths of all files in a file system that begins there; `None` if none does.
    pub fn paths(&self, disk: &str, start: u64) -> Option<Vec<&str>> {
        let files = self.at(disk, start, None)?;
        Some(files.files.keys().map(String::as_str).collect())
    }

    fn at(&self, disk: &str, start: u64, kind: Option<FileSystem>) -> Option<&FakeFiles> {
        let files = self.files.get(&(disk.to_owned(), start))?;
        let there = self.disks.get(disk)?.page(start).starts_with(marker(files.kind));
        (there && kind.is_none_or(|kind| kind == files.kind)).then_some(files)
    }

    /// Nothing is changed any more once the power is gone.
    fn change(&mut self) -> Result<(), HostError> {
        if self.cut == Some(self.changes) {
            return Err(HostError::Other("the power is gone".to_owned()));
        }
        self.changes += 1;
        Ok(())
    }

    fn get(&mut self, disk: &str) -> Result<&mut FakeDisk, HostError> {
        self.disks
            .get_mut(disk)
            .ok_or_else(|| HostError::Io(io::ErrorKind::NotFound.into()))
    }

    fn works(&self, disk: &str, range: &Range<u64>) -> Result<(), HostError> {
        match &self.broken {
            Some((name, bad)) if name == disk && bad.start < range.end && range.start < bad.end => {
                Err(io::Error::from_raw_os_error(5).into())
            }
            _ => Ok(()),
        }
    }

    fn is_shown(&mut self, part: &Part) -> Result<(), HostError> {
        if self.get(&part.disk)?.shown.contains(part) {
            Ok(())
        } else {
            Err(HostError::Other(format!("there is no {}", part.name())))
        }
    }

    fn mounted(&mut self, part: &Part, kind: FileSystem) -> Result<(), HostError> {
        self.is_shown(part)?;
        self.works(&part.disk, &(part.start..part.start + part.size))?;
        match self.at(&part.disk, part.start, Some(kind)) {
            Some(_) => Ok(()),
            None => Err(HostError::Other(format!("{} cannot be mounted", part.name()))),
        }
    }

    /// The group, if all its partitions are there.
    fn whole_group(&self) -> Option<&FakeGroup> {
        self.group.as_ref().filter(|group| {
            group.parts.iter().all(|part| {
                let disk = self.disks.get(&part.disk);
                disk.is_some_and(|disk| {
                    let shown = disk.shown.iter().any(|other| other.start == part.start);
                    shown && disk.page(part.start).starts_with(b"LVM")
                })
            })
        })
    }
}

impl FakeDisk {
    fn page(&self, at: u64) -> &[u8] {
        self.pages.get(&(at / PAGE_SIZE)).map_or(&[], Vec::as_slice)
    }

    /// Changes what is safely on the disk, behind everybody's back.
    pub fn store(&mut self, at: u64, bytes: &[u8]) {
        let mut at = at;
        let mut rest = bytes;
        while !rest.is_empty() {
            let inside = (at % PAGE_SIZE) as usize;
            let (now, later) = rest.split_at(rest.len().min(PAGE - inside));
            if now.len() == PAGE {
                // Whole pages are compared and copied at once: tests write gigabytes of them.
                if now == ZEROS {
                    self.pages.remove(&(at / PAGE_SIZE));
                } else {
                    self.pages.insert(at / PAGE_SIZE, now.to_vec());
                }
            } else {
                let page = self.pages.entry(at / PAGE_SIZE).or_insert_with(|| ZEROS.to_vec());
                page[inside..inside + now.len()].copy_from_slice(now);
                if *page == ZEROS {
                    self.pages.remove(&(at / PAGE_SIZE));
                }
            }
            at += now.len() as u64;
            rest = later;
        }
    }

    /// Reads what is safely on the disk.
    pub fn load(&self, at: u64, into: &mut [u8]) {
        let mut at = at;
        let mut rest = into;
        while !rest.is_empty() {
            let inside = (at % PAGE_SIZE) as usize;
            let length = rest.len().min(PAGE - inside);
            let (now, later) = rest.split_at_mut(length);
            let page = self
                .pages
                .get(&(at / PAGE_SIZE))
                .map_or(&ZEROS[..], Vec::as_slice);
            now.copy_from_slice(&page[inside..inside + length]);
            at += length as u64;
            rest = later;
        }
    }

    /// The partition table on the disk.
    pub fn table(&self) -> Option<Table> {
        let read = Table::read(self.shape, &mut |at, into| {
            self.load(at, into);
            Ok(())
        });
        read.ok().flatten()
    }

    fn in_table(&self, name: &str) -> Vec<Part> {
        let table = self.table();
        let entries = table.iter().flat_map(|table| table.entries.iter().enumerate());
        let parts = entries.filter_map(|(index, entry)| {
            let entry = entry.as_ref()?;
            Some(Part {
                disk: name.to_owned(),
                number: index + 1,
                start: entry.start,
                size: entry.size,
            })
        });
        parts.collect()
    }
}

fn marker(kind: FileSystem) -> &'static [u8] {
    match kind {
        FileSystem::Fat => b"FAT",
        FileSystem::Ext4 => b"EXT4",
    }
}

impl Host for FakeHost {
    fn sector(&mut self, disk: &str) -> Result<u64, HostError> {
        Ok(self.get(disk)?.shape.sector)
    }

    fn id(&mut self) -> Result<Guid, HostError> {
        self.ids = self.ids.wrapping_add(1);
        Ok(Guid([self.ids.max(1); 16]))
    }

    fn read(&mut self, disk: &str, at: u64, into: &mut [u8]) -> Result<(), HostError> {
        let end = at + into.len() as u64;
        self.works(disk, &(at..end))?;
        let disk = self.get(disk)?;
        disk.load(at, into);
        for (place, bytes) in &disk.cache {
            let (from, to) = ((*place).max(at), (place + bytes.len() as u64).min(end));
            if from < to {
                let source = &bytes[(from - place) as usize..(to - place) as usize];
                into[(from - at) as usize..(to - at) as usize].copy_from_slice(source);
            }
        }
        Ok(())
    }

    fn write(&mut self, disk: &str, at: u64, bytes: &[u8]) -> Result<(), HostError> {
        self.works(disk, &(at..at + bytes.len() as u64))?;
        self.change()?;
        let mut bytes = bytes.to_vec();
        if let Some((name, place)) = &self.flips
            && name == disk
            && let Some(byte) = place
                .checked_sub(at)
                .and_then(|index| bytes.get_mut(index as usize))
        {
            *byte ^= 1;
        }
        self.get(disk)?.cache.push((at, bytes));
        Ok(())
    }

    fn flush(&mut self, disk: &str) -> Result<(), HostError> {
        self.change()?;
        let disk = self.get(disk)?;
        for (at, bytes) in std::mem::take(&mut disk.cache) {
            disk.store(at, &bytes);
        }
        Ok(())
    }

    fn show(&mut self, disk: &str, parts: &[Part]) -> Result<(), HostError> {
        if self.group.as_ref().is_some_and(|group| group.on) {
            let used = self.whole_group().into_iter().flat_map(|group| &group.parts);
            let gone = used
                .filter(|part| part.disk == disk)
                .find(|part| !parts.contains(part));
            if let Some(part) = gone {
                return Err(HostError::Other(format!("{} is in use", part.name())));
            }
        }
        parts.clone_into(&mut self.get(disk)?.shown);
        Ok(())
    }

    fn format(&mut self, part: &Part, kind: FileSystem) -> Result<(), HostError> {
        self.is_shown(part)?;
        self.works(&part.disk, &(part.start..part.start + part.size))?;
        // What was there goes first.
        self.change()?;
        self.files.remove(&(part.disk.clone(), part.start));
        self.change()?;
        let mut page = vec![0; PAGE];
        page[..marker(kind).len()].copy_from_slice(marker(kind));
        self.get(&part.disk)?.store(part.start, &page);
        let files = FakeFiles {
            kind,
            files: BTreeMap::new(),
        };
        self.files.insert((part.disk.clone(), part.start), files);
        Ok(())
    }

    fn put(&mut self, part: &Part, kind: FileSystem, files: &[NewFile<'_>]) -> Result<(), HostError> {
        self.mounted(part, kind)?;
        for file in files {
            self.change()?;
            if let Some(there) = self.files.get_mut(&(part.disk.clone(), part.start)) {
                there.files.insert(file.path.to_owned(), file.bytes.to_vec());
            }
        }
        Ok(())
    }

    fn check(
        &mut self,
        part: &Part,
        kind: FileSystem,
        files: &[NewFile<'_>],
    ) -> Result<Option<String>, HostError> {
        self.mounted(part, kind)?;
        let wrong = files
            .iter()
            .find(|file| self.file(&part.disk, part.start, file.path) != Some(file.bytes));
        Ok(wrong.map(|file| file.path.to_owned()))
    }

    fn list(
        &mut self,
        part: &Part,
        kind: FileSystem,
        folder: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, HostError> {
        self.mounted(part, kind)?;
        let there = self.at(&part.disk, part.start, Some(kind));
        let inside = there
            .iter()
            .flat_map(|files| &files.files)
            .filter_map(|(path, bytes)| {
                let name = path.strip_prefix(folder)?.strip_prefix('/')?;
                Some((name.to_owned(), bytes.clone()))
            });
        Ok(inside.collect())
    }

    fn release(&mut self, disk: &str) -> Result<(), HostError> {
        if let Some(group) = &mut self.group
            && group.parts.iter().any(|part| part.disk == disk)
        {
            group.on = false;
        }
        Ok(())
    }

    fn group(&mut self) -> Result<Vec<String>, HostError> {
        let parts = self.whole_group().into_iter().flat_map(|group| &group.parts);
        Ok(parts.map(|part| part.disk.clone()).collect())
    }

    fn make_pool(&mut self, parts: &[Part], pool: &Pool) -> Result<(), HostError> {
        for part in parts {
            self.is_shown(part)?;
            self.works(&part.disk, &(part.start..part.start + part.size))?;
            self.change()?;
            let mut page = vec![0; PAGE];
            page[..3].copy_from_slice(b"LVM");
            self.get(&part.disk)?.store(part.start, &page);
        }
        self.change()?;
        self.group = Some(FakeGroup {
            parts: parts.to_vec(),
            pool: None,
            on: false,
        });
        self.change()?;
        let seen = PoolSeen {
            data: pool.data,
            mirror: pool.mirror,
        };
        if let Some(group) = &mut self.group {
            group.pool = Some(seen);
        }
        Ok(())
    }

    fn pool(&mut self) -> Result<Option<PoolSeen>, HostError> {
        Ok(self.whole_group().and_then(|group| group.pool.clone()))
    }

    fn finish(&mut self, disks: &[String]) -> Result<(), HostError> {
        for name in disks {
            let disk = self.get(name)?;
            disk.shown = disk.in_table(name);
        }
        Ok(())
    }
}
