//! Power cuts, from a record of everything a machine wrote to a disk.
//!
//! Killing QEMU loses nothing that the guest has written: the host's page cache has it. A disk whose power goes loses
//! what it had not been told to flush. So QEMU writes each write and each flush into a log as well (its `blklogwrites`
//! driver, in the format of the kernel's dm-log-writes, Documentation/admin-guide/device-mapper/log-writes.rst), and a
//! cut is made from the log afterwards, at any moment and as often as wanted: everything before the last flush is on the
//! disk, of what came later each write may be or not be, and the last one may be torn at a sector's border.
//!
//! Entries are in the order in which the machine issued them. A write that was under way when a flush was issued counts
//! as flushed here, although a real disk might lose it; that makes the disk a little kinder than the worst one.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::raw::Raw;

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const DISCARD: u64 = 4;
/// Sector of the log, as the machine is started with (`vm/args.rs`).
const SECTOR: u64 = 512;

/// Random numbers that are the same for the same seed on every machine: SplitMix64 (Steele, Lea, Flood: Fast splittable
/// pseudorandom number generators, OOPSLA 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that roll as the seed says.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        // The remainder's bias is far below what any test could notice.
        usize::try_from(self.roll() % (limit.max(1) as u64)).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Flush,
    /// `at` bytes into the disk, found `from` bytes into the log.
    Write {
        at: u64,
        length: u64,
        from: u64,
    },
}

/// The record of one machine's life with a disk.
#[derive(Debug)]
pub struct Record {
    log: File,
    entries: Vec<Entry>,
}

/// A moment at which the power went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// How many entries of the record the machine got to.
    pub reached: usize,
    /// How many there are.
    pub of: usize,
    /// Writes after the last flush.
    pub unflushed: usize,
    /// How many of those are lost.
    pub lost: usize,
}

impl Record {
    /// Reads the log that QEMU has kept. The machine must have ended.
    ///
    /// # Errors
    /// It is none, or is cut off.
    pub fn read(log: &Path) -> Result<Self> {
        let named = || format!("the record {}", log.display());
        let file = File::open(log).with_context(named)?;
        let size = file.metadata().with_context(named)?.len();
        let field = |at: u64| -> Result<u64> {
            let mut bytes = [0; 8];
            file.read_exact_at(&mut bytes, at)
                .with_context(|| format!("{} is cut off", named()))?;
            Ok(u64::from_le_bytes(bytes))
        };
        ensure!(field(0)? == MAGIC, "{} is no log of writes", named());
        let (count, sector) = (field(16)?, field(24)? & 0xffff_ffff);
        ensure!(
            sector == SECTOR,
            "{} has sectors of {sector} bytes, not {SECTOR}",
            named()
        );
        let (mut entries, mut at) = (Vec::new(), SECTOR);
        // The number of entries is written with each flush; what came after the last one is in the file all the same.
        while at + SECTOR <= size {
            let (place, sectors, flags) = (field(at)?, field(at + 8)?, field(at + 16)?);
            at += SECTOR;
            if flags & DISCARD != 0 {
                // What is discarded may read as anything, so also as what it was.
                continue;
            }
            let length = sectors * SECTOR;
            ensure!(
                length <= size.saturating_sub(at) || entries.len() as u64 >= count,
                "{} is cut off",
                named()
            );
            if length > size.saturating_sub(at) {
                break;
            }
            // QEMU turns a write that must be on the disk when it returns (FUA) into a write and a flush.
            if flags & FLUSH != 0 {
                entries.push(Entry::Flush);
            }
            if length > 0 {
                let from = at;
                entries.push(Entry::Write {
                    at: place * SECTOR,
                    length,
                    from,
                });
            }
            at += length;
        }
        if !entries.contains(&Entry::Flush) {
            bail!("{} has no flush: the machine never asked for one", named());
        }
        Ok(Self { log: file, entries })
    }

    /// How many writes and flushes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none; [`Record::read`] refuses such a record.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A moment: half of them anywhere among all writes, half of them near a flush. The bulk of the writes is data,
    /// while what can go wrong sits where little is written and much is flushed.
    pub fn moment(&self, dice: &mut Dice) -> usize {
        if dice.below(2) == 0 {
            return 1 + dice.below(self.len());
        }
        let flushes = |(at, entry): (usize, &Entry)| (*entry == Entry::Flush).then_some(at);
        let flushes: Vec<usize> = self.entries.iter().enumerate().filter_map(flushes).collect();
        let flush = flushes[dice.below(flushes.len())];
        (flush + dice.below(8)).clamp(1, self.len())
    }

