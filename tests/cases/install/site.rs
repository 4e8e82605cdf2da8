//! Where the cases play: machines being installed, installed machines, and the one that runs now.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use pocketstack_tests::accel::Accel;
use pocketstack_tests::answers::{self, Server};
use pocketstack_tests::artifacts::Artifacts;
use pocketstack_tests::disk::Overlay;
use pocketstack_tests::net::{Net, Segment};
use pocketstack_tests::raw::Raw;
use pocketstack_tests::vm::{Bus, DiskSpec, Medium, Spec, Vm};

use super::Options;
pub use super::asked::{CARDS, DISK_BYTES, EXTERNAL, NAME, OTHER_NAMES, TARGET, TIME_ZONE, answers};
use super::route::{Place, Route};
pub use super::running::Running;
use super::wait::{self, Progress};
use crate::boot::stage::{Carrier, STICK_BYTES};
use crate::case::Ground;

/// A machine that was installed and has restarted, as far as its medium is concerned.
#[derive(Debug, Clone)]
pub struct Installed {
    pub disk: Raw,
    /// Its further disks, as [`Route::other_disks`] names them.
    pub others: Vec<Raw>,
    /// All that was written to the disk meanwhile, if it was recorded. It began as a blank one.
    pub record: Option<PathBuf>,
    pub progress: Progress,
    /// From the start of QEMU until the page answered, and from there until the machine restarted.
    pub page_seconds: f64,
    pub install_seconds: f64,
}

/// What was recorded of the first start from disk.
#[derive(Debug, Clone)]
pub struct FirstBoot {
    /// The disk before it.
    pub before: Raw,
    pub record: PathBuf,
}

/// The ground of the group.
pub struct Site {
    pub artifacts: Artifacts,
    pub options: Options,
    pub seed: u64,
    pub accel: Accel,
    reports: PathBuf,
    scratch: PathBuf,
    installed: BTreeMap<String, Result<Installed, String>>,
    first_boot: Option<FirstBoot>,
    /// Where the first machine was when it ran last.
    address: Option<Ipv4Addr>,
    current: Option<(String, Result<Running, String>)>,
    serial_logs: Vec<PathBuf>,
}

impl Site {
    /// An empty site. Old disks in `scratch` are removed.
    ///
    /// # Errors
    /// A folder cannot be made.
    pub fn new(artifacts: Artifacts, reports: PathBuf, scratch: PathBuf, options: Options) -> Result<Self> {
        if scratch.exists() {
            fs::remove_dir_all(&scratch).with_context(|| format!("cannot clear {}", scratch.display()))?;
        }
        for folder in [&reports, &scratch] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok(Self {
            artifacts: artifacts.pinned(&scratch.join("image"))?,
            seed: options.seed.unwrap_or(now),
            options,
            accel: Accel::choose()?,
            reports,
            scratch,
            installed: BTreeMap::new(),
            first_boot: None,
            address: None,
            current: None,
            serial_logs: Vec::new(),
        })
    }

    /// A file in the folder for disks.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// How long something may take that takes this long on hardware.
    pub fn patience(&self, seconds: u64) -> Duration {
        self.accel.patience(Duration::from_secs(seconds))
    }

    /// This way's machine, installed; installs it if it was not.
    ///
    /// # Errors
    /// The installation fails. It is not tried again for the next case.
    pub fn installed(&mut self, route: Route) -> Result<Installed> {
        let name = route.name();
        if !self.installed.contains_key(&name) {
            let installed = self.install(route).map_err(|error| format!("{error:#}"));
            self.installed.insert(name.clone(), installed);
        }
        match &self.installed[&name] {
            Ok(installed) => Ok(installed.clone()),
            Err(why) => bail!("{name} was not installed: {why}"),
        }
    }

    fn install(&mut self, route: Route) -> Result<Installed> {
        let name = route.name();
        let disk = Raw::blank(&self.scratch(&format!("{name}.raw")), DISK_BYTES)?;
        let others = route.other_disks().iter().map(|serial| {
            let path = self.scratch(&format!("{name}.{serial}.raw"));
            Raw::blank(&path, DISK_BYTES)
        });
        let others = others.collect::<Result<Vec<Raw>>>()?;
        let record = (route == Route::FIRST && self.options.cuts > 0).then(|| self.scratch("install.log"));
        let mut target = DiskSpec::new(disk.path(), route.bus).serial(TARGET);
        if let Some(log) = &record {
            target = target.record(log);
        }
        let (boot, text) = (format!("{name}.install"), answers(route));
        let running = self.boot_medium_with(&boot, route, &text, target, specs_of(route, &others))?;
        let page_seconds = running.boot_seconds;
        let progress = wait::installation(&running, self.patience(100))?;
        let install_seconds = running.vm.started().elapsed().as_secs_f64() - page_seconds;
        Ok(Installed {
            disk,
            others,
            record,
            progress,
            page_seconds,
            install_seconds,
        })
    }

