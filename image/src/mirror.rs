//! Where packages come from: the building host's own apt sources, or `--mirror`. No mirror stands in the repository.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// The two archives packages come from. The lock names the archive; its address is the host's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Archive {
    /// The main archive with the suite and its point-release updates.
    Debian,
    /// Security updates.
    Security,
}

impl Archive {
    /// Name in the lock.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Security => "security",
        }
    }
}

/// Base addresses, each without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrors {
    /// Bases of the main archive, in the order they are tried.
    pub debian: Vec<String>,
    /// Bases of the security archive, in the order they are tried.
    pub security: Vec<String>,
}

impl Mirrors {
    /// From `--mirror` values if there are any, otherwise from the host's apt sources.
    ///
    /// # Errors
    /// If neither names a mirror.
    pub fn find(given: &[String]) -> Result<Self> {
        if given.is_empty() {
            Self::from_apt(Path::new("/etc/apt"))
        } else {
            Ok(Self::from_given(given))
        }
    }

    /// A mirror serves the security archive beside the main one, under the name Debian gives it.
    fn from_given(given: &[String]) -> Self {
        let (security, debian): (Vec<String>, Vec<String>) = given
            .iter()
            .map(|base| base.trim_end_matches('/').to_owned())
            .partition(|base| base.ends_with("-security"));
        let security = if security.is_empty() {
            debian.iter().map(|base| format!("{base}-security")).collect()
        } else {
            security
        };
        Self { debian, security }
    }

    /// Reads `sources.list`, `sources.list.d/*.list` and `*.sources` (sources.list(5)).
    fn from_apt(etc: &Path) -> Result<Self> {
        let mut files = vec![etc.join("sources.list")];
        if let Ok(entries) = std::fs::read_dir(etc.join("sources.list.d")) {
            let mut more: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            more.sort();
            files.extend(more);
        }
        let mut mirrors = Self {
            debian: Vec::new(),
            security: Vec::new(),
        };
        for file in files {
            let Ok(text) = std::fs::read_to_string(&file) else {
                continue;
            };
            let deb822 = file.extension().is_some_and(|extension| extension == "sources");
            for (base, suite) in if deb822 {
                deb822_entries(&text)
            } else {
                one_line_entries(&text)
            } {
                mirrors.add(&base, &suite);
            }
        }
        if mirrors.debian.is_empty() {
            bail!(
                "no Debian mirror found in {}: name one with --mirror ADDRESS (for example the one your network provides)",
                etc.display()
            );
        }
        if mirrors.security.is_empty() {
            mirrors.security = mirrors
                .debian
                .iter()
                .map(|base| format!("{base}-security"))
                .collect();
        }
        Ok(mirrors)
    }

    fn add(&mut self, base: &str, suite: &str) {
        let base = base.trim_end_matches('/');
        let known = [
            "bookworm",
            "trixie",
            "stable",
            "oldstable",
            "testing",
            "sid",
            "unstable",
        ];
        let Some(release) = suite
            .split(['-', '/'])
            .next()
            .filter(|release| known.contains(release))
        else {
            return;
        };
        if !base.contains("://") {
            return;
        }
        let list = if suite == format!("{release}-security") {
            &mut self.security
        } else {
            &mut self.debian
        };
        // Third parties use Debian's suite names too; only a base that ends as Debian's archives do is taken.
        let looks_right = base.ends_with("/debian") || base.ends_with("/debian-security");
        if looks_right && !list.iter().any(|known| known == base) {
            list.push(base.to_owned());
        }
    }

    /// Addresses to try for a pool path of an archive.
    pub fn addresses(&self, archive: Archive, path: &str) -> Vec<String> {
        let bases = match archive {
            Archive::Debian => &self.debian,
            Archive::Security => &self.security,
        };
        bases.iter().map(|base| format!("{base}/{path}")).collect()
    }

    /// Which archive an address from apt belongs to, and its pool path.
    pub fn locate(&self, address: &str) -> Option<(Archive, String)> {
        let within = |bases: &[String]| {
            bases.iter().find_map(|base| {
                address
                    .strip_prefix(base.as_str())?
                    .strip_prefix('/')
                    .map(str::to_owned)
            })
        };
        if let Some(path) = within(&self.security) {
            return Some((Archive::Security, path));
        }
        within(&self.debian).map(|path| (Archive::Debian, path))
    }
}

/// `deb [options] ADDRESS SUITE COMPONENT…`
fn one_line_entries(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let line = line.split('#').next()?.trim();
            let rest = line
                .strip_prefix("deb ")
                .or_else(|| line.strip_prefix("deb\t"))?
                .trim_start();
            let rest = if rest.starts_with('[') {
                rest.split_once(']')?.1
            } else {
                rest
            };
            let mut words = rest.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}

/// Stanzas with `Types:`, `URIs:` and `Suites:`, which may hold several values each.
fn deb822_entries(text: &str) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    for stanza in text.split("\n\n") {
        let field = |name: &str| -> Vec<String> {
            stanza
                .lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split_once(':'))
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, values)| values.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let disabled = field("Enabled")
            .first()
            .is_some_and(|value| value.eq_ignore_ascii_case("no"));
        if disabled || !field("Types").iter().any(|kind| kind == "deb") {
            continue;
        }
        for base in field("URIs") {
            entries.extend(field("Suites").into_iter().map(|suite| (base.clone(), suite)));
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etc(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("sources.list.d")).expect("a folder");
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).expect("a file");
        }
        dir
    }

    #[test]
    fn both_formats_are_read_and_strangers_left_out() {
        let dir = etc(&[
            (
                "sources.list",
                "# deb http://old.example/debian trixie main\ndeb [arch=amd64] http://a.example/debian/ trixie main\n",
            ),
            (
                "sources.list.d/debian.sources",
                "Types: deb deb-src\n# a comment\nURIs: http://b.example/debian\nSuites: bookworm bookworm-updates\n\nTypes: deb\nURIs: http://b.example/debian-security\nSuites: bookworm-security\n",
            ),
            (
                "sources.list.d/other.list",
                "deb http://c.example/tool stable main\n",
            ),
        ]);
        let mirrors = Mirrors::from_apt(dir.path()).expect("two mirrors");
        assert_eq!(
            mirrors.debian,
            ["http://a.example/debian", "http://b.example/debian"]
        );
        assert_eq!(mirrors.security, ["http://b.example/debian-security"]);
    }

    #[test]
    fn no_mirror_says_what_to_do() {
        let error = Mirrors::from_apt(etc(&[]).path()).expect_err("nothing there");
        assert!(error.to_string().contains("--mirror"), "{error}");
    }

    #[test]
    fn a_given_mirror_serves_both_archives() {
        let mirrors = Mirrors::find(&["http://m.example/debian/".to_owned()]).expect("given");
        assert_eq!(
            mirrors.addresses(Archive::Security, "pool/x.deb"),
            ["http://m.example/debian-security/pool/x.deb"]
        );
        assert_eq!(
            mirrors.locate("http://m.example/debian-security/pool/x.deb"),
            Some((Archive::Security, "pool/x.deb".to_owned()))
        );
        assert_eq!(
            mirrors.locate("http://m.example/debian/pool/x.deb"),
            Some((Archive::Debian, "pool/x.deb".to_owned()))
        );
    }
}
