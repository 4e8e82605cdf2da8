//! The authority of this machine: made once, it signs every certificate that the machine makes for itself. Whoever
//! imports it into a browser is not asked again after a new certificate.
//!
//! Its key never leaves the state folder. It outlasts new certificates, uploaded ones and another name of the machine;
//! only a reset of the machine ends it.

use std::path::Path;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use ring::digest;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{Error, check, fingerprint, is_host_name, valid_for_ever};
use crate::files;

/// Name of its certificate in the state folder.
const CERTIFICATE: &str = "ca.pem";
/// Name of its private key in the state folder.
const KEY: &str = "ca-key.pem";
/// RFC 5280 appendix A.1 gives a common name 64 characters; so much of the machine's name leaves room for the rest.
const LONGEST_NAME: usize = 40;

/// Who signs here.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

/// The certificate of the authority, as people get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// PEM, for import.
    pub pem: String,
    /// What it calls itself.
    pub name: String,
    /// SHA-256 over its DER form: "AB:CD:…".
    pub fingerprint: String,
}

impl Authority {
    /// The one kept in `state`, or a new one that is named after the machine. One that is damaged is moved aside
    /// (`*.damaged`): what browsers have imported is of no use then.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn of(state: &Path, name: &str) -> Result<Self, Error> {
        files::make_folder(state)?;
        let (certificate, key) = (state.join(CERTIFICATE), state.join(KEY));
        let (found, found_key) = (files::read(&certificate)?, files::read(&key)?);
        if found.is_none() {
            return Self::make(state, name);
        }
        match kept(found.as_deref(), found_key.as_deref()) {
            Ok(authority) => {
                files::tighten(&key)?;
                Ok(authority)
            }
            Err(why) => {
                tracing::warn!(
                    "the authority in {} cannot be used: {why}; it is moved aside (*.damaged) and a new one is made, \
                     which has to be imported into browsers anew",
                    state.display()
                );
                files::move_aside(&certificate)?;
                files::move_aside(&key)?;
                Self::make(state, name)
            }
        }
    }

    fn make(state: &Path, name: &str) -> Result<Self, Error> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let params = parameters(&common_name(name, &key));
        let certificate = params.self_signed(&key)?;
        // The certificate is what counts: a key alone is of an authority that nobody has seen.
        files::write(&state.join(KEY), key.serialize_pem().as_bytes(), 0o600)?;
        files::write(&state.join(CERTIFICATE), certificate.pem().as_bytes(), 0o644)?;
        tracing::info!(
            "made an authority of this machine, SHA-256 {}",
            fingerprint(certificate.der())
        );
        Ok(Self { params, key })
    }

    /// Signs the certificate of a key.
    ///
    /// # Errors
    /// When the parameters are not possible.
    pub fn sign(&self, params: &CertificateParams, key: &KeyPair) -> Result<Certificate, Error> {
        Ok(params.signed_by(key, &Issuer::from_params(&self.params, &self.key))?)
    }
}

/// The certificate of the authority kept in `state`; `None` when there is none that is whole.
///
/// # Errors
/// When the folder cannot be read.
pub fn root(state: &Path) -> Result<Option<Root>, Error> {
    let (found, key) = (
        files::read(&state.join(CERTIFICATE))?,
        files::read(&state.join(KEY))?,
    );
    let Ok(der) = check::pair(found.as_deref(), key.as_deref()) else {
        return Ok(None);
    };
    Ok(found.and_then(|pem| {
        Some(Root {
            pem: String::from_utf8(pem).ok()?,
            name: name_of(&der)?,
            fingerprint: fingerprint(&der),
        })
    }))
}

/// What was kept, if it is whole.
fn kept(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Result<Authority, String> {
    check::pair(certificate, key)?;
    let der = certificate.and_then(|pem| CertificateDer::from_pem_slice(pem).ok());
    let name = der
        .and_then(|der| name_of(&der))
        .ok_or("its certificate names nobody")?;
    let key = key
        .and_then(|key| std::str::from_utf8(key).ok())
        .unwrap_or_default();
    let key = KeyPair::from_pem_and_sign_algo(key, &rcgen::PKCS_ECDSA_P256_SHA256)
        .map_err(|error| error.to_string())?;
    Ok(Authority {
        params: parameters(&name),
        key,
    })
}

fn name_of(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let mut names = certificate.subject().iter_common_name();
    Some(names.next()?.as_str().ok()?.to_owned())
}

/// Two machines of one name, or one before and after its reset, must not be taken for each other by a browser.
fn common_name(name: &str, key: &KeyPair) -> String {
    let name = if is_host_name(name) { name } else { "node" };
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let mark = digest::digest(&digest::SHA256, &key.subject_public_key_info());
    let mark: String = mark
        .as_ref()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("PocketStack {name} {mark}")
}

fn parameters(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::OrganizationName, "PocketStack");
    distinguished.push(DnType::CommonName, name);
    params.distinguished_name = distinguished;
    // It signs servers, and no further authorities.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for_ever(&mut params);
    params
}

#[cfg(test)]
#[path = "authority_tests.rs"]
mod tests;
