//! The steps of an installation, one after the other. After a power cut before the last one the disk is empty, or as it
//! was and not started from; starting over is always right.

mod disks;
mod settings;

use std::fs::File;
use std::io::{self, Read};

use pocketstack_model::config::Configuration;
use pocketstack_model::config::file::{FileError, to_toml};

use crate::bios::{self, BiosError, Embedded, PASS_ON};
use crate::host::{FileSystem, Host, HostError, NewFile, Part, PoolSeen};
use crate::layout::{self, number};
use crate::payload::{Payload, Piece};
use crate::plan::{Plan, Step};
use crate::pool::Pool;
use crate::table::{CODE, Guid, Shape, Table};
use crate::verity::{Tree, VerityError};

/// Bytes copied or read back at a time.
const CHUNK: usize = 4 << 20;

/// How far an installation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in words.
    pub step: String,
    /// Done so far, 0 to 100.
    pub percent: u8,
}

/// Why an installation stopped, and how it left the disk.
#[derive(Debug, thiserror::Error)]
#[error("{step} failed: {trouble}. {}", .left.words())]
pub struct InstallError {
    /// At which step.
    pub step: Step,
    /// Why.
    #[source]
    pub trouble: Trouble,
    /// How the disk is now.
    pub left: Left,
}

/// How an installation that stopped has left the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// As it was.
    Untouched,
    /// Empty.
    Empty,
    /// With its state and volumes, but not started from.
    Closed,
    /// Complete, or as before the step.
    Unsure,
}

