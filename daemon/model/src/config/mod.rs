//! Configuration of one node: what an answers file, the wizard and the pages set, and what is kept in
//! `/var/lib/pocketstack`. Everything under `/etc` that PocketStack owns is made from it.
//!
//! All values are checked where they come in, so a [`Configuration`] in hand makes sense on its own; whether it
//! fits a machine (are the cards there?) is for `pocketstack-plan` to say.

mod cidr;
pub mod file;
pub(crate) mod form;
mod ip;
pub mod names;
pub mod network;
pub mod problem;
mod rules;

use serde::{Deserialize, Deserializer, Serialize};

use crate::access::AccessSettings;
use names::{HostName, TimeServer, TimeZone};
use network::NetworkSettings;

/// Version of the form below, in files. Raised when an old file would be misread.
pub const VERSION: u32 = 1;

/// A node's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// [`VERSION`].
    #[serde(deserialize_with = "this_version")]
    pub version: u32,
    /// The machine itself.
    #[serde(default)]
    pub node: NodeSettings,
    /// Its networks.
    #[serde(default)]
    pub network: NetworkSettings,
    /// Who may come in.
    #[serde(default, skip_serializing_if = "AccessSettings::is_empty")]
    pub access: AccessSettings,
}

impl Configuration {
    /// Whether somebody has set the node up: there is a password to come in with.
    pub fn is_set_up(&self) -> bool {
        self.access.password.is_some()
    }
}

/// Documents (JSON) are of this version; files may be older and are brought up by [`file::from_toml`].
fn this_version<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    match u32::deserialize(from)? {
        VERSION => Ok(VERSION),
        other => Err(serde::de::Error::custom(format!(
            "this PocketStack knows configurations of version {VERSION}, not {other}"
        ))),
    }
}

/// What a node is before anybody has set anything.
impl Default for Configuration {
    fn default() -> Self {
        Self {
            version: VERSION,
            node: NodeSettings::default(),
            network: NetworkSettings::default(),
            access: AccessSettings::default(),
        }
    }
}

/// Name and time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSettings {
    /// Host name; `pocketstack` unless set.
    #[serde(default)]
    pub name: HostName,
    /// Time zone; `UTC` unless set.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// Time servers; empty for the ones Debian's package names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ntp: Vec<TimeServer>,
}
