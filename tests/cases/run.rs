//! `run`: the cases through libtest-mimic, one after the other, with a report for each group.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::ValueEnum;
use libtest_mimic::{Arguments, Failed, Trial};
use pocketstack_tests::accel::Accel;
use pocketstack_tests::artifacts::Artifacts;
use pocketstack_tests::process;
use pocketstack_tests::report::{Entry, Outcome, Report};

use crate::boot::{self, stage::Stage};
use crate::browser::{self, Web};
use crate::case::{Case, Ground, Notes};
use crate::install::{self, site::Site};
use crate::layout::Layout;
use crate::pages;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which cases.
    #[arg(value_enum, default_value_t = Group::All)]
    group: Group,
    /// Only cases with this in their name.
    filter: Option<String>,
    /// Name the cases and run none.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    install: install::Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Every group.
    All,
    /// Boot, on each firmware and medium, and what a booted node must be able to do.
    Boot,
    /// The browser that other groups look with; no image and no machine is needed.
    Browser,
    /// Installation to disk, networks, and what must survive a power cut.
    Install,
    /// The wizard, the pages, and who gets in.
    Pages,
}

/// Runs the cases; the exit code says whether all passed.
///
/// # Errors
/// There is no image for cases that need one, no case matches the filter, or a report cannot be written.
pub fn run(args: &Args) -> Result<ExitCode> {
    let layout = Layout::find()?;
    let wanted = |group| args.group == Group::All || args.group == group;
    let filter = args.filter.as_deref().unwrap_or_default();
    let browser = matching(browser::cases(), wanted(Group::Browser), filter);
    let boot = matching(boot::cases(), wanted(Group::Boot), filter);
    let install = matching(install::cases(&args.install), wanted(Group::Install), filter);
    let pages = matching(pages::cases(), wanted(Group::Pages), filter);
    ensure!(
        !browser.is_empty() || !boot.is_empty() || !install.is_empty() || !pages.is_empty(),
        "no case has \"{filter}\" in its name; --list names them all"
    );
    let arguments = Arguments {
        list: args.list,
        // Cases share machines, and helpers are bound to the thread that starts them: one at a time, on this one.
        test_threads: Some(1),
        ..Arguments::default()
    };
    if args.list {
        let names = browser.into_iter().map(|case| case.name);
        let names = names.chain(boot.into_iter().map(|case| case.name));
        let names = names.chain(install.into_iter().map(|case| case.name));
        let names = names.chain(pages.into_iter().map(|case| case.name));
        let trials = names.map(|name| Trial::test(name, || Ok(())));
        return Ok(libtest_mimic::run(&arguments, trials.collect()).exit_code());
    }

    process::on_signal(|| {
        eprintln!("interrupted: ending all machines");
        process::end_interrupted()
    })?;
    let play = Play {
        arguments,
        layout: &layout,
    };
    let mut failed = false;
    if !browser.is_empty() {
        let (reports, _) = play.folders("browser");
        failed |= play.group("browser", Tested::NOTHING, browser, Web::new(reports)?);
    }
    if boot.is_empty() && install.is_empty() && pages.is_empty() {
        return Ok(code(failed));
    }
    let artifacts = Artifacts::find(&layout.image())?;
    let accel = Accel::choose()?;
    println!(
        "image {} on {} ({})",
        artifacts.version,
        accel.name(),
        artifacts.raw.display()
    );
    let tested = Tested {
        version: &artifacts.version,
        accel: accel.name(),
    };
    if !boot.is_empty() {
        let (reports, scratch) = play.folders("boot");
        failed |= play.group(
            "boot",
            tested,
            boot,
            Stage::new(artifacts.clone(), reports, scratch)?,
        );
    }
    if !install.is_empty() {
        let (reports, scratch) = play.folders("install");
        let site = Site::new(artifacts.clone(), reports, scratch, args.install.clone())?;
        failed |= play.group("install", tested, install, site);
    }
    if !pages.is_empty() {
        let (reports, scratch) = play.folders("pages");
        let options = install::Options::short();
        let site = Site::new(artifacts.clone(), reports, scratch, options)?;
        failed |= play.group("pages", tested, pages, site);
    }
    Ok(code(failed))
}

fn code(failed: bool) -> ExitCode {
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn matching<S>(cases: Vec<Case<S>>, wanted: bool, filter: &str) -> Vec<Case<S>> {
    let matches = |case: &Case<S>| wanted && case.name.contains(filter);
    cases.into_iter().filter(matches).collect()
}

/// What is the same for each group.
struct Play<'a> {
    arguments: Arguments,
    layout: &'a Layout,
}

/// What the cases of a group are about, as its report names it.
#[derive(Clone, Copy)]
struct Tested<'a> {
    version: &'a str,
    accel: &'a str,
}

impl Tested<'static> {
    /// For cases without an image.
    const NOTHING: Self = Self {
        version: "none",
        accel: "none",
    };
}

impl Play<'_> {
    /// Folders of a group: for what is kept, and for what is not.
    fn folders(&self, group: &str) -> (PathBuf, PathBuf) {
        (self.layout.reports().join(group), self.layout.scratch(group))
    }

    /// Runs the cases of a group on its ground, which goes with the last of them; whether any has failed.
    fn group<S: Ground + Send + 'static>(
        &self,
        name: &str,
        tested: Tested<'_>,
        cases: Vec<Case<S>>,
        ground: S,
    ) -> bool {
        let path = self.layout.reports().join(format!("image-{name}.json"));
        let report = Report::new(&path, name, tested.version, tested.accel);
        let (report, ground) = (Arc::new(report), Arc::new(Mutex::new(ground)));
        let trials = cases
            .into_iter()
            .map(|case| trial(case, Arc::clone(&ground), Arc::clone(&report)))
            .collect();
        let conclusion = libtest_mimic::run(&self.arguments, trials);
        println!("report: {}", path.display());
        conclusion.has_failed()
    }
}

fn trial<S: Ground + Send + 'static>(case: Case<S>, ground: Arc<Mutex<S>>, report: Arc<Report>) -> Trial {
    let Case { name, body } = case;
    Trial::test(name.clone(), move || {
        // A case that panicked has left its machine in a state nobody knows: the ground is cleared then.
        let mut ground = ground.lock().unwrap_or_else(|poisoned| {
            let mut ground = poisoned.into_inner();
            ground.clear();
            ground
        });
        let started = Instant::now();
        let mut notes = Notes::default();
        let result = body(&mut ground, &mut notes);
        let result = result.map_err(|error| format!("{error:#}{}", ground.console_tail()));
        let mut artifacts = ground.serial_logs().to_vec();
        artifacts.append(&mut notes.artifacts);
        report.add(Entry {
            name,
            result: if result.is_ok() {
                Outcome::Passed
            } else {
                Outcome::Failed
            },
            seconds: started.elapsed().as_secs_f64(),
            error: result.as_ref().err().cloned(),
            artifacts,
            measured: notes.measured,
        })?;
        result.map_err(Failed::from)
    })
}
