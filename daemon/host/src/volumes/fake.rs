//! The fake: volumes in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Error, Volumes};

/// Volumes that can be plugged in and pulled out.
#[derive(Debug, Default)]
pub struct FakeVolumes(Mutex<BTreeMap<String, Volume>>);

#[derive(Debug)]
struct Volume {
    label: String,
    disk: String,
    files: BTreeMap<String, String>,
}

impl FakeVolumes {
    /// Plugs in a volume on a disk, with one file.
    pub fn plug_in(&self, device: &str, disk: &str, label: &str, path: &str, text: &str) {
        let volume = Volume {
            label: label.to_owned(),
            disk: disk.to_owned(),
            files: BTreeMap::from([(path.to_owned(), text.to_owned())]),
        };
        self.locked().insert(device.to_owned(), volume);
    }

    /// Pulls it out.
    pub fn pull_out(&self, device: &str) {
        self.locked().remove(device);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Volume>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Volumes for FakeVolumes {
    fn settle(&self) {}

    fn labelled(&self, label: &str, disk: Option<&str>) -> Vec<String> {
        self.locked()
            .iter()
            .filter(|(_, volume)| volume.label == label && disk.is_none_or(|disk| disk == volume.disk))
            .map(|(device, _)| device.clone())
            .collect()
    }

    fn read(&self, device: &str, path: &str, limit: usize) -> Result<Option<String>, Error> {
        let volumes = self.locked();
        let volume = volumes.get(device).ok_or_else(|| Error::Mount {
            device: device.to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        match volume.files.get(path) {
            Some(text) if text.len() > limit => Err(Error::Unfit {
                device: device.to_owned(),
                path: path.to_owned(),
                why: format!("is larger than {} KiB", limit / 1024),
            }),
            found => Ok(found.cloned()),
        }
    }
}
