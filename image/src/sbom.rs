//! What is inside: CycloneDX 1.6 with the Debian packages and the Rust crates.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::lock::Package;

#[derive(Deserialize)]
struct CargoLock {
    package: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// The document as text. Nothing in it depends on when or where it is made.
///
/// # Errors
/// If Cargo.lock cannot be read.
pub fn make(packages: &[Package], cargo_lock: &Path, version: &str) -> Result<String> {
    let text = std::fs::read_to_string(cargo_lock).context("cannot read Cargo.lock")?;
    let crates: CargoLock = toml::from_str(&text).context("in Cargo.lock")?;
    let debian = packages.iter().map(|package| {
        component(
            &package.name,
            &package.version,
            &format!(
                "pkg:deb/debian/{}@{}?arch={}",
                package.name,
                purl(&package.version),
                package.arch
            ),
            Some(&package.sha256),
        )
    });
    // Crates without a source are our own.
    let cargo = crates
        .package
        .iter()
        .filter(|package| package.source.is_some())
        .map(|package| {
            let purl = format!("pkg:cargo/{}@{}", package.name, purl(&package.version));
            component(
                &package.name,
                &package.version,
                &purl,
                package.checksum.as_deref(),
            )
        });
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": { "type": "operating-system", "name": "PocketStack", "version": version } },
        "components": debian.chain(cargo).collect::<Vec<Value>>(),
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn component(name: &str, version: &str, purl: &str, sha256: Option<&str>) -> Value {
    let mut component =
        json!({ "type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl });
    if let Some(sha256) = sha256 {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    component
}

/// Versions in package URLs: everything but letters, digits, `.`, `-`, `_` and `~` is percent-encoded (purl specification).
fn purl(version: &str) -> String {
    version
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_crates_are_listed_and_own_crates_are_not() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let lock = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"ab\"\n";
        std::fs::write(file.path(), lock).expect("written");
        let text = make(
            &[crate::lock::tests::package("passwd", "1:4.17+b1")],
            file.path(),
            "0.1.0",
        )
        .expect("works");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let purls: Vec<&str> = document["components"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|c| c["purl"].as_str())
            .collect();
        assert_eq!(
            purls,
            [
                "pkg:deb/debian/passwd@1%3A4.17%2Bb1?arch=amd64",
                "pkg:cargo/serde@1.0.0"
            ]
        );
    }
}
