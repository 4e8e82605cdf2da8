use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tempfile::TempDir;

use super::*;

fn subject() -> Subject {
    Subject {
        name: "lab-one".to_owned(),
        addresses: vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, 17))],
    }
}

fn made() -> (TempDir, Pair) {
    let folder = TempDir::new().expect("a temporary folder");
    let pair = create(folder.path(), &subject()).expect("it is made");
    (folder, pair)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

/// Replaces both files, then loads: the pair must be refused and moved aside.
fn is_refused(folder: &Path, certificate: &[u8], key: &[u8]) -> bool {
    fs::write(folder.join(CERTIFICATE), certificate).expect("it can be written");
    fs::write(folder.join(KEY), key).expect("it can be written");
    let refused = load(folder).expect("the folder can be used").is_none();
    assert_eq!(folder.join("key.pem.damaged").exists(), refused);
    assert_eq!(folder.join(KEY).exists(), !refused);
    fs::remove_file(folder.join("key.pem.damaged")).ok();
    refused
}

#[test]
fn an_empty_folder_holds_no_pair() {
    let folder = TempDir::new().expect("a temporary folder");
    assert!(load(folder.path()).expect("it can be read").is_none());
    assert!(
        load(&folder.path().join("missing"))
            .expect("missing is no error")
            .is_none()
    );
}

#[test]
fn the_files_have_their_modes_and_nothing_is_left_beside_them() {
    let (folder, _) = made();
    assert_eq!(mode(&folder.path().join(CERTIFICATE)), 0o644);
    assert_eq!(mode(&folder.path().join(KEY)), 0o600);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("it can be read")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["ca-key.pem", "ca.pem", CERTIFICATE, KEY]);
}

#[test]
fn a_pair_is_kept_over_restarts() {
    let (folder, pair) = made();
    let again = load(folder.path())
        .expect("it can be read")
        .expect("the pair is good");
    assert_eq!(
        (again.certificate, again.key, again.fingerprint),
        (pair.certificate, pair.key, pair.fingerprint)
    );
}

#[test]
fn names_and_addresses_are_in_the_certificate() {
    let parameters = parameters(&subject()).expect("they are valid");
    let dns = |name: &str| SanType::DnsName(name.try_into().expect("ASCII"));
    let address = SanType::IpAddress(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 17)));
    assert_eq!(
        parameters.subject_alt_names,
        [dns("lab-one"), dns("lab-one.local"), address]
    );
}

#[test]
fn a_hostile_host_name_stays_out() {
    for name in ["", "a b", "-a", "ü", "a..b", "<script>", &"a".repeat(64)] {
        let subject = Subject {
            name: name.to_owned(),
            addresses: Vec::new(),
        };
        assert!(
            parameters(&subject)
                .expect("it is left out")
                .subject_alt_names
                .is_empty(),
            "{name:?}"
        );
    }
}

#[test]
fn every_flipped_bit_of_the_certificate_is_seen() {
    // Of one that has signed itself; others have a seal.
    let (folder, _) = made();
    let file = |name| fs::read(folder.path().join(name)).expect("the authority is there");
    let (certificate, key) = (file("ca.pem"), file("ca-key.pem"));
    let der = CertificateDer::from_pem_slice(&certificate)
        .expect("it is PEM")
        .to_vec();
    let pem = |der: &[u8]| {
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD.encode(der)
        )
    };
    assert!(check::pair(Some(pem(&der).as_bytes()), Some(&key)).is_ok());
    for at in 0..der.len() {
        let mut damaged = der.clone();
        damaged[at] ^= 0x10;
        let result = check::pair(Some(pem(&damaged).as_bytes()), Some(&key));
        assert!(result.is_err(), "byte {at} of {}", der.len());
    }
}

#[test]
fn every_flipped_bit_of_the_file_is_seen() {
    let (folder, pair) = made();
    let whole = pair.certificate.as_bytes();
    for at in 0..whole.len() {
        let mut damaged = whole.to_vec();
        damaged[at] ^= 0x10;
        assert!(
            is_refused(folder.path(), &damaged, pair.key.as_bytes()),
            "byte {at} of {}",
            whole.len()
        );
    }
}

#[test]
fn a_truncated_file_is_refused_at_every_length() {
    let (folder, pair) = made();
    let (certificate, key) = (pair.certificate.as_bytes(), pair.key.trim_end().as_bytes());
    for length in (0..certificate.len()).step_by(37) {
        assert!(
            is_refused(folder.path(), &certificate[..length], key),
            "certificate of {length} bytes"
        );
    }
    for length in (0..key.len()).step_by(17) {
        assert!(
            is_refused(folder.path(), certificate, &key[..length]),
            "key of {length} bytes"
        );
    }
    assert!(!is_refused(folder.path(), certificate, key));
}

#[test]
fn files_that_do_not_belong_together_are_refused_and_replaced() {
    let (folder, pair) = made();
    let (_other_folder, other) = made();
    assert!(is_refused(
        folder.path(),
        pair.certificate.as_bytes(),
        other.key.as_bytes()
    ));

    let new = create(folder.path(), &subject()).expect("it is made anew");
    assert_ne!(new.fingerprint, pair.fingerprint);
    let kept = load(folder.path())
        .expect("it can be read")
        .expect("the new pair is good");
    assert_eq!(kept.fingerprint, new.fingerprint);
}

#[test]
fn one_file_without_the_other_is_refused() {
    for name in [CERTIFICATE, KEY] {
        let (folder, _) = made();
        fs::remove_file(folder.path().join(name)).expect("it was there");
        assert!(
            load(folder.path()).expect("it can be read").is_none(),
            "without {name}"
        );
    }
}

#[test]
fn a_key_open_to_others_is_closed() {
    let (folder, _) = made();
    let key = folder.path().join(KEY);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    assert!(load(folder.path()).expect("it can be read").is_some());
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn what_a_crash_left_beside_does_not_keep_its_mode() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("key.pem.new"), "half").expect("it can be written");
    create(folder.path(), &subject()).expect("it is made");
    assert_eq!(mode(&folder.path().join(KEY)), 0o600);
}

#[test]
fn an_unusable_folder_is_named() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("it can be written");
    let error = create(&file, &subject()).err().expect("a file is not a folder");
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}
