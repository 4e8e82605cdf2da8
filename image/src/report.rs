//! What is heavy: the largest packages and folders of the root, and what changed since the last build.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::hash;
use crate::lock::Lock;
use crate::packages::RootName;
use crate::paths::Paths;
use crate::stage::walk;

/// Every file of a tree: mode, owner, size and hash or link target, one a line. Two builds are compared by it.
///
/// # Errors
/// If a file cannot be read.
pub fn listing(tree: &Path) -> Result<String> {
    let mut text = String::new();
    for path in walk(tree)? {
        let meta = fs::symlink_metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let content = if meta.is_symlink() {
            format!("-> {}", fs::read_link(&path)?.display())
        } else if meta.is_file() {
            hash::of_file(&path)?.0
        } else {
            "-".to_owned()
        };
        let size = if meta.is_file() { meta.len() } else { 0 };
        let name = path.strip_prefix(tree).unwrap_or(&path).display().to_string();
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{:o} {}:{} {size} {content} {name}",
            meta.mode(),
            meta.uid(),
            meta.gid()
        );
    }
    Ok(text)
}

/// Sizes of one build, kept for the next one to compare with.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Sizes {
    artifacts: BTreeMap<String, u64>,
    folders: BTreeMap<String, u64>,
    packages: BTreeMap<String, u64>,
}

/// Prints the report and writes it to `target/reports/image-size.json`.
///
/// # Errors
/// If the listing cannot be read or the report not be written.
pub fn sizes(paths: &Paths, artifacts: &[(&str, u64)], listing: &Path, lock: &Lock) -> Result<()> {
    let text = fs::read_to_string(listing).with_context(|| format!("cannot read {}", listing.display()))?;
    let packages = lock
        .root(RootName::Image)?
        .packages
        .iter()
        .map(|package| (package.name.clone(), package.size))
        .collect();
    let now = Sizes {
        artifacts: artifacts
            .iter()
            .map(|(name, size)| ((*name).to_owned(), *size))
            .collect(),
        folders: folders(&text),
        packages,
    };
    let file = paths.repo.join("target/reports/image-size.json");
    let before: Sizes = fs::read_to_string(&file)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    eprintln!("Sizes in MB (change since the last build):");
    print("artifact", &now.artifacts, &before.artifacts, usize::MAX);
    print("folder, unpacked", &now.folders, &before.folders, 8);
    print("package, as downloaded", &now.packages, &before.packages, 8);
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&file, serde_json::to_string_pretty(&now)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Bytes of the files below each folder of a [`listing`], down to three levels.
fn folders(listing: &str) -> BTreeMap<String, u64> {
    let mut folders = BTreeMap::new();
    for line in listing.lines() {
        let mut words = line.splitn(5, ' ').skip(2);
        let (Some(size), Some(content), Some(name)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        // Links have no size, and a target in front of their name.
        let size = size
            .parse::<u64>()
            .ok()
            .filter(|size| *size > 0 && content != "->");
        if let Some(size) = size {
            let folder = name.split('/').take(3).collect::<Vec<_>>().join("/");
            *folders.entry(folder).or_default() += size;
        }
    }
    folders
}

fn print(what: &str, now: &BTreeMap<String, u64>, before: &BTreeMap<String, u64>, most: usize) {
    let mut rows: Vec<(&String, &u64)> = now.iter().collect();
    rows.sort_by(|a, b| b.1.cmp(a.1));
    for (name, size) in rows.into_iter().take(most) {
        let change = before.get(name).map_or(String::new(), |old| {
            if old == size {
                String::new()
            } else {
                format!(" ({:+.2})", (*size as f64 - *old as f64) / 1e6)
            }
        });
        eprintln!("  {:8.1}{change}  {name} [{what}]", *size as f64 / 1e6);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn folders_are_added_up_and_links_are_none() {
        let tree = tempfile::tempdir().expect("a folder");
        let lib = tree.path().join("usr/lib/modules");
        fs::create_dir_all(&lib).expect("a folder");
        for (name, size) in [("one", 3), ("two words", 4), ("empty", 0)] {
            fs::write(lib.join(name), vec![0; size]).expect("a file");
        }
        symlink("/usr/lib/modules/one", lib.join("link")).expect("a link");
        symlink("usr/lib", tree.path().join("lib")).expect("a link");
        fs::write(tree.path().join("usr/file"), "12").expect("a file");
        let listing = listing(tree.path()).expect("listed");
        assert!(
            listing.contains(" 0 -> /usr/lib/modules/one usr/lib/modules/link\n"),
            "{listing}"
        );
        let expected = [("usr/file", 2), ("usr/lib/modules", 7)];
        let expected = expected.map(|(name, size)| (name.to_owned(), size));
        assert_eq!(folders(&listing), BTreeMap::from(expected));
    }
}
