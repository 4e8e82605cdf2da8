//! From a [`Spec`] to QEMU's command line. Pure, so that it can be read and tested without a machine.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::disks;
use super::{Backend, Bus, Firmware, Medium, NicSpec, Spec};
use crate::accel::Accel;

/// Files around the machine.
pub(super) struct Files {
    pub serial_log: PathBuf,
    pub sockets: PathBuf,
    pub ovmf_code: PathBuf,
    pub ovmf_vars: PathBuf,
}

impl Files {
    pub(super) fn socket(&self, name: &str) -> PathBuf {
        self.sockets.join(name)
    }
}

pub(super) fn plan(spec: &Spec, accel: Accel, files: &Files) -> Vec<String> {
    let mut args = Args(Vec::new());
    args.add("-name", &spec.name);
    args.flags(&["-no-user-config", "-nodefaults", "-no-reboot"]);
    args.flags(&["-machine", "q35", "-smp", "2", "-display", "none", "-vga", "std"]);
    args.add("-rtc", format!("base={}", spec.clock.unwrap_or("utc")));
    args.flags(&accel.args());
    args.add("-m", format!("{}M", spec.memory_mib));
    args.add("-device", "virtio-rng-pci");
    args.add(
        "-qmp",
        format!("unix:{},server=on,wait=off", path(&files.socket("qmp"))),
    );
    let socket = path(&files.socket("ttyS0"));
    let log = path(&files.serial_log);
    args.add(
        "-chardev",
        format!("socket,id=s0,path={socket},server=on,wait=off,logfile={log},logappend=off"),
    );
    args.add("-serial", "chardev:s0");
    if spec.shell {
        let socket = path(&files.socket("ttyS1"));
        args.add(
            "-chardev",
            format!("socket,id=s1,path={socket},server=on,wait=off"),
        );
        args.add("-serial", "chardev:s1");
        for credential in shell_credentials() {
            args.add("-smbios", format!("type=11,value={credential}"));
        }
    }
    if spec.firmware == Firmware::Uefi {
        let code = path(&files.ovmf_code);
        args.add(
            "-drive",
            format!("if=pflash,unit=0,format=raw,readonly=on,file={code}"),
        );
        args.add(
            "-drive",
            format!("if=pflash,unit=1,format=raw,file={}", path(&files.ovmf_vars)),
        );
    }
    // "strict": a medium that does not boot ends in an error and not at the next one.
    args.add("-boot", "strict=on");
    if matches!(spec.medium, Medium::Usb(_)) || spec.disks.iter().any(|disk| disk.bus == Bus::Usb) {
        args.add("-device", "qemu-xhci,id=usb");
    }
    medium(&mut args, spec);
    for (index, nic) in spec.nics.iter().enumerate() {
        let boot = match (spec.medium == Medium::Network && index == 0, spec.firmware) {
            // SeaBIOS boots from a network card through the card's ROM; OVMF has a driver of its own.
            (true, Firmware::Bios) => ",bootindex=0",
            (true, Firmware::Uefi) => ",bootindex=0,romfile=",
            // Without a ROM a card that is not to boot costs the firmware no time.
            (false, _) => ",romfile=",
        };
        network_card(&mut args, index, nic, boot);
    }
    let first = spec.nics.len();
    for slot in first..first + spec.spare_slots {
        args.add(
            "-device",
            format!("pcie-root-port,id=spare{slot},chassis={n},slot={n}", n = slot + 1),
        );
    }
    for (index, disk) in spec.disks.iter().enumerate() {
        let boots = spec.medium == Medium::Disk && index == 0;
        args.add("-blockdev", disks::block_device(index, disk).to_string());
        args.add("-device", disks::device(index, disk, boots));
    }
    args.0
}

/// Makes the node run a root shell on its second serial port, with whatever firmware and from whatever medium: systemd
/// takes credentials out of SMBIOS strings (systemd.system-credentials(7)), and units out of credentials
/// (systemd-debug-generator(8)). Kernel command line and boot script stay as they are shipped.
/// It is killed at the end of the machine's work: an interactive shell takes no other signal, and holds that up for 80 s.
fn shell_credentials() -> [String; 2] {
    let unit = "[Unit]\nDescription=Shell of the test\nDefaultDependencies=no\n\
                Conflicts=shutdown.target\nBefore=shutdown.target\n\
                [Service]\nExecStart=/bin/bash -i\nEnvironment=TERM=dumb HISTFILE=\nRestart=always\n\
                StandardInput=tty\nTTYPath=/dev/ttyS1\nKillSignal=SIGKILL\n";
    let wanted = "[Unit]\nWants=test-shell.service\n";
    [
        ("extra-unit.test-shell.service", unit),
        ("unit-dropin.sysinit.target~test", wanted),
    ]
    .map(|(name, content)| {
        format!(
            "io.systemd.credential.binary:systemd.{name}={}",
            BASE64_STANDARD.encode(content)
        )
    })
}

