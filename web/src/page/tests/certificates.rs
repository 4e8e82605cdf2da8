//! The certificate: what is shown, a new one, and one that is uploaded.

use std::path::PathBuf;

use super::*;
use crate::certificate::upload::tests::signed;
use crate::certificate::{Folder, Subject, create, load};

async fn send(client: &Client, fields: &[(&str, &str)]) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    let response = post(client, "/certificates", &all).await;
    (response.status().code, text(response).await)
}

fn folder(client: &Client) -> PathBuf {
    let folder: &Folder = client.rocket().state().expect("it is managed");
    folder.0.clone()
}

#[tokio::test]
async fn the_one_in_use_is_shown_and_nothing_of_its_key() {
    let (client, _node) = client().await;
    let (_, html) = get(&client, "/certificates").await;
    shows(&html, &["cannot be read from where it is kept"]);
    let subject = Subject {
        name: "lab-one".to_owned(),
        addresses: Vec::new(),
    };
    let pair = create(&folder(&client), &subject).expect("made");
    let (status, html) = get(&client, "/certificates").await;
    assert_eq!(status, 200);
    shows(
        &html,
        &[
            &pair.fingerprint,
            "lab-one.local",
            "O=PocketStack, CN=PocketStack lab-one ",
            "Download its certificate",
            "2020-01-01 00:00:00 UTC",
            "No end",
        ],
    );
    let secret = pair.key.lines().nth(1).expect("a line");
    assert!(!html.contains(secret));
}

#[tokio::test]
async fn the_authority_is_handed_out_without_its_key_to_who_is_signed_in() {
    let (strange, _node) = testing::stranger().await;
    let response = strange.get("/certificates/ca.pem").dispatch().await;
    assert!(!text(response).await.contains("CERTIFICATE"));

    let (client, _node) = client().await;
    shows(&get(&client, "/certificates").await.1, &["There is none yet"]);
    let none = client.get("/certificates/ca.pem").dispatch().await;
    assert_eq!(none.status(), Status::NotFound);
    create(&folder(&client), &Subject::default()).expect("made");
    let response = client.get("/certificates/ca.pem").dispatch().await;
    assert_eq!(response.status(), Status::Ok);
    assert_eq!(
        response.content_type(),
        Some(ContentType::new("application", "x-x509-ca-cert"))
    );
    let name = response.headers().get_one("Content-Disposition");
    assert_eq!(name, Some("attachment; filename=\"pocketstack-ca.pem\""));
    let pem = text(response).await;
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    assert!(!pem.contains("PRIVATE"));
}

#[tokio::test]
async fn a_new_one_is_for_the_name_and_addresses_of_now_and_the_server_ends() {
    let (client, _node) = client().await;
    let mut end = client.rocket().shutdown();
    let (status, html) = send(&client, &[("action", "new")]).await;
    assert_eq!(status, 200);
    let pair = load(&folder(&client)).expect("read").expect("made");
    shows(&html, &["The certificate was replaced", &pair.fingerprint]);
    let name = crate::node::example().name;
    assert!(pair.names.contains(&name), "{:?}", pair.names);
    tokio::time::timeout(std::time::Duration::from_secs(10), &mut end)
        .await
        .expect("it ends");
    let (_, html) = get(&client, "/audit").await;
    shows(&html, &["Making a new certificate", &pair.fingerprint]);
}

#[tokio::test]
async fn an_uploaded_one_takes_its_place_and_a_wrong_one_does_not() {
    let (client, _node) = client().await;
    let before = create(&folder(&client), &Subject::default()).expect("made");
    let (own, top, key) = signed(|_| {});
    let (_, _, other) = signed(|_| {});
    let chain = format!("{own}{top}");
    let upload = |key| {
        [
            ("action", "upload"),
            ("chain", chain.as_str()),
            ("private_key", key),
        ]
    };

    let (status, html) = send(&client, &upload(&other)).await;
    assert_eq!(status, 422);
    shows(
        &html,
        &[
            "This key belongs to another certificate.",
            "aria-describedby=\"private_key-trouble private_key-hint\"",
            "-----BEGIN CERTIFICATE-----",
            &before.fingerprint,
        ],
    );
    check_page(&html, "en");
    let secret = other.lines().nth(1).expect("a line");
    assert!(!html.contains(secret), "a key is never shown");
    let kept = load(&folder(&client)).expect("read").expect("there");
    assert_eq!(kept.fingerprint, before.fingerprint);

    let (status, html) = send(&client, &upload(&key)).await;
    assert_eq!(status, 200);
    check_page(&html, "en");
    let kept = load(&folder(&client)).expect("read").expect("there");
    assert_eq!(kept.names, ["lab-one.example.org"]);
    shows(&html, &["CN=Lab authority", &kept.fingerprint]);
    let (_, html) = get(&client, "/audit").await;
    assert_eq!(html.matches("Uploading a certificate").count(), 1, "{html}");
}

#[tokio::test]
async fn other_actions_and_a_folder_that_is_gone_change_nothing() {
    let (client, node) = client().await;
    assert_eq!(send(&client, &[("action", "other")]).await.0, 422);
    node.leave(Unavailable::NotRunning);
    assert_eq!(send(&client, &[("action", "new")]).await.0, 503);
    node.come_back();
    std::fs::remove_dir_all(folder(&client)).expect("it was there");
    std::fs::write(folder(&client), "").expect("a file in its place");
    let (status, html) = send(&client, &[("action", "new")]).await;
    assert_eq!(status, 507);
    shows(&html, &["It could not be stored:", "cannot make"]);
}
