use std::io::Read;

use flate2::read::GzDecoder;
use pocketstack_model::journal::Priority;
use pocketstack_model::status::{Doing, Kept};
use rocket::local::asynchronous::LocalResponse;
use tar::Archive as Reader;

use super::*;
use crate::access::{Action, Entry, Outcome, Who};
use crate::certificate::{Folder, Subject, create};
use crate::node::{FakeNode, NotDone, Unavailable, entry, password_hash};
use crate::server::testing::{bearer, client};

async fn files(response: LocalResponse<'_>) -> Vec<(String, String)> {
    assert_eq!(
        response.content_type(),
        Some(ContentType::new("application", "gzip"))
    );
    assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"));
    let packed = response.into_bytes().await.expect("an archive");
    let mut archive = Reader::new(GzDecoder::new(packed.as_slice()));
    let entries = archive.entries().expect("entries");
    entries
        .map(|entry| {
            let mut entry = entry.expect("an entry");
            let path = entry.path().expect("a path").into_owned();
            assert_eq!(path.components().count(), 2, "in a folder of its own");
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, text)
        })
        .collect()
}

fn named(files: &[(String, String)], name: &str) -> String {
    let found = files.iter().find(|(each, _)| each == name);
    found.unwrap_or_else(|| panic!("{name} is there")).1.clone()
}

/// Secrets of every kind, as they would be recognised: none of these texts may be in a bundle.
const SSH: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
const SSH_END: &str = "QyNTUxOQAAACB";
const TLS: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2";

/// The hash itself, which `Display` does not show.
fn hash() -> String {
    let value = serde_json::to_value(password_hash()).expect("JSON");
    value.as_str().expect("text").to_owned()
}

fn planted(session: &str, token: &str) -> Vec<String> {
    vec![
        hash(),
        format!("the cookie was {session} today"),
        format!("Authorization: Bearer {token}"),
        format!("it used {token}."),
        format!("-----BEGIN PRIVATE KEY-----\n{TLS}\n-----END PRIVATE KEY-----"),
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{SSH}\n{SSH_END}\n-----END OPENSSH PRIVATE KEY-----"),
    ]
}

fn plant(node: &FakeNode, secrets: &[String]) {
    let all = secrets.join("\n");
    node.change(|overview| {
        overview.name.clone_from(&all);
        overview.cpu.model.clone_from(&all);
        overview.boot.kernel.clone_from(&all);
        overview.kept = vec![Kept {
            subject: all.clone().into(),
            want: all.clone().into(),
            see: all.clone().into(),
            doing: Doing::Stuck {
                why: all.clone().into(),
            },
        }];
    });
    let mut disks = crate::node::disks();
    disks[0].model = Some(all.clone());
    disks[0].serial = Some(all.clone());
    node.set_disks(disks);
    for text in secrets {
        node.log(entry(9, "noisy.service", Priority::Error, text));
    }
    // A program that prints line by line has an entry for each.
    for line in all.lines() {
        node.log(entry(9, "noisy.service", Priority::Error, line));
    }
}

#[tokio::test]
async fn no_secret_is_in_a_bundle_whatever_source_it_got_into() {
    let (client, node) = client().await;
    let access: &Access = client.rocket().state().expect("managed");
    let folder: &Folder = client.rocket().state().expect("managed");
    let pair = create(&folder.0, &Subject::default()).expect("made");
    let key = std::fs::read_to_string(folder.0.join("ca-key.pem")).expect("the authority's");
    let session = access.sessions.open().expect("a session");
    let token = bearer(&client).value()["Bearer ".len()..].to_owned();
    let mut secrets = planted(&session, &token);
    secrets.extend([pair.key.clone(), key.clone()]);
    plant(&node, &secrets);
    for text in &secrets {
        let from = [192, 0, 2, 1].into();
        let outcome = Outcome::Refused { why: text.clone() };
        access.audit.record(Entry::new(
            &Who::Token(text.clone()),
            from,
            Action::AddKey,
            text,
            outcome,
        ));
    }
    let files = files(client.get("/support/bundle.tar.gz").dispatch().await).await;
    let hash = hash();
    let mut hidden = vec![hash.as_str(), &hash[40..70], &session, &token, SSH, SSH_END, TLS];
    hidden.extend(
        pair.key
            .lines()
            .chain(key.lines())
            .filter(|line| !line.starts_with('-')),
    );
    for (name, text) in &files {
        for secret in &hidden {
            assert!(!text.contains(secret), "{secret} is in {name}:\n{text}");
        }
    }
    // They were there to be left out.
    for name in [
        "overview.json",
        "disks.json",
        "journal.txt",
        "audit.json",
        "versions.json",
    ] {
        assert!(named(&files, name).contains("[left out]"), "{name}");
    }
}

#[tokio::test]
async fn a_bundle_holds_what_helps_and_is_recorded() {
    let (client, node) = client().await;
    let mut configuration = node.configured();
    configuration.node.name = "lab-one".parse().expect("a name");
    let response = client
        .get("/api/v1/support")
        .header(bearer(&client))
        .dispatch()
        .await;
    let files = files(response).await;
    let configuration: Value =
        serde_json::from_str(&named(&files, "configuration.json")).expect("a document");
    assert_eq!(
        configuration["access"],
        json!({ "password_set": true, "ssh_keys": 0 })
    );
    let overview: Value = serde_json::from_str(&named(&files, "overview.json")).expect("a document");
    assert_eq!(overview["name"], "lab-one");
    assert!(named(&files, "journal.txt").contains("<3> broken.service: it has failed"));
    assert!(named(&files, "versions.json").contains("6.12.48+deb13-amd64"));
    for name in [
        "about.json",
        "disks.json",
        "units.json",
        "metrics.json",
        "certificate.json",
    ] {
        named(&files, name);
    }
    assert!(named(&files, "audit.json").contains("support-bundle"));
    assert!(!files.iter().any(|(name, _)| name == "missing.txt"));
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_the_rest_is_there() {
    let (client, node) = client().await;
    node.refuse(NotDone::Refused("journalctl: password=hunter2".to_owned()));
    let part = files(client.get("/support/bundle.tar.gz").dispatch().await).await;
    assert_eq!(
        named(&part, "missing.txt"),
        "journal.txt: journalctl: password=[left out]\n"
    );
    node.leave(Unavailable::NotRunning);
    let rest = files(client.get("/support/bundle.tar.gz").dispatch().await).await;
    let missing = named(&rest, "missing.txt");
    assert_eq!(missing.lines().count(), 6, "{missing}");
    named(&rest, "audit.json");
}
