//! The node's own SSH key, by which others recognise it. It is kept with the node's state, so that it outlasts
//! restarts and reinstallations; who may sign in is a file that is made anew each time (`settings`).

mod fake;
mod keygen;

pub use fake::FakeHostKey;
pub use keygen::Keygen;

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Reads and makes the key. Blocks.
pub trait HostKey: Send + Sync {
    /// What others see of the key; `None` if there is none that can be used.
    ///
    /// # Errors
    /// [`Error::Program`] if that cannot be told.
    fn fingerprint(&self) -> Result<Option<Fingerprint>, Error>;

    /// Makes a new key in place of what is there. It is there whole or not at all, and only root can read it.
    ///
    /// # Errors
    /// [`Error::Program`] and [`Error::Write`].
    fn make(&self) -> Result<(), Error>;
}

/// Hash of a public key as OpenSSH prints it: `SHA256:` and base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why there is no host key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// ssh-keygen could not be run, or failed.
    #[error("the SSH host key cannot be read or made: {0}")]
    Program(#[from] pocketstack_exec::Error),
    /// The key could not be put in its place.
    #[error("the SSH host key cannot be written to {}: {source}", .path.display())]
    Write {
        /// Where it belongs.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;
    use crate::root::Root;

    fn contract(key: &impl HostKey, spoil: impl Fn()) {
        assert_eq!(key.fingerprint().expect("told"), None);
        key.make().expect("made");
        let first = key.fingerprint().expect("told").expect("there is one");
        assert!(first.to_string().starts_with("SHA256:"), "{first}");
        assert_eq!(key.fingerprint().expect("told"), Some(first.clone()));
        spoil();
        assert_eq!(key.fingerprint().expect("told"), None);
        key.make().expect("made again");
        let second = key.fingerprint().expect("told").expect("there is one");
        assert_ne!(first, second);
    }

    #[test]
    fn the_fake_keeps_the_contract() {
        let fake = FakeHostKey::default();
        contract(&fake, || fake.spoil());
    }

    #[test]
    fn ssh_keygen_keeps_the_contract() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("var/lib/pocketstack/ssh");
        let file = folder.join("ssh_host_ed25519_key");
        let keygen = Keygen::new(Root::at(dir.path()));
        // As a power cut may leave it.
        let spoil = || {
            let text = fs::read(&file).expect("there");
            fs::write(&file, &text[..text.len() / 2]).expect("written");
            fs::write(folder.join("new"), "half").expect("written");
        };
        contract(&keygen, spoil);
        let mode = |path| fs::metadata(path).expect("there").mode() & 0o7777;
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        assert_eq!(Root::at(&folder).names("/"), ["ssh_host_ed25519_key"]);
        // One that others could have read is no key any more, as it is none to sshd.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
        assert_eq!(keygen.fingerprint().expect("told"), None);
    }
}
