//! `bench install`: an unattended installation from a stick, and the first and second boot from the disk.

use std::process::ExitCode;

use anyhow::Result;
use pocketstack_tests::accel::Accel;
use pocketstack_tests::artifacts::Artifacts;
use pocketstack_tests::process;
use pocketstack_tests::report::write_json;
use pocketstack_tests::vm::Firmware;
use serde::Serialize;

use super::{load_average, median, note};
use crate::install::Options;
use crate::install::route::Route;
use crate::install::site::{DISK_BYTES, Site};
use crate::layout::Layout;

/// Arguments of `bench install`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each is done.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

#[derive(Debug, Serialize)]
struct Series {
    name: &'static str,
    seconds: Vec<f64>,
    median_seconds: f64,
}

#[derive(Debug, Serialize)]
struct Partition {
    number: usize,
    name: String,
    mib: u64,
}

#[derive(Debug, Serialize)]
struct Document {
    image_version: String,
    accel: &'static str,
    load_average_before: String,
    disk_mib: u64,
    /// What the installation took of the disk on the host.
    written_mib: u64,
    layout: Vec<Partition>,
    series: Vec<Series>,
}

/// Names of the series of one firmware: medium to page, page to restart, disk to page, and once more.
const UEFI: [&str; 4] = [
    "uefi_stick_to_page",
    "uefi_install",
    "uefi_disk_first_boot",
    "uefi_disk",
];
const BIOS: [&str; 4] = [
    "bios_stick_to_page",
    "bios_install",
    "bios_disk_first_boot",
    "bios_disk",
];

/// Measures, prints a table and writes `bench-install.json`.
///
/// # Errors
/// There is no image, or a machine is not installed or does not come up.
pub fn install(args: &Args) -> Result<ExitCode> {
    let layout = Layout::find()?;
    let accel = Accel::choose()?;
    process::on_signal(|| process::end_interrupted())?;
    let artifacts = Artifacts::find(&layout.image())?;
    let load = load_average();
    let mut all: Vec<(&'static str, Vec<f64>)> = Vec::new();
    let (mut partitions, mut written) = (Vec::new(), 0);
    for run in 1..=args.runs {
        for (route, names) in Route::all().into_iter().filter_map(measured) {
            // A new site each time: it keeps what it has installed.
            let options = Options::short();
            let (reports, scratch) = (
                layout.scratch("bench-install-logs"),
                layout.scratch("bench-install"),
            );
            let mut site = Site::new(artifacts.clone(), reports, scratch, options)?;
            let installed = site.installed(route)?;
            note(&mut all, run, names[0], installed.page_seconds);
            note(&mut all, run, names[1], installed.install_seconds);
            written = installed.disk.allocated()? >> 20;
            partitions = installed.disk.partitions()?;
            note(&mut all, run, names[2], site.started(route)?.boot_seconds);
            site.switch_off()?;
            note(&mut all, run, names[3], site.started(route)?.boot_seconds);
            site.switch_off()?;
        }
    }
    let series: Vec<Series> = all
        .into_iter()
        .map(|(name, seconds)| Series {
            name,
            median_seconds: median(&seconds),
            seconds,
        })
        .collect();
    println!("\n{:<22} {:>8}", "", "median");
    for one in &series {
        println!("{:<22} {:>6.1} s", one.name, one.median_seconds);
    }
    let partition = |one: pocketstack_tests::gpt::Partition| Partition {
        number: one.number,
        name: one.name,
        mib: one.length >> 20,
    };
    let path = layout.reports().join("bench-install.json");
    let document = Document {
        image_version: artifacts.version,
        accel: accel.name(),
        load_average_before: load,
        disk_mib: DISK_BYTES >> 20,
        written_mib: written,
        layout: partitions.into_iter().map(partition).collect(),
        series,
    };
    write_json(&path, &document)?;
    println!("report: {}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// The ways that are measured: from a stick, on each firmware.
fn measured(route: Route) -> Option<(Route, [&'static str; 4])> {
    if route.machine.carrier != crate::boot::stage::Carrier::Usb {
        return None;
    }
    Some(match route.machine.firmware {
        Firmware::Uefi => (route, UEFI),
        Firmware::Bios => (route, BIOS),
    })
}
