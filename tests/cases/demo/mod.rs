//! `demo`: the raw image in a machine of its own, its page on a port of 127.0.0.1.

mod claim;

use std::fs;
use std::io::{IsTerminal, Write, stdout};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use pocketstack_tests::accel::Accel;
use pocketstack_tests::access;
use pocketstack_tests::artifacts::{Artifacts, pin};
use pocketstack_tests::disk::Overlay;
use pocketstack_tests::node::Node;
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::process;
use pocketstack_tests::vm::{Backend, Firmware, Medium, NicSpec, Spec, Vm};

use crate::layout::Layout;
use claim::Claim;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port of 127.0.0.1 that leads to the node's page.
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Memory of the machine, as 4G or 3072M.
    #[arg(long, default_value = "4G")]
    memory: Mebibytes,
    /// Boot with legacy BIOS instead of UEFI.
    #[arg(long)]
    bios: bool,
    /// Forget what an earlier demo has stored.
    #[arg(long)]
    fresh: bool,
    /// Start nothing: wait until the page of a demo that was started in the background answers.
    #[arg(long, conflicts_with_all = ["fresh", "stop"])]
    wait: bool,
    /// End the demo that runs, wherever it was started.
    #[arg(long, conflicts_with = "fresh")]
    stop: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mebibytes(u32);

impl FromStr for Mebibytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, factor) = match text.strip_suffix(['G', 'g']) {
            Some(number) => (number, 1024),
            None => (text.strip_suffix(['M', 'm']).unwrap_or(text), 1),
        };
        let mib = number
            .parse::<u32>()
            .ok()
            .and_then(|number| number.checked_mul(factor));
        mib.filter(|mib| *mib >= 1024)
            .map(Self)
            .ok_or_else(|| format!("\"{text}\" must be at least 1G, written as 4G or 3072M"))
    }
}

/// Room on the demo's disk, in bytes. It only takes what is written.
const DISK_BYTES: u64 = 16 << 30;

/// Runs the demo until Ctrl-C or `--stop`; or waits for or ends one that runs.
///
/// # Errors
/// There is no image, the port is taken, or the page does not answer in time.
pub fn demo(args: &Args) -> Result<()> {
    let dir = Layout::find()?.demo();
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    if args.stop {
        return claim::stop(&dir);
    }
    if args.wait {
        return claim::wait(&dir);
    }
    let Some(claim) = Claim::new(&dir)? else {
        bail!("a demo is running already; end it with: ./just demo --stop");
    };
    TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).with_context(|| {
        format!(
            "port {} of 127.0.0.1 is taken; choose another with --port",
            args.port
        )
    })?;
    foreground(args, &dir, &claim)
}

fn foreground(args: &Args, dir: &Path, claim: &Claim) -> Result<()> {
    let artifacts = Artifacts::find(&Layout::find()?.image())?;
    let disk = disk(&artifacts, dir, args.fresh)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    // The first signal asks the machine to switch itself off, the second does not wait for it.
    process::on_signal(move || {
        if flag.swap(true, Ordering::SeqCst) {
            process::end_interrupted()
        }
    })?;
    let to_stop = || interrupted.load(Ordering::SeqCst) || claim.is_to_stop();
    let forwards = vec![(args.port, 443)];
    let nic = NicSpec::new("52:54:00:77:01:01", Backend::User { forwards });
    let firmware = if args.bios { Firmware::Bios } else { Firmware::Uefi };
    let medium = Medium::Usb(disk.path().to_owned());
    let spec = Spec::new("demo", firmware, medium)
        .memory_mib(args.memory.0)
        .nic(nic);
    let accel = Accel::choose()?;
    println!(
        "starting PocketStack {} in QEMU ({})",
        artifacts.version,
        speed(accel)
    );
    let mut vm = Vm::launch(spec, dir)?;
    let node = Node::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), args.port));
    let limit = accel.patience(Duration::from_secs(90));
    if let Err(error) = wait_for_page(&vm, &node, limit, &to_stop) {
        ensure!(!to_stop(), "stopped before the page answered");
        return Err(error.context(format!(
            "the serial console is in {}",
            vm.serial().path().display()
        )));
    }
    println!(
        "the page answers after {:.0} s",
        vm.started().elapsed().as_secs_f64()
    );
    let summary = summary(&vm, &node)?;
    println!("{summary}");
    claim.ready(&summary)?;
    wait_for_end(&mut vm, &to_stop)
}

