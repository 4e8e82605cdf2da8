//! The real adapter: ssh-keygen(1).

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pocketstack_exec::{Cmd, run};

use super::{Error, Fingerprint, HostKey};
use crate::root::Root;

/// Where it is kept. sshd is told by the image (`/etc/ssh/sshd_config.d`).
const FOLDER: &str = "/var/lib/pocketstack/ssh";
const NAME: &str = "ssh_host_ed25519_key";

/// The key in the node's state.
#[derive(Debug, Clone)]
pub struct Keygen {
    folder: PathBuf,
}

impl Keygen {
    /// The key of the machine whose `/` is at `root`.
    pub fn new(root: Root) -> Self {
        Self {
            folder: root.path(FOLDER),
        }
    }

    fn place(&self, fresh: &Path) -> io::Result<()> {
        // sshd makes do with the private half.
        fs::remove_file(fresh.with_extension("pub"))?;
        File::open(fresh)?.sync_all()?;
        fs::rename(fresh, self.folder.join(NAME))?;
        File::open(&self.folder)?.sync_all()
    }

    /// An empty place for a new key, with nothing of one that was not finished.
    fn prepare(&self, fresh: &Path) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        for path in [fresh.to_owned(), fresh.with_extension("pub")] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl HostKey for Keygen {
    fn fingerprint(&self) -> Result<Option<Fingerprint>, Error> {
        let file = self.folder.join(NAME);
        if !file.exists() {
            return Ok(None);
        }
        // The public half, out of the private one: that needs all of the file, and refuses one that others can read.
        let public = match run(keygen().args(["-y", "-P", "", "-f"]).arg(&file)) {
            Ok(output) => output.stdout,
            Err(error @ pocketstack_exec::Error::Failed { .. }) => {
                tracing::warn!("{} is no SSH host key that can be used: {error}", file.display());
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        // "256 SHA256:… comment (ED25519)"
        let told = run(keygen().args(["-l", "-E", "sha256", "-f", "-"]).input(public))?.text();
        let hash = told.split_whitespace().find(|word| word.starts_with("SHA256:"));
        Ok(hash.map(|hash| Fingerprint(hash.to_owned())))
    }

    fn make(&self) -> Result<(), Error> {
        let fresh = self.folder.join("new");
        let wrong = |source| Error::Write {
            path: self.folder.join(NAME),
            source,
        };
        self.prepare(&fresh).map_err(wrong)?;
        // "-N" gives an empty passphrase: sshd has nobody to ask. The comment would tell where it was made.
        run(keygen()
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
            .arg(&fresh))?;
        self.place(&fresh).map_err(wrong)
    }
}

fn keygen() -> Cmd {
    Cmd::new("ssh-keygen").within(Duration::from_secs(30))
}
