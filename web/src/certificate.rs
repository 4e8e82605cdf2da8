//! The node's own TLS certificate: made on first boot, kept over restarts.
//!
//! The machine signs it with an authority of its own ([`authority`]), which browsers may import; the console shows its
//! fingerprint for comparison. People may bring one that somebody else has signed ([`upload`]).

pub mod authority;
mod check;
mod facts;
pub mod upload;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use pocketstack_model::node::{Management, Overview};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType,
};
use ring::digest;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::files::{self, FileError};

use authority::Authority;
pub use facts::Facts;

/// Name of the certificate in the state folder.
const CERTIFICATE: &str = "certificate.pem";
/// Name of the private key in the state folder.
const KEY: &str = "key.pem";
/// Name of the private key of a certificate that is about to take the place of the one before.
const NEXT_KEY: &str = "key-next.pem";

/// A certificate and its private key, both PEM, known to belong together.
pub struct Pair {
    /// Certificate.
    pub certificate: String,
    /// Private key.
    pub key: String,
    /// SHA-256 over the DER form of the certificate, as browsers show it: "AB:CD:…".
    pub fingerprint: String,
    /// Names it is for, addresses aside.
    pub names: Vec<String>,
}

/// Whom a new certificate is for.
#[derive(Debug, Default)]
pub struct Subject {
    /// Host name.
    pub name: String,
    /// Addresses the node is reached at.
    pub addresses: Vec<IpAddr>,
}

impl Subject {
    /// The machine with this overview.
    pub fn of(overview: &Overview) -> Self {
        let addresses = match &overview.management {
            Management::Up { addresses, .. } => addresses.iter().map(|address| address.address).collect(),
            _ => Vec::new(),
        };
        Self {
            name: overview.name.clone(),
            addresses,
        }
    }
}

/// Where the certificate is kept, for the page that replaces it.
pub struct Folder(pub PathBuf);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something could not be read from or written to the state folder.
    #[error(transparent)]
    File(#[from] FileError),
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
    let found_certificate = files::read(&certificate)?;
    let mut found_key = files::read(&key)?;
    if found_certificate.is_none() && found_key.is_none() {
        return Ok(None);
    }
    let mut checked = check(found_certificate.as_deref(), found_key.as_deref());
    if checked.is_err()
        && let Some(next) = files::read(&state.join(NEXT_KEY))?
        && let Ok(der) = check(found_certificate.as_deref(), Some(&next))
    {
        // `keep` was cut off between its last two steps.
        files::rename(&state.join(NEXT_KEY), &key)?;
        (checked, found_key) = (Ok(der), Some(next));
    }
    match checked {
        Ok(der) => {
            files::tighten(&key)?;
            let text =
                |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
            Ok(Some(Pair {
                certificate: text(found_certificate),
                key: text(found_key),
                fingerprint: fingerprint(&der),
                names: names(&der),
            }))
        }
        Err(why) => {
            tracing::warn!(
                "the certificate in {} cannot be used: {why}; it is moved aside (*.damaged) and a new one is made, so \
                 browsers will ask once more whether to trust this node",
                state.display()
            );
            files::move_aside(&certificate)?;
            files::move_aside(&key)?;
            Ok(None)
        }
    }
}

/// What the certificate kept in `state` says of itself; `None` when there is none that can be read.
///
/// # Errors
/// When the file cannot be read.
pub fn facts(state: &Path) -> Result<Option<Facts>, Error> {
    let found = files::read(&state.join(CERTIFICATE))?;
    let der = found.and_then(|pem| CertificateDer::from_pem_slice(&pem).ok());
    Ok(der.and_then(|der| Facts::of(&der)))
}

/// Whether what was found on disk is whole, however it came there.
fn check(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Result<Vec<u8>, String> {
    upload::kept(certificate, key).unwrap_or_else(|| check::pair(certificate, key))
}

fn names(der: &[u8]) -> Vec<String> {
    Facts::of(der).map(|facts| facts.names).unwrap_or_default()
}

/// Makes a new pair for `subject` and keeps it in `state`, in place of the one before.
///
/// # Errors
/// When the folder cannot be written.
pub fn create(state: &Path, subject: &Subject) -> Result<Pair, Error> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let authority = Authority::of(state, &subject.name)?;
    let certificate = authority.sign(&parameters(subject)?, &key)?;
    let pair = Pair {
        certificate: upload::seal(upload::SIGNED_HERE, &certificate.pem()),
        key: key.serialize_pem(),
        fingerprint: fingerprint(certificate.der()),
        names: names(certificate.der()),
    };
    keep(state, &pair)?;
    Ok(pair)
}

/// Keeps a pair in `state`, in place of the one before. A crash at any moment leaves the old pair or the new one: the
/// certificate decides, and [`load`] finds its key under either name.
///
/// # Errors
/// When the folder cannot be written.
pub fn keep(state: &Path, pair: &Pair) -> Result<(), Error> {
    files::make_folder(state)?;
    let next = state.join(NEXT_KEY);
    files::write(&next, pair.key.as_bytes(), 0o600)?;
    files::write(&state.join(CERTIFICATE), pair.certificate.as_bytes(), 0o644)?;
    files::rename(&next, &state.join(KEY))?;
    Ok(())
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
    parameters.use_authority_key_identifier_extension = true;
    valid_for_ever(&mut parameters);
    Ok(parameters)
}

fn valid_for_ever(parameters: &mut CertificateParams) {
    // Always valid. An old machine may start with a clock that is years off, and who has compared the fingerprint
    // should not have to do it again. RFC 5280 section 4.1.2.5: 9999-12-31 says "no well-defined expiration date".
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(9999, 12, 31).replace_time(LAST_SECOND);
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
