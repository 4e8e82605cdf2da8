//! Asks other programs how this node's components are, again and again, and keeps the last answers.

mod history;

pub use history::Recent;

use std::sync::Arc;
use std::time::Duration;

use pocketstack_host::boot::{self, DeviceMapper};
use pocketstack_host::component::{failed, unasked};
use pocketstack_host::hypervisor::{self, Hypervisor};
use pocketstack_host::inventory::CpuTimes;
use pocketstack_host::modules::Modules;
use pocketstack_host::mounts::mounts;
use pocketstack_host::root::Root;
use pocketstack_host::systemd::{DbusSystemd, Systemd, UnitName, UnitState};
use pocketstack_host::{drbd, heartbeat, kvm};
use pocketstack_model::node::{Component, ComponentKind, Health, Root as RootState, Units};
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep, timeout};
use zbus::Connection;

/// How often the processors' times are read.
const CPU: Duration = Duration::from_secs(2);
/// Systemd tells of changes by signals; it is asked so often all the same, should one have been lost.
const UNITS: Duration = Duration::from_secs(60);
/// Units change in bursts, at the start of the machine above all.
const BURST: Duration = Duration::from_millis(500);
/// While systemd cannot be asked, or what has never worked may come up by itself.
const UNITS_SOON: Duration = Duration::from_secs(5);
/// How often the kernel's parts and libvirt are asked once all is well. Each costs programs being started.
const PARTS: Duration = Duration::from_secs(60);
/// How often while something is not well.
const PARTS_SOON: Duration = Duration::from_secs(5);
/// What has never worked counts as being looked at for so long: at the start of the machine its parts come up one
/// after another, and a page that cries failure meanwhile would be wrong.
const GRACE: Duration = Duration::from_secs(90);
/// A blocking question that takes longer is told as a failure.
const LIMIT: Duration = Duration::from_secs(60);

/// The last answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Share of the processors that was busy.
    pub busy_percent: Option<f32>,
    /// One per kind, in the order of [`ComponentKind`].
    pub components: [Component; 4],
    /// The services of the system.
    pub units: Units,
    /// The root file system.
    pub root: RootState,
}

impl Default for Facts {
    fn default() -> Self {
        use ComponentKind::{Drbd, Heartbeat, Kvm, Libvirt};
        Self {
            busy_percent: None,
            components: [Kvm, Libvirt, Drbd, Heartbeat].map(unasked),
            units: Units::Unknown {
                why: "systemd has not been asked yet".to_owned(),
            },
            root: RootState::Unverified {
                why: "it has not been looked at yet".to_owned(),
            },
        }
    }
}

/// Whom to ask.
#[derive(Debug)]
pub struct Probes<M, D, H> {
    /// Where files are read from.
    pub root: Root,
    /// Loads modules.
    pub modules: Arc<M>,
    /// Knows dm-verity's state.
    pub mapper: Arc<D>,
    /// Libvirt.
    pub hypervisor: Arc<H>,
    /// Program of drbd-utils.
    pub drbdadm: String,
    /// Program of Heartbeat.
    pub heartbeat: String,
}

/// Asks once and returns when all have answered.
pub async fn once<M, D, H>(probes: &Probes<M, D, H>, bus: Option<&Connection>, facts: &watch::Sender<Facts>)
where
    M: Modules + 'static,
    D: DeviceMapper + 'static,
    H: Hypervisor + 'static,
{
    let earlier = CpuTimes::read(&probes.root);
    let version = heartbeat_version(probes).await;
    tokio::join!(
        ask_root(probes, facts),
        ask_kernel(probes, facts),
        ask_libvirt(probes, facts, Duration::ZERO),
        ask_systemd(bus, version, facts, Duration::ZERO),
    );
    measure(&probes.root, earlier, facts);
}

/// Asks for ever. `bus` is the connection to the system bus while there is one.
pub async fn collect<M, D, H>(
    probes: Probes<M, D, H>,
    bus: watch::Receiver<Option<Connection>>,
    facts: watch::Sender<Facts>,
) -> anyhow::Result<()>
where
    M: Modules + 'static,
    D: DeviceMapper + 'static,
    H: Hypervisor + 'static,
{
    let start = Instant::now();
    let left = || GRACE.saturating_sub(start.elapsed());
    let cpu = async {
        let mut tick = interval(CPU);
        let mut earlier = None;
        loop {
            tick.tick().await;
            earlier = measure(&probes.root, earlier, &facts);
        }
    };
    let kernel = async {
        loop {
            ask_kernel(&probes, &facts).await;
            ask_root(&probes, &facts).await;
            sleep(pause(&facts, &[ComponentKind::Kvm, ComponentKind::Drbd])).await;
        }
    };
    let libvirt = async {
        loop {
            ask_libvirt(&probes, &facts, left()).await;
            sleep(pause(&facts, &[ComponentKind::Libvirt])).await;
        }
    };
    let systemd = async {
        let version = heartbeat_version(&probes).await;
        let mut bus = bus.clone();
        loop {
            let connection = bus.borrow_and_update().clone();
            // Listening begins before the question, so that no change is missed.
            let mut changes = match &connection {
                Some(connection) => DbusSystemd::new(connection.clone()).changes().await.ok(),
                None => None,
            };
            loop {
                ask_systemd(connection.as_ref(), version.clone(), &facts, left()).await;
                let wait = if changes.is_some() && left().is_zero() {
                    UNITS
                } else {
                    UNITS_SOON
                };
                let told = async {
                    match &mut changes {
                        Some(changes) => changes.changed().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    // A new connection is used at once.
                    Ok(()) = bus.changed() => break,
                    going_on = told => {
                        if !going_on {
                            changes = None;
                        }
                        sleep(BURST).await;
                    }
                    () = sleep(wait) => {}
                }
            }
        }
    };
    tokio::join!(cpu, kernel, libvirt, systemd);
    Ok(())
}

/// Reads the processors' times, and tells how busy they were since `earlier`.
fn measure(root: &Root, earlier: Option<CpuTimes>, facts: &watch::Sender<Facts>) -> Option<CpuTimes> {
    let now = CpuTimes::read(root);
    if let Some(busy) = now
        .zip(earlier)
        .and_then(|(now, earlier)| now.busy_percent_since(earlier))
    {
        update(facts, |facts| facts.busy_percent = Some(busy));
    }
    now
}

/// Asks the kernel about the root file system. The daemon does so before it tells anything to anybody.
pub async fn ask_root<M, D: DeviceMapper + 'static, H>(
    probes: &Probes<M, D, H>,
    facts: &watch::Sender<Facts>,
) {
    let (root, mapper) = (probes.root.clone(), probes.mapper.clone());
    let asked = blocking(move || boot::root_state(&root, &mounts(&root), mapper.as_ref())).await;
    update(facts, |facts| {
        facts.root = asked.unwrap_or_else(|| RootState::Unverified { why: late() })
    });
}

