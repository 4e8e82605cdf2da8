//! The hypervisor, as libvirt sees it.

mod fake;
mod libvirt;

pub use fake::FakeHypervisor;
pub use libvirt::Libvirt;

use std::fmt;

use pocketstack_model::node::{Component, ComponentKind, Health};

use crate::component::failed;

/// Asks libvirt.
pub trait Hypervisor: Send + Sync {
    /// Versions, and whether guests can run under KVM. Blocks, for seconds when libvirt has just been started.
    ///
    /// # Errors
    /// [`Error`] if libvirt does not answer.
    fn look(&self) -> Result<Seen, Error>;
}

/// What libvirt said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Version of the libvirt daemon at the other end.
    pub libvirt: Version,
    /// Kind of hypervisor ("QEMU").
    pub kind: String,
    /// Version of the hypervisor.
    pub hypervisor: Version,
    /// Whether it can run KVM guests; if not, why not.
    pub kvm: Result<(), String>,
}

/// Libvirt did not answer. `Display` is what it said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// A version in libvirt's counting: `major * 1000000 + minor * 1000 + release` (virGetVersion).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}",
            self.0 / 1_000_000,
            self.0 / 1000 % 1000,
            self.0 % 1000
        )
    }
}

/// What to tell about libvirt.
pub fn judge(look: Result<Seen, Error>) -> Component {
    let kind = ComponentKind::Libvirt;
    match look {
        Err(error) => failed(kind, None, format!("libvirt does not answer: {error}")),
        Ok(seen) => {
            let version = Some(format!("{} ({} {})", seen.libvirt, seen.kind, seen.hypervisor));
            match seen.kvm {
                Ok(()) => Component {
                    kind,
                    version,
                    health: Health::Working,
                },
                Err(why) => failed(kind, version, format!("libvirt cannot run KVM guests: {why}")),
            }
        }
    }
}
