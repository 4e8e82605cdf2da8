//! The kernel's hypervisor, asked through `/dev/kvm` (`virt/kvm/api.rst` in the kernel's documentation).

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;

use pocketstack_model::node::{Component, ComponentKind, Health};

use crate::component::failed;
use crate::modules::Modules;
use crate::root::Root;

/// The only version of the KVM API there is: "applications should refuse to run if KVM_GET_API_VERSION returns a
/// value other than 12".
const API_VERSION: i32 = 12;

/// What the machine says about KVM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What the processor itself can do.
    pub processor: Option<Virtualisation>,
    /// What of that the kernel found switched on.
    pub usable: Option<Virtualisation>,
    /// What came of asking the device.
    pub device: Device,
}

/// A processor's help for virtual machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Virtualisation {
    /// AMD-V.
    Svm,
    /// Intel VT-x.
    Vmx,
}

impl Virtualisation {
    /// The kernel module that drives it.
    pub fn module(self) -> &'static str {
        match self {
            Self::Svm => "kvm_amd",
            Self::Vmx => "kvm_intel",
        }
    }

    /// The name firmware settings have for it.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Svm => "SVM (AMD-V)",
            Self::Vmx => "Intel VT-x",
        }
    }
}

/// What came of asking `/dev/kvm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// There is none, although the module was to be loaded; with what loading said.
    Missing {
        /// Why the module is not loaded, if loading it failed.
        load_error: Option<String>,
    },
    /// It is there and did not answer.
    Broken(String),
    /// It answered with the version of its API.
    Api(i32),
}

/// Loads the module that fits the processor if `/dev/kvm` is missing, and asks the device. Blocks.
pub fn look(root: &Root, modules: &impl Modules) -> Seen {
    let usable = root.text("/proc/cpuinfo").and_then(|cpuinfo| flag(&cpuinfo));
    let mut load_error = None;
    if !root.exists("/dev/kvm")
        && let Some(kind) = usable
    {
        load_error = modules.load(kind.module()).err().map(|error| error.to_string());
    }
    let device = match File::options().read(true).write(true).open(root.path("/dev/kvm")) {
        Err(error) if error.kind() == ErrorKind::NotFound => Device::Missing { load_error },
        Err(error) => Device::Broken(error.to_string()),
        Ok(file) => match api_version(&file) {
            Ok(version) => Device::Api(version),
            Err(error) => Device::Broken(error.to_string()),
        },
    };
    Seen {
        processor: processor(),
        usable,
        device,
    }
}

/// What to tell about KVM.
pub fn judge(seen: &Seen) -> Component {
    let kind = ComponentKind::Kvm;
    match (&seen.device, seen.usable, seen.processor) {
        (Device::Api(API_VERSION), _, _) => Component {
            kind,
            version: Some(format!("API {API_VERSION}")),
            health: Health::Working,
        },
        (Device::Api(other), _, _) => {
            let why = format!("/dev/kvm speaks version {other} of its API and {API_VERSION} is needed");
            failed(kind, Some(format!("API {other}")), why)
        }
        (Device::Broken(why), _, _) => failed(kind, None, format!("/dev/kvm does not answer: {why}")),
        (Device::Missing { .. }, None, Some(off)) => {
            let setting = off.setting();
            failed(
                kind,
                None,
                format!("virtualisation is switched off: enable {setting} in the firmware setup"),
            )
        }
        (Device::Missing { .. }, None, None) => failed(
            kind,
            None,
            "this processor has no virtualisation (or the hypervisor above does not pass it on): use another machine",
        ),
        (
            Device::Missing {
                load_error: Some(why),
            },
            Some(found),
            _,
        ) => {
            let (module, setting) = (found.module(), found.setting());
            failed(
                kind,
                None,
                format!(
                    "{module} cannot be loaded ({why}): check that {setting} is enabled in the firmware setup"
                ),
            )
        }
        (Device::Missing { load_error: None }, Some(found), _) => failed(
            kind,
            None,
            format!(
                "{} is loaded, and there is no /dev/kvm all the same",
                found.module()
            ),
        ),
    }
}

