//! `bench boot`: from the start of QEMU until the page answers, against a plain Debian until multi-user.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use pocketstack_tests::accel::Accel;
use pocketstack_tests::artifacts::Artifacts;
use pocketstack_tests::disk::Overlay;
use pocketstack_tests::node::Node;
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::process;
use pocketstack_tests::report::write_json;
use pocketstack_tests::serial::Mark;
use pocketstack_tests::vm::{Backend, Firmware, Medium, NicSpec, Spec, Vm};
use serde::Serialize;

use super::{load_average, median, note};
use crate::layout::Layout;

/// Arguments of `bench boot`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each is started.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Folder with a plain Debian: vmlinuz, initrd, root.ext4 and cmdline.
    #[arg(long)]
    reference: Option<PathBuf>,
    /// What the plain Debian writes to its serial console when it is at multi-user.
    #[arg(long, default_value = "Reached target multi-user.target")]
    marker: String,
}

/// Most that the page may take, as share of the plain Debian's time.
const BAR: f64 = 0.7;
/// What the bar holds for: started in the same way as the plain Debian, without firmware and boot loader.
const BARRED: [&str; 2] = ["kernel_first_boot", "kernel"];

#[derive(Debug, Serialize)]
struct Series {
    name: &'static str,
    seconds: Vec<f64>,
    median_seconds: f64,
    /// Median over the reference's median.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Document {
    image_version: String,
    accel: &'static str,
    /// Load of the machine when the benchmark began: another busy program makes the numbers worth little.
    load_average_before: String,
    bar: f64,
    within_bar: Option<bool>,
    series: Vec<Series>,
}

