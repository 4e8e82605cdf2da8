use std::os::unix::fs::PermissionsExt;

use super::*;

fn new(name: &str) -> NewToken {
    NewToken::new(name, "30").expect("a name")
}

#[test]
fn a_token_works_until_it_is_revoked_and_outlasts_a_restart() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let tokens = Tokens::load(folder.path());
    let secret = tokens.create(&new("backup")).expect("made");
    assert!(secret.starts_with("pst_") && secret.len() == 47, "{secret}");
    let file = folder.path().join(FILE);
    assert_eq!(
        std::fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert!(
        !std::fs::read_to_string(&file)
            .expect("text")
            .contains(&secret[4..])
    );

    let tokens = Tokens::load(folder.path());
    assert_eq!(tokens.list()[0].last_used, None);
    assert_eq!(tokens.find(&secret).as_deref(), Some("backup"));
    assert!(Tokens::load(folder.path()).list()[0].last_used.is_some());
    for wrong in ["", "pst_", &secret[4..], &secret[..46], &format!("{secret}x")] {
        assert_eq!(tokens.find(wrong), None, "{wrong}");
    }
    assert_eq!(tokens.create(&new("backup")), Err(NotMade::Twice));
    assert_eq!(tokens.revoke("other"), Err(NotMade::NoSuch));
    assert_eq!(tokens.revoke("backup"), Ok(()));
    assert_eq!(tokens.find(&secret), None);
    assert!(Tokens::load(folder.path()).list().is_empty());
}

#[test]
fn what_has_ended_is_not_taken_and_makes_room() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let tokens = Tokens::load(folder.path());
    let first = tokens.create(&new("first")).expect("made");
    for number in 1..MOST {
        tokens.create(&new(&format!("more {number}"))).expect("made");
    }
    assert_eq!(tokens.create(&new("one too many")), Err(NotMade::TooMany));
    tokens.lock()[0].token.expires = OffsetDateTime::now_utc();
    assert_eq!(tokens.find(&first), None);
    assert_eq!(tokens.list().len(), MOST - 1);
    assert!(tokens.create(&new("one more")).is_ok());
}

#[test]
fn what_is_asked_for_is_checked() {
    for name in ["", "  ", "a\nb", &"é".repeat(65)] {
        assert_eq!(NewToken::new(name, "1"), Err(NotMade::Name), "{name:?}");
    }
    for days in ["", "0", "3651", "-1", "1.5", "x"] {
        assert_eq!(NewToken::new("a", days), Err(NotMade::Days), "{days:?}");
    }
    assert_eq!(
        NewToken::new(&format!(" {} ", "é".repeat(64)), " 3650 ")
            .expect("fits")
            .days,
        3650
    );
}

#[test]
fn a_damaged_file_is_moved_aside_and_what_cannot_be_stored_is_not_made() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    for damaged in ["{", "{\"version\":2,\"tokens\":[]}"] {
        std::fs::write(folder.path().join(FILE), damaged).expect("written");
        assert!(Tokens::load(folder.path()).list().is_empty());
        assert!(folder.path().join("tokens.json.damaged").exists());
        assert!(!folder.path().join(FILE).exists());
    }
    let nowhere = Tokens::load(Path::new("/nonexistent"));
    assert!(matches!(nowhere.create(&new("a")), Err(NotMade::NotStored(_))));
    assert!(nowhere.list().is_empty());
}
