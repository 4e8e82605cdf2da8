//! `run`: the cases through libtest-mimic, one after the other, with a report.

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
use crate::case::{Case, Notes};
use crate::layout::Layout;

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Every group.
    All,
    /// Boot, on each firmware and medium, and what a booted node must be able to do.
    Boot,
}

/// Runs the cases; the exit code says whether all passed.
///
/// # Errors
/// There is no image, no case matches the filter, or the report cannot be written.
pub fn run(args: &Args) -> Result<ExitCode> {
    let layout = Layout::find()?;
    let cases = match args.group {
        Group::All | Group::Boot => boot::cases(),
    };
    let filter = args.filter.as_deref().unwrap_or_default();
    ensure!(
        cases.iter().any(|case| case.name.contains(filter)),
        "no case has \"{filter}\" in its name; --list names them all"
    );
    let arguments = Arguments {
        filter: args.filter.clone(),
        list: args.list,
        // Cases share machines, and helpers are bound to the thread that starts them: one at a time, on this one.
        test_threads: Some(1),
        ..Arguments::default()
    };
    if args.list {
        let nothing = |case: Case| Trial::test(case.name, || Ok(()));
        return Ok(libtest_mimic::run(&arguments, cases.into_iter().map(nothing).collect()).exit_code());
    }

    let artifacts = Artifacts::find(&layout.image())?;
    let accel = Accel::choose()?;
    println!(
        "image {} on {} ({})",
        artifacts.version,
        accel.name(),
        artifacts.raw.display()
    );
    process::on_signal(|| {
        eprintln!("interrupted: ending all machines");
        process::end_interrupted()
    })?;
    let path = layout.reports().join("image-boot.json");
    let report = Arc::new(Report::new(&path, "boot", &artifacts.version, accel.name()));
    let stage = Stage::new(artifacts, layout.reports().join("boot"), layout.scratch("boot"))?;
    let stage = Arc::new(Mutex::new(stage));
    let trials = cases
        .into_iter()
        .map(|case| trial(case, Arc::clone(&stage), Arc::clone(&report)))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    println!("report: {}", path.display());
    // The last machine goes with the stage, which must be before the exit code is handed back.
    drop(stage);
    Ok(conclusion.exit_code())
}

fn trial(case: Case, stage: Arc<Mutex<Stage>>, report: Arc<Report>) -> Trial {
    let Case { name, body } = case;
    Trial::test(name.clone(), move || {
        // A case that panicked has left its machine in a state nobody knows: the stage starts over then.
        let mut stage = stage.lock().unwrap_or_else(|poisoned| {
            let mut stage = poisoned.into_inner();
            stage.clear();
            stage
        });
        let started = Instant::now();
        let mut notes = Notes::default();
        let result = body(&mut stage, &mut notes);
        let result = result.map_err(|error| format!("{error:#}{}", stage.console_tail()));
        let mut artifacts = stage.artifacts();
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