/// Measures, prints a table and writes `bench-boot.json`. The exit code says whether the bar was met.
///
/// # Errors
/// There is no image or reference, or a machine does not come up.
pub fn boot(args: &Args) -> Result<ExitCode> {
    let layout = Layout::find()?;
    let accel = Accel::choose()?;
    process::on_signal(|| process::end_interrupted())?;
    let scratch = layout.scratch("bench");
    fs::create_dir_all(&scratch)?;
    let artifacts = Artifacts::find(&layout.image())?.pinned(&scratch.join("image"))?;
    let load = load_average();
    let bench = Bench {
        artifacts: &artifacts,
        scratch: &scratch,
        accel,
    };

    let mut all: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for run in 1..=args.runs {
        // Taken in turns, so that a slow minute of the host hits all of them.
        for (first, again, how) in [
            ("raw_uefi_first_boot", "raw_uefi", How::Firmware(Firmware::Uefi)),
            ("raw_bios_first_boot", "raw_bios", How::Firmware(Firmware::Bios)),
            ("kernel_first_boot", "kernel", How::Kernel),
        ] {
            let (new, old) = bench.twice(how)?;
            note(&mut all, run, first, new);
            note(&mut all, run, again, old);
        }
        if let Some(folder) = &args.reference {
            note(&mut all, run, REFERENCE, bench.reference(folder, &args.marker)?);
        }
    }
    let reference = all
        .iter()
        .find(|(name, _)| *name == REFERENCE)
        .map(|(_, seconds)| median(seconds));
    let series: Vec<Series> = all
        .into_iter()
        .map(|(name, seconds)| {
            let median_seconds = median(&seconds);
            let ratio = reference
                .filter(|_| name != REFERENCE)
                .map(|reference| median_seconds / reference);
            Series {
                name,
                seconds,
                median_seconds,
                ratio,
            }
        })
        .collect();
    let barred = series
        .iter()
        .filter(|series| BARRED.contains(&series.name))
        .filter_map(|series| series.ratio);
    let within_bar = reference.map(|_| barred.fold(0.0, f64::max) <= BAR);
    println!("\n{:<22} {:>8}  {:>6}", "", "median", "ratio");
    for one in &series {
        let ratio = one
            .ratio
            .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        println!("{:<22} {:>6.1} s  {ratio:>6}", one.name, one.median_seconds);
    }
    let path = layout.reports().join("bench-boot.json");
    let document = Document {
        image_version: artifacts.version.clone(),
        accel: accel.name(),
        load_average_before: load,
        bar: BAR,
        within_bar,
        series,
    };
    write_json(&path, &document)?;
    println!("report: {}", path.display());
    if within_bar == Some(false) {
        println!("the ratio of {} is above the bar of {BAR}", BARRED.join(" or "));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

const REFERENCE: &str = "plain_debian";

/// How the raw image is started.
#[derive(Debug, Clone, Copy)]
enum How {
    /// As USB stick.
    Firmware(Firmware),
    /// Its kernel handed over by QEMU, as it is done with the plain Debian.
    Kernel,
}

struct Bench<'a> {
    artifacts: &'a Artifacts,
    scratch: &'a Path,
    accel: Accel,
}

impl Bench<'_> {
    /// Seconds of the first boot of a new stick, and of its second.
    fn twice(&self, how: How) -> Result<(f64, f64)> {
        let stick = self.scratch.join("stick.qcow2");
        let stick = Overlay::over_raw(&self.artifacts.raw, &stick, 6 << 30)?;
        Ok((self.until_page(how, &stick)?, self.until_page(how, &stick)?))
    }

    fn until_page(&self, how: How, stick: &Overlay) -> Result<f64> {
        let disk = stick.path().to_owned();
        let (firmware, medium) = match how {
            How::Firmware(firmware) => (firmware, Medium::Usb(disk)),
            How::Kernel => {
                let file = |name| self.artifacts.pxe.join(name);
                // Without a boot loader nobody says which disk was started.
                let cmdline = format!("{} pocketstack.esp=any", self.artifacts.cmdline()?);
                let (kernel, initrd) = (file("vmlinuz"), file("initrd"));
                (
                    Firmware::Bios,
                    Medium::Kernel {
                        kernel,
                        initrd,
                        cmdline,
                        disk: Some(disk),
                    },
                )
            }
        };
        let port = free_port()?;
        let nic = NicSpec::new(
            "52:54:00:77:02:01",
            Backend::User {
                forwards: vec![(port, 443)],
            },
        );
        let spec = Spec::new("bench", firmware, medium).nic(nic);
        let mut vm = Vm::launch(spec, self.scratch)?;
        let node = Node::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
        let limit = self.accel.patience(Duration::from_secs(60));
        poll::until("the page", limit, || {
            vm.must_run()?;
            match node.get("/healthz", Duration::from_secs(2)) {
                Ok(answer) if answer.status == 200 => Ok(Probe::Done(())),
                other => Ok(Probe::NotYet(format!(
                    "/healthz: {other:?}; {}",
                    vm.serial().tail(1)
                ))),
            }
        })?;
        let seconds = vm.started().elapsed().as_secs_f64();
        // Switched off in good order: the second boot must not pay for a journal to be replayed.
        vm.power_down(self.accel.patience(Duration::from_secs(30)))?;
        Ok(seconds)
    }

    /// Seconds until the plain Debian is at multi-user.
    fn reference(&self, folder: &Path, marker: &str) -> Result<f64> {
        let file = |name: &str| {
            let path = folder.join(name);
            path.canonicalize()
                .with_context(|| format!("the reference has no {}", path.display()))
        };
        let root = file("root.ext4")?;
        let disk = Overlay::over_raw(&root, &self.scratch.join("plain.qcow2"), root.metadata()?.len())?;
        let cmdline = fs::read_to_string(file("cmdline")?)?.trim().to_owned();
        ensure!(
            cmdline.contains("console=ttyS0"),
            "the reference's cmdline lacks console=ttyS0: {cmdline}"
        );
        let medium = Medium::Kernel {
            kernel: file("vmlinuz")?,
            initrd: file("initrd")?,
            cmdline,
            disk: Some(disk.path().to_owned()),
        };
        let nic = NicSpec::new("52:54:00:77:02:02", Backend::User { forwards: Vec::new() });
        let vm = Vm::launch(Spec::new("plain", Firmware::Bios, medium).nic(nic), self.scratch)?;
        vm.wait_for_serial(
            Mark::default(),
            &[marker],
            self.accel.patience(Duration::from_secs(60)),
        )?;
        Ok(vm.started().elapsed().as_secs_f64())
    }
}

/// A port of 127.0.0.1 that nobody listens on right now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
