//! `packages.lock`: every package of every root by name, version, architecture, hash, size and pool path.

mod diff;
mod resolve;

pub use diff::diff;
pub use resolve::resolve;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::mirror::Archive;
use crate::packages::{RootName, Wanted};

/// Version of the file format. An older or newer lock is made anew, never guessed at.
pub const FORMAT: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    format: u32,
    /// Seconds since 1970 that all time stamps in the artifacts get (`SOURCE_DATE_EPOCH`): when the lock was made.
    pub epoch: u64,
    root: BTreeMap<String, LockedRoot>,
}

/// One root's packages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedRoot {
    /// [`Wanted::fingerprint`] it was resolved for.
    pub wanted: String,
    /// All packages, sorted by name.
    pub packages: Vec<Package>,
}

/// One pinned package.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Binary package name.
    pub name: String,
    /// Full version, with epoch.
    pub version: String,
    /// Architecture of the package ("amd64" or "all").
    pub arch: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Size of the file in bytes.
    pub size: u64,
    /// Archive it comes from.
    pub archive: Archive,
    /// Path within the archive.
    pub path: String,
}

impl Lock {
    /// A lock out of freshly resolved roots.
    pub fn new(epoch: u64, roots: impl IntoIterator<Item = (RootName, LockedRoot)>) -> Self {
        let root = roots
            .into_iter()
            .map(|(name, root)| (name.as_str().to_owned(), root))
            .collect();
        Self {
            format: FORMAT,
            epoch,
            root,
        }
    }

    /// Reads the file and checks that it was made for `wanted`.
    ///
    /// # Errors
    /// A missing, damaged, old or stale lock; each says that `./just lock` mends it.
    pub fn read(path: &Path, wanted: &Wanted) -> Result<Self> {
        let lock = Self::read_any(path)?;
        for root in RootName::ALL {
            if lock.root(root)?.wanted != wanted.fingerprint(root) {
                bail!(
                    "packages.toml was changed after packages.lock was made (root {root}): run `./just lock`"
                );
            }
        }
        Ok(lock)
    }

    /// Reads the file whatever it was made for.
    ///
    /// # Errors
    /// A missing, damaged or old lock.
    pub fn read_any(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}: run `./just lock` to make it", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            format: Option<u32>,
        }
        let damaged = "it is damaged: restore it from version control or run `./just lock`";
        let head: Head = toml::from_str(text).context(damaged)?;
        match head.format {
            Some(FORMAT) => toml::from_str(text).context(damaged),
            other => bail!(
                "its format is {}, this builder reads format {FORMAT}: run `./just lock` to make it anew",
                other.map_or("not given".to_owned(), |format| format.to_string())
            ),
        }
    }

    /// One root.
    ///
    /// # Errors
    /// If the lock does not have it.
    pub fn root(&self, name: RootName) -> Result<&LockedRoot> {
        self.root
            .get(name.as_str())
            .with_context(|| format!("packages.lock has no root {name}: run `./just lock`"))
    }

    /// The file's text: one line a package, so that a change reads well in review.
    pub fn to_text(&self) -> String {
        let mut text = String::from("# Made by `./just lock` out of packages.toml. Not edited by hand.\n");
        let mut line = |args: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "{args}");
        };
        line(format_args!("format = {}\nepoch = {}", self.format, self.epoch));
        for (name, root) in &self.root {
            line(format_args!(
                "\n[root.{name}]\nwanted = \"{}\"\npackages = [",
                root.wanted
            ));
            for p in &root.packages {
                line(format_args!(
                    "  {{ name = \"{}\", version = \"{}\", arch = \"{}\", size = {}, sha256 = \"{}\", archive = \"{}\", path = \"{}\" }},",
                    p.name,
                    p.version,
                    p.arch,
                    p.size,
                    p.sha256,
                    p.archive.as_str(),
                    p.path
                ));
            }
            line(format_args!("]"));
        }
        text
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn package(name: &str, version: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            arch: "amd64".to_owned(),
            sha256: crate::hash::of_bytes(format!("{name}{version}").as_bytes()),
            size: 1000,
            archive: Archive::Debian,
            path: format!("pool/main/{name}_{version}_amd64.deb"),
        }
    }

    pub fn lock(packages: &[(&str, &str)]) -> Lock {
        let packages = packages
            .iter()
            .map(|(name, version)| package(name, version))
            .collect();
        Lock::new(
            7,
            [(
                RootName::Image,
                LockedRoot {
                    wanted: "w".to_owned(),
                    packages,
                },
            )],
        )
    }

    #[test]
    fn what_is_written_is_read_back() {
        let lock = lock(&[("dbus", "1.16.2-2"), ("udev", "257.13-1~deb13u1")]);
        assert_eq!(Lock::parse(&lock.to_text()).expect("own text"), lock);
    }

    #[test]
    fn an_old_format_is_told_apart_from_a_damaged_file() {
        let old = Lock::parse("format = 0\nstuff = 1\n").expect_err("old");
        assert!(old.to_string().contains("format is 0"), "{old}");
        let none = Lock::parse("stuff = 1\n").expect_err("no format");
        assert!(none.to_string().contains("not given"), "{none}");
        let cut = Lock::parse("format = 1\nepoch = 7\n[root.image]\nwanted = \"").expect_err("cut off");
        assert!(cut.to_string().contains("damaged"), "{cut}");
    }
}
