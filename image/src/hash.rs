//! SHA-256 of files and texts.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

/// SHA-256 of some bytes, hexadecimal.
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 and size in bytes of a file.
///
/// # Errors
/// Names the file that cannot be read.
pub fn of_file(path: &Path) -> Result<(String, u64)> {
    let reading = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(reading)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer).with_context(reading)?;
        if count == 0 {
            return Ok((hex(&hash.finalize()), size));
        }
        hash.update(&buffer[..count]);
        size += count as u64;
    }
}
