//! The steps of an installation, one after the other. After a power cut before the last one the disk is empty, or as it
//! was and not started from; starting over is always right.

mod disks;
mod error;
mod settings;
mod system;

use std::rc::Rc;

use pocketstack_disk::Guid;
use pocketstack_disk::table::{Shape, Table};
use pocketstack_model::config::Configuration;
use pocketstack_model::config::file::to_toml;
use pocketstack_model::words::{Words, install as words};

use crate::host::{FileSystem, Host, HostError, NewFile, Part};
use crate::layout;
use crate::payload::{Payload, PayloadError};
use crate::plan::{Goal, Plan, Step};

pub use error::{InstallError, Left, Trouble};
use system::System;

/// How far an installation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in words.
    pub step: Words,
    /// Done so far, 0 to 100.
    pub percent: u8,
}

/// What the machine is given that comes up with the state.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// What it comes up with. Without one it comes up for its setup, or, if the state is kept, as it was.
    pub configuration: Option<&'a Configuration>,
    /// SHA-256 of the answers that asked for the installation, by which [`crate::installed_from`] knows the disk later.
    pub answers: Option<&'a str>,
}

/// Carries out a plan. `payload` is asked for what is installed, if the plan puts a system on the disk. `progress` is
/// told before every step and now and then within. Blocks.
///
/// # Errors
/// [`InstallError`]; it says how the disk is.
pub fn run(
    plan: &Plan,
    payload: impl FnOnce() -> Result<Payload, PayloadError>,
    given: Given<'_>,
    progress: &mut dyn FnMut(Progress),
    host: &mut impl Host,
) -> Result<(), InstallError> {
    let mut run = Run {
        plan,
        system: None,
        configuration: None,
        answers: given.answers,
        shape: Shape { size: 0, sector: 512 },
        old: None,
        table: Table {
            id: Guid::default(),
            entries: Vec::new(),
        },
        host,
        progress,
        step: Step::Look,
        before: 0,
    };
    let mut payload = Some(payload);
    for step in plan.steps() {
        run.step = step;
        run.tell(0, 1);
        let done = match step {
            Step::Look => payload
                .take()
                .map_or(Ok(()), |payload| run.look(given.configuration, payload)),
            Step::Release => run.release(),
            Step::Clear => run.clear(),
            Step::Close => run.close(),
            Step::Copy => run.copy(),
            Step::Prove => run.prove(),
            Step::State => run.state(),
            Step::Volumes => run.volumes(),
            Step::Boot => run.boot(),
            Step::Configure => run.configure(),
            Step::Activate | Step::Write => run.activate(),
        };
        done.map_err(|trouble| InstallError {
            step,
            trouble,
            left: Left::after(step, plan.goal),
        })?;
        run.before += weight(step);
    }
    (run.progress)(Progress {
        step: words::step_done(),
        percent: 100,
    });
    Ok(())
}

/// Share of the time, roughly as measured.
fn weight(step: Step) -> u64 {
    match step {
        Step::Look | Step::Release | Step::Close | Step::Configure | Step::Activate | Step::Write => 1,
        Step::Clear | Step::State => 4,
        Step::Volumes => 15,
        Step::Boot => 20,
        Step::Prove => 22,
        Step::Copy => 30,
    }
}

struct Run<'a, H> {
    plan: &'a Plan,
    /// Once it was looked at, if the plan puts one on the disk.
    system: Option<Rc<System>>,
    /// As a file.
    configuration: Option<String>,
    answers: Option<&'a str>,
    shape: Shape,
    /// The table of a kept disk.
    old: Option<Table>,
    /// The table the disk is going to have.
    table: Table,
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
            step: self.step.words(),
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

    fn part_named(&self, name: &str) -> Part {
        self.part(self.table.named(name).map_or(0, |(number, _)| number))
    }

    fn look(
        &mut self,
        configuration: Option<&Configuration>,
        payload: impl FnOnce() -> Result<Payload, PayloadError>,
    ) -> Result<(), Trouble> {
        self.configuration = configuration.map(to_toml).transpose()?;
        self.shape = self.shape_of(&self.plan.disk.name, self.plan.disk.size.0)?;
        let mut ids = Vec::new();
        for _ in 0..16 {
            ids.push(self.host.id().map_err(self.trouble())?);
        }
        let mut fresh = || ids.pop().unwrap_or_default();
        if self.plan.goal == Goal::State {
            self.table = layout::state(self.shape, &mut fresh);
            return self.no_other_group();
        }
        let system = System::fitted(payload()?)?;
        let root = system.payload.uki.root;
        self.system = Some(Rc::new(system));
        if self.plan.goal == Goal::System {
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

#[cfg(test)]
mod tests;
