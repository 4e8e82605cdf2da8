//! Steps that put the system on the disk, and prove that it is there. A plan for a state alone has none of them.

use std::fs::File;
use std::io::{self, Read};

use pocketstack_disk::bios::{self, Embedded};
use pocketstack_disk::parts::{self, number};

use super::{FileSystem, Host, HostError, Progress, Run, Step, Trouble, on};
use crate::payload::{Payload, Piece};
use crate::verity::{Tree, VerityError};

/// Bytes copied or read back at a time.
const CHUNK: usize = 4 << 20;

/// What is put on the disk.
pub(super) struct System {
    /// What is copied.
    pub payload: Payload,
    /// GRUB, made fit for the disk.
    pub boot: Embedded,
}

impl System {
    /// Sees whether it fits.
    pub fn fitted(payload: Payload) -> Result<Self, Trouble> {
        for (piece, room) in [
            (&payload.data, parts::ROOT_SIZE),
            (&payload.tree, parts::VERITY_SIZE),
        ] {
            if piece.size > room {
                return Err(Trouble::TooLarge {
                    size: piece.size,
                    room,
                });
            }
        }
        let first = parts::BIOS_START / bios::SECTOR as u64;
        let boot = bios::embed(&payload.boot_sector, &payload.core, first, parts::BIOS_SIZE)?;
        Ok(Self { payload, boot })
    }
}

impl<H: Host> Run<'_, H> {
    pub(super) fn copy(&mut self) -> Result<(), Trouble> {
        let Some(system) = self.system.clone() else {
            return Ok(());
        };
        let (data, tree) = (&system.payload.data, &system.payload.tree);
        let all = data.size + tree.size;
        let mut done = 0;
        for (piece, number) in [(data, number::ROOT_A), (tree, number::VERITY_A)] {
            let start = self.part(number).start;
            self.copy_piece(piece, start, &mut done, all)?;
        }
        let disk = self.plan.disk.name.as_str();
        self.host.flush(disk).map_err(on(disk))
    }

    fn copy_piece(&mut self, piece: &Piece, start: u64, done: &mut u64, all: u64) -> Result<(), Trouble> {
        let mut source = File::open(&piece.path).map_err(Trouble::Source)?;
        let mut buffer = vec![0; CHUNK];
        let mut at = 0;
        while at < piece.size {
            let length = (piece.size - at).min(CHUNK as u64) as usize;
            source
                .read_exact(&mut buffer[..length])
                .map_err(Trouble::Source)?;
            let whole = length.next_multiple_of(self.shape.sector as usize);
            buffer[length..whole].fill(0);
            let disk = self.plan.disk.name.as_str();
            self.host
                .write(disk, start + at, &buffer[..whole])
                .map_err(on(disk))?;
            at += length as u64;
            *done += length as u64;
            self.tell(*done, all);
        }
        Ok(())
    }

    pub(super) fn prove(&mut self) -> Result<(), Trouble> {
        let Some(system) = self.system.clone() else {
            return Ok(());
        };
        let (data, tree) = (self.part(number::ROOT_A), self.part(number::VERITY_A));
        let sector = self.shape.sector as usize;
        let mut bytes = vec![0; (system.payload.tree.size as usize).next_multiple_of(sector)];
        self.host
            .read(&tree.disk, tree.start, &mut bytes)
            .map_err(self.trouble())?;
        let tree = Tree::check(&bytes, &system.payload.uki.root).map_err(|error| self.unproved(error))?;
        let size = tree.data_size();
        if size > data.size {
            return Err(self.read_back("the hash tree is that of a larger system"));
        }
        let (from, to) = (self.progress_at(0, 1).percent, self.progress_at(1, 1).percent);
        let progress = &mut *self.progress;
        let mut failed = None;
        let mut reader = DiskReader {
            host: &mut *self.host,
            disk: &data.disk,
            at: data.start,
            end: data.start + size,
            buffer: Vec::new(),
            used: 0,
            failed: &mut failed,
        };
        let checked = tree.check_data(&mut reader, &mut |read| {
            let part = u64::from(to.saturating_sub(from)) * read / size.max(1);
            progress(Progress {
                step: Step::Prove.words(),
                percent: from.saturating_add(u8::try_from(part).unwrap_or(0)),
            });
        });
        if let Some(error) = failed {
            return Err(on(&data.disk)(error));
        }
        checked.map_err(|error| self.unproved(error))
    }

    fn unproved(&self, error: VerityError) -> Trouble {
        self.read_back(error.to_string())
    }

    pub(super) fn boot(&mut self) -> Result<(), Trouble> {
        let Some(system) = self.system.clone() else {
            return Ok(());
        };
        let part = self.part(number::ESP);
        let uki = system.payload.uki_path();
        let files = system.payload.boot_files(&uki);
        self.host.format(&part, FileSystem::Fat).map_err(self.trouble())?;
        self.put_checked(&part, FileSystem::Fat, &files)?;
        let mut core = system.boot.core.clone();
        core.resize(core.len().next_multiple_of(self.shape.sector as usize), 0);
        let (disk, at) = (self.plan.disk.name.as_str(), parts::BIOS_START);
        let mut back = vec![0; core.len()];
        self.host
            .write(disk, at, &core)
            .and_then(|()| self.host.flush(disk))
            .and_then(|()| self.host.read(disk, at, &mut back))
            .map_err(on(disk))?;
        if back != core {
            return Err(self.read_back("GRUB's core"));
        }
        Ok(())
    }
}

/// A part of a disk as a stream. The disk's own error is kept aside: `io::Error` would lose what it was.
struct DiskReader<'a, H> {
    host: &'a mut H,
    disk: &'a str,
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
    failed: &'a mut Option<HostError>,
}

impl<H: Host> Read for DiskReader<'_, H> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.used == self.buffer.len() {
            let length = (self.end - self.at).min(CHUNK as u64) as usize;
            self.buffer.resize(length, 0);
            if let Err(error) = self.host.read(self.disk, self.at, &mut self.buffer) {
                *self.failed = Some(error);
                return Err(io::Error::other("the disk cannot be read"));
            }
            self.at += length as u64;
            self.used = 0;
        }
        let length = into.len().min(self.buffer.len() - self.used);
        into[..length].copy_from_slice(&self.buffer[self.used..self.used + length]);
        self.used += length;
        Ok(length)
    }
}
