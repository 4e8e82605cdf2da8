//! Taking out of the root what a node does not need, by rules that say why (`prune.toml`).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::stage::walk;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    why: String,
    paths: Vec<String>,
    #[serde(default)]
    keep: Vec<String>,
}

/// Applies the rules to a tree.
///
/// # Errors
/// A rule without a reason, or one that matches nothing.
pub fn prune(tree: &Path, rules: &Path) -> Result<()> {
    let text = fs::read_to_string(rules).with_context(|| format!("cannot read {}", rules.display()))?;
    let rules: Rules = toml::from_str(&text).with_context(|| format!("in {}", rules.display()))?;
    let mut idle = Vec::new();
    for rule in &rules.rule {
        if rule.why.trim().is_empty() {
            bail!("a rule for {:?} says no reason", rule.paths);
        }
        for pattern in &rule.paths {
            if !apply(tree, pattern, &rule.keep)? {
                idle.push(pattern.as_str());
            }
        }
    }
    if !idle.is_empty() {
        bail!(
            "prune.toml: nothing matches {}: remove what is not there any more",
            idle.join(", ")
        );
    }
    Ok(())
}

fn apply(tree: &Path, pattern: &str, keep: &[String]) -> Result<bool> {
    let mut found = false;
    for path in expand(tree, pattern.trim_end_matches('/'))? {
        found = true;
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
        if is_folder != pattern.ends_with('/') {
            bail!(
                "prune.toml: {pattern} and {} differ in being a folder (a folder ends in a slash)",
                path.display()
            );
        }
        let removed = if !is_folder {
            fs::remove_file(&path)
        } else if keep.is_empty() {
            fs::remove_dir_all(&path)
        } else {
            remove_except(tree, &path, keep)?;
            Ok(())
        };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(found)
}

/// Removes the files of a folder except those that `keep` names, then the folders that are empty.
fn remove_except(tree: &Path, dir: &Path, keep: &[String]) -> Result<()> {
    for path in walk(dir)?.into_iter().rev() {
        let name = path
            .strip_prefix(tree)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let is_folder = fs::symlink_metadata(&path)?.is_dir();
        if is_folder {
            if fs::read_dir(&path)?.next().is_none() {
                fs::remove_dir(&path)?;
            }
        } else if !keep.iter().any(|pattern| matches(pattern, &name)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// All paths of the tree that fit a pattern, segment by segment.
fn expand(tree: &Path, pattern: &str) -> Result<Vec<std::path::PathBuf>> {
    let mut found = vec![tree.to_owned()];
    for segment in pattern.split('/') {
        let mut next = Vec::new();
        for dir in found {
            // What a link points at has a path of its own.
            if dir != tree && fs::symlink_metadata(&dir).is_ok_and(|meta| meta.is_symlink()) {
                continue;
            }
            if !segment.contains('*') {
                let path = dir.join(segment);
                if fs::symlink_metadata(&path).is_ok() {
                    next.push(path);
                }
            } else if dir.is_dir() {
                for entry in fs::read_dir(&dir)? {
                    let entry = entry?;
                    if matches(segment, &entry.file_name().to_string_lossy()) {
                        next.push(entry.path());
                    }
                }
            }
        }
        found = next;
    }
    Ok(found)
}

/// Whether a name fits a pattern in which `*` stands for any characters but a slash.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len())
                .filter(|at| tail.is_char_boundary(*at))
                .take_while(|at| !tail[..*at].contains('/'))
                .any(|at| matches(rest, &tail[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for (path, text) in [
            ("doc/a/copyright", "c"),
            ("doc/a/README", "r"),
            ("doc/b/README", "r"),
            ("bin/tool", "t"),
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        dir
    }

    fn rules(dir: &Path, text: &str) -> Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), text)?;
        prune(dir, file.path())
    }

    #[test]
    fn folders_go_and_what_is_kept_stays() {
        let dir = tree();
        rules(
            dir.path(),
            "[[rule]]\nwhy = \"x\"\npaths = [\"doc/\"]\nkeep = [\"doc/*/copyright\"]\n",
        )
        .expect("works");
        assert!(dir.path().join("doc/a/copyright").exists());
        assert!(!dir.path().join("doc/a/README").exists());
        assert!(!dir.path().join("doc/b").exists());
        assert!(dir.path().join("bin/tool").exists());
    }

    #[test]
    fn a_rule_that_matches_nothing_is_an_error() {
        let error = rules(
            tree().path(),
            "[[rule]]\nwhy = \"x\"\npaths = [\"bin/t*\", \"gone*\"]\n",
        )
        .expect_err("idle");
        assert!(
            error.to_string().contains("gone*") && !error.to_string().contains("bin/t*"),
            "{error}"
        );
    }

    #[test]
    fn a_file_is_not_taken_for_a_folder() {
        let error =
            rules(tree().path(), "[[rule]]\nwhy = \"x\"\npaths = [\"bin/tool/\"]\n").expect_err("a file");
        assert!(error.to_string().contains("slash"), "{error}");
    }

    #[test]
    fn a_star_stops_at_a_slash() {
        assert!(matches("a*c", "abc") && matches("*", "x") && matches("doc/*/copyright", "doc/a/copyright"));
        assert!(!matches("doc/*", "doc/a/b") && !matches("a*c", "abd"));
    }
}
