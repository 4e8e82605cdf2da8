//! The unified kernel image that UEFI boots, taken apart: kernel, initrd and command line are sections of it
//! (UAPI group, Unified Kernel Image specification).

use std::ops::Range;

use object::read::pe::PeFile64;
use object::{Object, ObjectSection};

use crate::verity::RootHash;

/// Why a file is not PocketStack's boot file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UkiError {
    /// It is no program for UEFI at all.
    #[error("it is no unified kernel image ({0})")]
    Format(String),
    /// A part is missing.
    #[error("it has no section {0}")]
    Missing(&'static str),
    /// A part is not the text it should be.
    #[error("its section {section} makes no sense: {why}")]
    Nonsense {
        /// Which part.
        section: &'static str,
        /// What is wrong.
        why: String,
    },
}

/// A boot file and where its parts are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uki {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Kernel command line.
    pub cmdline: String,
    /// Version of PocketStack.
    pub version: String,
    /// Root that the command line names.
    pub root: RootHash,
    linux: Range<usize>,
    initrd: Range<usize>,
}

impl Uki {
    /// Takes a file apart.
    ///
    /// # Errors
    /// [`UkiError`].
    pub fn parse(bytes: Vec<u8>) -> Result<Self, UkiError> {
        let file = PeFile64::parse(bytes.as_slice()).map_err(|error| UkiError::Format(error.to_string()))?;
        let section = |name: &'static str| {
            let section = file.section_by_name(name).ok_or(UkiError::Missing(name))?;
            let (start, stored) = section.file_range().ok_or(UkiError::Missing(name))?;
            // Stored sizes are rounded up; the size in memory is the content's.
            let size = stored.min(section.size());
            let range = usize::try_from(start).ok().zip(usize::try_from(size).ok());
            let range = range.and_then(|(start, size)| Some(start..start.checked_add(size)?));
            range
                .filter(|range| range.end <= bytes.len())
                .ok_or_else(|| UkiError::Format(format!("section {name} is cut off")))
        };
        let text = |name: &'static str| {
            let range = section(name)?;
            let text = std::str::from_utf8(&bytes[range]).map_err(|error| UkiError::Nonsense {
                section: name,
                why: error.to_string(),
            })?;
            Ok(text
                .trim_matches(|c: char| c.is_whitespace() || c == '\0')
                .to_owned())
        };
        let cmdline = text(".cmdline")?;
        let release = text(".osrel")?;
        let (linux, initrd) = (section(".linux")?, section(".initrd")?);
        let root = root_hash(&cmdline).ok_or_else(|| UkiError::Nonsense {
            section: ".cmdline",
            why: "it names no root hash".to_owned(),
        })?;
        let version = release
            .lines()
            .find_map(|line| line.strip_prefix("VERSION_ID="))
            .map(|version| version.trim_matches('"'))
            .filter(|version| is_version(version))
            .ok_or_else(|| UkiError::Nonsense {
                section: ".osrel",
                why: "it names no version".to_owned(),
            })?
            .to_owned();
        Ok(Self {
            cmdline,
            version,
            root,
            linux,
            initrd,
            bytes,
        })
    }

    /// The kernel.
    pub fn linux(&self) -> &[u8] {
        &self.bytes[self.linux.clone()]
    }

    /// The initrd.
    pub fn initrd(&self) -> &[u8] {
        &self.bytes[self.initrd.clone()]
    }
}

/// It becomes part of a file name.
fn is_version(text: &str) -> bool {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '~');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(usual)
}

/// The root hash that a kernel command line names.
pub fn root_hash(cmdline: &str) -> Option<RootHash> {
    let mut words = cmdline.split_whitespace();
    words
        .find_map(|word| word.strip_prefix("roothash="))?
        .parse()
        .ok()
}

