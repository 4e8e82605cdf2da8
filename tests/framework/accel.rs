//! Whether a node really runs under KVM here, or has to be emulated.
//!
//! `/dev/kvm` proves nothing: it can be there, open, and even make a VM, and still not run a guest. So a
//! guest of a few bytes is run under KVM, on the machine and processor that nodes get, and it looks whether that
//! processor can run guests in turn: a node is there to run virtual machines. Only then is KVM used.

use std::env;
use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Result, bail};
use pocketstack_exec::{Cmd, Error, run};

/// Environment variable that overrides the probe: `kvm` or `tcg`.
pub const OVERRIDE: &str = "POCKETSTACK_ACCEL";

/// What runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accel {
    /// The host's hardware.
    Kvm,
    /// QEMU's translator.
    Tcg,
}

impl Accel {
    /// Name as QEMU and the reports use it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }

    /// QEMU arguments. Under emulation the processor is an EPYC with SVM, so that KVM works inside the node.
    pub const fn args(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "EPYC,+svm"],
        }
    }

    /// How much longer than on hardware everything may take.
    pub fn patience(self, on_hardware: Duration) -> Duration {
        match self {
            Self::Kvm => on_hardware,
            Self::Tcg => on_hardware * 6,
        }
    }

    /// What to use on this machine; probed once per process.
    ///
    /// # Errors
    /// `POCKETSTACK_ACCEL` is neither `kvm` nor `tcg`.
    pub fn choose() -> Result<Self> {
        static CHOSEN: OnceLock<Accel> = OnceLock::new();
        if let Some(chosen) = CHOSEN.get() {
            return Ok(*chosen);
        }
        let wish = env::var(OVERRIDE).ok();
        let chosen = decide(wish.as_deref(), || kvm_runs_nodes().unwrap_or(false))?;
        Ok(*CHOSEN.get_or_init(|| chosen))
    }
}

fn decide(wish: Option<&str>, kvm_works: impl FnOnce() -> bool) -> Result<Accel> {
    match wish {
        Some("kvm") => Ok(Accel::Kvm),
        Some("tcg") => Ok(Accel::Tcg),
        None | Some("") => Ok(if kvm_works() { Accel::Kvm } else { Accel::Tcg }),
        Some(other) => bail!("{OVERRIDE} is \"{other}\"; it must be kvm or tcg, or not set"),
    }
}

/// Real mode: al = 0x10, plus 1 if the processor has VMX or SVM; written to port 0xf4, then halt. QEMU's
/// isa-debug-exit turns al into the exit code al * 2 + 1.
const GUEST: [u8; 41] = [
    0x66, 0xb8, 0x01, 0x00, 0x00, 0x80, // mov eax, 0x80000001
    0x0f, 0xa2, // cpuid: ecx bit 2 is SVM
    0x66, 0x89, 0xce, // mov esi, ecx
    0x66, 0xb8, 0x01, 0x00, 0x00, 0x00, // mov eax, 1
    0x0f, 0xa2, // cpuid: ecx bit 5 is VMX
    0x66, 0xc1, 0xe9, 0x05, // shr ecx, 5
    0x66, 0xc1, 0xee, 0x02, // shr esi, 2
    0x09, 0xf1, // or cx, si
    0x83, 0xe1, 0x01, // and cx, 1
    0x88, 0xc8, // mov al, cl
    0x04, 0x10, // add al, 0x10
    0xba, 0xf4, 0x00, // mov dx, 0xf4
    0xee, // out dx, al
    0xf4, // hlt
];

/// What the guest of the probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It ran, and its processor can run guests in turn.
    Nests,
    /// It ran.
    Runs,
    /// It said nothing.
    Silent,
}

fn boot_sector() -> Vec<u8> {
    let mut sector = GUEST.to_vec();
    sector.resize(510, 0);
    sector.extend([0x55, 0xaa]);
    // A disk of 1 MiB.
    sector.resize(1 << 20, 0);
    sector
}

fn kvm_runs_nodes() -> Result<bool> {
    Ok(probe(&Accel::Kvm.args())? == Answer::Nests)
}

fn probe(accel: &[&str]) -> Result<Answer> {
    let dir = tempfile::tempdir()?;
    let image = dir.path().join("probe.img");
    fs::write(&image, boot_sector())?;
    let outcome = run(Cmd::new("qemu-system-x86_64")
        .args(accel)
        .args([
            "-machine",
            "q35",
            "-smp",
            "2",
            "-m",
            "64",
            "-nodefaults",
            "-display",
            "none",
            "-no-reboot",
        ])
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", "-boot", "c"])
        .arg("-drive")
        .arg(format!("if=ide,format=raw,file={}", image.display()))
        .within(Duration::from_secs(10)));
    match outcome {
        Err(error) if error.code() == Some(0x23) => Ok(Answer::Nests),
        Err(error) if error.code() == Some(0x21) => Ok(Answer::Runs),
        // Any other end, and no end, is the answer of a machine that runs no guests.
        Err(Error::Failed { .. } | Error::TimedOut { .. }) | Ok(_) => Ok(Answer::Silent),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::installed;

    #[test]
    fn the_override_wins_and_a_wrong_one_is_refused() {
        assert_eq!(decide(Some("tcg"), || true).expect("valid"), Accel::Tcg);
        assert_eq!(decide(Some("kvm"), || false).expect("valid"), Accel::Kvm);
        assert_eq!(decide(None, || true).expect("valid"), Accel::Kvm);
        assert_eq!(decide(None, || false).expect("valid"), Accel::Tcg);
        let error = decide(Some("xen"), || true).expect_err("not known").to_string();
        assert_eq!(
            error,
            "POCKETSTACK_ACCEL is \"xen\"; it must be kvm or tcg, or not set"
        );
    }

    /// The probe's guest must be able to say yes, or the probe would always say no. Emulation runs it everywhere.
    #[test]
    fn the_probe_recognises_what_a_guest_can_do() {
        if installed("qemu-system-x86_64") {
            assert_eq!(probe(&Accel::Tcg.args()).expect("qemu runs"), Answer::Nests);
            assert_eq!(
                probe(&["-accel", "tcg", "-cpu", "EPYC,-svm"]).expect("qemu runs"),
                Answer::Runs
            );
            assert_eq!(probe(&["-accel", "no-such"]).expect("qemu runs"), Answer::Silent);
        }
    }
}
