//! An open page: a client that keeps listening to what a node tells by itself.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pocketstack_exec::{Cmd, Running, Stdio, spawn};

use crate::node::Node;

/// What the page's script waits for; it fetches the page's content anew then.
const CHANGED: &str = "event:overview-changed";

/// A listener on `/events`, as an open page is one. It hangs up when dropped.
pub struct Listener {
    _curl: Running,
    heard: PathBuf,
}

impl Listener {
    /// Starts listening. What is heard goes to `heard`.
    ///
    /// # Errors
    /// The file cannot be made, or curl is not there.
    pub fn start(node: &Node, heard: &Path) -> Result<Self> {
        let file = File::create(heard).with_context(|| format!("cannot make {}", heard.display()))?;
        // In a file, as a list of processes shows arguments.
        let config = heard.with_extension("curlrc");
        fs::write(&config, node.credentials()?)
            .with_context(|| format!("cannot write {}", config.display()))?;
        let curl = spawn(
            Cmd::new("curl")
                .args(["--silent", "--insecure", "--no-buffer", "--noproxy", "*"])
                .arg("--config")
                .arg(&config)
                .arg(node.url("/events"))
                .stdout(Stdio::File(file))
                .stderr(Stdio::Null),
        )?;
        Ok(Self {
            _curl: curl,
            heard: heard.to_owned(),
        })
    }

    /// How often the node has told that something changed. It tells once to everybody who begins to listen.
    ///
    /// # Errors
    /// What was heard cannot be read.
    pub fn changes(&self) -> Result<usize> {
        let heard = fs::read_to_string(&self.heard)
            .with_context(|| format!("cannot read {}", self.heard.display()))?;
        Ok(heard
            .lines()
            .filter(|line| line.replace(' ', "") == CHANGED)
            .count())
    }
}