impl Left {
    fn words(self) -> &'static str {
        match self {
            Self::Untouched => "Nothing was changed",
            Self::Empty => "The disk is empty now; start the installation again",
            Self::Unsure => "The disk may be complete or not; start the installation again",
            Self::Closed => {
                "State and volumes are as they were, but the disk cannot be started from until the installation is repeated"
            }
        }
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Something could not be done.
    #[error("{disk}: {source}{}", if .source.is_disk() { "; the disk is failing and has to be replaced" } else { "" })]
    Host {
        /// The disk.
        disk: String,
        /// Why.
        source: HostError,
    },
    /// What is installed cannot be read.
    #[error("what this machine runs from cannot be read ({0}): write the medium again, or use another one")]
    Source(io::Error),
    /// What is installed is larger than its place.
    #[error(
        "the system has {size} bytes, and there is room for {room}: this installer does not fit its system"
    )]
    TooLarge {
        /// Bytes it has.
        size: u64,
        /// Bytes there are.
        room: u64,
    },
    /// What was read back is not what was written.
    #[error(
        "{disk}: what is read back is not what was written ({what}); the disk is failing and has to be replaced"
    )]
    ReadBack {
        /// The disk.
        disk: String,
        /// What differs.
        what: String,
    },
    /// There is a volume group of that name elsewhere.
    #[error(
        "the volume group pocketstack is on {}, which is no disk of this installation: name it in data_disks with \
         existing = \"erase\", or take it out of the machine", .0.join(", ")
    )]
    Group(Vec<String>),
    /// A kept disk is not laid out as it has to be.
    #[error("the PocketStack on {disk} cannot be kept: {why}; set existing = \"erase\" to wipe it")]
    Layout {
        /// The disk.
        disk: String,
        /// What is wrong.
        why: String,
    },
    /// The state of a kept disk cannot be read.
    #[error("the state on {disk} cannot be read ({source}); set existing = \"erase\" to wipe it")]
    State {
        /// The disk.
        disk: String,
        /// Why.
        source: HostError,
    },
    /// GRUB's files are damaged.
    #[error(transparent)]
    Bios(#[from] BiosError),
    /// The configuration cannot be a file.
    #[error("the configuration {0}")]
    Configuration(#[from] FileError),
}

/// Carries out a plan. `configuration` is what the node comes up with; without one it comes up for its setup, or, if the
/// state is kept, as it was. `progress` is told before every step and now and then within. Blocks.
///
/// # Errors
/// [`InstallError`]; it says how the disk is.
pub fn run(
    plan: &Plan,
    payload: &Payload,
    configuration: Option<&Configuration>,
    progress: &mut dyn FnMut(Progress),
    host: &mut impl Host,
) -> Result<(), InstallError> {
    let mut run = Run {
        plan,
        payload,
        configuration: None,
        shape: Shape { size: 0, sector: 512 },
        old: None,
        table: Table {
            id: Guid::default(),
            entries: Vec::new(),
        },
        boot: None,
        host,
        progress,
        step: Step::Look,
        before: 0,
    };
    for step in plan.steps() {
        run.step = step;
        run.tell(0, 1);
        let done = match step {
            Step::Look => run.look(configuration),
            Step::Release => run.release(),
            Step::Clear => run.clear(),
            Step::Close => run.close(),
            Step::Copy => run.copy(),
            Step::Prove => run.prove(),
            Step::State => run.state(),
            Step::Volumes => run.volumes(),
            Step::Boot => run.boot(),
            Step::Configure => run.configure(),
            Step::Activate => run.activate(),
        };
        done.map_err(|trouble| InstallError {
            step,
            trouble,
            left: match (step, plan.keep) {
                (Step::Look | Step::Release, _) => Left::Untouched,
                (Step::Activate, _) => Left::Unsure,
                (_, true) => Left::Closed,
                (_, false) => Left::Empty,
            },
        })?;
        run.before += weight(step);
    }
    (run.progress)(Progress {
        step: "done".to_owned(),
        percent: 100,
    });
    Ok(())
}

/// Share of the time, roughly as measured.
fn weight(step: Step) -> u64 {
    match step {
        Step::Look | Step::Release | Step::Close | Step::Configure | Step::Activate => 1,
        Step::Clear | Step::State => 4,
        Step::Volumes => 15,
        Step::Boot => 20,
        Step::Prove => 22,
        Step::Copy => 30,
    }
}

struct Run<'a, H> {
    plan: &'a Plan,
    payload: &'a Payload,
    /// As a file.
    configuration: Option<String>,
    shape: Shape,
    /// The table of a kept disk.
    old: Option<Table>,
    /// The table the disk is going to have.
    table: Table,
    boot: Option<Embedded>,
    host: &'a mut H,
    progress: &'a mut dyn FnMut(Progress),
    step: Step,
    /// Weight of the steps that are done.
    before: u64,
}

