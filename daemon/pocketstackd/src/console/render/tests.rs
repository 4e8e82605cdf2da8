use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::{Address, Boot, Cpu, Firmware, Memory};
use time::OffsetDateTime;

use super::*;
use crate::console::certificate::fingerprint;

fn part(kind: ComponentKind, version: &str, health: Health) -> Component {
    Component {
        kind,
        version: Some(version.to_owned()),
        health,
    }
}

fn node() -> Overview {
    Overview {
        name: "node-1a2b3c".to_owned(),
        version: "0.1.0".to_owned(),
        read_at: OffsetDateTime::UNIX_EPOCH,
        boot: Boot {
            firmware: Firmware::Uefi,
            medium: Medium::Disk,
            root: Root::Verified {
                root_hash: "ab".repeat(32),
                read_only: true,
            },
            state: State::Persistent {
                device: "/dev/sda7".to_owned(),
                size: ByteCount(1 << 30),
                used: ByteCount(1 << 20),
            },
            kernel: "6.12.48+deb13-amd64".to_owned(),
            uptime_seconds: 61,
        },
        management: Management::Up {
            bridge: "br-mgmt".to_owned(),
            addresses: vec![
                Address {
                    address: [192, 0, 2, 10].into(),
                    prefix: 24,
                },
                Address {
                    address: "2001:db8::10".parse().expect("an address"),
                    prefix: 64,
                },
            ],
        },
        cpu: Cpu {
            model: "CPU".to_owned(),
            threads: 2,
            cores: 2,
            busy_percent: None,
            load: [0.0; 3],
        },
        memory: Memory {
            total: ByteCount(1 << 32),
            used: ByteCount(1 << 28),
        },
        disks: Vec::new(),
        nics: vec![
            Nic {
                name: "enp1s0".to_owned(),
                mac: "52:54:00:00:00:01".to_owned(),
                driver: Some("virtio_net".to_owned()),
                link: Link::Up { mbps: Some(1000) },
                part_of: Some("bond-mgmt".to_owned()),
            },
            Nic {
                name: "enp2s0".to_owned(),
                mac: "52:54:00:00:00:02".to_owned(),
                driver: None,
                link: Link::Down,
                part_of: Some("bond-mgmt".to_owned()),
            },
        ],
        components: vec![
            part(ComponentKind::Kvm, "API 12", Health::Working),
            part(ComponentKind::Libvirt, "11.3.0 (QEMU 10.0.2)", Health::Checking),
            part(ComponentKind::Drbd, "8.4.11 (drbd-utils 9.22.0)", Health::Ready),
            part(
                ComponentKind::Heartbeat,
                "3.0.6",
                Health::Failed {
                    why: "heartbeat.service has failed; `journalctl -u heartbeat` says why".to_owned(),
                },
            ),
        ],
        units: Units::Known { failed: Vec::new() },
        kept: Vec::new(),
        network_change: Default::default(),
        installation: Default::default(),
    }
}

fn without_code(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        // The code stands between the two settings of colours, and is 29 characters wide for this address.
        let line = match line.split_once("\x1b[30;47m") {
            Some((_, rest)) => {
                let (code, rest) = rest.split_once("\x1b[0m").expect("colours are set back");
                assert_eq!(code.chars().count(), 29);
                format!("[code]{rest}")
            }
            None => line.clone(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[test]
fn a_node_with_an_address() {
    let pem = b"-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    let lines = body(&node(), Some(&fingerprint(pem).expect("a certificate")));
    let expected = "\
PocketStack 0.1.0                                                   node-1a2b3c
-------------------------------------------------------------------------------
[code]  Open this page in a browser:
[code]  https://192.0.2.10/
[code]  https://[2001:db8::10]/
[code]  Certificate fingerprint (SHA-256):
[code]  BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23
[code]  B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD
[code]
[code]  KVM        working  API 12
[code]  libvirt    checking 11.3.0 (QEMU 10.0.2)
[code]  DRBD       ready    8.4.11 (drbd-utils 9.22.0)
[code]  Heartbeat  FAILED: heartbeat.service has failed;
[code]             `journalctl -u heartbeat` says why
[code]  System     from disk, verified; state is kept
[code]  Units      none failed
[code]  enp1s0     up, 1000 Mbit/s  52:54:00:00:00:01
                               enp2s0     NO LINK  52:54:00:00:00:02
";
    assert_eq!(without_code(&lines), expected);
}

#[test]
fn a_node_without_a_cable_says_what_to_do() {
    let mut node = node();
    node.management = Management::NoLink {
        bridge: "br-mgmt".to_owned(),
    };
    node.components.clear();
    node.nics.truncate(1);
    node.nics[0].link = Link::Down;
    node.units = Units::Known {
        failed: vec!["a.service".to_owned(), "b.mount".to_owned()],
    };
    node.boot.state = State::Volatile;
    node.boot.medium = Medium::Iso;
    let expected = "\
PocketStack 0.1.0                                                   node-1a2b3c
-------------------------------------------------------------------------------
No page: no network card has a link. Plug in a cable.

System     from ISO, verified; state is lost at a restart
Units      FAILED: a.service, b.mount
enp1s0     NO LINK  52:54:00:00:00:01
";
    assert_eq!(without_code(&body(&node, None)), expected);
}

#[test]
fn nothing_that_was_read_controls_the_terminal_and_no_line_is_too_long() {
    let mut node = node();
    node.name = "evil\x1b[2J\u{202e}name".to_owned();
    node.units = Units::Known {
        failed: vec!["x\x07\r\n.service".to_owned(), "y".repeat(300)],
    };
    let screen = screen(&node, None);
    let lines: Vec<&str> = screen
        .strip_prefix("\x1b[0m\x1b[H\x1b[2J")
        .expect("cleared")
        .split("\r\n")
        .collect();
    for line in lines {
        let shown = line.replace("\x1b[30;47m", "").replace("\x1b[0m", "");
        assert!(shown.chars().count() < 80, "{shown:?}");
        assert!(
            shown
                .chars()
                .all(|c| c == ' ' || c.is_ascii_graphic() || ('\u{2580}'..='\u{2588}').contains(&c)),
            "{shown:?}"
        );
    }
    assert!(screen.contains("evil?[2J?name"));
}
