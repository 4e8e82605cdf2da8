//! A certificate that somebody else has signed, as people bring it: checked before it takes the place of the one in use,
//! so that nobody locks everybody out with it.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::prelude::FromDer;

use super::Pair;
use super::facts::Facts;

/// Why a certificate and a key are not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotUsable {
    /// There is none in the text.
    #[error("there is no certificate in it; paste it in PEM form")]
    NoCertificate,
    /// Something of the PEM or DER form is wrong.
    #[error("a certificate of the chain is damaged; copy it once more as a whole")]
    Damaged,
    /// The key was pasted with the certificates.
    #[error("there is a private key among the certificates; paste it into its own field")]
    KeyAmong,
    /// There is none in the text, or more than one.
    #[error("there is not exactly one private key in it; paste one in PEM form")]
    NoKey,
    /// A passphrase protects it.
    #[error("the private key is encrypted; decrypt it first")]
    EncryptedKey,
    /// The TLS library cannot use it.
    #[error(
        "the private key is damaged or of another kind; take RSA from 2048 bits, ECDSA P-256 or P-384, or Ed25519"
    )]
    UnknownKey,
    /// It belongs to another certificate.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
    /// It belongs to a later one of the chain, or one is not signed by the next.
    #[error(
        "the order is wrong; first the certificate of this machine, then each that has signed the one before"
    )]
    Order,
    /// Its time is over.
    #[error("the certificate has expired")]
    Expired,
    /// Its time has not come.
    #[error("the certificate is not valid yet; check the clock of this machine")]
    NotYet,
    /// Browsers look nowhere else.
    #[error("the certificate has no subject alternative names; ask for one with the name of this machine")]
    NoNames,
    /// It is for other uses.
    #[error("the certificate is of an authority or not for servers; ask for one for a TLS server")]
    Purpose,
}

/// The pair in these texts.
///
/// # Errors
/// [`NotUsable`]: what is wrong first.
pub fn pair(chain: &str, key: &str, now: OffsetDateTime) -> Result<Pair, NotUsable> {
    if chain.contains("PRIVATE KEY-----") {
        return Err(NotUsable::KeyAmong);
    }
    let chain = certificates(chain)?;
    let key = private_key(key)?;
    let first = chain.first().ok_or(NotUsable::NoCertificate)?;
    if !fits(first, &key)? {
        // Who has the right key and the wrong order is told so.
        let later = chain.iter().skip(1).any(|other| fits(other, &key) == Ok(true));
        return Err(if later {
            NotUsable::Order
        } else {
            NotUsable::Mismatch
        });
    }
    for (signed, by) in chain.iter().zip(chain.iter().skip(1)) {
        signed_by(signed, by)?;
    }
    let facts = Facts::of(first).ok_or(NotUsable::Damaged)?;
    purpose(first)?;
    if facts.expired(now) {
        return Err(NotUsable::Expired);
    }
    if facts.from > now {
        return Err(NotUsable::NotYet);
    }
    if facts.names.is_empty() && facts.addresses.is_empty() {
        return Err(NotUsable::NoNames);
    }
    let label = match &key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let text: String = chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    Ok(Pair {
        certificate: seal(UPLOADED, &text),
        key: pem(label, key.secret_der()),
        fingerprint: facts.fingerprint,
        names: facts.names,
    })
}

fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, NotUsable> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(found) if found.is_empty() => Err(NotUsable::NoCertificate),
        Ok(found) => Ok(found),
        Err(_) => Err(NotUsable::Damaged),
    }
}

fn private_key(text: &str) -> Result<PrivateKeyDer<'static>, NotUsable> {
    // PKCS #8 says so in its label, the older forms in a header (RFC 1421 section 4.6.1.1).
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(NotUsable::EncryptedKey);
    }
    let found: Result<Vec<_>, _> = PrivateKeyDer::pem_slice_iter(text.as_bytes()).collect();
    let mut found = found.map_err(|_| NotUsable::UnknownKey)?.into_iter();
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (None, _) if text.contains("PRIVATE KEY-----") => Err(NotUsable::UnknownKey),
        _ => Err(NotUsable::NoKey),
    }
}

