//! The nodes that somebody has logged in at, in `contexts.toml`. Tokens are in it, so it is its owner's alone.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pocketstack_pinned::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::args::Global;
use crate::client::{Client, url};

/// Version of the file.
const VERSION: u32 = 1;
/// A token that goes before the kept one.
const TOKEN: &str = "POCKETSTACK_TOKEN";

/// All logins.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contexts {
    version: u32,
    /// The node that is meant when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// By URL.
    #[serde(default)]
    pub nodes: BTreeMap<String, Login>,
}

/// A login.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Of the node's certificate.
    pub fingerprint: String,
    /// Name of the token at the node.
    pub token_name: String,
    /// The token.
    pub token: String,
}

impl Default for Contexts {
    fn default() -> Self {
        Self {
            version: VERSION,
            current: None,
            nodes: BTreeMap::new(),
        }
    }
}

/// Where they are kept (XDG Base Directory Specification).
pub fn place() -> Result<PathBuf> {
    let folder = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    let config = config.context("neither HOME nor XDG_CONFIG_HOME says where to keep logins")?;
    Ok(config.join("pocketstack/contexts.toml"))
}

impl Contexts {
    /// The ones in a file; none if there is no file.
    pub fn load(file: &Path) -> Result<Self> {
        let named = || format!("cannot read {}", file.display());
        let mode = match fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            metadata => metadata.with_context(named)?.permissions().mode(),
        };
        if mode & 0o077 != 0 {
            let file = file.display();
            bail!("others can read {file}, and tokens are in it: revoke them, and run chmod 600 {file}");
        }
        let text = fs::read_to_string(file).with_context(named)?;
        // The parser's own words would show the line, and with it a token.
        let found: Self = toml::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{}: {}", file.display(), error.message()))?;
        if found.version != VERSION {
            bail!(
                "{} is of version {}, and this pocketctl knows version {VERSION}",
                file.display(),
                found.version
            );
        }
        Ok(found)
    }

    /// Writes them, whole or not at all.
    pub fn store(&self, file: &Path) -> Result<()> {
        let text = toml::to_string(self)?;
        let next = file.with_extension(format!("toml.{}", std::process::id()));
        let write = || -> io::Result<()> {
            if let Some(folder) = file.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let mut out = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&next)?;
            out.write_all(text.as_bytes())?;
            out.sync_all()?;
            fs::rename(&next, file)
        };
        write().with_context(|| format!("cannot write {}", file.display()))
    }

    /// The node that is meant: its URL, and the login if there is one.
    pub fn meant(&self, global: &Global) -> Result<(String, Option<&Login>)> {
        let url = match (&global.node, &self.current) {
            (Some(address), _) => url(address)?,
            (None, Some(current)) => current.clone(),
            (None, None) => bail!("no node is named: run \"pocketctl login ADDRESS\" first, or give --node"),
        };
        let login = self.nodes.get(&url);
        Ok((url, login))
    }

    /// A client for the node that is meant.
    pub fn client(&self, global: &Global) -> Result<Client> {
        let (url, login) = self.meant(global)?;
        let fingerprint = match (global.fingerprint, login) {
            (Some(given), _) => given,
            (None, Some(login)) => login.fingerprint.parse()?,
            (None, None) => bail!(
                "the certificate of {url} is not known: run \"pocketctl login {url}\", or give --fingerprint"
            ),
        };
        let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
        let token = token.or_else(|| login.map(|login| login.token.clone()));
        Client::new(&url, fingerprint, token)
    }
}

impl Login {
    /// One with this token.
    pub fn new(fingerprint: Fingerprint, token_name: String, token: String) -> Self {
        Self {
            fingerprint: fingerprint.in_pairs(),
            token_name,
            token,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login::new(
            Fingerprint::of(b"x"),
            "pocketctl".to_owned(),
            "pst_secret".to_owned(),
        )
    }

    #[test]
    fn what_is_stored_comes_back_and_nobody_else_reads_it() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let file = folder.path().join("pocketstack/contexts.toml");
        assert!(
            Contexts::load(&file)
                .expect("no file is no error")
                .nodes
                .is_empty()
        );
        let mut contexts = Contexts {
            current: Some("https://192.0.2.17".to_owned()),
            ..Contexts::default()
        };
        contexts.nodes.insert("https://192.0.2.17".to_owned(), login());
        contexts.store(&file).expect("stored");
        contexts.store(&file).expect("and stored over");
        let mode = fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let back = Contexts::load(&file).expect("read");
        assert_eq!(back.nodes["https://192.0.2.17"].token, "pst_secret");
        assert_eq!(back.current, contexts.current);

        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changed");
        let error = Contexts::load(&file).expect_err("others read it").to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_damaged_file_is_named_and_its_tokens_are_not_shown() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let file = folder.path().join("contexts.toml");
        for text in ["version = 1\ntoken = \"pst_secret\n", "version = 9\n"] {
            let mut contexts = OpenOptions::new();
            let contexts = contexts.write(true).create(true).truncate(true).mode(0o600);
            let mut contexts = contexts.open(&file).expect("opened");
            contexts.write_all(text.as_bytes()).expect("written");
            let error = format!("{:#}", Contexts::load(&file).expect_err("damaged"));
            assert!(error.contains("contexts.toml"), "{error}");
            assert!(!error.contains("pst_"), "{error}");
        }
    }
}
