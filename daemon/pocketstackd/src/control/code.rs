//! Codes: whoever knows one has seen the answer to a change of the networks, or the console of a machine that is not set
//! up.

use std::fmt;
use std::io;

use pocketstack_host::random;

/// Characters of a code.
const LENGTH: usize = 8;
/// 32 of them, so that five random bits choose one; I, O, 0 and 1 are left out because they look alike.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A new code.
///
/// # Errors
/// What reading the kernel's random numbers says.
pub fn fresh() -> io::Result<String> {
    Ok(characters()?.iter().map(|byte| char::from(*byte)).collect())
}

fn characters() -> io::Result<[u8; LENGTH]> {
    Ok(random::bytes::<LENGTH>()?.map(|byte| ALPHABET[usize::from(byte % 32)]))
}

/// The code that sets a node up. Two groups of four are read without a mistake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SetupCode([u8; LENGTH]);

impl SetupCode {
    /// A new code.
    ///
    /// # Errors
    /// As [`fresh`].
    pub fn fresh() -> io::Result<Self> {
        characters().map(Self)
    }

    /// Whether a person means this code.
    pub fn matches(&self, given: &str) -> bool {
        same(&self.0, given)
    }
}

#[cfg(test)]
impl SetupCode {
    /// One that tests know.
    pub const EXAMPLE: Self = Self(*b"ABCD2345");
}

impl fmt::Display for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{}-{}", first.escape_ascii(), second.escape_ascii())
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing that is logged shows it.
        f.write_str("SetupCode(not shown)")
    }
}

/// Whether a person means this code. Blanks, hyphens and small letters are forgiven.
pub fn matches(code: &str, given: &str) -> bool {
    same(code.as_bytes(), given)
}

fn same(code: &[u8], given: &str) -> bool {
    let given = given.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let given: String = given.map(|c| c.to_ascii_uppercase()).collect();
    // Every byte is looked at, so that the time tells nothing of how much was right.
    given.len() == code.len() && given.bytes().zip(code).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_of_the_alphabet_and_differ() {
        let codes: Vec<String> = (0..50).map(|_| fresh().expect("random numbers")).collect();
        for code in &codes {
            assert_eq!(code.len(), LENGTH);
            assert!(code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
        }
        let mut unique = codes.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), codes.len());
    }

    #[test]
    fn what_a_person_types_is_forgiven_its_form_only() {
        assert!(matches("ABCD2345", "abcd-2345 "));
        for wrong in ["", "ABCD2346", "ABCD234", "ABCD23455"] {
            assert!(!matches("ABCD2345", wrong), "{wrong}");
        }
        let code = SetupCode::EXAMPLE;
        assert_eq!(code.to_string(), "ABCD-2345");
        assert!(code.matches(&code.to_string()) && !code.matches("ABCD-2346"));
        assert!(!format!("{code:?}").contains("ABCD"), "not in a log");
    }
}
