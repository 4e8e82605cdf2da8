//! What a new lock changes, in words.

use std::collections::BTreeMap;

use super::{Lock, Package};
use crate::packages::RootName;

/// One sentence a change, grouped by root; empty when nothing changes.
pub fn diff(old: &Lock, new: &Lock) -> Vec<String> {
    let mut lines = Vec::new();
    for name in RootName::ALL {
        let by_name = |lock: &Lock| -> BTreeMap<String, Package> {
            lock.root(name)
                .map(|root| {
                    root.packages
                        .iter()
                        .map(|package| (package.name.clone(), package.clone()))
                        .collect()
                })
                .unwrap_or_default()
        };
        let (before, after) = (by_name(old), by_name(new));
        for (package, was) in &before {
            if !after.contains_key(package) {
                lines.push(format!("{name}: {package} {} is removed", was.version));
            }
        }
        for (package, is) in &after {
            match before.get(package) {
                None => lines.push(format!(
                    "{name}: {package} {} is added ({} kB)",
                    is.version,
                    is.size / 1000
                )),
                Some(was) if was.version != is.version => {
                    lines.push(format!(
                        "{name}: {package} goes from {} to {}",
                        was.version, is.version
                    ));
                }
                Some(was) if was.sha256 != is.sha256 => {
                    lines.push(format!(
                        "{name}: {package} {} keeps its version and has another content",
                        is.version
                    ));
                }
                Some(_) => {}
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::tests::lock;
    use super::*;

    #[test]
    fn changes_are_told_in_words() {
        let old = lock(&[("dbus", "1"), ("gone", "3"), ("same", "2")]);
        let new = lock(&[("dbus", "2"), ("fresh", "4"), ("same", "2")]);
        assert_eq!(
            diff(&old, &new),
            [
                "image: gone 3 is removed",
                "image: dbus goes from 1 to 2",
                "image: fresh 4 is added (1 kB)"
            ]
        );
        assert!(diff(&old, &old).is_empty());
    }

    #[test]
    fn a_changed_content_under_the_same_version_is_told() {
        let old = lock(&[("dbus", "1")]);
        let mut text = old.to_text();
        text = text.replace(
            &old.root(RootName::Image).expect("there").packages[0].sha256,
            &"0".repeat(64),
        );
        let new = Lock::parse(&text).expect("right");
        assert_eq!(
            diff(&old, &new),
            ["image: dbus 1 keeps its version and has another content"]
        );
    }
}
