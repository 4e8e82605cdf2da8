//! A node for the tests of the console: what it tells, and what can be done to it.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::BoxFuture;
use pocketstack_model::answers::Answers;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, Content};
use pocketstack_model::node::{
    Address, Boot, Component, ComponentKind, Cpu, Firmware, Health, Link, Management, Medium, Memory, Nic,
    Overview, Root, State, Units,
};
use pocketstack_model::status::NetworkChange;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::actions::{Actions, Power};
use crate::control::SetupCode;

/// The code that the fake gives out.
pub const CODE: &str = "ABCD2345";

/// A node that is only memory: changes wait to be confirmed, and are told of.
pub struct FakeNode {
    inside: Mutex<Inside>,
    seen: watch::Sender<Option<Arc<Overview>>>,
    setup_code: watch::Sender<Option<SetupCode>>,
}

struct Inside {
    now: Configuration,
    before: Option<Configuration>,
    power: Option<Power>,
    refusal: Option<String>,
    answers: Option<Answers>,
}

impl FakeNode {
    /// As configured by default, and telling [`node`].
    pub fn new() -> Self {
        Self {
            inside: Mutex::new(Inside {
                now: Configuration::default(),
                before: None,
                power: None,
                refusal: None,
                answers: None,
            }),
            seen: watch::Sender::new(Some(Arc::new(node()))),
            setup_code: watch::Sender::new(None),
        }
    }

    /// What it tells.
    pub fn seen(&self) -> watch::Receiver<Option<Arc<Overview>>> {
        self.seen.subscribe()
    }

    /// The code that sets it up.
    pub fn setup_code(&self) -> watch::Receiver<Option<SetupCode>> {
        self.setup_code.subscribe()
    }

    /// The configuration in use.
    pub fn now(&self) -> Configuration {
        self.inside().now.clone()
    }

    /// From now on it is not set up, and this is its code.
    pub fn needs_setup(&self, code: SetupCode) {
        self.setup_code.send_replace(Some(code));
    }

    /// What it was set up with.
    pub fn answers(&self) -> Option<Answers> {
        self.inside().answers.clone()
    }

    /// How the machine was ended.
    pub fn power_used(&self) -> Option<Power> {
        self.inside().power
    }

    /// From now on everything is refused, in these words.
    pub fn refuse(&self, why: &str) {
        self.inside().refusal = Some(why.to_owned());
    }

    /// The time for confirming is over.
    pub fn expire(&self) {
        let mut inside = self.inside();
        inside.now = inside.before.take().expect("a change waits");
        self.tell(NetworkChange::Reverted {
            at: OffsetDateTime::UNIX_EPOCH,
            why: "nobody confirmed it within 60 seconds".into(),
        });
    }

    fn tell(&self, change: NetworkChange) {
        self.seen.send_replace(Some(Arc::new(Overview {
            network_change: change,
            ..node()
        })));
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside
            .lock()
            .expect("no test panics while it holds the lock")
    }

    fn refused(&self) -> Result<(), String> {
        self.inside().refusal.clone().map_or(Ok(()), Err)
    }
}

impl Actions for FakeNode {
    fn configuration(&self) -> BoxFuture<'_, Configuration> {
        Box::pin(async { self.now() })
    }

    fn change(&self, new: Configuration) -> BoxFuture<'_, Result<Option<String>, String>> {
        Box::pin(async move {
            self.refused()?;
            let mut inside = self.inside();
            if inside.before.is_some() {
                return Err("a change of the networks still waits to be confirmed".to_owned());
            }
            inside.before = Some(std::mem::replace(&mut inside.now, new));
            self.tell(NetworkChange::Unconfirmed {
                until: OffsetDateTime::now_utc() + std::time::Duration::from_secs(60),
            });
            Ok(Some(CODE.to_owned()))
        })
    }

    fn confirm(&self, code: String) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.refused()?;
            let mut inside = self.inside();
            if code != CODE {
                return Err("the code is wrong".to_owned());
            }
            inside.before.take().ok_or("nothing waits to be confirmed")?;
            self.tell(NetworkChange::None);
            Ok(())
        })
    }

    fn power(&self, what: Power) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.refused()?;
            self.inside().power = Some(what);
            Ok(())
        })
    }

    fn disks(&self) -> BoxFuture<'_, Result<Vec<Candidate>, String>> {
        Box::pin(async { Ok(disks()) })
    }

    fn finish_setup(&self, answers: Answers) -> BoxFuture<'_, Result<Option<String>, String>> {
        Box::pin(async move {
            self.refused()?;
            self.setup_code.send_replace(None);
            self.inside().now = answers.configuration();
            self.inside().answers = Some(answers);
            Ok(None)
        })
    }

    fn log(&self, unit: Option<String>, lines: u32) -> BoxFuture<'_, Result<Vec<String>, String>> {
        Box::pin(async move {
            self.refused()?;
            let of = unit.unwrap_or_else(|| "everything".to_owned());
            Ok((1..=lines).map(|line| format!("{of}: line {line}")).collect())
        })
    }
}

/// An empty disk, one with something on it, and the medium.
pub fn disks() -> Vec<Candidate> {
    let disk = |name: &str, content, refused: Option<&str>| Candidate {
        name: name.to_owned(),
        path: None,
        model: Some("QEMU HARDDISK".to_owned()),
        serial: Some(format!("serial-{name}")),
        size: ByteCount(64 << 30),
        content,
        refused: refused.map(Into::into),
    };
    let what = "ext4 \"data\"".to_owned();
    vec![
        disk("sda", Content::Empty, None),
        disk("sdb", Content::Foreign { what: what.into() }, None),
        disk("sdc", Content::Empty, Some("this machine was started from it")),
    ]
}

fn part(kind: ComponentKind, version: &str, health: Health) -> Component {
    Component {
        kind,
        version: Some(version.to_owned()),
        health,
    }
}

/// A node with an address, two cards and one component in trouble.
pub fn node() -> Overview {
    Overview {
        name: "node-1a2b3c".to_owned(),
        version: "0.1.0".to_owned(),
        read_at: OffsetDateTime::UNIX_EPOCH,
        boot: Boot {
            firmware: Firmware::Uefi,
            medium: Medium::Disk,
            installed: false,
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
        setup_needed: false,
        kept: Vec::new(),
        network_change: Default::default(),
        installation: Default::default(),
    }
}