/// Makes boot files for tests.
#[cfg(test)]
pub(crate) mod make {
    /// A file of UEFI's form with these sections, the stored sizes rounded up as linkers do.
    pub(crate) fn pe(sections: &[(&str, &[u8])]) -> Vec<u8> {
        const ALIGN: usize = 512;
        let mut head = vec![0_u8; 64];
        head[..2].copy_from_slice(b"MZ");
        head[60] = 64;
        head.extend(b"PE\0\0");
        head.extend(0x8664_u16.to_le_bytes());
        head.extend(u16::try_from(sections.len()).expect("few").to_le_bytes());
        head.extend([0; 12]);
        head.extend(112_u16.to_le_bytes());
        head.extend(0x22_u16.to_le_bytes());
        let mut optional = vec![0_u8; 112];
        optional[..2].copy_from_slice(&0x20b_u16.to_le_bytes());
        head.extend(optional);
        let mut at = (head.len() + sections.len() * 40).div_ceil(ALIGN) * ALIGN;
        let mut body = Vec::new();
        for (name, content) in sections {
            let stored = content.len().div_ceil(ALIGN) * ALIGN;
            let mut entry = [0_u8; 40];
            entry[..name.len()].copy_from_slice(name.as_bytes());
            let number = |value: usize| u32::try_from(value).expect("small").to_le_bytes();
            entry[8..12].copy_from_slice(&number(content.len()));
            entry[12..16].copy_from_slice(&number(at + 0x1000));
            entry[16..20].copy_from_slice(&number(stored));
            entry[20..24].copy_from_slice(&number(at));
            head.extend(entry);
            body.extend_from_slice(content);
            body.resize(body.len() + stored - content.len(), 0);
            at += stored;
        }
        head.resize(head.len().div_ceil(ALIGN) * ALIGN, 0);
        head.extend(body);
        head
    }

    /// A boot file of PocketStack.
    pub(crate) fn uki(version: &str, root: &crate::verity::RootHash) -> Vec<u8> {
        let release = format!("ID=pocketstack\nVERSION_ID={version}\n");
        let cmdline = format!("root=/dev/mapper/root roothash={root} quiet\n");
        pe(&[
            (".linux", b"the kernel"),
            (".osrel", release.as_bytes()),
            (".cmdline", cmdline.as_bytes()),
            (".initrd", b"the initrd"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: RootHash = RootHash([0x5a; 32]);

    #[test]
    fn parts_are_found_without_their_padding() {
        let uki = Uki::parse(make::uki("1.2.3", &ROOT)).expect("a boot file");
        assert_eq!(
            (uki.linux(), uki.initrd()),
            (&b"the kernel"[..], &b"the initrd"[..])
        );
        assert_eq!((uki.version.as_str(), uki.root), ("1.2.3", ROOT));
        assert!(uki.cmdline.ends_with(" quiet"), "{}", uki.cmdline);
    }

    #[test]
    fn what_is_missing_or_makes_no_sense_is_named() {
        let error = |bytes: Vec<u8>| Uki::parse(bytes).expect_err("bad").to_string();
        assert!(error(b"MZ".to_vec()).starts_with("it is no unified kernel image"));
        let cmdline = format!("roothash={ROOT}");
        let good = [
            (".linux", &b"k"[..]),
            (".osrel", b"VERSION_ID=1\n"),
            (".cmdline", cmdline.as_bytes()),
            (".initrd", b"i"),
        ];
        for (index, (name, _)) in good.iter().enumerate() {
            let mut some = good.to_vec();
            some.remove(index);
            assert_eq!(error(make::pe(&some)), format!("it has no section {name}"));
        }
        let mut without = good;
        without[2].1 = b"quiet";
        assert!(error(make::pe(&without)).ends_with("it names no root hash"));
        without = good;
        without[1].1 = b"VERSION_ID=../../x\n";
        assert!(error(make::pe(&without)).ends_with("it names no version"));
    }

    proptest::proptest! {
        #[test]
        fn no_damage_makes_the_reader_fail(at in 0_usize..512, value: u8, cut in 0_usize..2048) {
            let mut bytes = make::uki("1", &ROOT);
            bytes[at] = value;
            bytes.truncate(bytes.len().min(cut + 64));
            let _either = Uki::parse(bytes);
        }
    }
}
