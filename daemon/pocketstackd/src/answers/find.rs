//! Finds the answers file.

use std::path::Path;
use std::sync::Arc;

use pocketstack_host::boot::Source;
use pocketstack_host::root::Root;
use pocketstack_host::systemd::{Systemd, UnitName};
use pocketstack_host::volumes::Volumes;
use pocketstack_model::answers::{FILE_NAME, LARGEST};
use sha2::{Digest, Sha256};

use super::cmdline;

/// Label of a volume that a person has made for answers.
const VOLUME: &str = "POCKETSTACK";
/// Label of the EFI partition on the stick.
const STICK: &str = "POCKETBOOT";
/// Runs [`fetch`] without rights (pocketstack-answers.service).
const FETCHER: &str = "pocketstack-answers.service";
/// Where that unit leaves what it fetched, and why it could not.
const FOLDER: &str = "/run/pocketstack";
const FETCHED: &str = "/run/pocketstack/answers.toml";
const NOT_FETCHED: &str = "/run/pocketstack/answers.error";

/// Answers that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where, for messages.
    pub from: String,
    /// The text.
    pub text: String,
}

impl Found {
    /// By which the same answers are recognised.
    pub fn sha256(&self) -> String {
        Sha256::digest(self.text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Why there are no answers although there should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// Somebody has to do something: why and what, in words.
    Wrong(String),
    /// The server may answer later, for example once there is a network.
    NotYet(String),
}

/// All places where answers are looked for.
#[derive(Debug)]
pub struct Places<V, D> {
    /// Where files are read from.
    pub root: Root,
    /// Volumes that are plugged in.
    pub volumes: Arc<V>,
    /// Starts the unit that fetches.
    pub systemd: D,
    /// What the machine runs from.
    pub medium: Source,
}

impl<V: Volumes + 'static, D: Systemd> Places<V, D> {
    /// Waits until the devices that are there at the start are known.
    pub async fn settle(&self) {
        let volumes = self.volumes.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || volumes.settle()).await {
            tracing::warn!("not all devices may be known yet: {error}");
        }
    }

    /// Looks once. A server named on the kernel command line comes first, as somebody named it for this start; then a
    /// volume made for answers; then the stick itself.
    ///
    /// # Errors
    /// Why answers that are there cannot be read.
    pub async fn look(&self) -> Result<Option<Found>, Missed> {
        let cmdline = self.root.text("/proc/cmdline").unwrap_or_default();
        if let Some(remote) = cmdline::remote(&cmdline).map_err(Missed::Wrong)? {
            return self.fetch(remote.url).await.map(Some).map_err(Missed::NotYet);
        }
        let (volumes, disk) = (self.volumes.clone(), self.medium.disk.clone());
        let look = move || {
            let made_for_it = on(volumes.as_ref(), VOLUME, None, FILE_NAME)?;
            match (made_for_it, disk) {
                (None, Some(disk)) => on(volumes.as_ref(), STICK, Some(&disk), "pocketstack/answers.toml"),
                (found, _) => Ok(found),
            }
        };
        tokio::task::spawn_blocking(look)
            .await
            .unwrap_or_else(|error| Err(format!("volumes cannot be looked at: {error}")))
            .map_err(Missed::Wrong)
    }

    async fn fetch(&self, url: String) -> Result<Found, String> {
        // Systemd makes the unit's files, but not their folder.
        self.root
            .make_folder(FOLDER)
            .map_err(|error| format!("{FOLDER} cannot be made: {error}"))?;
        let unit = UnitName::try_from(FETCHER).map_err(|error| error.to_string())?;
        self.systemd
            .start(&unit)
            .await
            .map_err(|error| error.to_string())?;
        if let Some(why) = self.root.text(NOT_FETCHED) {
            return Err(why);
        }
        self.root
            .read(FETCHED)
            .map(|text| Found { from: url, text })
            .map_err(|error| format!("{FETCHED} cannot be read: {error}"))
    }
}

/// The file on volumes of this label. Several with different answers are refused: nobody could tell which is meant.
fn on(volumes: &impl Volumes, label: &str, disk: Option<&str>, path: &str) -> Result<Option<Found>, String> {
    let mut found: Option<Found> = None;
    for device in volumes.labelled(label, disk) {
        let Some(text) = volumes
            .read(&device, path, LARGEST)
            .map_err(|error| error.to_string())?
        else {
            continue;
        };
        let from = format!("{path} on {device}");
        match &found {
            Some(first) if first.text != text => {
                return Err(format!(
                    "{} and {from} have different answers: take one of the volumes out",
                    first.from
                ));
            }
            Some(_) => {}
            None => found = Some(Found { from, text }),
        }
    }
    Ok(found)
}

/// What the unit runs: fetches the answers that the kernel command line names.
///
/// # Errors
/// Why not, in words.
pub fn fetch(root: &Path) -> anyhow::Result<String> {
    let root = Root::at(root);
    let cmdline = root.text("/proc/cmdline").unwrap_or_default();
    let remote = cmdline::remote(&cmdline)
        .map_err(anyhow::Error::msg)?
        .ok_or_else(|| anyhow::anyhow!("the kernel command line names no answers"))?;
    Ok(pocketstack_pinned::fetch(
        &remote.url,
        remote.fingerprint,
        LARGEST as u64,
    )?)
}
