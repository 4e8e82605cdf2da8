//! The real adapter.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pocketstack_model::config::names::{HostName, TimeZone};

use super::{Error, Settings};
use crate::root::Root;

const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL_TIME: &str = "/etc/localtime";
const HOST_NAME: &str = "/etc/hostname";

/// Files under `/etc`, and the name in the kernel. The name is set there and not through systemd-hostnamed, which may
/// not be asked while D-Bus restarts and does no more.
#[derive(Debug, Clone)]
pub struct Etc {
    root: Root,
}

impl Etc {
    /// Settings of the machine whose `/` is at `root`. The kernel's name is always that of this machine.
    pub fn new(root: Root) -> Self {
        Self { root }
    }

    /// Makes something under another name beside `path` and renames it into place.
    fn replace(&self, path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
        let to = self.root.path(path);
        let mut fresh = to.clone().into_os_string();
        // Nobody takes this for a configuration file: systemd reads *.conf, *.network and the like.
        fresh.push(".new");
        let fresh = PathBuf::from(fresh);
        let act = || {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            match fs::remove_file(&fresh) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            make(&fresh)?;
            fs::rename(&fresh, &to)
        };
        act().map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
    }
}

impl Settings for Etc {
    fn host_name(&self) -> Result<String, Error> {
        nix::unistd::gethostname()
            .map(|name| name.to_string_lossy().into_owned())
            .map_err(|error| Error::Name(error.into()))
    }

    fn set_host_name(&self, name: &HostName) -> Result<(), Error> {
        let name = name.to_string();
        self.set_file(Path::new(HOST_NAME), Some(&format!("{name}\n")))?;
        if self.host_name()? == name {
            return Ok(());
        }
        nix::unistd::sethostname(&name).map_err(|error| Error::Name(error.into()))
    }

    fn time_zone(&self) -> Option<String> {
        let target = fs::read_link(self.root.path(LOCAL_TIME)).ok()?;
        let (_, zone) = target.to_str()?.split_once("zoneinfo/")?;
        Some(zone.to_owned())
    }

    fn set_time_zone(&self, zone: &TimeZone) -> Result<(), Error> {
        let name = zone.to_string();
        // Beside the zones themselves there are tables of them; all zones begin with these letters (tzfile(5)).
        let file = self.root.path(format!("{ZONES}/{name}"));
        if !fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"TZif")) {
            return Err(Error::NoZone { zone: zone.clone() });
        }
        if self.time_zone().as_deref() == Some(name.as_str()) {
            return Ok(());
        }
        self.replace(Path::new(LOCAL_TIME), |fresh| {
            std::os::unix::fs::symlink(format!("..{ZONES}/{name}"), fresh)
        })
    }

    fn file(&self, path: &Path) -> Option<String> {
        fs::read_to_string(self.root.path(path)).ok()
    }

    fn set_file(&self, path: &Path, text: Option<&str>) -> Result<bool, Error> {
        let Some(text) = text else {
            return match fs::remove_file(self.root.path(path)) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(source) => Err(Error::Write {
                    path: path.to_owned(),
                    source,
                }),
            };
        };
        if self.file(path).as_deref() == Some(text) {
            return Ok(false);
        }
        self.replace(path, |fresh| fs::write(fresh, text))?;
        Ok(true)
    }
}
