//! A node controller that is only memory, for tests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard};

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::node::*;
use pocketstack_model::status::NetworkChange;
use rocket::async_trait;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::contract::{self, CODE, Machine, NO_ROOM, TOO_LATE, TOO_OFTEN};
use super::{NodeSource, NotConfirmed, Unavailable};

/// Keeps an overview, counts how often it was asked, and can be away.
pub struct FakeNode {
    state: Mutex<Inside>,
    changes: watch::Sender<u64>,
}

struct Inside {
    overview: Overview,
    away: Option<Unavailable>,
    questions: u32,
    codes: u32,
}

impl FakeNode {
    /// A node that is there.
    pub fn new(overview: Overview) -> Self {
        Self {
            state: Mutex::new(Inside {
                overview,
                away: None,
                questions: 0,
                codes: 0,
            }),
            changes: watch::Sender::new(0),
        }
    }

    /// Changes the machine, and announces it.
    pub fn change(&self, how: impl FnOnce(&mut Overview)) {
        how(&mut self.state().overview);
        self.announce();
    }

    /// From now on every question gets this error.
    pub fn leave(&self, why: Unavailable) {
        self.state().away = Some(why);
        self.announce();
    }

    /// Ends [`FakeNode::leave`].
    pub fn come_back(&self) {
        self.state().away = None;
        self.announce();
    }

    /// How often it was asked.
    pub fn questions(&self) -> u32 {
        self.state().questions
    }

    /// How many codes it was given.
    pub fn codes(&self) -> u32 {
        self.state().codes
    }

    fn announce(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().expect("no test panics while it holds the lock")
    }
}

#[async_trait]
impl NodeSource for FakeNode {
    async fn overview(&self) -> Result<Overview, Unavailable> {
        // A real question gives way to other tasks; without this no test could see two questions meet.
        tokio::task::yield_now().await;
        let mut state = self.state();
        state.questions += 1;
        match &state.away {
            Some(why) => Err(why.clone()),
            None => Ok(state.overview.clone()),
        }
    }

    async fn confirm_network(&self, code: &str) -> Result<(), NotConfirmed> {
        let mut state = self.state();
        state.codes += 1;
        if let Some(why) = &state.away {
            return Err(why.clone().into());
        }
        match code {
            CODE => {}
            NO_ROOM => return Err(NotConfirmed::Refused("make room".to_owned())),
            TOO_LATE => return Err(NotConfirmed::NothingWaits),
            TOO_OFTEN => return Err(NotConfirmed::TooManyTries),
            _ => return Err(NotConfirmed::WrongCode("the code is wrong".to_owned())),
        }
        drop(state);
        self.change(|overview| overview.network_change = NetworkChange::None);
        Ok(())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[async_trait]
impl Machine for FakeNode {
    async fn become_like(&self, overview: Overview) {
        self.state().away = None;
        self.change(|current| *current = overview);
    }

    async fn leave(&self) {
        self.leave(Unavailable::NotRunning);
    }
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let node = FakeNode::new(example());
    contract::check(&node, &node).await;
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
        kept: Vec::new(),
        network_change: Default::default(),
        installation: Default::default(),
    }
}
