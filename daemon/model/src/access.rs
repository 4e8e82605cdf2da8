//! Who may come in: the hash of the admin password, and the SSH keys.
//!
//! There is one account, `admin`. A node whose configuration has a password is set up; before, the wizard asks for one.

mod hashing;
mod password;
mod ssh_key;
mod strength;

use serde::{Deserialize, Serialize};

use crate::config::problem::{Problem, Problems};

pub use hashing::HashingError;
pub use password::{Hash, PasswordHash};
pub use ssh_key::SshKey;
pub use strength::{LONGEST_PASSWORD, Weak, check_strength};

/// Name of the only account.
pub const ACCOUNT: &str = "admin";

/// The way in. In files: the section `[access]`.
///
/// Whatever is deserialized fits together ([`AccessSettings::problems`] is empty).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct AccessSettings {
    /// Hash of the password of [`ACCOUNT`]; without one the node is not set up.
    #[serde(rename = "password_hash", skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// Whoever has the private half of one of these may come in by SSH; with none, SSH is off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_keys: Vec<SshKey>,
}

/// What comes in, before it is known to fit together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(default)]
    password_hash: Option<PasswordHash>,
    #[serde(default)]
    ssh_keys: Vec<SshKey>,
}

impl TryFrom<Unchecked> for AccessSettings {
    type Error = Problems;

    fn try_from(unchecked: Unchecked) -> Result<Self, Problems> {
        let access = Self {
            password: unchecked.password_hash,
            ssh_keys: unchecked.ssh_keys,
        };
        Problems::none_in(access.problems(), access)
    }
}

impl AccessSettings {
    /// Most keys there can be: each is up to a kilobyte, and the configuration has to stay a file that is read whole.
    pub const MOST_KEYS: usize = 32;

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.password.is_none() && self.ssh_keys.is_empty()
    }

    /// All that does not fit together. The keys start with "access.".
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut seen: Vec<&[u8]> = Vec::new();
        for key in &self.ssh_keys {
            if seen.contains(&key.blob()) {
                found.push(Problem::new(
                    "access.ssh_keys",
                    format!("the key {:?} is there twice", key.name()),
                    "name each key once",
                ));
            }
            seen.push(key.blob());
        }
        if self.ssh_keys.len() > Self::MOST_KEYS {
            found.push(Problem::new(
                "access.ssh_keys",
                format!("these are {} keys", self.ssh_keys.len()),
                format!("at most {} are taken", Self::MOST_KEYS),
            ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn with_keys(keys: &[String]) -> Result<AccessSettings, String> {
        let document = serde_json::json!({ "ssh_keys": keys });
        serde_json::from_value(document).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_there_once_whatever_its_comment() {
        let twice = [format!("{KEY} a@b"), format!("{KEY} c@d")];
        let error = with_keys(&twice).expect_err("it is the same key");
        assert!(
            error.contains("access.ssh_keys: the key \"c@d\" is there twice"),
            "{error}"
        );
        assert_eq!(with_keys(&twice[..1]).expect("one key").ssh_keys.len(), 1);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(serde_json::from_str::<AccessSettings>("{\"password\":\"secret\"}").is_err());
        assert_eq!(
            serde_json::from_str::<AccessSettings>("{}").ok(),
            Some(AccessSettings::default())
        );
    }
}
