//! The first serial port of a machine, as QEMU writes it to a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A place in the log: what comes after it was written later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark(u64);

/// A log that is still being written.
#[derive(Debug, Clone)]
pub struct Serial {
    log: PathBuf,
}

impl Serial {
    /// The log at this path; it does not have to exist yet.
    pub fn new(log: impl Into<PathBuf>) -> Self {
        Self { log: log.into() }
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.log
    }

    /// Here and now.
    ///
    /// # Errors
    /// The log cannot be looked at.
    pub fn mark(&self) -> Result<Mark> {
        if !self.log.exists() {
            return Ok(Mark::default());
        }
        Ok(Mark(
            self.log
                .metadata()
                .with_context(|| format!("{}", self.log.display()))?
                .len(),
        ))
    }

    /// What was written after `mark`, without escape sequences; bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn since(&self, mark: Mark) -> Result<String> {
        if !self.log.exists() {
            return Ok(String::new());
        }
        let mut file = File::open(&self.log).with_context(|| format!("{}", self.log.display()))?;
        file.seek(SeekFrom::Start(mark.0))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(plain(&bytes))
    }

    /// The last lines that are not empty, for error messages.
    pub fn tail(&self, lines: usize) -> String {
        let text = self
            .since(Mark::default())
            .unwrap_or_else(|error| format!("{error:#}"));
        let all: Vec<&str> = text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

/// Removes terminal control: CSI, OSC and two-byte escapes (ECMA-48, section 5), carriage returns and other
/// control characters except line feed and tab.
pub fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => match chars.next() {
                // Parameters and intermediates, then one final byte from '@' to '~'.
                Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                // A string that ends with BEL or ESC \.
                Some(']' | 'P' | 'X' | '^' | '_') => {
                    while let Some(c) = chars.next() {
                        if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                // Intermediates, as in "ESC ( B".
                Some(c) if (' '..='/').contains(&c) => {
                    while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
                    chars.next();
                }
                _ => {}
            },
            '\n' | '\t' => out.push(char),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The words of a screen as running text: without its QR code, and with one blank for all between two words.
pub fn words(screen: &str) -> String {
    let block = |c: char| ('\u{2580}'..='\u{259f}').contains(&c);
    let text = screen.replace(block, " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn words_go_on_in_the_next_line_beside_the_qr_code() {
        let screen = "  \u{2588} \u{2588}\u{2588}\u{2580}    STUCK: no DHCP\n  \u{2584} \u{2588}      server answers\n\n[N] network\n";
        assert_eq!(words(screen), "STUCK: no DHCP server answers [N] network");
    }

    #[test]
    fn escape_sequences_do_not_break_words() {
        assert_eq!(
            plain(b"\x1b[2J\x1b[01;01Hpocket\x1b[1mstack\x1b[0m\r\n"),
            "pocketstack\n"
        );
        assert_eq!(plain(b"\x1b]0;title\x07a\x1b]3008;start=1\x1b\\b"), "ab");
        assert_eq!(plain(b"\x1b(Bx\x1b7y\x1b8"), "xy");
        assert_eq!(
            plain("\u{2588}\u{2580} caf\u{e9}".as_bytes()),
            "\u{2588}\u{2580} caf\u{e9}"
        );
    }

    #[test]
    fn a_cut_off_sequence_or_character_is_no_panic() {
        assert_eq!(plain(b"a\x1b"), "a");
        assert_eq!(plain(b"a\x1b[1;"), "a");
        assert_eq!(plain(b"a\xe2\x96"), "a\u{fffd}");
    }

    #[test]
    fn only_what_is_new_is_seen_after_a_mark() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("serial.log");
        let serial = Serial::new(&path);
        assert_eq!(serial.mark().expect("no file yet"), Mark(0));
        assert_eq!(serial.since(Mark(0)).expect("no file yet"), "");
        fs::write(&path, "old\n").expect("written");
        let mark = serial.mark().expect("a place");
        fs::write(&path, "old\nnew\n\nnewer\n").expect("written");
        assert_eq!(serial.since(mark).expect("read"), "new\n\nnewer\n");
        assert_eq!(serial.tail(2), "new\nnewer");
    }
}
