//! The public half of an SSH key, as a line of an `authorized_keys` file without options (sshd(8)).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::config::names::{ValueError, error};

/// A public key that sshd of this system takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SshKey {
    kind: Kind,
    blob: Vec<u8>,
    comment: String,
}

/// One of [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind(&'static str);

/// The kinds that are taken. DSA is broken and no longer known to OpenSSH; certificates are no keys.
const KINDS: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Fewest and most bits of an RSA key.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Longest line; an RSA key of 8192 bits has 1400 characters.
const LONGEST: usize = 2048;

impl SshKey {
    /// The type, as in the line ("ssh-ed25519").
    pub fn kind(&self) -> &'static str {
        self.kind.0
    }

    /// The key itself in its wire form (RFC 4253 section 6.6), which a fingerprint is made over.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// What its owner has written behind it; often empty, often "user@host".
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The comment, or the type if there is none.
    pub fn name(&self) -> &str {
        if self.comment.is_empty() {
            self.kind()
        } else {
            &self.comment
        }
    }
}

impl FromStr for SshKey {
    type Err = ValueError;

    fn from_str(line: &str) -> Result<Self, ValueError> {
        let line = line.trim();
        let wrong = |needed| error(line, "public SSH key", needed);
        if line.contains("PRIVATE KEY") {
            // It has gone too far already: nothing of it is repeated.
            return Err(error(
                "(not shown)",
                "public SSH key",
                "this is the private half, which must never leave your computer; give the line of the file that ends in .pub",
            ));
        }
        let obeyed = |c: char| c.is_control() && c != '\t';
        if line.len() > LONGEST || line.chars().any(obeyed) {
            return Err(wrong(
                "one line is needed, such as ssh-ed25519 AAAA… name, as in the file that ends in .pub",
            ));
        }
        let (first, rest) = word(line);
        let (second, comment) = word(rest);
        let Some(kind) = KINDS.into_iter().find(|kind| *kind == first) else {
            let options = line.split([' ', '\t']).any(|word| KINDS.contains(&word));
            return Err(wrong(if options {
                "options in front of a key are not taken; give only the type, the key and a name"
            } else {
                "one of the types ssh-ed25519, ecdsa-sha2-nistp256 (384, 521), ssh-rsa and sk-… is needed in front, as in the file that ends in .pub"
            }));
        };
        let blob = STANDARD
            .decode(second)
            .map_err(|_| wrong("the key is not whole; copy the line of the file that ends in .pub again"))?;
        match inside(kind, &blob) {
            Inside::Right => Ok(Self {
                kind: Kind(kind),
                blob,
                comment: comment.replace('\t', " "),
            }),
            Inside::OtherKind => Err(wrong(
                "the key is of another type than it says in front; copy the line again",
            )),
            Inside::Broken => Err(wrong(
                "the key is not whole; copy the line of the file that ends in .pub again",
            )),
            Inside::Weak => Err(wrong(
                "RSA keys are taken with 2048 to 8192 bits; make a new one with ssh-keygen -t ed25519",
            )),
        }
    }
}

/// The first word, and the rest without the space between.
fn word(line: &str) -> (&str, &str) {
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    (word, rest.trim_start())
}

#[derive(Debug, PartialEq, Eq)]
enum Inside {
    Right,
    OtherKind,
    Broken,
    Weak,
}

/// Whether the fields are those of the kind (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4, and
/// PROTOCOL.u2f of OpenSSH), and nothing follows them.
fn inside(kind: &str, blob: &[u8]) -> Inside {
    let mut fields = Vec::new();
    let mut rest = blob;
    while !rest.is_empty() {
        let Some((field, after)) = field(rest) else {
            return Inside::Broken;
        };
        fields.push(field);
        rest = after;
    }
    let Some((named, fields)) = fields.split_first() else {
        return Inside::Broken;
    };
    if *named != kind.as_bytes() {
        return Inside::OtherKind;
    }
    let curve = |name: &[u8], point: &[u8], of: &str, length: usize| {
        name == of.as_bytes() && point.len() == length && point.first() == Some(&4)
    };
    let right = match (kind, fields) {
        ("ssh-ed25519", [key]) => key.len() == 32,
        ("sk-ssh-ed25519@openssh.com", [key, application]) => key.len() == 32 && !application.is_empty(),
        ("ecdsa-sha2-nistp256", [name, point]) => curve(name, point, "nistp256", 65),
        ("ecdsa-sha2-nistp384", [name, point]) => curve(name, point, "nistp384", 97),
        ("ecdsa-sha2-nistp521", [name, point]) => curve(name, point, "nistp521", 133),
        ("sk-ecdsa-sha2-nistp256@openssh.com", [name, point, application]) => {
            curve(name, point, "nistp256", 65) && !application.is_empty()
        }
        ("ssh-rsa", [exponent, modulus]) => {
            // A leading zero says that the number is not negative (RFC 4251 section 5).
            let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
            let zeros = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
            if !RSA_BITS.contains(&(modulus.len() * 8 - zeros)) {
                return Inside::Weak;
            }
            (1..=8).contains(&exponent.len())
        }
        _ => false,
    };
    if right { Inside::Right } else { Inside::Broken }
}

/// The first string and what follows it (RFC 4251 section 5).
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

impl fmt::Display for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), STANDARD.encode(&self.blob))?;
        if self.comment.is_empty() {
            return Ok(());
        }
        write!(f, " {}", self.comment)
    }
}

impl TryFrom<String> for SshKey {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<SshKey> for String {
    fn from(key: SshKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
#[path = "ssh_key_tests.rs"]
mod tests;