fn summary(vm: &Vm, node: &Node) -> Result<String> {
    let console = vm.serial().path().display();
    // A disk that was set up in an earlier demo has none.
    let code = access::setup_code(vm.serial())?;
    let code = code.map_or_else(String::new, |code| format!("  setup code   {code}\n"));
    Ok(format!(
        "\n  page         {}\n{code}  certificate  SHA-256 {}\n  console      {console}\n\
         \x20 stop         Ctrl-C, or: ./just demo --stop\n",
        node.url("/"),
        node.fingerprint()?,
    ))
}

fn speed(accel: Accel) -> &'static str {
    match accel {
        Accel::Kvm => "with KVM: this takes some seconds",
        Accel::Tcg => "emulated, because KVM runs no nested guests here: this takes a minute or two",
    }
}

fn disk(artifacts: &Artifacts, dir: &Path, fresh: bool) -> Result<Overlay> {
    let (path, base) = (dir.join("disk.qcow2"), dir.join("disk.base"));
    let same = fs::read_to_string(&base).is_ok_and(|sha256| sha256 == artifacts.raw_sha256);
    if let Some(disk) = Overlay::existing(&path).filter(|_| same && !fresh) {
        println!("going on with the disk of the last demo (--fresh starts anew)");
        return Ok(disk);
    }
    if path.exists() && !fresh {
        // An overlay only fits the very image it was made over.
        println!("the image was built anew since the last demo: starting with an empty disk");
    }
    // A build while the demo runs must not change the image below its disk.
    let image = dir.join("image.raw");
    pin(&artifacts.raw, &image)?;
    let disk = Overlay::over_raw(&image, &path, DISK_BYTES)?;
    fs::write(&base, &artifacts.raw_sha256)?;
    Ok(disk)
}

/// Waits for the page and shows how far the machine is: one line that changes on a terminal, else a line now and then.
fn wait_for_page(vm: &Vm, node: &Node, limit: Duration, to_stop: &dyn Fn() -> bool) -> Result<()> {
    let terminal = stdout().is_terminal();
    let pause = Duration::from_secs(if terminal { 1 } else { 10 });
    let mut shown = Instant::now();
    let answered = poll::until("the page", limit, || {
        vm.must_run()?;
        ensure!(!to_stop(), "stopped");
        if shown.elapsed() >= pause {
            shown = Instant::now();
            let seconds = vm.started().elapsed().as_secs();
            let line: String = vm.serial().tail(1).trim().chars().take(60).collect();
            let (before, after) = if terminal { ("\r\x1b[K", "") } else { ("", "\n") };
            print!("{before}  {seconds:>3} s  {line}{after}");
            stdout().flush()?;
        }
        match node.get("/healthz", Duration::from_secs(3)) {
            Ok(answer) if answer.status == 200 => Ok(Probe::Done(())),
            Ok(answer) => Ok(Probe::NotYet(format!("/healthz answers {}", answer.status))),
            Err(error) => Ok(Probe::NotYet(format!("{error:#}"))),
        }
    });
    if terminal {
        print!("\r\x1b[K");
    }
    answered
}

fn wait_for_end(vm: &mut Vm, to_stop: &dyn Fn() -> bool) -> Result<()> {
    // Nobody leaves a demo on for longer; if somebody does, it goes off in good order.
    let year = Duration::from_secs(365 * 24 * 3600);
    let ended = poll::until("the end of the demo", year, || {
        if to_stop() {
            return Ok(Probe::Done(None));
        }
        Ok(vm
            .ended()?
            .map_or_else(|| Probe::NotYet("it runs".into()), |end| Probe::Done(Some(end))))
    });
    if let Ok(Some(end)) = ended {
        println!("the machine has switched itself off ({end})");
        return Ok(());
    }
    println!("switching the machine off (Ctrl-C again pulls its plug)");
    vm.power_down(vm.accel().patience(Duration::from_secs(20)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_in_gib_or_mib() {
        assert_eq!("4G".parse(), Ok(Mebibytes(4096)));
        assert_eq!("3072M".parse(), Ok(Mebibytes(3072)));
        assert_eq!("2048".parse(), Ok(Mebibytes(2048)));
        for wrong in ["", "G", "512M", "-1G", "4T", "99999999999G", "4194304G"] {
            assert!(wrong.parse::<Mebibytes>().is_err(), "{wrong} was taken");
        }
    }
}
