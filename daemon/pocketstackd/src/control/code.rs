//! Codes that confirm a change of the networks: whoever knows one has seen the answer to the change.

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
    Ok(random::bytes::<LENGTH>()?
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}

/// Whether a person means this code. Blanks, hyphens and small letters are forgiven.
pub fn matches(code: &str, given: &str) -> bool {
    let given = given.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let given: String = given.map(|c| c.to_ascii_uppercase()).collect();
    // Every byte is looked at, so that the time tells nothing of how much was right.
    given.len() == code.len()
        && given
            .bytes()
            .zip(code.bytes())
            .fold(0, |all, (a, b)| all | (a ^ b))
            == 0
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
    }
}
