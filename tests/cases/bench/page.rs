//! `bench page`: the overview and the API, read by many clients at once from another machine; and the page where one signs
//! in, beside that of Cockpit.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use pocketstack_tests::accel::Accel;
use pocketstack_tests::artifacts::Artifacts;
use pocketstack_tests::cockpit::Cockpit;
use pocketstack_tests::load::{self, Load};
use pocketstack_tests::node::Node;
use pocketstack_tests::process;
use pocketstack_tests::report::write_json;
use serde::Serialize;

use super::load_average;
use crate::install::Options;
use crate::install::site::Site;
use crate::layout::Layout;
use crate::pages::boot_disc;
use crate::pages::many::{CLIENTS, PATHS};

/// Arguments of `bench page`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds that the clients read each address.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How many clients there are.
    #[arg(long, default_value_t = CLIENTS)]
    clients: usize,
}

#[derive(Debug, Serialize)]
struct Series {
    path: &'static str,
    #[serde(flatten)]
    load: Load,
}

/// The page where one signs in, of both, to strangers. Ours is served by the virtual machine, Cockpit's by the machine
/// that the clients run on: what that is worth depends on `accel`.
#[derive(Debug, Serialize)]
struct Beside {
    sign_in: Load,
    cockpit: Load,
    cockpit_version: String,
}

#[derive(Debug, Serialize)]
struct Document {
    image_version: String,
    accel: &'static str,
    load_average_before: String,
    seconds: u64,
    series: Vec<Series>,
    /// Nothing where Cockpit is not installed.
    beside: Option<Beside>,
}

/// Measures, prints a table and writes `bench-page.json`.
///
/// # Errors
/// There is no image, the machine does not come up, or a client gets an error.
pub fn page(args: &Args) -> Result<ExitCode> {
    let layout = Layout::find()?;
    let accel = Accel::choose()?;
    process::on_signal(|| process::end_interrupted())?;
    let artifacts = Artifacts::find(&layout.image())?;
    let version = artifacts.version.clone();
    let before = load_average();
    let (reports, scratch) = (layout.scratch("bench-page-logs"), layout.scratch("bench-page"));
    let mut site = Site::new(artifacts, reports, scratch, Options::short())?;
    let running = boot_disc(&mut site, "page", None)?;
    let (lasts, limit) = (Duration::from_secs(args.seconds), running.patience(30));
    let measure = |name: &str, node: &Node, path: &str| {
        let load = load::read(node, args.clients, &[path], lasts, limit)?;
        println!(
            "{name:<16} {:>10.1} {:>7.0} ms {:>7.0} ms",
            load.per_second, load.p50_ms, load.p99_ms
        );
        anyhow::Ok(load)
    };
    println!("{:<16} {:>10} {:>10} {:>10}", "", "requests/s", "p50", "p99");
    let mut series = Vec::new();
    for path in PATHS {
        let load = measure(path, &running.node, path)?;
        series.push(Series { path, load });
    }
    let beside = if Cockpit::is_installed() {
        let cockpit = Cockpit::start(&site.scratch("cockpit"))?;
        Some(Beside {
            sign_in: measure("/sign-in", &running.node.as_stranger(), "/sign-in")?,
            cockpit: measure("Cockpit's login", cockpit.node(), Cockpit::LOGIN)?,
            cockpit_version: Cockpit::version()?,
        })
    } else {
        println!("Cockpit is not in this testbed, so nothing is measured beside it");
        None
    };
    let document = Document {
        image_version: version,
        accel: accel.name(),
        load_average_before: before,
        seconds: args.seconds,
        series,
        beside,
    };
    let path = layout.reports().join("bench-page.json");
    write_json(&path, &document)?;
    println!("report: {}", path.display());
    Ok(ExitCode::SUCCESS)
}
