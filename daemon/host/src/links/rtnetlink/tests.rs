//! Reading what not every kernel that tests run on can make.

use rtnetlink::packet_route::link::{InfoVlan, LinkMessage, VlanProtocol};

use super::*;

/// What the kernel tells of a link over number 3.
fn told(kind: InfoKind, data: InfoData, more: Vec<LinkAttribute>) -> LinkKind {
    let mut message = LinkMessage::default();
    message.header.index = 9;
    message.attributes = vec![
        LinkAttribute::IfName("vlan-ext".to_owned()),
        LinkAttribute::Mtu(1496),
        LinkAttribute::MaxMtu(65535),
        LinkAttribute::Link(3),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind), LinkInfo::Data(data)]),
    ];
    message.attributes.extend(more);
    let link = observed(&Root::at("/nowhere"), &message).expect("a link");
    assert_eq!((link.index, link.mtu), (LinkIndex(9), 1496));
    link.kind
}

fn vlan_of(id: u16, protocol: VlanProtocol, more: Vec<LinkAttribute>) -> LinkKind {
    let data = vec![InfoVlan::Protocol(protocol), InfoVlan::Id(id)];
    told(InfoKind::Vlan, InfoData::Vlan(data), more)
}

#[test]
fn vlans_of_this_namespace_are_read() {
    let id = VlanId::try_from(7).expect("a VLAN");
    assert_eq!(
        vlan_of(7, VlanProtocol::Ieee8021Q, Vec::new()),
        LinkKind::Vlan {
            id,
            lower: LinkIndex(3)
        }
    );
    // On a link of another namespace, of a provider, or for priority tags only.
    let elsewhere = vec![LinkAttribute::LinkNetNsId(0)];
    for other in [
        vlan_of(7, VlanProtocol::Ieee8021Q, elsewhere),
        vlan_of(7, VlanProtocol::Ieee8021Ad, Vec::new()),
        vlan_of(0, VlanProtocol::Ieee8021Q, Vec::new()),
    ] {
        assert_eq!(other, LinkKind::Other);
    }
}

#[test]
fn modes_of_bonds_are_read_as_they_are_made() {
    for (policy, mode, number) in [
        (BondPolicy::ActiveBackup, BondMode::ActiveBackup, 1),
        (BondPolicy::Lacp, BondMode::Lacp, 4),
    ] {
        let made = kernel_mode(policy);
        // BOND_MODE_ACTIVEBACKUP and BOND_MODE_8023AD of linux/if_bonding.h.
        assert_eq!(u8::from(made), number);
        let data = vec![InfoBond::Mode(made), InfoBond::MiiMon(100)];
        assert_eq!(
            told(InfoKind::Bond, InfoData::Bond(data), Vec::new()),
            LinkKind::Bond { mode, miimon_ms: 100 }
        );
    }
    let data = InfoData::Bond(vec![InfoBond::Mode(KernelBondMode::BalanceRr)]);
    let kind = LinkKind::Bond {
        mode: BondMode::Other,
        miimon_ms: 0,
    };
    assert_eq!(told(InfoKind::Bond, data, Vec::new()), kind);
}
