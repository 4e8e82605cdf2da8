//! Stages cached by content: a stage is run again only when what goes into it has changed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::hash::{self, hex};
use crate::progress::{Stage, unchanged};

/// What goes into a stage, as one hash.
#[derive(Default)]
pub struct Inputs(Sha256);

impl Inputs {
    /// Starts with the stage's own recipe number, raised when its code changes what it makes.
    pub fn recipe(number: u32) -> Self {
        Self::default().text(&number.to_string())
    }

    /// A text.
    pub fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// A file's content.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn file(self, path: &Path) -> Result<Self> {
        Ok(self.text(&hash::of_file(path)?.0))
    }

    /// A folder: names, whether executable, contents and link targets, in order of names.
    ///
    /// # Errors
    /// If something in it cannot be read.
    pub fn folder(mut self, dir: &Path) -> Result<Self> {
        for path in walk(dir)? {
            let meta =
                fs::symlink_metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path
                .strip_prefix(dir)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            self = self.text(&name);
            self = if meta.is_symlink() {
                self.text(&fs::read_link(&path)?.to_string_lossy())
            } else if meta.is_file() {
                self.text(if meta.permissions().mode() & 0o100 == 0 {
                    "file"
                } else {
                    "program"
                })
                .file(&path)?
            } else {
                self.text("folder")
            };
        }
        Ok(self)
    }

    /// The hash, short enough to read.
    pub fn key(self) -> String {
        hex(&self.0.finalize())[..32].to_owned()
    }
}

/// Everything below a folder, parents before children, sorted by name.
///
/// # Errors
/// If a folder cannot be read.
pub fn walk(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .with_context(|| format!("cannot read {}", dir.display()))?;
    entries.sort();
    for path in entries {
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
        found.push(path.clone());
        if is_folder {
            found.extend(walk(&path)?);
        }
    }
    Ok(found)
}

/// Results of stages, each a folder with the key it was made for.
pub struct Stages {
    dir: PathBuf,
}

impl Stages {
    /// Keeps results below `dir`.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Runs a stage unless its last result was made for the same key. Returns the folder with the result.
    /// `make` gets an empty folder and returns a few words for the person who waits.
    ///
    /// # Errors
    /// Whatever `make` says; the last whole result stays where it was.
    pub fn run(&self, name: &str, key: &str, make: impl FnOnce(&Path) -> Result<String>) -> Result<PathBuf> {
        let (result, part) = (self.dir.join(name), self.dir.join(format!("{name}.part")));
        if fs::read_to_string(result.join(".key")).is_ok_and(|made_for| made_for == key) {
            unchanged(name);
            return Ok(result);
        }
        let progress = Stage::start(name);
        remove(&part)?;
        fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
        let words = make(&part).with_context(|| format!("stage {name}"))?;
        fs::write(part.join(".key"), key)?;
        remove(&result)?;
        fs::rename(&part, &result).with_context(|| format!("cannot rename {}", part.display()))?;
        progress.done(&words);
        Ok(result)
    }
}

fn remove(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_runs_again_only_when_its_inputs_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let stages = Stages::new(dir.path().to_owned());
        let mut runs = 0;
        for key in ["a", "a", "b", "b"] {
            stages
                .run("root", key, |out| {
                    runs += 1;
                    fs::write(out.join("made"), key)?;
                    Ok(String::new())
                })
                .expect("works");
        }
        assert_eq!(runs, 2);
        assert_eq!(
            fs::read_to_string(dir.path().join("root/made")).expect("there"),
            "b"
        );
    }

    #[test]
    fn a_stage_that_fails_or_is_interrupted_keeps_the_last_whole_result() {
        let dir = tempfile::tempdir().expect("a folder");
        let stages = Stages::new(dir.path().to_owned());
        let write = |text: &'static str| {
            move |out: &Path| Ok(fs::write(out.join("made"), text).map(|()| String::new())?)
        };
        stages.run("root", "a", write("whole")).expect("works");
        let failed = stages.run("root", "b", |out| {
            fs::write(out.join("made"), "half")?;
            anyhow::bail!("interrupted")
        });
        failed.expect_err("it was interrupted");
        assert_eq!(
            fs::read_to_string(dir.path().join("root/made")).expect("there"),
            "whole"
        );
        // The half result of the last time is in nobody's way.
        stages.run("root", "b", write("new")).expect("works");
        assert_eq!(
            fs::read_to_string(dir.path().join("root/made")).expect("there"),
            "new"
        );
    }

    #[test]
    fn a_folder_counts_names_contents_modes_and_links() {
        let key = |change: &dyn Fn(&Path)| {
            let dir = tempfile::tempdir().expect("a folder");
            fs::create_dir(dir.path().join("etc")).expect("a folder");
            fs::write(dir.path().join("etc/name"), "one").expect("a file");
            change(dir.path());
            Inputs::recipe(1).folder(dir.path()).expect("readable").key()
        };
        let same = key(&|_| {});
        assert_eq!(same, key(&|_| {}));
        assert_ne!(
            same,
            key(&|dir| fs::write(dir.join("etc/name"), "two").expect("a file"))
        );
        assert_ne!(
            same,
            key(&|dir| fs::rename(dir.join("etc/name"), dir.join("etc/other")).expect("renamed"))
        );
        assert_ne!(
            same,
            key(&|dir| std::os::unix::fs::symlink("name", dir.join("etc/link")).expect("a link"))
        );
        assert_ne!(
            same,
            key(
                &|dir| fs::set_permissions(dir.join("etc/name"), PermissionsExt::from_mode(0o755))
                    .expect("a mode")
            )
        );
    }
}
