//! The machine that tests begin with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pocketstack_model::access::PasswordHash;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, Content};
use pocketstack_model::journal::{Journal, JournalEntry, Priority};
use pocketstack_model::metrics::{DiskTraffic, Metrics, NicTraffic, Temperature};
use pocketstack_model::node::*;
use pocketstack_model::unit::{Active, AtStart, Unit, UnitAction};
use time::OffsetDateTime;

/// The password of [`configuration`].
pub const PASSWORD: &str = "correct horse";
/// Its hash.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$+BEaXvcGPVwD8Oa/QHTlCg$HVv33gmfmW96dZhbDDfHasC6ClUIWVdx95jjUEmDL+Y";

/// The hash of [`PASSWORD`].
pub fn password_hash() -> PasswordHash {
    PASSWORD_HASH.parse().expect("a hash")
}

/// A configuration with a password.
pub fn configuration() -> Configuration {
    let mut configuration = Configuration::default();
    configuration.access.password = Some(password_hash());
    configuration
}

/// Four values of each, of which the first was not measured.
pub fn metrics() -> Metrics {
    let row = |values: [f32; 3]| std::iter::once(None).chain(values.map(Some)).collect::<Vec<_>>();
    Metrics {
        read_at: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
        interval_seconds: 10,
        cpu_busy_percent: row([10.0, 60.5, 12.5]),
        memory_total: ByteCount(64 << 30),
        memory_used: row([4e9, 5e9, 4.5e9]),
        disks: vec![DiskTraffic {
            name: "nvme0n1".to_owned(),
            read: row([0.0, 1_048_576.0, 2048.0]),
            written: row([0.0, 0.0, 4096.0]),
        }],
        nics: vec![NicTraffic {
            name: "enp1s0".to_owned(),
            received: row([100.0, 125_000.0, 1000.0]),
            sent: row([50.0, 2000.0, 500.0]),
        }],
        temperatures: vec![Temperature {
            name: "coretemp Package id 0".to_owned(),
            celsius: row([41.0, 52.5, 43.0]),
        }],
    }
}

/// Two units: one that runs, and one that has failed.
pub fn units() -> Vec<Unit> {
    let since = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
    vec![
        Unit {
            name: "libvirtd.service".to_owned(),
            description: "libvirt legacy monolithic daemon".to_owned(),
            active: Active::Active,
            sub: "running".to_owned(),
            at_start: AtStart::Yes,
            since: Some(since),
            actions: vec![UnitAction::Stop, UnitAction::Restart],
        },
        Unit {
            name: "broken.service".to_owned(),
            description: "Something <b>broken</b>".to_owned(),
            active: Active::Failed,
            sub: "failed".to_owned(),
            at_start: AtStart::IfNeeded,
            since: None,
            actions: vec![UnitAction::Restart],
        },
    ]
}

/// An entry of the journal.
pub fn entry(number: u32, unit: &str, priority: Priority, text: &str) -> JournalEntry {
    JournalEntry {
        cursor: format!("s=1;i={number}"),
        at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(i64::from(number)),
        unit: Some(unit.to_owned()),
        priority,
        text: text.to_owned(),
    }
}

/// Three entries, the last of which is hostile.
pub fn journal() -> Journal {
    Journal {
        entries: vec![
            entry(1, "libvirtd.service", Priority::Info, "it has started"),
            entry(2, "broken.service", Priority::Error, "it has failed"),
            entry(3, "kernel", Priority::Warning, "<script>\u{1b}[2J\u{202e}"),
        ],
    }
}