/// The flag the kernel shows when the processor can do it and the firmware has not switched it off.
fn flag(cpuinfo: &str) -> Option<Virtualisation> {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags"))?;
    flags.split_whitespace().find_map(|flag| match flag {
        "svm" => Some(Virtualisation::Svm),
        "vmx" => Some(Virtualisation::Vmx),
        _ => None,
    })
}

/// What the processor says itself, whatever the firmware did: CPUID leaf 1 ECX bit 5 is VMX (Intel SDM volume 2),
/// leaf 0x80000001 ECX bit 2 is SVM (AMD APM volume 3).
#[cfg(target_arch = "x86_64")]
fn processor() -> Option<Virtualisation> {
    use std::arch::x86_64::__cpuid;
    if __cpuid(0x8000_0000).eax >= 0x8000_0001 && __cpuid(0x8000_0001).ecx & (1 << 2) != 0 {
        return Some(Virtualisation::Svm);
    }
    (__cpuid(1).ecx & (1 << 5) != 0).then_some(Virtualisation::Vmx)
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> Option<Virtualisation> {
    None
}

fn api_version(device: &File) -> std::io::Result<i32> {
    mod ioctl {
        // KVM_GET_API_VERSION is _IO(0xAE, 0x00) in linux/kvm.h: no argument by its number, and yet the kernel
        // refuses it unless the argument is zero, so a call that leaves the argument out fails now and then.
        nix::ioctl_write_int_bad!(kvm_get_api_version, nix::request_code_none!(0xAE, 0x00));
    }
    // SAFETY: this ioctl takes a plain zero and touches no memory of the caller; the descriptor is open.
    let version = unsafe { ioctl::kvm_get_api_version(device.as_raw_fd(), 0) };
    version.map_err(std::io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::FakeModules;

    fn told(processor: Option<Virtualisation>, usable: Option<Virtualisation>, device: Device) -> String {
        match judge(&Seen {
            processor,
            usable,
            device,
        })
        .health
        {
            Health::Failed { why } => why,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_reason_has_its_own_words() {
        let svm = Some(Virtualisation::Svm);
        let missing = |error: Option<&str>| Device::Missing {
            load_error: error.map(str::to_owned),
        };
        assert_eq!(told(svm, svm, Device::Api(12)), "Working");
        assert!(told(svm, svm, Device::Api(11)).contains("version 11"));
        assert!(told(None, None, missing(None)).starts_with("this processor has no virtualisation"));
        assert_eq!(
            told(svm, None, missing(None)),
            "virtualisation is switched off: enable SVM (AMD-V) in the firmware setup"
        );
        assert!(
            told(svm, svm, missing(Some("Operation not supported"))).contains("kvm_amd cannot be loaded")
        );
        assert!(told(svm, svm, Device::Broken("Permission denied".to_owned())).contains("Permission denied"));
    }

    #[test]
    fn the_module_that_fits_the_processor_is_loaded() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("proc")).expect("made");
        std::fs::write(
            dir.path().join("proc/cpuinfo"),
            "processor\t: 0\nflags\t\t: fpu vmx sse\n",
        )
        .expect("written");
        let modules = FakeModules::with(&["kvm_intel", "kvm_amd"]);
        let seen = look(&Root::at(dir.path()), &modules);
        assert_eq!(modules.loaded(), ["kvm_intel"]);
        assert_eq!(seen.usable, Some(Virtualisation::Vmx));
        assert_eq!(seen.device, Device::Missing { load_error: None });
    }

    #[test]
    fn the_real_device_tells_its_version_every_time() {
        let Ok(device) = File::options().read(true).write(true).open("/dev/kvm") else {
            println!("skipped: this machine has no /dev/kvm that can be opened; the image cases cover it");
            return;
        };
        for _ in 0..100 {
            assert_eq!(api_version(&device).expect("answered"), API_VERSION);
        }
    }

    #[test]
    fn a_file_that_is_no_kvm_device_does_not_pass_for_one() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("dev")).expect("made");
        std::fs::write(dir.path().join("dev/kvm"), "").expect("written");
        let seen = look(&Root::at(dir.path()), &FakeModules::with(&[]));
        assert!(matches!(seen.device, Device::Broken(_)), "{seen:?}");
    }
}