impl<H: Host> Run<'_, H> {
    fn tell(&mut self, part: u64, of: u64) {
        let progress = self.progress_at(part, of);
        (self.progress)(progress);
    }

    /// `part` of `of` of the step that is being done.
    fn progress_at(&self, part: u64, of: u64) -> Progress {
        let all: u64 = self.plan.steps().into_iter().map(weight).sum();
        let done = self.before * 1000 + weight(self.step) * 1000 * part / of.max(1);
        Progress {
            step: self.step.to_string(),
            percent: u8::try_from(done / (all * 10)).unwrap_or(99).min(99),
        }
    }

    fn disk(&self) -> &str {
        &self.plan.disk.name
    }

    /// A step's error, with the disk that is started from.
    fn trouble(&self) -> impl Fn(HostError) -> Trouble + use<H> {
        on(self.disk())
    }

    fn read_back(&self, what: impl Into<String>) -> Trouble {
        Trouble::ReadBack {
            disk: self.disk().to_owned(),
            what: what.into(),
        }
    }

    fn part(&self, number: usize) -> Part {
        part_of(self.disk(), &self.table, number)
    }

    fn look(&mut self, configuration: Option<&Configuration>) -> Result<(), Trouble> {
        self.configuration = configuration.map(to_toml).transpose()?;
        for (piece, room) in [
            (&self.payload.data, layout::ROOT_SIZE),
            (&self.payload.tree, layout::VERITY_SIZE),
        ] {
            if piece.size > room {
                return Err(Trouble::TooLarge {
                    size: piece.size,
                    room,
                });
            }
        }
        let first = layout::BIOS_START / bios::SECTOR as u64;
        let (boot_sector, core) = (&self.payload.boot_sector, &self.payload.core);
        self.boot = Some(bios::embed(boot_sector, core, first, layout::BIOS_SIZE)?);
        self.shape = self.shape_of(&self.plan.disk.name, self.plan.disk.size.0)?;
        let root = self.payload.uki.root;
        let mut ids = Vec::new();
        for _ in 0..16 {
            ids.push(self.host.id().map_err(self.trouble())?);
        }
        let mut fresh = || ids.pop().unwrap_or_default();
        if !self.plan.keep {
            self.table = layout::system(self.shape, &root, &mut fresh);
            return self.no_other_group();
        }
        let disk = self.disk().to_owned();
        let unfit = |why: String| Trouble::Layout {
            disk: disk.clone(),
            why,
        };
        let old = self
            .table_on_disk()?
            .ok_or_else(|| unfit("it has no partition table".to_owned()))?;
        self.table = layout::kept(&old, &root, &mut fresh).map_err(unfit)?;
        self.old = Some(old);
        self.show_all()?;
        self.configurations()
            .map_err(|source| Trouble::State { disk, source })?;
        Ok(())
    }

    fn release(&mut self) -> Result<(), Trouble> {
        for disk in self.plan.disks() {
            self.host.release(&disk.name).map_err(on(&disk.name))?;
        }
        Ok(())
    }

    fn copy(&mut self) -> Result<(), Trouble> {
        let payload = self.payload;
        let all = payload.data.size + payload.tree.size;
        let mut done = 0;
        for (piece, number) in [(&payload.data, number::ROOT_A), (&payload.tree, number::VERITY_A)] {
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

    fn prove(&mut self) -> Result<(), Trouble> {
        let (data, tree) = (self.part(number::ROOT_A), self.part(number::VERITY_A));
        let sector = self.shape.sector as usize;
        let mut bytes = vec![0; (self.payload.tree.size as usize).next_multiple_of(sector)];
        self.host
            .read(&tree.disk, tree.start, &mut bytes)
            .map_err(self.trouble())?;
        let tree = Tree::check(&bytes, &self.payload.uki.root).map_err(|error| self.unproved(error))?;
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
                step: Step::Prove.to_string(),
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

    fn boot(&mut self) -> Result<(), Trouble> {
        let part = self.part(number::ESP);
        let uki = self.payload.uki_path();
        let files = self.payload.boot_files(&uki);
        self.host.format(&part, FileSystem::Fat).map_err(self.trouble())?;
        self.put_checked(&part, FileSystem::Fat, &files)?;
        let Some(boot) = &self.boot else { return Ok(()) };
        let mut core = boot.core.clone();
        core.resize(core.len().next_multiple_of(self.shape.sector as usize), 0);
        let (disk, at) = (self.plan.disk.name.as_str(), layout::BIOS_START);
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

    fn put_checked(&mut self, part: &Part, kind: FileSystem, files: &[NewFile<'_>]) -> Result<(), Trouble> {
        self.host.put(part, kind, files).map_err(self.trouble())?;
        match self.host.check(part, kind, files).map_err(self.trouble())? {
            None => Ok(()),
            Some(path) => Err(self.read_back(path)),
        }
    }
}

fn on(disk: &str) -> impl Fn(HostError) -> Trouble + use<> {
    let disk = disk.to_owned();
    move |source| Trouble::Host {
        disk: disk.clone(),
        source,
    }
}

fn part_of(disk: &str, table: &Table, number: usize) -> Part {
    let entry = table.number(number);
    Part {
        disk: disk.to_owned(),
        number,
        start: entry.map_or(0, |entry| entry.start),
        size: entry.map_or(0, |entry| entry.size),
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

#[cfg(test)]
mod tests;
