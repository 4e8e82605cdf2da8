//! What may be a password.

use super::ACCOUNT;

/// Fewest characters (NIST SP 800-63B section 5.1.1.2 asks for 8; the page may be reached by many).
const SHORTEST: usize = 10;
/// Most bytes: hashing is not a way to keep this machine busy.
pub const LONGEST_PASSWORD: usize = 1024;

/// The first that anybody tries, of those that are long enough. In lower case.
const WORST: [&str; 24] = [
    "0123456789",
    "1111111111",
    "1234512345",
    "12345678910",
    "1234567890",
    "123123123123",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "9876543210",
    "abcdefghij",
    "administrador",
    "administrator",
    "brasil2026",
    "changeme123",
    "iloveyou123",
    "letmein123",
    "password12",
    "password123",
    "password1234",
    "pocketstack",
    "qwerty12345",
    "qwertyuiop",
    "senha12345",
    "senha123456",
];

/// Why something may not be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Fewer than `SHORTEST` characters.
    #[error("the password is too short; at least {SHORTEST} characters are needed")]
    Short,
    /// More than [`LONGEST_PASSWORD`] bytes.
    #[error("the password is too long; at most {LONGEST_PASSWORD} bytes are taken")]
    Long,
    /// The name of the account, or of the machine.
    #[error("the password is the name of the account or of the machine; choose one that nobody guesses")]
    Name,
    /// One of `WORST`, or one character again and again.
    #[error("the password is one of the first that anybody tries; choose another one")]
    Worst,
}

/// Whether it may be a password.
///
/// # Errors
/// [`Weak`].
pub fn check_strength(password: &str, machine: &str) -> Result<(), Weak> {
    if password.len() > LONGEST_PASSWORD {
        return Err(Weak::Long);
    }
    if password.chars().count() < SHORTEST {
        return Err(Weak::Short);
    }
    let lower = password.to_lowercase();
    // Also the name twice, or with digits around it.
    let without_digits = lower.trim_matches(|c: char| c.is_ascii_digit());
    let twice = |name: &str| without_digits == name.repeat(2);
    if [ACCOUNT, machine]
        .iter()
        .any(|name| without_digits == *name || twice(name))
    {
        return Err(Weak::Name);
    }
    let first = lower.chars().next();
    if WORST.contains(&lower.as_str()) || lower.chars().all(|c| Some(c) == first) {
        return Err(Weak::Worst);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_would_try_first_is_refused() {
        let told = |password: &str| check_strength(password, "lab-one");
        for worst in WORST {
            assert!(
                worst.chars().count() >= SHORTEST && worst == worst.to_lowercase(),
                "{worst}"
            );
            assert_eq!(told(worst), Err(Weak::Worst), "{worst}");
        }
        assert_eq!(told("Password123"), Err(Weak::Worst));
        assert_eq!(told("zzzzzzzzzzzz"), Err(Weak::Worst));
        assert_eq!(told("123456789"), Err(Weak::Short));
        assert_eq!(
            told("çãoçãoção"),
            Err(Weak::Short),
            "nine characters of more bytes"
        );
        assert_eq!(told(&"é".repeat(513)), Err(Weak::Long));
        for name in [
            "adminadmin",
            "ADMIN12345",
            "lab-one2026",
            "12lab-one34",
            "lab-onelab-one",
        ] {
            assert_eq!(told(name), Err(Weak::Name), "{name}");
        }
        for good in ["correct horse", "ten chars!", "contrasenha-ç1", &"x1".repeat(512)] {
            assert_eq!(told(good), Ok(()), "{good}");
        }
    }
}
