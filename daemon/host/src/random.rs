//! Random numbers that nobody can guess.

use std::fs::File;
use std::io::{self, Read};

/// The kernel's own. random(4): what boots has them long before anybody asks a node for something.
const SOURCE: &str = "/dev/urandom";

/// So many bytes.
///
/// # Errors
/// What reading them says.
pub fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open(SOURCE)?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ() {
        let (one, other) = (bytes::<32>().expect("read"), bytes::<32>().expect("read"));
        assert_ne!(one, other);
        assert_ne!(one, [0; 32]);
    }
}
