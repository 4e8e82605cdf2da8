//! Steps on the state partition.

use pocketstack_disk::parts;

use super::{FileSystem, Goal, Host, HostError, NewFile, Part, Run, Trouble};
use crate::record::RECORD;

/// Where `pocketstackd` keeps its generations, seen from `/var`.
const FOLDER: &str = "lib/pocketstack/config";

impl<H: Host> Run<'_, H> {
    /// The state partition, which an older layout has under another number.
    fn state_part(&self) -> Part {
        self.part_named(match self.plan.goal {
            Goal::State => parts::STATE_OF_MEDIUM,
            Goal::System | Goal::SystemAnew => parts::STATE,
        })
    }

    pub(super) fn state(&mut self) -> Result<(), Trouble> {
        let part = self.state_part();
        self.host
            .format(&part, FileSystem::Ext4)
            .map_err(self.trouble())?;
        self.store(&part, Some(1))
    }

    /// Stores the configuration as this generation, if there is one, and which answers asked for all this.
    fn store(&mut self, part: &Part, generation: Option<u64>) -> Result<(), Trouble> {
        let text = self.configuration.take();
        let configuration = generation
            .zip(text)
            .map(|(generation, text)| (format!("{FOLDER}/{generation:08}.toml"), text));
        let record = self
            .answers
            .map(|answers| (RECORD.to_owned(), format!("{answers}\n")));
        let files: Vec<(String, String)> = configuration.into_iter().chain(record).collect();
        let files: Vec<NewFile<'_>> = files
            .iter()
            .map(|(path, text)| NewFile {
                path,
                bytes: text.as_bytes(),
            })
            .collect();
        self.put_checked(part, FileSystem::Ext4, &files)
    }

    /// All generations there are, by file name.
    pub(super) fn configurations(&mut self) -> Result<Vec<(String, Vec<u8>)>, HostError> {
        let part = self.state_part();
        self.host.list(&part, FileSystem::Ext4, FOLDER)
    }

    /// Adds a generation to a kept state, unless the newest one says the same: the step may be repeated.
    pub(super) fn configure(&mut self) -> Result<(), Trouble> {
        let there = self.configurations().map_err(self.trouble())?;
        let newest = there.iter().rev().find(|(name, _)| name.ends_with(".toml"));
        let text = self.configuration.as_deref().unwrap_or_default();
        let same = newest.is_some_and(|(_, bytes)| without_checksum(bytes) == text.as_bytes());
        let numbers = there.iter().filter_map(|(name, _)| number(name));
        let next = numbers.max().unwrap_or(0) + 1;
        let part = self.state_part();
        self.store(&part, (!same).then_some(next))
    }
}

/// Number of a generation, whatever became of its file.
fn number(name: &str) -> Option<u64> {
    let (digits, _) = name.split_once('.')?;
    (digits.len() == 8).then(|| digits.parse().ok()).flatten()
}

/// `pocketstackd` puts a checksum into a first line of its own.
fn without_checksum(bytes: &[u8]) -> &[u8] {
    if bytes.starts_with(b"# sha256 ") {
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(bytes.len(), |at| at + 1);
        return &bytes[end..];
    }
    bytes
}
