//! The contract of `Hypervisor`, kept by the fake and, against libvirt's own test driver, by the real adapter. The
//! test driver needs no daemon, lives in the library, and has a host that cannot run KVM guests.

use pocketstack_host::hypervisor::{FakeHypervisor, Hypervisor, Libvirt, Seen, Version, judge};
use pocketstack_model::node::Health;

/// A hypervisor that answers, without KVM.
fn contract(hypervisor: &impl Hypervisor) {
    let seen = hypervisor.look().expect("it answers");
    assert!(seen.libvirt >= Version(6_000_000), "{seen:?}");
    assert!(seen.hypervisor > Version(0), "{seen:?}");
    assert!(seen.kvm.is_err(), "{seen:?}");
    assert_eq!(hypervisor.look().expect("again"), seen);
    let component = judge(hypervisor.look());
    assert_eq!(
        component.version,
        Some(format!("{} ({} {})", seen.libvirt, seen.kind, seen.hypervisor))
    );
    assert!(matches!(component.health, Health::Failed { why } if why.contains("cannot run KVM guests")));
}

#[test]
fn the_real_adapter_keeps_the_contract() {
    contract(&Libvirt::at("test:///default"));
}

#[test]
fn the_fake_keeps_the_contract() {
    let fake = FakeHypervisor::running(Seen {
        libvirt: Version(11_003_000),
        kind: "TEST".to_owned(),
        hypervisor: Version(2),
        kvm: Err("unsupported".to_owned()),
    });
    contract(&fake);
}

#[test]
fn a_libvirt_that_does_not_answer_is_told_by_both() {
    let real = Libvirt::at("qemu+unix:///system?socket=/no/such/socket");
    let fake = FakeHypervisor::running(Libvirt::at("test:///default").look().expect("it answers"));
    fake.set(None);
    for look in [real.look(), fake.look()] {
        let Health::Failed { why } = judge(look).health else {
            panic!("nobody answered")
        };
        assert!(
            why.starts_with("libvirt does not answer: Failed to connect socket"),
            "{why}"
        );
    }
}
