//! The hash of a password, in the form that the Password Hashing Competition gave it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::config::names::{ValueError, error};

/// Hash of a password by argon2id (RFC 9106): `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`.
///
/// Neither `Debug` nor `Display` shows it, nor does an error about one that is wrong.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasswordHash(Hash);

/// What a [`PasswordHash`] is made of.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    /// Memory that hashing takes, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Salt, 8 to 64 bytes.
    pub salt: Vec<u8>,
    /// Hash, 16 to 64 bytes.
    pub output: Vec<u8>,
}

/// Below the weakest of OWASP's recommendations (7 MiB) a stolen hash is found out soon; above 32 MiB, checking a password
/// would take more memory than the unit that does it may have.
const MEMORY_KIB: std::ops::RangeInclusive<u32> = 7 * 1024..=32 * 1024;
const PASSES: std::ops::RangeInclusive<u32> = 1..=16;
const LANES: std::ops::RangeInclusive<u32> = 1..=4;
const SALT: std::ops::RangeInclusive<usize> = 8..=64;
const OUTPUT: std::ops::RangeInclusive<usize> = 16..=64;

impl PasswordHash {
    /// A hash that has been computed; `None` when one of its parts is out of range.
    pub fn new(hash: Hash) -> Option<Self> {
        let fits = MEMORY_KIB.contains(&hash.memory_kib)
            && PASSES.contains(&hash.passes)
            && LANES.contains(&hash.lanes)
            && SALT.contains(&hash.salt.len())
            && OUTPUT.contains(&hash.output.len());
        fits.then_some(Self(hash))
    }

    /// Its parts, for checking a password.
    pub fn parts(&self) -> &Hash {
        &self.0
    }

    fn read(text: &str) -> Option<Self> {
        let mut fields = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (parameters, salt, output) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        let mut parameters = parameters.split(',');
        let mut number = |name: &str| -> Option<u32> {
            let text = parameters.next()?.strip_prefix(name)?;
            let number: u32 = text.parse().ok()?;
            // "+2" and "02" are other spellings of the same hash.
            (number.to_string() == text).then_some(number)
        };
        let (memory_kib, passes, lanes) = (number("m=")?, number("t=")?, number("p=")?);
        if parameters.next().is_some() {
            return None;
        }
        Self::new(Hash {
            memory_kib,
            passes,
            lanes,
            salt: STANDARD_NO_PAD.decode(salt).ok()?,
            output: STANDARD_NO_PAD.decode(output).ok()?,
        })
    }
}

impl FromStr for PasswordHash {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::read(text).ok_or_else(|| {
            // A hash, or worse the password itself, is not repeated.
            error(
                "(not shown)",
                "argon2id hash",
                "one such as $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH is needed, m from 7168 to 32768; argon2 -id -e makes it",
            )
        })
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<PasswordHash> for String {
    fn from(PasswordHash(hash): PasswordHash) -> Self {
        let (salt, output) = (
            STANDARD_NO_PAD.encode(hash.salt),
            STANDARD_NO_PAD.encode(hash.output),
        );
        format!(
            "$argon2id$v=19$m={},t={},p={}${salt}${output}",
            hash.memory_kib, hash.passes, hash.lanes
        )
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a password, not shown)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(not shown)")
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$IJIcN1Dv5Gzw6W2tVYoe8R3J6zv9Qk5D7rYtFqf0bWE";

    #[test]
    fn a_hash_comes_back_as_it_was() {
        let hash: PasswordHash = GOOD.parse().expect("it is right");
        assert_eq!(hash.parts().salt, b"some salt here");
        assert_eq!(
            (hash.parts().memory_kib, hash.parts().passes, hash.parts().lanes),
            (19456, 2, 1)
        );
        assert_eq!(String::from(hash), GOOD);
    }

    #[test]
    fn what_is_no_hash_is_refused_and_not_repeated() {
        for (from, to) in [
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("m=19456", "m=7167"),
            ("m=19456", "m=32769"),
            ("t=2", "t=+2"),
            ("t=2", "t=0"),
            ("t=2", "t=17"),
            ("p=1", "p=5"),
            ("p=1", "p=1,q=1"),
            ("$c29tZSBzYWx0IGhlcmU", ""),
            ("c29tZSBzYWx0IGhlcmU", "c29t"),
            ("c29tZSBzYWx0IGhlcmU", "!!!!!!!!!!!!!!!!"),
            ("$IJIc", "$more$IJIc"),
        ] {
            let wrong = GOOD.replacen(from, to, 1);
            let error = wrong.parse::<PasswordHash>().expect_err(&wrong).to_string();
            assert!(!error.contains("IJIc"), "{error}");
        }
        let error = "my real password".parse::<PasswordHash>().expect_err("no hash");
        assert!(!format!("{error} {error:?}").contains("my real"), "{error:?}");
    }

    #[test]
    fn nothing_shows_it() {
        let hash: PasswordHash = GOOD.parse().expect("it is right");
        let shown = format!("{hash} {hash:?} {:?}", hash.parts());
        assert!(!shown.contains("IJIc") && !shown.contains("19456"), "{shown}");
    }
}