/// The disks that [`example`] could be installed on: an empty one, one in use, one with a PocketStack, and the medium.
pub fn disks() -> Vec<Candidate> {
    let candidate = |name: &str, serial: Option<&str>, size, content| Candidate {
        name: name.to_owned(),
        path: Some(format!("pci-0000:00:1f.2-{name}")),
        model: Some(format!("Model {name}")),
        serial: serial.map(str::to_owned),
        size: ByteCount(size),
        content,
        refused: None,
    };
    let foreign = Content::Foreign {
        what: "ext4 \"data\"".into(),
    };
    let medium = Candidate {
        refused: Some("this machine runs from it".into()),
        ..candidate("sda", Some("4C531001"), 15 << 30, foreign.clone())
    };
    vec![
        candidate("nvme0n1", Some("S5GXNX0T"), 1_000_204_886_016, Content::Empty),
        medium,
        candidate("sdb", None, 500 << 30, foreign),
        candidate(
            "sdc",
            Some("WD-1"),
            500 << 30,
            Content::PocketStack { complete: true },
        ),
    ]
}

/// A healthy machine in which every field has a value of its own, so that a test can find each on the page.
pub fn example() -> Overview {
    Overview {
        name: "lab-one".to_owned(),
        version: "0.1.0".to_owned(),
        read_at: OffsetDateTime::from_unix_timestamp(1_795_248_252).expect("in range"),
        boot: Boot {
            firmware: Firmware::Uefi,
            medium: Medium::Disk,
            installed: false,
            root: Root::Verified {
                root_hash: "5d1f".repeat(16),
                read_only: true,
            },
            state: State::Persistent {
                device: "/dev/sda7".to_owned(),
                size: ByteCount(8 << 30),
                used: ByteCount(3 << 29),
            },
            kernel: "6.12.48+deb13-amd64".to_owned(),
            uptime_seconds: 93_784,
        },
        management: Management::Up {
            bridge: "br-mgmt".to_owned(),
            addresses: vec![
                Address {
                    address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 17)),
                    prefix: 24,
                },
                Address {
                    address: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x17)),
                    prefix: 64,
                },
            ],
        },
        cpu: Cpu {
            model: "AMD EPYC 7302P".to_owned(),
            threads: 32,
            cores: 16,
            busy_percent: Some(12.4),
            load: [0.52, 0.61, 0.43],
        },
        memory: Memory {
            total: ByteCount(64 << 30),
            used: ByteCount(5 << 30),
        },
        disks: vec![
            Disk {
                name: "nvme0n1".to_owned(),
                model: Some("Samsung SSD 980 PRO".to_owned()),
                serial: Some("S5GXNX0T".to_owned()),
                size: ByteCount(1_000_204_886_016),
                rotational: false,
                removable: false,
                boot_medium: false,
            },
            Disk {
                name: "sda".to_owned(),
                model: Some("Cruzer Fit".to_owned()),
                serial: Some("4C531001".to_owned()),
                size: ByteCount(15 << 30),
                rotational: true,
                removable: true,
                boot_medium: true,
            },
        ],
        nics: vec![
            Nic {
                name: "enp1s0".to_owned(),
                mac: "52:54:00:aa:bb:01".to_owned(),
                driver: Some("igb".to_owned()),
                link: Link::Up { mbps: Some(2500) },
                part_of: Some("bond-mgmt".to_owned()),
            },
            Nic {
                name: "enp2s0".to_owned(),
                mac: "52:54:00:aa:bb:02".to_owned(),
                driver: Some("r8169".to_owned()),
                link: Link::Down,
                part_of: None,
            },
        ],
        components: vec![
            Component {
                kind: ComponentKind::Kvm,
                version: Some("API 12".to_owned()),
                health: Health::Working,
            },
            Component {
                kind: ComponentKind::Libvirt,
                version: Some("11.3.0".to_owned()),
                health: Health::Working,
            },
            Component {
                kind: ComponentKind::Drbd,
                version: Some("8.4.11".to_owned()),
                health: Health::Ready,
            },
            Component {
                kind: ComponentKind::Heartbeat,
                version: Some("3.0.6".to_owned()),
                health: Health::Ready,
            },
        ],
        units: Units::Known { failed: Vec::new() },
        setup_needed: false,
        kept: Vec::new(),
        network_change: Default::default(),
        installation: Default::default(),
    }
}
