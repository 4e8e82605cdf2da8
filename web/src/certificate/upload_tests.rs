use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use super::*;
use crate::certificate::{CERTIFICATE, KEY, NEXT_KEY, Subject, create, keep, load};
use crate::mutation::Dice;

/// A chain of two and the key of its first, as an authority would sign them with these changes.
pub fn signed(change: impl FnOnce(&mut CertificateParams)) -> (String, String, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Lab authority");
    let authority_key = KeyPair::generate().expect("a key");
    let top = authority.self_signed(&authority_key).expect("signed");
    let mut own = CertificateParams::new(["lab-one.example.org".to_owned()]).expect("a name");
    own.not_before = rcgen::date_time_ymd(2020, 1, 1);
    own.not_after = rcgen::date_time_ymd(2090, 1, 1);
    change(&mut own);
    let key = KeyPair::generate().expect("a key");
    let issuer = Issuer::new(authority, authority_key);
    let own = own.signed_by(&key, &issuer).expect("signed");
    (own.pem(), top.pem(), key.serialize_pem())
}

fn now() -> OffsetDateTime {
    rcgen::date_time_ymd(2026, 11, 21)
}

/// What is wrong with a chain and a key.
fn wrong(chain: &str, key: &str) -> Option<NotUsable> {
    pair(chain, key, now()).err()
}

#[test]
fn a_chain_is_kept_over_restarts_and_found_whole() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    create(folder.path(), &Subject::default()).expect("made");
    let (own, top, key) = signed(|_| {});
    // Browsers send texts with both ends of a line.
    let chain = format!("{own}{top}").replace('\n', "\r\n");
    let new = pair(&chain, &key.replace('\n', "\r\n"), now()).expect("it is good");
    assert_eq!(new.names, ["lab-one.example.org"]);
    keep(folder.path(), &new).expect("kept");
    let kept = load(folder.path()).expect("read").expect("there");
    assert_eq!(
        (kept.certificate, kept.fingerprint),
        (new.certificate, new.fingerprint)
    );
    assert!(!folder.path().join(NEXT_KEY).exists());
    let facts = crate::certificate::facts(folder.path())
        .expect("read")
        .expect("there");
    assert_eq!(facts.issuer.as_deref(), Some("CN=Lab authority"));
}

#[test]
fn a_crash_between_certificate_and_key_is_made_good() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let before = create(folder.path(), &Subject::default()).expect("made");
    let (own, top, key) = signed(|_| {});
    let new = pair(&format!("{own}{top}"), &key, now()).expect("it is good");
    // The key alone: the pair of before is in use.
    std::fs::write(folder.path().join(NEXT_KEY), &new.key).expect("written");
    let kept = load(folder.path()).expect("read").expect("there");
    assert_eq!(kept.fingerprint, before.fingerprint);
    // The certificate too: the new pair is.
    std::fs::write(folder.path().join(CERTIFICATE), &new.certificate).expect("written");
    for _ in 0..2 {
        let kept = load(folder.path()).expect("read").expect("there");
        assert_eq!(
            (kept.fingerprint, kept.key),
            (new.fingerprint.clone(), new.key.clone())
        );
    }
    let key = std::fs::read_to_string(folder.path().join(KEY)).expect("read");
    assert_eq!(key, new.key);
}

#[test]
fn every_changed_byte_of_an_uploaded_chain_is_seen() {
    let (own, top, key) = signed(|_| {});
    let new = pair(&format!("{own}{top}"), &key, now()).expect("it is good");
    let good =
        |certificate: &[u8]| crate::certificate::check(Some(certificate), Some(new.key.as_bytes())).is_ok();
    assert!(good(new.certificate.as_bytes()));
    for at in 0..new.certificate.len() {
        let mut damaged = new.certificate.clone().into_bytes();
        damaged[at] ^= 1;
        assert!(!good(&damaged), "byte {at}");
    }
    let (_, _, other) = signed(|_| {});
    assert!(crate::certificate::check(Some(new.certificate.as_bytes()), Some(other.as_bytes())).is_err());
    assert!(crate::certificate::check(Some(new.certificate.as_bytes()), None).is_err());
}

