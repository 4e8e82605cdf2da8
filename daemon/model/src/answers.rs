//! Answers: what the wizard asks, in a file, for machines that are set up without a person.

use serde::{Deserialize, Serialize};

use crate::config::network::NetworkSettings;
use crate::config::{Configuration, NodeSettings};
use crate::install::InstallSettings;

/// Version of the form, in files.
pub const VERSION: u32 = 1;

/// An answers file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// [`VERSION`].
    pub version: u32,
    /// Name and time.
    #[serde(default)]
    pub node: NodeSettings,
    /// Networks.
    #[serde(default)]
    pub network: NetworkSettings,
    /// Installation to disk; without it the node runs from the medium, configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<InstallSettings>,
}

impl Answers {
    /// The configuration among the answers.
    pub fn configuration(&self) -> Configuration {
        Configuration {
            version: crate::config::VERSION,
            node: self.node.clone(),
            network: self.network.clone(),
        }
    }
}
