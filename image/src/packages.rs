//! `packages.toml`: which packages are wanted, by root and group, with the reason for each group.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::hash::hex;

/// The roots a build knows. Each is installed apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum RootName {
    /// The node OS.
    Image,
    /// What the build runs in.
    Tools,
    /// What the image is tested and shown with.
    Testbed,
}

impl RootName {
    /// All roots, in the order of the lock file.
    pub const ALL: [Self; 3] = [Self::Image, Self::Tools, Self::Testbed];

    /// Name in files and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Tools => "tools",
            Self::Testbed => "testbed",
        }
    }
}

impl std::fmt::Display for RootName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The parsed file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Debian suite, for example "trixie".
    pub suite: String,
    /// Debian architecture, for example "amd64".
    pub architecture: String,
    /// Archive components.
    pub components: Vec<String>,
    root: BTreeMap<String, BTreeMap<String, Group>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    why: String,
    packages: Vec<String>,
}

impl Wanted {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let wanted: Self = toml::from_str(text)?;
        for name in wanted.root.keys() {
            if !RootName::ALL.iter().any(|root| root.as_str() == name) {
                bail!("[root.{name}]: there is no such root; the roots are image, tools and testbed");
            }
        }
        for (root, groups) in &wanted.root {
            for (name, group) in groups {
                if group.why.trim().is_empty() {
                    bail!("[root.{root}.{name}] says no reason: fill in `why`");
                }
                if let Some(bad) = group.packages.iter().find(|package| !is_package_name(package)) {
                    bail!(
                        "[root.{root}.{name}]: {bad:?} is not a package name (lower-case letters, digits, + - .)"
                    );
                }
            }
        }
        Ok(wanted)
    }

    /// The packages asked for in one root, sorted, each once.
    pub fn packages(&self, root: RootName) -> Vec<String> {
        let mut names: Vec<String> = self
            .root
            .get(root.as_str())
            .into_iter()
            .flat_map(|groups| groups.values().flat_map(|group| group.packages.iter().cloned()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// A hash over all that decides the contents of one root. A lock made for another one is stale.
    pub fn fingerprint(&self, root: RootName) -> String {
        let mut hash = Sha256::new();
        for part in [&self.suite, &self.architecture]
            .into_iter()
            .chain(&self.components)
            .chain(&self.packages(root))
        {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hex(&hash.finalize())
    }
}

/// Debian Policy 5.6.7: at least two characters of lower-case letters, digits, plus, minus and full stop, starting with an alphanumeric one.
fn is_package_name(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "suite = \"trixie\"\narchitecture = \"amd64\"\ncomponents = [\"main\"]\n";

    #[test]
    fn the_file_of_this_repository_is_right() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packages.toml");
        let wanted = Wanted::read(&path).expect("it parses");
        for root in RootName::ALL {
            assert!(!wanted.packages(root).is_empty(), "{root} wants nothing");
        }
    }

    #[test]
    fn a_group_without_a_reason_is_refused() {
        let text = format!("{HEAD}[root.image.boot]\nwhy = \" \"\npackages = [\"dbus\"]\n");
        let error = Wanted::parse(&text).expect_err("no reason");
        assert_eq!(
            error.to_string(),
            "[root.image.boot] says no reason: fill in `why`"
        );
    }

    #[test]
    fn an_unknown_root_or_a_wrong_name_is_refused() {
        let text = format!("{HEAD}[root.imge.boot]\nwhy = \"x\"\npackages = [\"dbus\"]\n");
        assert!(
            Wanted::parse(&text)
                .expect_err("typo")
                .to_string()
                .contains("there is no such root")
        );
        let text = format!("{HEAD}[root.image.boot]\nwhy = \"x\"\npackages = [\"dbus; reboot\"]\n");
        assert!(
            Wanted::parse(&text)
                .expect_err("not a name")
                .to_string()
                .contains("not a package name")
        );
    }

    #[test]
    fn the_fingerprint_follows_the_packages_and_not_their_order() {
        let of = |packages: &str| {
            let text = format!("{HEAD}[root.image.boot]\nwhy = \"x\"\npackages = [{packages}]\n");
            Wanted::parse(&text).expect("right").fingerprint(RootName::Image)
        };
        assert_eq!(of("\"aa\", \"bb\""), of("\"bb\", \"aa\""));
        assert_ne!(of("\"aa\""), of("\"aa\", \"bb\""));
    }
}
