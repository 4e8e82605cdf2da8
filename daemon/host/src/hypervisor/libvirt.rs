//! The real adapter, through the crate `virt`.

use virt::connect::Connect;

use super::{Error, Hypervisor, Seen, Version};

/// Libvirt at a URI. A connection lives for one look, so that libvirt's daemon may end when nobody needs it and a
/// restarted one is found.
#[derive(Debug, Clone)]
pub struct Libvirt {
    uri: String,
}

impl Libvirt {
    /// The URI is `qemu:///system` on a node.
    pub fn at(uri: impl Into<String>) -> Self {
        // Without this, libvirt itself writes each error to standard error as well.
        virt::error::clear_error_callback();
        Self { uri: uri.into() }
    }
}

impl From<virt::error::Error> for Error {
    fn from(error: virt::error::Error) -> Self {
        Self(error.message().to_owned())
    }
}

/// A connection that is closed when it goes; the crate's own type leaves that to its user.
struct Open(Connect);

impl Drop for Open {
    fn drop(&mut self) {
        // What fails here is a connection that is gone already.
        let _closed = self.0.close();
    }
}

impl Hypervisor for Libvirt {
    fn look(&self) -> Result<Seen, Error> {
        let Open(connection) = &Open(Connect::open(Some(&self.uri))?);
        let kvm = match connection.get_domain_capabilities(None, None, None, Some("kvm"), 0) {
            Ok(xml) if xml.contains("<domain>kvm</domain>") => Ok(()),
            Ok(_) => Err("libvirt offers another kind of guest instead".to_owned()),
            Err(error) => Err(error.message().to_owned()),
        };
        Ok(Seen {
            libvirt: Version(connection.get_lib_version()?),
            kind: connection.get_type()?,
            hypervisor: Version(connection.get_hyp_version()?),
            kvm,
        })
    }
}