#[test]
fn what_is_wrong_is_said() {
    let (own, top, key) = signed(|_| {});
    let (_, other_top, other_key) = signed(|_| {});
    let chain = format!("{own}{top}");
    assert_eq!(wrong(&own, &key), None, "browsers may know the rest");
    assert_eq!(wrong("", &key), Some(NotUsable::NoCertificate));
    assert_eq!(wrong("lab-one", &key), Some(NotUsable::NoCertificate));
    assert_eq!(wrong(&chain[..chain.len() / 4], &key), Some(NotUsable::Damaged));
    assert_eq!(wrong(&format!("{chain}{key}"), &key), Some(NotUsable::KeyAmong));
    assert_eq!(wrong(&chain, ""), Some(NotUsable::NoKey));
    assert_eq!(
        wrong(&chain, &format!("{key}{other_key}")),
        Some(NotUsable::NoKey)
    );
    assert_eq!(
        wrong(&chain, &key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
        Some(NotUsable::EncryptedKey)
    );
    assert_eq!(wrong(&chain, &key[..key.len() / 2]), Some(NotUsable::UnknownKey));
    assert_eq!(wrong(&chain, &other_key), Some(NotUsable::Mismatch));
    assert_eq!(wrong(&format!("{top}{own}"), &key), Some(NotUsable::Order));
    assert_eq!(
        wrong(&format!("{own}{other_top}"), &key),
        Some(NotUsable::Order),
        "the same name, another key"
    );
}

#[test]
fn what_browsers_would_refuse_is_refused() {
    let with = |change: fn(&mut CertificateParams)| {
        let (own, top, key) = signed(change);
        wrong(&format!("{own}{top}"), &key)
    };
    assert_eq!(
        with(|own| own.not_after = rcgen::date_time_ymd(2026, 11, 20)),
        Some(NotUsable::Expired)
    );
    assert_eq!(
        with(|own| own.not_before = rcgen::date_time_ymd(2026, 11, 22)),
        Some(NotUsable::NotYet)
    );
    assert_eq!(
        with(|own| own.subject_alt_names.clear()),
        Some(NotUsable::NoNames)
    );
    assert_eq!(
        with(|own| own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        Some(NotUsable::Purpose)
    );
    assert_eq!(
        with(|own| own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
        Some(NotUsable::Purpose)
    );
}

/// Some changes are beside the point, as between the marks of PEM; all others are refused in words, and none is a panic.
#[test]
fn chains_and_keys_changed_anyhow_are_refused_or_as_good_as_before() {
    let (own, top, key) = signed(|_| {});
    let chain = format!("{own}{top}");
    let ders = certificates(&chain).expect("a chain");
    let mut taken = 0;
    for round in 0..1500 {
        let mut dice = Dice::new(4, round);
        let (mut chain, mut key) = (chain.clone(), key.clone());
        match dice.below(3) {
            // Inside of the certificate, which no checksum of PEM guards.
            0 => {
                let mut ders: Vec<Vec<u8>> = ders.iter().map(|der| der.to_vec()).collect();
                let (at, other) = (dice.below(ders.len()), ders[dice.below(ders.len())].clone());
                dice.change(&mut ders[at], &other);
                chain = ders.iter().map(|der| pem("CERTIFICATE", der)).collect();
            }
            1 => {
                let mut bytes = key.clone().into_bytes();
                dice.change(&mut bytes, chain.as_bytes());
                key = String::from_utf8_lossy(&bytes).into_owned();
            }
            _ => {
                let mut bytes = chain.clone().into_bytes();
                dice.change(&mut bytes, key.as_bytes());
                chain = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        let came = std::panic::catch_unwind(|| pair(&chain, &key, now()));
        match came.unwrap_or_else(|_| panic!("round {round}:\n{chain}\n{key}")) {
            Ok(pair) => {
                assert!(
                    crate::certificate::check(Some(pair.certificate.as_bytes()), Some(pair.key.as_bytes()))
                        .is_ok(),
                    "round {round} is taken, but not found whole afterwards:\n{chain}\n{key}"
                );
                taken += 1;
            }
            Err(why) => assert!(why.to_string().len() > 20),
        }
    }
    assert!((1..1000).contains(&taken), "{taken} are taken");
}