    /// Makes `disk`, which must be as it was when the record began, into what it is after a cut at this moment.
    ///
    /// # Errors
    /// The record does not fit the disk, or a file cannot be read or written.
    pub fn cut(&self, disk: &Raw, moment: usize, dice: &mut Dice) -> Result<Cut> {
        let reached = &self.entries[..moment.min(self.len())];
        let safe = reached
            .iter()
            .rposition(|entry| *entry == Entry::Flush)
            .map_or(0, |flush| flush + 1);
        let writer = disk.writer()?;
        let (mut unflushed, mut lost) = (0, 0);
        for (index, entry) in reached.iter().enumerate() {
            let Entry::Write { at, length, from } = *entry else {
                continue;
            };
            let mut keep = length;
            if index >= safe {
                unflushed += 1;
                let last = index + 1 == reached.len();
                keep = match dice.below(2) {
                    0 => 0,
                    _ if last => SECTOR * dice.below(usize::try_from(length / SECTOR)? + 1) as u64,
                    _ => length,
                };
                lost += usize::from(keep < length);
            }
            let mut bytes = vec![0; usize::try_from(keep)?];
            self.log.read_exact_at(&mut bytes, from)?;
            writer.write(at, &bytes)?;
        }
        Ok(Cut {
            reached: reached.len(),
            of: self.len(),
            unflushed,
            lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::installed;
    use pocketstack_exec::{Cmd, run};
    use std::fs;
    use std::path::PathBuf;

    /// A record as QEMU itself makes it.
    fn recorded(dir: &Path, commands: &[&str]) -> Option<PathBuf> {
        if !installed("qemu-io") {
            eprintln!("skipped: qemu-io is not installed here");
            return None;
        }
        let (disk, log) = (dir.join("recorded.raw"), dir.join("log"));
        Raw::blank(&disk, 4 << 20).expect("made");
        fs::write(&log, b"").expect("written");
        let options = format!(
            "driver=raw,file.driver=blklogwrites,file.file.driver=file,file.file.filename={},\
             file.log.driver=file,file.log.filename={}",
            disk.display(),
            log.display()
        );
        let commands = commands.iter().flat_map(|command| ["-c", command]);
        // As machines have it: nothing is flushed that nobody asks to be.
        run(Cmd::new("qemu-io")
            .args(["-t", "writeback", "--image-opts", &options])
            .args(commands))
        .expect("qemu-io runs");
        Some(log)
    }

    fn after(record: &Record, moment: usize, seed: u64, dir: &Path) -> (Vec<u8>, Cut) {
        let disk = Raw::blank(&dir.join("cut.raw"), 4 << 20).expect("made");
        let cut = record.cut(&disk, moment, &mut Dice::new(seed)).expect("fits");
        (disk.start(16384).expect("read"), cut)
    }

    #[test]
    fn what_was_flushed_survives_every_cut_and_the_rest_may_not() {
        let dir = tempfile::tempdir().expect("folder");
        let commands = [
            "write -P 1 0 4096",
            "flush",
            "write -P 2 4096 4096",
            "write -P 3 0 512",
        ];
        let Some(log) = recorded(dir.path(), &commands) else {
            return;
        };
        let record = Record::read(&log).expect("a record");
        let unflushed = 1 + record
            .entries
            .iter()
            .rposition(|entry| {
                matches!(
                    entry,
                    Entry::Write {
                        at: 0,
                        length: 512,
                        ..
                    }
                )
            })
            .expect("the last write");
        let (mut with, mut without) = (0, 0);
        for seed in 0..40 {
            let (bytes, cut) = after(&record, unflushed, seed, dir.path());
            assert_eq!(cut.unflushed, 2, "{cut:?}");
            assert_eq!(bytes[512..4096], [1; 3584], "flushed bytes are gone");
            assert!(bytes[..512] == [1; 512] || bytes[..512] == [3; 512]);
            match bytes[4096] {
                2 => with += 1,
                0 => without += 1,
                other => panic!("{other} was never written"),
            }
        }
        assert!(with > 5 && without > 5, "{with} kept, {without} lost");
        // The same seed is the same cut.
        assert_eq!(
            after(&record, unflushed, 7, dir.path()),
            after(&record, unflushed, 7, dir.path())
        );
    }

    #[test]
    fn nothing_after_the_moment_is_there() {
        let dir = tempfile::tempdir().expect("folder");
        let Some(log) = recorded(
            dir.path(),
            &["write -P 1 0 512", "flush", "write -P 2 512 512", "flush"],
        ) else {
            return;
        };
        let record = Record::read(&log).expect("a record");
        let second = |entry: &Entry| matches!(entry, Entry::Write { at: 512, .. });
        let second = record.entries.iter().position(second).expect("the second write");
        let (bytes, cut) = after(&record, second, 1, dir.path());
        assert_eq!((bytes[0], bytes[512]), (1, 0), "{cut:?}");
        let (bytes, cut) = after(&record, record.len(), 1, dir.path());
        assert_eq!((bytes[0], bytes[512], cut.lost), (1, 2, 0));
    }

    #[test]
    fn moments_are_inside_the_record_and_differ() {
        let dir = tempfile::tempdir().expect("folder");
        let writes: Vec<String> = (0..50).map(|n| format!("write -P 1 {} 512", n * 512)).collect();
        let mut commands: Vec<&str> = writes.iter().map(String::as_str).collect();
        commands.push("flush");
        let Some(log) = recorded(dir.path(), &commands) else {
            return;
        };
        let record = Record::read(&log).expect("a record");
        let mut dice = Dice::new(3);
        let mut moments: Vec<usize> = (0..100).map(|_| record.moment(&mut dice)).collect();
        moments.sort_unstable();
        moments.dedup();
        assert!(moments.len() > 20, "{moments:?}");
        assert!(moments.iter().all(|moment| (1..=record.len()).contains(moment)));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let dir = tempfile::tempdir().expect("folder");
        let log = dir.path().join("log");
        for bytes in [vec![], vec![0; 4096]] {
            fs::write(&log, &bytes).expect("written");
            assert!(Record::read(&log).is_err(), "{} bytes were taken", bytes.len());
        }
    }

    #[test]
    fn dice_roll_as_published() {
        // The first outputs for the seed 1234567 in the reference implementation of SplitMix64.
        let mut dice = Dice::new(1_234_567);
        assert_eq!(dice.roll(), 6_457_827_717_110_365_317);
        assert_eq!(dice.roll(), 3_203_168_211_198_807_973);
    }
}
