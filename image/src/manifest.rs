//! `manifest.json` and `SHA256SUMS`: every artifact with hash and size, and what it was made from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::hash;

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of PocketStack.
    pub version: String,
    /// What decided the contents: name of the input and its hash or value.
    pub inputs: BTreeMap<String, String>,
    /// All files, in the order of their names.
    pub artifacts: Vec<Artifact>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Path below the folder of the manifest.
    pub name: String,
    /// "raw", "iso", "pxe" or "sbom".
    pub kind: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads the files named and writes both documents beside them.
    ///
    /// # Errors
    /// If a file is missing or the documents cannot be written.
    pub fn write(
        dir: &Path,
        version: &str,
        inputs: BTreeMap<String, String>,
        files: &[(String, &str)],
    ) -> Result<Self> {
        let mut artifacts = files
            .iter()
            .map(|(name, kind)| {
                let (sha256, size) = hash::of_file(&dir.join(name))?;
                Ok(Artifact {
                    name: name.clone(),
                    kind: (*kind).to_owned(),
                    size,
                    sha256,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        artifacts.sort_by(|a, b| a.name.cmp(&b.name));
        let manifest = Self {
            version: version.to_owned(),
            inputs,
            artifacts,
        };
        let sums: String = manifest
            .artifacts
            .iter()
            .map(|file| format!("{}  {}\n", file.sha256, file.name))
            .collect();
        fs::write(dir.join("SHA256SUMS"), sums).context("cannot write SHA256SUMS")?;
        fs::write(
            dir.join("manifest.json"),
            serde_json::to_string_pretty(&manifest)? + "\n",
        )
        .context("cannot write manifest.json")?;
        Ok(manifest)
    }

    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("manifest.json");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}: run `./just image` first", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
    }
}

/// Fails when something weighs more than `budget.toml` allows.
///
/// # Errors
/// Names everything that is too heavy, by how much, and what to do.
pub fn check_budget(budget: &Path, sizes: &[(&str, u64)]) -> Result<()> {
    let text = fs::read_to_string(budget).with_context(|| format!("cannot read {}", budget.display()))?;
    let limits: BTreeMap<String, u64> =
        toml::from_str(&text).with_context(|| format!("in {}", budget.display()))?;
    let mut over = Vec::new();
    for (name, limit) in &limits {
        let Some((_, size)) = sizes.iter().find(|(known, _)| known == name) else {
            bail!("{} has a limit for {name}, which is not made", budget.display());
        };
        if size > limit {
            over.push(format!(
                "{name} has {size} bytes, {} more than its budget of {limit}",
                size - limit
            ));
        }
    }
    if !over.is_empty() {
        bail!(
            "{}: find what grew with `./just inspect`, or raise image/budget.toml with a reason",
            over.join("; ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outgrows_its_budget_fails_the_build() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "iso = 100\nuki = 50\n").expect("written");
        check_budget(file.path(), &[("iso", 100), ("uki", 1)]).expect("within");
        let error = check_budget(file.path(), &[("iso", 101), ("uki", 1)]).expect_err("over");
        assert!(
            error
                .to_string()
                .starts_with("iso has 101 bytes, 1 more than its budget of 100"),
            "{error}"
        );
        let error = check_budget(file.path(), &[("iso", 1)]).expect_err("uki is not made");
        assert!(error.to_string().contains("not made"), "{error}");
    }

    #[test]
    fn the_manifest_is_read_back_and_the_sums_are_sha256sum_s() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("a.raw"), "content").expect("written");
        let made =
            Manifest::write(dir.path(), "1", BTreeMap::new(), &[("a.raw".to_owned(), "raw")]).expect("works");
        assert_eq!(Manifest::read(dir.path()).expect("there"), made);
        let sums = fs::read_to_string(dir.path().join("SHA256SUMS")).expect("there");
        assert_eq!(sums, format!("{}  a.raw\n", hash::of_bytes(b"content")));
    }
}