async fn ask_kernel<M: Modules + 'static, D, H>(probes: &Probes<M, D, H>, facts: &watch::Sender<Facts>) {
    let (root, modules, drbdadm) = (
        probes.root.clone(),
        probes.modules.clone(),
        probes.drbdadm.clone(),
    );
    let asked = blocking(move || {
        let kvm = kvm::judge(&kvm::look(&root, modules.as_ref()));
        (kvm, drbd::judge(&drbd::look(&root, modules.as_ref(), &drbdadm)))
    });
    match asked.await {
        Some((kvm, drbd)) => {
            set(facts, kvm, Duration::ZERO);
            set(facts, drbd, Duration::ZERO);
        }
        None => {
            for kind in [ComponentKind::Kvm, ComponentKind::Drbd] {
                set(facts, failed(kind, None, late()), Duration::ZERO);
            }
        }
    }
}

async fn ask_libvirt<M, D, H: Hypervisor + 'static>(
    probes: &Probes<M, D, H>,
    facts: &watch::Sender<Facts>,
    grace: Duration,
) {
    let hypervisor = probes.hypervisor.clone();
    let asked = blocking(move || hypervisor::judge(hypervisor.look())).await;
    set(
        facts,
        asked.unwrap_or_else(|| failed(ComponentKind::Libvirt, None, late())),
        grace,
    );
}

async fn ask_systemd(
    bus: Option<&Connection>,
    version: Result<String, String>,
    facts: &watch::Sender<Facts>,
    grace: Duration,
) {
    let (units, state) = match bus {
        Some(bus) => {
            let systemd = DbusSystemd::new(bus.clone());
            let units = systemd.failed_units().await.map_err(|error| error.to_string());
            (units, heartbeat_unit(&systemd).await)
        }
        None => (
            Err("the system bus does not answer".to_owned()),
            Err("the system bus does not answer; it is tried again".to_owned()),
        ),
    };
    let units = match units {
        Ok(failed) => Units::Known { failed },
        Err(why) => Units::Unknown { why },
    };
    update(facts, |facts| facts.units = units);
    // A program that is not there does not come with time; the bus does.
    let grace = if version.is_ok() { grace } else { Duration::ZERO };
    set(facts, heartbeat::judge(version, state), grace);
}

async fn heartbeat_unit(systemd: &impl Systemd) -> Result<UnitState, String> {
    let unit = UnitName::try_from("heartbeat.service").map_err(|error| error.to_string())?;
    systemd.unit_state(&unit).await.map_err(|error| error.to_string())
}

async fn heartbeat_version<M, D, H>(probes: &Probes<M, D, H>) -> Result<String, String> {
    let program = probes.heartbeat.clone();
    blocking(move || heartbeat::version(&program))
        .await
        .unwrap_or_else(|| Err(late()))
}

/// Runs what blocks beside the daemon's thread; `None` if it takes too long. It then goes on by itself, and its
/// answer is dropped.
async fn blocking<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    timeout(LIMIT, tokio::task::spawn_blocking(ask)).await.ok()?.ok()
}

fn late() -> String {
    format!("no answer within {} seconds", LIMIT.as_secs())
}

/// Stores a component. A failure of what has never worked is held back for as long as there is `grace`.
fn set(facts: &watch::Sender<Facts>, component: Component, grace: Duration) {
    update(facts, |facts| {
        for known in facts
            .components
            .iter_mut()
            .filter(|known| known.kind == component.kind)
        {
            let held_back = known.health == Health::Checking
                && matches!(component.health, Health::Failed { .. })
                && !grace.is_zero();
            if !held_back {
                known.clone_from(&component);
            }
        }
    });
}

fn update(facts: &watch::Sender<Facts>, change: impl FnOnce(&mut Facts)) {
    facts.send_if_modified(|facts| {
        let before = facts.clone();
        change(facts);
        *facts != before
    });
}

fn pause(facts: &watch::Sender<Facts>, kinds: &[ComponentKind]) -> Duration {
    let facts = facts.borrow();
    let well = |component: &&Component| matches!(component.health, Health::Working | Health::Ready);
    let all = facts
        .components
        .iter()
        .filter(|component| kinds.contains(&component.kind))
        .all(|c| well(&c));
    if all { PARTS } else { PARTS_SOON }
}

#[cfg(test)]
mod tests;