fn medium(args: &mut Args, spec: &Spec) {
    // Nobody needs these disks after a power cut of the host: flushes may be skipped.
    let overlay = |file: &Path, id| format!("if=none,id={id},format=qcow2,cache=unsafe,file={}", path(file));
    match &spec.medium {
        Medium::Usb(disk) => {
            args.add("-drive", overlay(disk, "stick"));
            args.add(
                "-device",
                "usb-storage,bus=usb.0,drive=stick,removable=on,bootindex=0",
            );
        }
        Medium::Cd(iso) => {
            args.add(
                "-drive",
                format!(
                    "if=none,id=cd,media=cdrom,readonly=on,format=raw,file={}",
                    path(iso)
                ),
            );
            args.add("-device", "ide-cd,drive=cd,bootindex=0");
        }
        Medium::Network | Medium::Disk => {}
        Medium::Kernel {
            kernel,
            initrd,
            cmdline,
            disk,
        } => {
            args.add("-kernel", path(kernel));
            args.add("-initrd", path(initrd));
            args.add("-append", cmdline);
            if let Some(disk) = disk {
                args.add("-drive", overlay(disk, "disk"));
                args.add("-device", "virtio-blk-pci,drive=disk");
            }
        }
    }
}

fn network_card(args: &mut Args, index: usize, nic: &NicSpec, boot: &str) {
    let backend = match &nic.backend {
        Backend::Tap(tap) => format!("tap,id=net{index},ifname={tap},script=no,downscript=no"),
        Backend::User { forwards } => {
            let ports = forwards
                .iter()
                .map(|(here, there)| format!(",hostfwd=tcp:127.0.0.1:{here}-:{there}"));
            format!("user,id=net{index}{}", ports.collect::<String>())
        }
    };
    args.add("-netdev", backend);
    args.add(
        "-device",
        format!(
            "{},id=nic{index},netdev=net{index},mac={}{boot}",
            nic.model, nic.mac
        ),
    );
}

/// In QEMU's option lists a comma in a value is written twice.
fn path(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

struct Args(Vec<String>);

impl Args {
    fn add(&mut self, option: &str, value: impl Into<String>) {
        self.0.extend([option.to_owned(), value.into()]);
    }

    fn flags(&mut self, flags: &[&str]) {
        self.0.extend(flags.iter().map(|flag| (*flag).to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::DiskSpec;

    fn line(spec: &Spec) -> String {
        let files = Files {
            serial_log: "/l/a,b.log".into(),
            sockets: "/s".into(),
            ovmf_code: "/c".into(),
            ovmf_vars: "/v".into(),
        };
        plan(spec, Accel::Tcg, &files).join(" ")
    }

    #[test]
    fn a_stick_on_uefi_with_a_shell() {
        let spec = Spec::new("n", Firmware::Uefi, Medium::Usb("/o".into()))
            .shell(true)
            .spare_slots(2);
        let spec = spec.nic(NicSpec::new("52:54:00:00:00:01", Backend::Tap("t0".into())));
        let line = line(&spec);
        for part in [
            "pflash,unit=0,format=raw,readonly=on,file=/c",
            "usb-storage,bus=usb.0,drive=stick,removable=on,bootindex=0",
            "type=11,value=io.systemd.credential.binary:systemd.extra-unit.test-shell.service=W1VuaXRd",
            "virtio-net-pci,id=nic0,netdev=net0,mac=52:54:00:00:00:01,romfile=",
            "pcie-root-port,id=spare1,chassis=2,slot=2",
            "pcie-root-port,id=spare2,chassis=3,slot=3",
            "logfile=/l/a,,b.log",
        ] {
            assert!(line.contains(part), "no {part} in {line}");
        }
    }

    #[test]
    fn the_first_disk_boots_only_where_it_is_the_medium() {
        let disk = DiskSpec::new("/d.raw", Bus::Nvme).serial("target");
        let boots = line(&Spec::new("n", Firmware::Bios, Medium::Disk).disk(disk.clone()));
        assert!(
            boots.contains("nvme,id=disk0-device,drive=disk0,serial=target,bootindex=0"),
            "{boots}"
        );
        assert!(!boots.contains("qemu-xhci"), "{boots}");
        assert!(boots.contains("-rtc base=utc "), "{boots}");
        let stick = DiskSpec::new("/answers.img", Bus::Usb).read_only();
        let spec = Spec::new("n", Firmware::Bios, Medium::Network)
            .disk(disk)
            .disk(stick)
            .clock(Some("1999-01-01"));
        let other = line(&spec);
        assert!(other.contains("-rtc base=1999-01-01 "), "{other}");
        assert!(!other.contains("bootindex"), "{other}");
        assert_eq!(other.matches("qemu-xhci").count(), 1, "{other}");
    }

    #[test]
    fn network_boot_on_bios_has_no_flash_and_no_shell() {
        let spec = Spec::new("n", Firmware::Bios, Medium::Network);
        let spec = spec.nic(NicSpec::new(
            "m",
            Backend::User {
                forwards: vec![(8443, 443)],
            },
        ));
        let line = line(&spec);
        assert!(line.contains("netdev=net0,mac=m,bootindex=0"), "{line}");
        assert!(
            line.contains("user,id=net0,hostfwd=tcp:127.0.0.1:8443-:443"),
            "{line}"
        );
        assert!(!line.contains("pflash") && !line.contains("ttyS1"), "{line}");
    }
}
