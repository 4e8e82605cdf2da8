//! Password, keys, tokens, the record, and power.

use super::*;
use crate::node::{NotDone, PASSWORD, Power};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ana@laptop";

async fn send(client: &Client, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    let response = post(client, path, &all).await;
    (response.status().code, text(response).await)
}

#[tokio::test]
async fn a_key_is_added_and_removed_and_both_are_on_record() {
    let (client, node) = client().await;
    let (status, html) = send(&client, "/access", &[("action", "add-key"), ("ssh_key", KEY)]).await;
    assert_eq!(status, 200);
    shows(
        &html,
        &["The key was added.", "ana@laptop", "SHA256:", "Remove ana@laptop"],
    );
    assert_eq!(node.configured().access.ssh_keys.len(), 1);

    let (status, html) = send(&client, "/access", &[("action", "add-key"), ("ssh_key", KEY)]).await;
    assert_eq!(status, 422);
    shows(
        &html,
        &[
            "This key is there already.",
            "aria-describedby=\"ssh_key-trouble ssh_key-hint\"",
        ],
    );

    let fingerprint = html
        .split("name=\"fingerprint\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let fingerprint = fingerprint.expect("it can be removed").replace("&#43;", "+");
    let (status, _) = send(
        &client,
        "/access",
        &[("action", "remove-key"), ("fingerprint", &fingerprint)],
    )
    .await;
    assert_eq!(status, 200);
    assert!(node.configured().access.ssh_keys.is_empty());
    let (_, html) = get(&client, "/audit").await;
    shows(
        &html,
        &[
            "Adding an SSH key",
            "Removing an SSH key",
            &fingerprint,
            "<td class=\"words\">admin</td>",
        ],
    );
}

#[tokio::test]
async fn a_wrong_key_stays_in_its_field_and_a_private_one_does_not_go_further() {
    let (client, node) = client().await;
    let (status, html) = send(
        &client,
        "/access",
        &[("action", "add-key"), ("ssh_key", "ssh-rsa <b>")],
    )
    .await;
    assert_eq!(status, 422);
    shows(
        &html,
        &["This is no public key", ">ssh-rsa &#60;b&#62;</textarea>"],
    );
    let private = "-----BEGIN OPENSSH PRIVATE KEY-----";
    let (_, html) = send(&client, "/access", &[("action", "add-key"), ("ssh_key", private)]).await;
    shows(&html, &["It must never leave your computer"]);
    assert!(node.configured().access.ssh_keys.is_empty());
    assert_eq!(send(&client, "/access", &[("action", "other")]).await.0, 422);
}

#[tokio::test]
async fn another_password_needs_the_one_until_now_and_signs_others_out() {
    let (client, node) = client().await;
    let before = node.configured().access.password;
    let change = |old: &'static str, new: &'static str, again: &'static str| {
        [
            ("action", "password"),
            ("password_old", old),
            ("password", new),
            ("password_again", again),
        ]
    };
    for (fields, words) in [
        (change(PASSWORD, "short", "short"), "at least 10 characters"),
        (
            change(PASSWORD, "password123", "password123"),
            "one of the first that anybody tries",
        ),
        (
            change(PASSWORD, "admin123456", "admin123456"),
            "the name of the account",
        ),
        (
            change(PASSWORD, "another horse", "another house"),
            "are not the same",
        ),
        (
            change("wrong", "another horse", "another horse"),
            "The password is wrong",
        ),
    ] {
        let (status, html) = send(&client, "/access", &fields).await;
        assert_eq!(status, 422, "{words}");
        shows(&html, &[words, "aria-invalid=\"true\""]);
        assert!(!html.contains("another horse"), "passwords are not shown again");
    }
    assert_eq!(node.configured().access.password, before);

    let other = testing::csrf(&client).await;
    assert!(!other.is_empty());
    let (status, html) = send(
        &client,
        "/access",
        &change(PASSWORD, "another horse", "another horse"),
    )
    .await;
    assert_eq!(status, 200);
    shows(&html, &["The password was changed."]);
    assert_ne!(node.configured().access.password, before);
    assert_eq!(get(&client, "/").await.0, 200, "this browser stays signed in");
    let access: &crate::access::Access = client.rocket().state().expect("it is managed");
    let from = std::net::IpAddr::from([192, 0, 2, 9]);
    let cached: &Cached = client.rocket().state().expect("it is managed");
    assert_eq!(access.check_password("another horse", from, cached).await, Ok(()));
}

#[tokio::test]
async fn a_change_that_is_not_stored_says_so_with_the_words_of_the_system() {
    let (client, node) = client().await;
    node.refuse(NotDone::NotStored("the state partition is full".to_owned()));
    let (status, html) = send(&client, "/access", &[("action", "add-key"), ("ssh_key", KEY)]).await;
    assert_eq!(status, 507);
    shows(
        &html,
        &[
            "It could not be stored:",
            "<span lang=\"en\">the state partition is full</span>",
        ],
    );
    node.come_back();
    shows(
        &get(&client, "/audit").await.1,
        &["Not done", "the state partition is full"],
    );
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked() {
    let (client, _node) = client().await;
    let new = [("action", "create"), ("name", "backup <1>"), ("days", "7")];
    let (status, html) = send(&client, "/tokens", &new).await;
    assert_eq!(status, 200);
    let token = html
        .split("<code class=\"secret\">")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    let token = token.expect("it is shown").to_owned();
    assert!(token.starts_with("pst_"), "{token}");
    let (_, html) = get(&client, "/tokens").await;
    assert!(!html.contains(&token));
    shows(&html, &["backup &#60;1&#62;", "Never"]);
    let (status, html) = send(&client, "/tokens", &new).await;
    assert_eq!(status, 422);
    shows(
        &html,
        &[
            "A token has this name already",
            "value=\"backup &#60;1&#62;\"",
            "value=\"7\"",
        ],
    );
    let (status, html) = send(
        &client,
        "/tokens",
        &[("action", "create"), ("name", "x"), ("days", "0")],
    )
    .await;
    assert_eq!(status, 422);
    shows(&html, &["from 1 to 3650"]);
    let (status, html) = send(
        &client,
        "/tokens",
        &[("action", "revoke"), ("name", "backup <1>")],
    )
    .await;
    assert_eq!(status, 200);
    shows(&html, &["The token was revoked", "There are none."]);
    let (_, html) = get(&client, "/audit").await;
    shows(&html, &["Making a token", "Revoking a token"]);
    assert!(!html.contains(&token[4..]));
}

#[tokio::test]
async fn the_machine_is_ended_as_asked() {
    let (client, node) = client().await;
    shows(
        &get(&client, "/power").await.1,
        &["lab-one goes down at once", "value=\"restart\"", "value=\"off\""],
    );
    assert_eq!(send(&client, "/power", &[("how", "explode")]).await.0, 422);
    assert_eq!(node.ended(), None);
    let (status, html) = send(&client, "/power", &[("how", "restart")]).await;
    assert_eq!(status, 200);
    shows(&html, &["The machine restarts."]);
    assert_eq!(node.ended(), Some(Power::Restart));
    node.refuse(NotDone::Refused("an installation runs".to_owned()));
    let (status, html) = send(&client, "/power", &[("how", "off")]).await;
    assert_eq!(status, 422);
    shows(
        &html,
        &["This was not done:", "an installation runs", "value=\"off\""],
    );
}