/// Whether the TLS library will take the two together.
fn fits(certificate: &CertificateDer<'static>, key: &PrivateKeyDer<'_>) -> Result<bool, NotUsable> {
    let key = any_supported_type(key).map_err(|_| NotUsable::UnknownKey)?;
    match CertifiedKey::new(vec![certificate.clone()], key).keys_match() {
        Ok(()) => Ok(true),
        Err(rustls::Error::InconsistentKeys(_)) => Ok(false),
        Err(_) => Err(NotUsable::Damaged),
    }
}

fn signed_by(signed: &[u8], by: &[u8]) -> Result<(), NotUsable> {
    let (_, signed) = X509Certificate::from_der(signed).map_err(|_| NotUsable::Damaged)?;
    let (_, by) = X509Certificate::from_der(by).map_err(|_| NotUsable::Damaged)?;
    if signed.issuer().as_raw() != by.subject().as_raw() {
        return Err(NotUsable::Order);
    }
    match signed.verify_signature(Some(by.public_key())) {
        // Authorities may sign in ways that only browsers know; then the name has to do.
        Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => Ok(()),
        Err(_) => Err(NotUsable::Order),
    }
}

/// Browsers take no certificate of an authority, and none that names other uses only (RFC 5280 section 4.2.1.12).
fn purpose(der: &[u8]) -> Result<(), NotUsable> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| NotUsable::Damaged)?;
    let uses = certificate.extended_key_usage().map_err(|_| NotUsable::Damaged)?;
    let for_servers = uses.is_none_or(|uses| uses.value.server_auth || uses.value.any);
    if certificate.is_ca() || !for_servers {
        return Err(NotUsable::Purpose);
    }
    Ok(())
}

/// RFC 7468 section 2: lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + "-----END " + label + "-----\n"
}

/// Before the digest of a chain. Readers of PEM pass over what is not between the marks (RFC 7468 section 2).
const UPLOADED: &str = "Uploaded, SHA-256 of what follows: ";
/// The same of a certificate that the authority of this machine has signed.
pub(super) const SIGNED_HERE: &str = "Signed by this machine, SHA-256 of what follows: ";

/// The chain with a digest before it: whether it is whole is seen without who has signed it.
pub(super) fn seal(label: &str, chain: &str) -> String {
    let mut sealed = label.to_owned();
    for byte in digest::digest(&digest::SHA256, chain.as_bytes()).as_ref() {
        // Writing to a string cannot fail.
        let _ = write!(sealed, "{byte:02x}");
    }
    sealed + "\n" + chain
}

/// Checks a sealed pair found on disk: the DER form of the certificate, or in words what is wrong. `None` when it has
/// no seal.
pub fn kept(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Option<Result<Vec<u8>, String>> {
    let text = std::str::from_utf8(certificate?).ok()?;
    let mut labels = [UPLOADED, SIGNED_HERE].into_iter();
    let (label, rest) = labels.find_map(|label| Some((label, text.strip_prefix(label)?)))?;
    let (_, chain) = rest.split_once('\n')?;
    if seal(label, chain) != text {
        return Some(Err("the certificate is not whole".to_owned()));
    }
    Some(whole(chain, key).map_err(|why| why.to_string()))
}

fn whole(chain: &str, key: Option<&[u8]>) -> Result<Vec<u8>, NotUsable> {
    let chain = certificates(chain)?;
    let first = chain.first().ok_or(NotUsable::NoCertificate)?;
    let key = key
        .and_then(|key| std::str::from_utf8(key).ok())
        .unwrap_or_default();
    if !fits(first, &private_key(key)?)? {
        return Err(NotUsable::Mismatch);
    }
    Ok(first.to_vec())
}

#[cfg(test)]
#[path = "upload_tests.rs"]
pub mod tests;
