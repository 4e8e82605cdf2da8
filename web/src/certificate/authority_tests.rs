use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;
use crate::certificate::{Subject, create, load};

fn subject(name: &str) -> Subject {
    Subject {
        name: name.to_owned(),
        addresses: Vec::new(),
    }
}

fn in_der(pem: &str) -> Vec<u8> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
    der.to_vec()
}

/// Whether the certificate in `state` is signed by the authority there.
fn is_signed(state: &Path) -> bool {
    let root = in_der(&root(state).expect("read").expect("there").pem);
    let leaf = in_der(&load(state).expect("read").expect("there").certificate);
    let (_, root) = X509Certificate::from_der(&root).expect("whole");
    let (_, leaf) = X509Certificate::from_der(&leaf).expect("whole");
    assert!(root.is_ca() && !leaf.is_ca());
    leaf.issuer().as_raw() == root.subject().as_raw()
        && leaf.verify_signature(Some(root.public_key())).is_ok()
}

#[test]
fn it_is_made_once_and_signs_every_certificate_also_under_another_name() {
    let folder = TempDir::new().expect("a temporary folder");
    let state = folder.path();
    assert_eq!(root(state).expect("read"), None);
    let first = create(state, &subject("lab-one")).expect("made");
    let authority = root(state).expect("read").expect("there");
    assert!(
        authority.name.starts_with("PocketStack lab-one "),
        "{}",
        authority.name
    );
    assert!(is_signed(state));
    let second = create(state, &subject("lab-two")).expect("made");
    assert_ne!(first.fingerprint, second.fingerprint);
    assert_eq!(root(state).expect("read"), Some(authority));
    assert!(is_signed(state));
}

#[test]
fn its_key_is_for_nobody_else_and_not_in_what_is_handed_out() {
    let folder = TempDir::new().expect("a temporary folder");
    create(folder.path(), &subject("lab-one")).expect("made");
    let key = folder.path().join(KEY);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&key), 0o600);
    let root = root(folder.path()).expect("read").expect("there");
    assert!(!root.pem.contains("PRIVATE"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("ours");
    create(folder.path(), &subject("lab-one")).expect("made");
    assert_eq!(mode(&key), 0o600, "closed again");
}

#[test]
fn a_damaged_one_is_moved_aside_and_made_anew() {
    let folder = TempDir::new().expect("a temporary folder");
    let state = folder.path();
    for name in [CERTIFICATE, KEY] {
        create(state, &subject("lab-one")).expect("made");
        let before = root(state).expect("read").expect("there");
        fs::write(state.join(name), "half").expect("ours");
        assert_eq!(root(state).expect("read"), None, "nothing damaged is handed out");
        create(state, &subject("lab-one")).expect("made");
        assert!(is_signed(state));
        let after = root(state).expect("read").expect("there");
        assert_ne!(after.name, before.name, "browsers can tell the two apart");
        assert!(state.join(format!("{name}.damaged")).exists());
    }
    // The power was cut between the two files.
    fs::remove_file(state.join(CERTIFICATE)).expect("there");
    create(state, &subject("lab-one")).expect("made");
    assert!(is_signed(state));
}

#[test]
fn no_name_is_too_long_or_hostile_for_it() {
    for name in ["", "a b", "<script>", &"a".repeat(63)] {
        let folder = TempDir::new().expect("a temporary folder");
        create(folder.path(), &subject(name)).expect("made");
        let root = root(folder.path()).expect("read").expect("there");
        assert!(root.name.len() <= 64, "{}", root.name);
        assert!(!root.name.contains('<'), "{}", root.name);
    }
}
