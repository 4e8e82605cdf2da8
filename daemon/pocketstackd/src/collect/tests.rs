use std::os::unix::net::UnixStream;

use pocketstack_host::boot::FakeDeviceMapper;
use pocketstack_host::hypervisor::{FakeHypervisor, Seen, Version};
use pocketstack_host::modules::FakeModules;
use pocketstack_host::systemd::FakeSystemd;

use super::*;

type Fakes = Probes<FakeModules, FakeDeviceMapper, FakeHypervisor>;

fn libvirt() -> Seen {
    Seen {
        libvirt: Version(11_003_000),
        kind: "QEMU".to_owned(),
        hypervisor: Version(10_000_002),
        kvm: Ok(()),
    }
}

fn probes(root: &tempfile::TempDir) -> Fakes {
    Probes {
        root: Root::at(root.path()),
        modules: Arc::new(FakeModules::with(&["drbd"])),
        mapper: Arc::new(FakeDeviceMapper::default()),
        hypervisor: Arc::new(FakeHypervisor::running(libvirt())),
        drbdadm: "/no/such/drbdadm".to_owned(),
        heartbeat: "/no/such/heartbeat".to_owned(),
    }
}

fn of(facts: &watch::Receiver<Facts>, kind: ComponentKind) -> Component {
    facts
        .borrow()
        .components
        .iter()
        .find(|part| part.kind == kind)
        .cloned()
        .expect("all kinds are there")
}

async fn bus(systemd: &FakeSystemd) -> (Connection, Connection) {
    let (here, there) = UnixStream::pair().expect("a pair of sockets");
    let client = zbus::connection::Builder::unix_stream(here).p2p().build();
    let (served, client) = tokio::join!(systemd.serve(there), client);
    (served.expect("served"), client.expect("connected"))
}

#[tokio::test]
async fn one_look_asks_everybody() {
    let root = tempfile::tempdir().expect("a folder");
    let systemd = FakeSystemd::default();
    let broken = UnitName::try_from("broken.service").expect("a name");
    systemd.set(&broken, UnitState::Failed);
    let (_served, connection) = bus(&systemd).await;
    let (sender, facts) = watch::channel(Facts::default());
    once(&probes(&root), Some(&connection), &sender).await;

    assert_eq!(facts.borrow().units.failed(), ["broken.service"]);
    let libvirt = of(&facts, ComponentKind::Libvirt);
    assert_eq!(libvirt.version.as_deref(), Some("11.3.0 (QEMU 10.0.2)"));
    assert_eq!(libvirt.health, Health::Working);
    for kind in [ComponentKind::Kvm, ComponentKind::Drbd, ComponentKind::Heartbeat] {
        assert!(
            matches!(of(&facts, kind).health, Health::Failed { .. }),
            "{:?}",
            of(&facts, kind)
        );
    }
}

#[tokio::test]
async fn what_has_never_worked_is_given_time_and_what_worked_is_not() {
    let root = tempfile::tempdir().expect("a folder");
    let probes = probes(&root);
    let (sender, facts) = watch::channel(Facts::default());
    let grace = Duration::from_secs(5);
    probes.hypervisor.set(None);
    ask_libvirt(&probes, &sender, grace).await;
    assert_eq!(of(&facts, ComponentKind::Libvirt).health, Health::Checking);
    probes.hypervisor.set(Some(libvirt()));
    ask_libvirt(&probes, &sender, grace).await;
    assert_eq!(of(&facts, ComponentKind::Libvirt).health, Health::Working);
    probes.hypervisor.set(None);
    ask_libvirt(&probes, &sender, grace).await;
    let Health::Failed { why } = of(&facts, ComponentKind::Libvirt).health else {
        panic!("it is gone")
    };
    assert_eq!(
        why,
        "libvirt does not answer: Failed to connect socket: Connection refused"
    );
}

#[tokio::test]
async fn heartbeat_is_ready_until_it_is_started() {
    let (sender, facts) = watch::channel(Facts::default());
    let systemd = FakeSystemd::default();
    let unit = UnitName::try_from("heartbeat.service").expect("a name");
    let (_served, connection) = bus(&systemd).await;
    for (state, health) in [
        (UnitState::Inactive, Health::Ready),
        (UnitState::Active, Health::Working),
    ] {
        systemd.set(&unit, state);
        ask_systemd(Some(&connection), Ok("3.0.6".to_owned()), &sender, Duration::ZERO).await;
        assert_eq!(of(&facts, ComponentKind::Heartbeat).health, health);
    }
    ask_systemd(None, Ok("3.0.6".to_owned()), &sender, Duration::ZERO).await;
    assert!(matches!(
        of(&facts, ComponentKind::Heartbeat).health,
        Health::Failed { .. }
    ));
}
