//! What these tests share.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of this file's neighbours.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The text of a file.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares with what the file says. `POCKETSTACK_BLESS=1` writes it instead, to be read before it is committed.
pub fn compare(path: &Path, actual: &str) {
    if std::env::var_os("POCKETSTACK_BLESS").is_some() {
        fs::write(path, actual).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    assert_eq!(actual, read(path), "{}", path.display());
}
