//! What a certificate says of itself.

use std::net::IpAddr;

use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::fingerprint;

/// What people compare and browsers look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// DNS names it is for, in lower case.
    pub names: Vec<String>,
    /// Addresses it is for.
    pub addresses: Vec<IpAddr>,
    /// Who has signed it; `None` if it is self-signed.
    pub issuer: Option<String>,
    /// From when it is valid.
    pub from: OffsetDateTime,
    /// Until when it is valid.
    pub until: OffsetDateTime,
    /// SHA-256 over its DER form: "AB:CD:…".
    pub fingerprint: String,
}

impl Facts {
    /// Of a certificate in DER; `None` when it cannot be read.
    pub fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let self_signed = certificate.subject().as_raw() == certificate.issuer().as_raw();
        let (mut names, mut addresses) = (Vec::new(), Vec::new());
        let subject = certificate.subject_alternative_name().ok()?;
        for name in subject.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
        Some(Self {
            names,
            addresses,
            issuer: (!self_signed).then(|| certificate.issuer().to_string()),
            from: certificate.validity().not_before.to_datetime(),
            until: certificate.validity().not_after.to_datetime(),
            fingerprint: fingerprint(der),
        })
    }

    /// Whether no browser takes it any more.
    pub fn expired(&self, now: OffsetDateTime) -> bool {
        self.until < now
    }
}

/// RFC 5280 section 4.2.1.6: four bytes or sixteen.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::{Subject, create, facts, load};

    #[test]
    fn the_facts_of_a_certificate_are_found_made_or_kept() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let addresses = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse().expect("an address"));
        let subject = Subject {
            name: "Lab-one".to_owned(),
            addresses: addresses.to_vec(),
        };
        let made = create(folder.path(), &subject).expect("made");
        assert_eq!(made.names, ["lab-one", "lab-one.local"]);
        let kept = load(folder.path()).expect("read").expect("there");
        assert_eq!(kept.names, made.names);
        let facts = facts(folder.path()).expect("read").expect("there");
        assert_eq!((facts.names, facts.fingerprint), (made.names, made.fingerprint));
        assert_eq!(facts.addresses, addresses);
        let issuer = facts.issuer.expect("the authority of the machine");
        assert!(issuer.contains("PocketStack Lab-one "), "{issuer}");
        assert_eq!((facts.from.year(), facts.until.year()), (2020, 9999));
    }

    #[test]
    fn what_is_damaged_has_no_facts() {
        assert_eq!(Facts::of(&[]), None);
        assert_eq!(Facts::of(&[0x30, 4, 0x30, 2, 0x82, 9]), None);
        assert_eq!((address(&[1; 5]), address(&[])), (None, None));
    }
}