    /// Boots the medium of a way, with answers and a disk, and waits for the page. Whatever ran before is ended.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn boot_medium(
        &mut self,
        name: &str,
        route: Route,
        answers: &str,
        disk: DiskSpec,
    ) -> Result<Running> {
        self.boot_medium_with(name, route, answers, disk, Vec::new())
    }

    /// [`Site::boot_medium`] with further disks.
    ///
    /// # Errors
    /// As [`Site::boot_medium`].
    pub fn boot_medium_with(
        &mut self,
        name: &str,
        route: Route,
        answers: &str,
        disk: DiskSpec,
        others: Vec<DiskSpec>,
    ) -> Result<Running> {
        self.clear();
        let mut net = Net::up(&self.scratch(&format!("{name}.net")))?;
        let mut server = None;
        let medium = match route.machine.carrier {
            Carrier::Usb => Medium::Usb(self.stick(name, route, answers)?),
            Carrier::Iso => Medium::Cd(self.artifacts.iso.clone()),
            Carrier::Pxe if route.place == Place::Web => {
                let web = Server::start(answers, &self.scratch(&format!("{name}.https")))?;
                net.serve_pxe_with(&self.artifacts, Some(&web.words()))?;
                server = Some(web);
                Medium::Network
            }
            Carrier::Pxe => {
                net.serve_pxe(&self.artifacts)?;
                Medium::Network
            }
        };
        let spec = Spec::new(name, route.machine.firmware, medium)
            .clock(route.clock())
            .disk(disk);
        let spec = others.into_iter().fold(spec, Spec::disk);
        let volume = self.scratch(&format!("{name}.answers.img"));
        let spec = match route.place {
            Place::Fat => {
                answers::fat_volume(answers, &volume)?;
                spec.disk(DiskSpec::new(volume, Bus::Usb).read_only())
            }
            Place::Iso => {
                answers::iso_volume(answers, &volume)?;
                spec.disk(DiskSpec::new(volume, Bus::Usb).read_only())
            }
            Place::Stick | Place::Web => spec,
        };
        self.launch(spec, net, route, server)
    }

    /// The stick of a way, with the answers on it if that is their place. One that was made before is taken again.
    fn stick(&self, name: &str, route: Route, answers: &str) -> Result<PathBuf> {
        let path = self.scratch(&format!("{name}.qcow2"));
        if Overlay::existing(&path).is_some() {
            return Ok(path);
        }
        let image = match route.place {
            Place::Stick => {
                let image = Raw::copy_of(&self.artifacts.raw, &self.scratch(&format!("{name}.stick.raw")))?;
                answers::on_stick(answers, &image)?;
                image.path().to_owned()
            }
            _ => self.artifacts.raw.clone(),
        };
        Overlay::over_raw(&image, &path, STICK_BYTES)?;
        Ok(path)
    }

    /// [`Site::start`] and [`Site::page_of`].
    ///
    /// # Errors
    /// As those.
    pub fn launch(
        &mut self,
        spec: Spec,
        mut net: Net,
        route: Route,
        server: Option<Server>,
    ) -> Result<Running> {
        let vm = self.start(spec, &mut net, route)?;
        Ok(self.page_of(vm, net, route)?.with(server))
    }

    /// Adds cards and shell, and starts the machine; its serial log belongs to the case from now on.
    ///
    /// # Errors
    /// QEMU does not start.
    pub fn start(&mut self, spec: Spec, net: &mut Net, route: Route) -> Result<Vm> {
        let mut spec = spec.shell(true).nic(net.nic()?);
        if route == Route::FIRST {
            spec = spec.nic(net.nic_on(Segment::Second)?);
            // A machine that was moved to the VLAN must be found there.
            net.add(Segment::Tagged)?;
        }
        let vm = Vm::launch(spec, &self.reports)?;
        self.serial_logs = vec![vm.serial().path().to_owned()];
        Ok(vm)
    }

    /// Waits for the page of a machine that was started.
    ///
    /// # Errors
    /// It does not answer in time.
    pub fn page_of(&mut self, mut vm: Vm, net: Net, route: Route) -> Result<Running> {
        // An address that a case has set is not leased. Only the last one is tried: one that is not there costs seconds.
        let fixed: Vec<Ipv4Addr> = self
            .address
            .filter(|_| route == Route::FIRST)
            .into_iter()
            .collect();
        match net.find_node_at(&vm, &fixed, self.patience(60)) {
            Ok(node) => Ok(Running::new(vm, net, node)),
            Err(error) => {
                // What the screen shows says more than the serial line if it is the firmware that gave up.
                let picture = vm.screenshot("failed").map_err(|error| anyhow!("{error:#}"));
                Err(error.context(match picture {
                    Ok(path) => format!("screen: {}", path.display()),
                    Err(why) => format!("no picture of the screen: {why}"),
                }))
            }
        }
    }

    /// This way's machine, started from its disk without the medium; installed before if it was not.
    ///
    /// # Errors
    /// The installation fails, or the page does not answer afterwards. Neither is tried again for the next case.
    pub fn started(&mut self, route: Route) -> Result<&mut Running> {
        let Installed { disk, others, .. } = self.installed(route)?;
        self.machine(&disk_machine(route), |site, name| {
            let mut target = DiskSpec::new(disk.path(), route.bus).serial(TARGET);
            if route == Route::FIRST && site.options.cuts > 0 && site.first_boot.is_none() {
                let before = Raw::copy_of(disk.path(), &site.scratch("first-boot.before.raw"))?;
                let record = site.scratch("first-boot.log");
                target = target.record(&record);
                site.first_boot = Some(FirstBoot { before, record });
            }
            let net = Net::up(&site.scratch(&format!("{name}.net")))?;
            let spec = Spec::new(name, route.machine.firmware, Medium::Disk).disk(target);
            let spec = specs_of(route, &others).into_iter().fold(spec, Spec::disk);
            site.launch(spec, net, route, None)
        })
    }

    /// The machine of this name; boots it, and ends another, if it is not the one that runs.
    ///
    /// # Errors
    /// It did not boot. It is not tried again for the next case.
    pub fn machine(
        &mut self,
        name: &str,
        boot: impl FnOnce(&mut Self, &str) -> Result<Running>,
    ) -> Result<&mut Running> {
        if self.current.as_ref().is_none_or(|(running, _)| running != name) {
            self.clear();
            let booted = boot(self, name).map_err(|error| format!("{error:#}"));
            self.current = Some((name.to_owned(), booted));
        }
        match &mut self.current {
            Some((_, Ok(running))) => {
                running.vm.must_run()?;
                Ok(running)
            }
            Some((_, Err(why))) => bail!("{name} did not boot: {why}"),
            None => bail!("{name} was not booted"),
        }
    }

    /// Switches the machine that runs off with its power button. None is no error.
    ///
    /// # Errors
    /// It does not go off in time.
    pub fn switch_off(&mut self) -> Result<()> {
        let limit = self.patience(40);
        match self.take_current() {
            Some(mut running) => running.vm.power_down(limit),
            None => Ok(()),
        }
    }

    /// The machine that runs, which nobody has any more then.
    fn take_current(&mut self) -> Option<Running> {
        let (name, booted) = self.current.take()?;
        let running = booted.ok()?;
        if name == disk_machine(Route::FIRST)
            && let IpAddr::V4(address) = running.node.address().ip()
        {
            self.address = Some(address);
        }
        Some(running)
    }

    /// What was recorded of the first start of the first machine from its disk, which has happened then.
    ///
    /// # Errors
    /// As [`Site::started`].
    pub fn first_boot(&mut self) -> Result<FirstBoot> {
        if self.first_boot.is_none() {
            self.started(Route::FIRST)?;
            self.switch_off()?;
        }
        self.clear();
        self.first_boot.clone().context("the first boot was not recorded")
    }

    /// Shows this file as serial log if the case fails.
    pub fn watch(&mut self, serial_log: PathBuf) {
        self.serial_logs = vec![serial_log];
    }

    /// Folder for logs and pictures.
    pub fn reports(&self) -> PathBuf {
        self.reports.clone()
    }
}

impl Ground for Site {
    fn clear(&mut self) {
        drop(self.take_current());
        self.serial_logs.clear();
    }

    fn serial_logs(&self) -> &[PathBuf] {
        &self.serial_logs
    }
}

/// The further disks of a way's machine, as it is started with them.
fn specs_of(route: Route, disks: &[Raw]) -> Vec<DiskSpec> {
    let with_serial = disks.iter().zip(route.other_disks());
    with_serial
        .map(|(disk, serial)| DiskSpec::new(disk.path(), route.bus).serial(*serial))
        .collect()
}

/// Name of a way's machine that runs from its disk.
fn disk_machine(route: Route) -> String {
    format!("{}.disk", route.name())
}
