//! Hashing a password. It takes memory and time by design: who calls it does so one at a time, beside other work.

use argon2::{Algorithm, Argon2, Params, Version};

use super::password::{Hash, PasswordHash};

/// OWASP's first recommendation for argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bytes of a new hash.
const OUTPUT: usize = 32;

/// Hashing was not possible, for example because there is no memory for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashingError(String);

impl PasswordHash {
    /// The hash of a new password. The salt is random, and another one each time.
    ///
    /// # Errors
    /// [`HashingError`].
    pub fn of(password: &str, salt: [u8; 16]) -> Result<Self, HashingError> {
        let mut hash = Hash {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: salt.to_vec(),
            output: vec![0; OUTPUT],
        };
        hash.output = hash.compute(password)?;
        Self::new(hash).ok_or_else(|| HashingError("its parts are out of range".to_owned()))
    }
}

impl Hash {
    /// What [`Hash::output`] is if this is the password. Compare it in constant time.
    ///
    /// # Errors
    /// [`HashingError`].
    pub fn compute(&self, password: &str) -> Result<Vec<u8>, HashingError> {
        let failed = |error: argon2::Error| HashingError(error.to_string());
        let length = Some(self.output.len());
        let parameters = Params::new(self.memory_kib, self.passes, self.lanes, length).map_err(failed)?;
        let mut output = vec![0; self.output.len()];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(password.as_bytes(), &self.salt, &mut output)
            .map_err(failed)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the reference implementation (`src/test.c` of phc-winner-argon2).
    #[test]
    fn the_hash_is_that_of_the_reference_implementation() {
        let hash = Hash {
            memory_kib: 256,
            passes: 2,
            lanes: 1,
            salt: b"somesalt".to_vec(),
            output: vec![0; 32],
        };
        let output = hash.compute("password").expect("hashed");
        let digits: String = output.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            digits,
            "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"
        );
    }

    #[test]
    fn a_new_hash_is_one_that_files_take_and_that_finds_the_password() {
        let hash = PasswordHash::of("correct horse", *b"0123456789abcdef").expect("hashed");
        let text = String::from(hash.clone());
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert_eq!(text.parse().ok(), Some(hash.clone()));
        let parts = hash.parts();
        assert_eq!(parts.compute("correct horse").as_ref(), Ok(&parts.output));
        assert_ne!(parts.compute("correct horse ").as_ref(), Ok(&parts.output));
    }
}
