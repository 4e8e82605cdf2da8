//! Requests over HTTPS to servers whose certificates are known by their fingerprints.
//!
//! The fingerprint is all the trust there is: who signed the certificate, for which name and until when does not
//! matter, so neither a clock nor a list of authorities is needed on a machine that has only just started, and a node's
//! self-signed certificate is as good as any.

mod tls;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, TcpConnector};

use tls::{Tls, Trust};

/// From connecting to the last byte.
const LIMIT: Duration = Duration::from_secs(30);

/// SHA-256 of a certificate in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// The text is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is no SHA-256 fingerprint: 64 hexadecimal digits are needed, with or without colons, as `openssl x509 -noout -fingerprint -sha256` prints them"
)]
pub struct FingerprintError {
    /// What was given.
    pub given: String,
}

impl Fingerprint {
    /// Of a certificate.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// As the console and browsers show it: pairs of capital digits with colons between.
    pub fn in_pairs(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let wrong = || FingerprintError {
            given: text.to_owned(),
        };
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return Err(wrong());
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Only HTTPS is fetched.
    #[error("{url} does not begin with https://")]
    NotHttps {
        /// What was asked for.
        url: String,
    },
    /// TLS cannot be used at all.
    #[error("TLS cannot be used: {0}")]
    Tls(String),
    /// The server could not be reached, is not the one meant, or refused.
    #[error("{url} cannot be fetched: {why}")]
    Fetch {
        /// What was asked for.
        url: String,
        /// What went wrong.
        why: String,
    },
}

/// Fetches the text at `url`, of at most `limit` bytes. No redirection is followed. Blocks, at most half a minute.
///
/// # Errors
/// [`Error`].
pub fn fetch(url: &str, pinned: Fingerprint, limit: u64) -> Result<String, Error> {
    https(url)?;
    let failed = |why: String| Error::Fetch {
        url: url.to_owned(),
        why,
    };
    let agent = agent(pinned, LIMIT)?;
    let mut answer = agent.get(url).call().map_err(|error| failed(error.to_string()))?;
    if answer.status() != ureq::http::StatusCode::OK {
        return Err(failed(format!("the server answers {}", answer.status())));
    }
    answer
        .body_mut()
        .with_config()
        .limit(limit)
        .read_to_string()
        .map_err(|error| failed(error.to_string()))
}

/// A client that talks only HTTPS, only to servers with this certificate, and at most `limit` a request. An answer
/// is an answer whatever its status; no redirection is followed and no proxy used.
///
/// # Errors
/// [`Error::Tls`].
pub fn agent(pinned: Fingerprint, limit: Duration) -> Result<ureq::Agent, Error> {
    client(Trust::Only(pinned), limit)
}

/// The fingerprint of the certificate that the server at `url` shows, for a person to compare. Nothing is sent to it.
///
/// # Errors
/// [`Error`]: it cannot be reached, or shows none.
pub fn look(url: &str) -> Result<Fingerprint, Error> {
    https(url)?;
    let seen = Arc::new(OnceLock::new());
    let agent = client(Trust::Nobody { seen: seen.clone() }, LIMIT)?;
    // Nobody is trusted, so this ends with the handshake.
    let answer = agent.get(url).call();
    match (seen.get(), answer) {
        (Some(fingerprint), _) => Ok(*fingerprint),
        (None, answer) => Err(Error::Fetch {
            url: url.to_owned(),
            why: match answer {
                Ok(_) => "the server has shown no certificate".to_owned(),
                Err(error) => error.to_string(),
            },
        }),
    }
}

fn https(url: &str) -> Result<(), Error> {
    if url.starts_with("https://") {
        Ok(())
    } else {
        Err(Error::NotHttps { url: url.to_owned() })
    }
}

fn client(trust: Trust, limit: Duration) -> Result<ureq::Agent, Error> {
    let tls = Tls::new(trust).map_err(|error| Error::Tls(error.to_string()))?;
    let connector = ().chain(TcpConnector::default()).chain(tls);
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(limit))
        .max_redirects(0)
        .http_status_as_error(false)
        .https_only(true)
        .proxy(None)
        .build();
    Ok(ureq::Agent::with_parts(
        config,
        connector,
        DefaultResolver::default(),
    ))
}

#[cfg(test)]
mod tests;
