//! The fingerprint of the web page's certificate, for comparing with what a browser shows.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// SHA-256 of a certificate in DER. `Display` is pairs of capital hexadecimal digits with colons between, as
/// browsers show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// In two lines of sixteen bytes, for narrow screens.
    pub fn lines(&self) -> [String; 2] {
        let (first, second) = self.0.split_at(16);
        [first, second].map(pairs)
    }
}

fn pairs(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(":")
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&pairs(&self.0))
    }
}

/// Fingerprint of the first certificate in a PEM file (RFC 7468), the one a server shows.
///
/// # Errors
/// In words: what is not as it should be.
pub fn fingerprint(pem: &[u8]) -> Result<Fingerprint, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = std::str::from_utf8(pem).map_err(|_| "it is no text".to_owned())?;
    let (_, rest) = text.split_once(BEGIN).ok_or("it holds no certificate")?;
    let (body, _) = rest.split_once(END).ok_or("its certificate has no end")?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD
        .decode(body)
        .map_err(|error| format!("its certificate is damaged: {error}"))?;
    if der.is_empty() {
        return Err("its certificate is empty".to_owned());
    }
    Ok(Fingerprint(Sha256::digest(&der).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_of_the_bytes_inside() {
        // "abc": the first example of FIPS 180-4.
        let pem = "text before\n-----BEGIN CERTIFICATE-----\nYW\nJj\n-----END CERTIFICATE-----\n";
        let found = fingerprint(pem.as_bytes()).expect("a certificate");
        assert!(
            found
                .to_string()
                .starts_with("BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03")
        );
        assert_eq!(found.lines().join(":"), found.to_string());
        assert_eq!(found.lines()[0].len(), 47);
    }

    #[test]
    fn what_is_no_certificate_says_why() {
        let why = |pem: &str| fingerprint(pem.as_bytes()).expect_err("no certificate");
        assert_eq!(why(""), "it holds no certificate");
        assert_eq!(
            why("-----BEGIN CERTIFICATE-----\nYWJj"),
            "its certificate has no end"
        );
        assert!(why("-----BEGIN CERTIFICATE-----\nY?\n-----END CERTIFICATE-----").contains("damaged"));
        assert_eq!(
            why("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"),
            "its certificate is empty"
        );
    }
}
