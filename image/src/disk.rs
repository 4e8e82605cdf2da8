//! Disk images: a GPT (written by sfdisk) with the contents of its partitions copied in, holes kept.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use pocketstack_disk::parts::MIB;
use pocketstack_exec::run;

use crate::namespace::Chroot;

/// Sector size GPT is written for.
const SECTOR: u64 = 512;

/// One partition.
pub struct Partition<'a> {
    /// Type, see [`pocketstack_disk::parts::kind`].
    pub kind: &'a str,
    /// Name.
    pub name: &'a str,
    /// Unique id.
    pub id: String,
    /// Size in bytes, a multiple of 1 MiB.
    pub size: u64,
    /// What it holds; zeros where there is nothing.
    pub content: Option<&'a Path>,
}

/// Rounds up to the alignment all partitions get.
pub fn aligned(size: u64) -> u64 {
    size.div_ceil(MIB) * MIB
}

/// Writes `/parts/NAME` (`work` is the same folder outside) with these partitions in a row. Returns their offsets.
///
/// # Errors
/// sfdisk's words, or a content larger than its partition.
pub fn make(
    tools: &Chroot,
    work: &Path,
    name: &str,
    disk_id: &str,
    partitions: &[Partition<'_>],
) -> Result<Vec<u64>> {
    let mut script = format!("label: gpt\nlabel-id: {disk_id}\nunit: sectors\nfirst-lba: 34\n");
    let mut offsets = Vec::new();
    let mut at = MIB;
    for part in partitions {
        let content = part
            .content
            .map_or(Ok(0), |path| path.metadata().map(|meta| meta.len()))?;
        if content > part.size {
            bail!(
                "{} holds {content} bytes and its partition only {}: raise the size of the slot",
                part.name,
                part.size
            );
        }
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            script,
            "start={}, size={}, type={}, uuid={}, name=\"{}\"",
            at / SECTOR,
            part.size / SECTOR,
            part.kind,
            part.id,
            part.name
        );
        offsets.push(at);
        at += part.size;
    }
    // The second copy of the table takes the last 33 sectors.
    let path = work.join(name);
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    file.set_len(at + MIB)?;
    drop(file);
    run(tools
        .cmd("sfdisk")
        .args(["--quiet", "--no-reread", "--no-tell-kernel"])
        .arg(format!("/parts/{name}"))
        .input(script))
    .with_context(|| format!("cannot partition {name}"))?;
    for (part, offset) in partitions.iter().zip(&offsets) {
        if let Some(content) = part.content {
            copy_into(content, &path, *offset)?;
        }
    }
    Ok(offsets)
}

/// Copies a file into another at an offset; zeros are skipped, so that holes stay holes.
///
/// # Errors
/// Names the file that could not be read or written.
pub fn copy_into(from: &Path, to: &Path, offset: u64) -> Result<()> {
    let what = || format!("cannot copy {} into {}", from.display(), to.display());
    let mut source = File::open(from).with_context(what)?;
    let mut target = OpenOptions::new().write(true).open(to).with_context(what)?;
    let mut buffer = vec![0_u8; MIB as usize];
    let mut at = offset;
    loop {
        let mut have = 0;
        while have < buffer.len() {
            match source.read(&mut buffer[have..]).with_context(what)? {
                0 => break,
                count => have += count,
            }
        }
        if have == 0 {
            return Ok(());
        }
        if buffer[..have].iter().any(|byte| *byte != 0) {
            target.seek(SeekFrom::Start(at)).with_context(what)?;
            target.write_all(&buffer[..have]).with_context(what)?;
        }
        at += have as u64;
    }
}
