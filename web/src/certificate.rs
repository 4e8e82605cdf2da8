//! The node's own TLS certificate: made on first boot, kept over restarts.
//!
//! It is self-signed, for there is nobody yet who could sign it; the console shows its fingerprint for comparison.

mod check;
mod store;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType,
};
use ring::digest;

/// Name of the certificate in the state folder.
const CERTIFICATE: &str = "certificate.pem";
/// Name of the private key in the state folder.
const KEY: &str = "key.pem";

/// A certificate and its private key, both PEM, known to belong together.
pub struct Pair {
    /// Certificate.
    pub certificate: String,
    /// Private key, PKCS #8.
    pub key: String,
    /// SHA-256 over the DER form of the certificate, as browsers show it: "AB:CD:…".
    pub fingerprint: String,
}

/// Whom a new certificate is for.
#[derive(Debug, Default)]
pub struct Subject {
    /// Host name.
    pub name: String,
    /// Addresses the node is reached at.
    pub addresses: Vec<IpAddr>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something could not be read from or written to the state folder.
    #[error("cannot {doing} {}; the folder given with --state must belong to the user of this program", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The certificate could not be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
}

/// The pair kept in `state`; `None` when there is none or it cannot be used (the log says why; what is left of it
/// is moved aside as `*.damaged`).
///
/// # Errors
/// When the folder cannot be read or written.
pub fn load(state: &Path) -> Result<Option<Pair>, Error> {
    let (certificate, key) = (state.join(CERTIFICATE), state.join(KEY));
    let (found_certificate, found_key) = (store::read(&certificate)?, store::read(&key)?);
    if found_certificate.is_none() && found_key.is_none() {
        return Ok(None);
    }
    match check::pair(found_certificate.as_deref(), found_key.as_deref()) {
        Ok(der) => {
            store::tighten(&key)?;
            let text =
                |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
            Ok(Some(Pair {
                certificate: text(found_certificate),
                key: text(found_key),
                fingerprint: fingerprint(&der),
            }))
        }
        Err(why) => {
            tracing::warn!(
                "the certificate in {} cannot be used: {why}; it is moved aside (*.damaged) and a new one is made, so \
                 browsers will ask once more whether to trust this node",
                state.display()
            );
            store::move_aside(&certificate)?;
            store::move_aside(&key)?;
            Ok(None)
        }
    }
}

/// Makes a new pair for `subject` and keeps it in `state`. A crash at any moment leaves either nothing, or a pair
/// that [`load`] tells apart from a good one.
///
/// # Errors
/// When the folder cannot be written.
pub fn create(state: &Path, subject: &Subject) -> Result<Pair, Error> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let certificate = parameters(subject)?.self_signed(&key)?;
    let pair = Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        fingerprint: fingerprint(certificate.der()),
    };
    store::make_folder(state)?;
    // The key first: a certificate whose key is missing or older is recognised, and so is the opposite.
    store::write(&state.join(KEY), pair.key.as_bytes(), 0o600)?;
    store::write(&state.join(CERTIFICATE), pair.certificate.as_bytes(), 0o644)?;
    Ok(pair)
}

fn parameters(subject: &Subject) -> Result<CertificateParams, Error> {
    let mut parameters = CertificateParams::default();
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::OrganizationName, "PocketStack");
    if is_host_name(&subject.name) {
        distinguished.push(DnType::CommonName, subject.name.as_str());
        let mut names = vec![subject.name.clone()];
        if !subject.name.ends_with(".local") {
            // The name multicast DNS gives the node (RFC 6762 section 3): the first label under "local".
            let label = subject.name.split('.').next().unwrap_or_default();
            names.push(format!("{label}.local"));
        }
        for name in names {
            parameters
                .subject_alt_names
                .push(SanType::DnsName(name.try_into()?));
        }
    } else {
        tracing::warn!(
            "{:?} is not a host name; the certificate is made without it",
            subject.name
        );
        distinguished.push(DnType::CommonName, "PocketStack node");
    }
    parameters
        .subject_alt_names
        .extend(subject.addresses.iter().copied().map(SanType::IpAddress));
    parameters.distinguished_name = distinguished;
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Always valid. An old machine may start with a clock that is years off, and who has compared the fingerprint
    // should not have to do it again. RFC 5280 section 4.1.2.5: 9999-12-31 says "no well-defined expiration date".
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(9999, 12, 31).replace_time(LAST_SECOND);
    Ok(parameters)
}

const LAST_SECOND: time::Time = match time::Time::from_hms(23, 59, 59) {
    Ok(time) => time,
    Err(_) => time::Time::MIDNIGHT,
};

/// RFC 1123 section 2.1: letters, digits and hyphens, in labels of up to 63, 253 altogether.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn fingerprint(der: &[u8]) -> String {
    let mut text = String::with_capacity(95);
    for byte in digest::digest(&digest::SHA256, der).as_ref() {
        let separator = if text.is_empty() { "" } else { ":" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests;
