//! Where things are in the checkout.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// Folders below `target`.
#[derive(Debug, Clone)]
pub struct Layout {
    target: PathBuf,
}

impl Layout {
    /// The checkout that the current folder is the root of.
    ///
    /// # Errors
    /// It is not one.
    pub fn find() -> Result<Self> {
        ensure!(
            Path::new("Cargo.lock").exists(),
            "start this in the root folder of the PocketStack checkout"
        );
        Ok(Self {
            target: env::current_dir()?.join("target"),
        })
    }

    /// What the image builder has made.
    pub fn image(&self) -> PathBuf {
        self.target.join("image")
    }

    /// What a run leaves behind to be read.
    pub fn reports(&self) -> PathBuf {
        self.target.join("reports")
    }

    /// Disks of machines of the cases, thrown away.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.target.join("tests").join(name)
    }

    /// State of the demo, kept.
    pub fn demo(&self) -> PathBuf {
        self.target.join("demo")
    }
}
