//! Serves an overview out of a file as `org.pocketstack.Node1`, for work on the pages without a node.
//!
//! ```text
//! dbus-daemon --session --print-address --fork
//! cargo run -p pocketstack-web --example canned_node -- ADDRESS web/examples/overview.json
//! cargo run -p pocketstack-web -- --bus ADDRESS --state /tmp/web --runtime /tmp/web --listen '[::]:8443'
//! ```
//!
//! The setup code is K7QF-2M9X, the code that confirms a change of the networks ABCD2345. Whether setup is needed is as
//! the file says until it is done. The file is read anew for each question, so what is saved is shown at the next one; a
//! line on standard input sends `OverviewChanged`. End of input ends the program.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use pocketstack_model::answers::Answers;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, Content};
use pocketstack_model::journal::Journal;
use pocketstack_model::metrics::{DiskTraffic, Metrics, NicTraffic, Temperature};
use pocketstack_model::unit::{Active, AtStart, Unit, UnitAction};
use pocketstack_model::{bus, node::Overview};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt, BufReader};
use zbus::object_server::SignalEmitter;
use zbus::{DBusError, connection, fdo, interface};

/// What it holds.
struct Canned {
    file: PathBuf,
    configuration: Mutex<Configuration>,
}

/// The errors of the interface that it has a use for.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.pocketstack.Error")]
enum Refusal {
    #[zbus(error)]
    ZBus(zbus::Error),
    WrongCode(String),
    Refused(String),
}

fn check(code: &str, right: &str) -> Result<(), Refusal> {
    if code == right {
        return Ok(());
    }
    Err(Refusal::WrongCode("the code is wrong".to_owned()))
}

fn document(of: &impl Serialize) -> fdo::Result<String> {
    serde_json::to_string(of).map_err(|error| fdo::Error::Failed(error.to_string()))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| Refusal::Refused(error.to_string()))
}

impl Canned {
    fn set(&self, configuration: Configuration) {
        *self.configuration.lock().unwrap_or_else(PoisonError::into_inner) = configuration;
    }

    fn get(&self) -> Configuration {
        self.configuration
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[interface(name = "org.pocketstack.Node1")]
impl Canned {
    async fn overview(&self) -> fdo::Result<String> {
        let failed =
            |error: &dyn std::fmt::Display| fdo::Error::Failed(format!("{}: {error}", self.file.display()));
        let text = std::fs::read_to_string(&self.file).map_err(|error| failed(&error))?;
        let mut overview: Overview = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        overview.setup_needed &= !self.get().is_set_up();
        document(&overview)
    }

    async fn configuration(&self) -> fdo::Result<String> {
        document(&self.get())
    }

    async fn disks(&self) -> fdo::Result<String> {
        let disk = |name: &str, size, content| Candidate {
            name: name.to_owned(),
            path: None,
            model: Some("Canned Disk".to_owned()),
            serial: Some(format!("SERIAL-{name}")),
            size: ByteCount(size),
            content,
            refused: None,
        };
        let foreign = Content::Foreign {
            what: "ext4 \"data\"".into(),
        };
        let medium = Candidate {
            refused: Some("this machine runs from it".into()),
            ..disk("sda", 15 << 30, foreign.clone())
        };
        document(&[
            disk("nvme0n1", 1 << 40, Content::Empty),
            medium,
            disk("sdb", 500 << 30, foreign),
            disk("sdc", 500 << 30, Content::PocketStack { complete: true }),
        ])
    }

    async fn metrics(&self) -> fdo::Result<String> {
        let wave = |from: f32, to: f32| -> Vec<Option<f32>> {
            (0..180u16)
                .map(|i| Some(from + (to - from) * (f32::from(i) / 12.0).sin().abs()))
                .collect()
        };
        document(&Metrics {
            read_at: OffsetDateTime::now_utc(),
            interval_seconds: 5,
            cpu_busy_percent: wave(3.0, 80.0),
            memory_total: ByteCount(64 << 30),
            memory_used: wave(5e9, 6e9),
            disks: vec![DiskTraffic {
                name: "nvme0n1".to_owned(),
                read: wave(0.0, 2e6),
                written: wave(1e5, 5e6),
            }],
            nics: vec![NicTraffic {
                name: "enp1s0".to_owned(),
                received: wave(1e3, 8e6),
                sent: wave(1e3, 1e6),
            }],
            temperatures: vec![Temperature {
                name: "coretemp Package id 0".to_owned(),
                celsius: wave(40.0, 55.0),
            }],
        })
    }

    async fn units(&self) -> fdo::Result<String> {
        document(&[Unit {
            name: "canned.service".to_owned(),
            description: "A canned service".to_owned(),
            active: Active::Active,
            sub: "running".to_owned(),
            at_start: AtStart::Yes,
            since: None,
            actions: vec![UnitAction::Stop, UnitAction::Restart],
        }])
    }

    async fn unit_action(&self, unit: &str, action: &str) -> Result<(), Refusal> {
        let why = format!("a canned machine cannot {action} {unit:?}");
        Err(Refusal::Refused(why))
    }

    async fn journal(&self, _filter: &str) -> fdo::Result<String> {
        document(&Journal::default())
    }

    async fn check_setup_code(&self, code: &str) -> Result<(), Refusal> {
        check(code, "K7QF-2M9X")
    }

    async fn finish_setup(&self, code: &str, answers: &str) -> Result<(), Refusal> {
        check(code, "K7QF-2M9X")?;
        self.set(read::<Answers>(answers)?.configuration());
        Ok(())
    }

    async fn change_configuration(&self, new: &str) -> Result<String, Refusal> {
        self.set(read(new)?);
        Ok(String::new())
    }

    async fn confirm_network(&self, code: &str) -> Result<(), Refusal> {
        check(code, "ABCD2345")
    }

    async fn power(&self, how: &str) -> Result<(), Refusal> {
        Err(Refusal::Refused(format!("a canned machine cannot do {how:?}")))
    }

    async fn install(&self, _settings: &str) -> Result<(), Refusal> {
        Err(Refusal::Refused("a canned machine installs nothing".to_owned()))
    }

    async fn factory_reset(&self) -> Result<(), Refusal> {
        Err(Refusal::Refused("a canned machine keeps nothing".to_owned()))
    }

    #[zbus(signal)]
    async fn overview_changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: canned_node BUS-ADDRESS FILE.json");
    };
    let canned = Canned {
        file: file.into(),
        configuration: Mutex::default(),
    };
    let connection = connection::Builder::address(address.as_str())
        .name(bus::NAME)
        .serve_at(bus::PATH, canned)
        .build()
        .await
        .with_context(|| format!("cannot serve {} on {address}", bus::NAME))?;
    let emitter = SignalEmitter::new(&connection, bus::PATH)?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        Canned::overview_changed(&emitter).await?;
    }
    Ok(())
}
