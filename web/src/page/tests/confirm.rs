//! Keeping a change of the networks.

use pocketstack_model::status::NetworkChange;

use super::*;
use crate::confirm::testing::{CODE, unconfirmed};

async fn send(client: &Client, code: &str) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let response = post(client, "/network/confirm", &[("csrf", &csrf), ("code", code)]).await;
    assert_eq!(response.content_type(), Some(ContentType::HTML));
    (response.status().code, text(response).await)
}

#[tokio::test]
async fn a_change_of_the_networks_is_kept_with_its_code() {
    let (client, node) = client().await;
    node.change(|overview| overview.network_change = unconfirmed(60));
    let (_, html) = get(&client, "/").await;
    shows(
        &html,
        &[
            "New network settings are in use",
            "action=\"/network/confirm\"",
            "<label for=\"code\">Code</label>",
        ],
    );
    let (status, html) = get(&client, &format!("/network/confirm?code={CODE}")).await;
    assert_eq!(status, 200);
    shows(&html, &["Keep the new network settings?", "value=\"ABCD2345\""]);

    let (status, html) = send(&client, "WRNG2345").await;
    assert_eq!(status, 403);
    shows(
        &html,
        &[
            "role=\"alert\"",
            "the code is wrong",
            "4 more tries are left",
            "class=\"confirm\"",
        ],
    );
    let (status, html) = send(&client, CODE).await;
    assert_eq!(status, 200);
    shows(&html, &["The new network settings are kept"]);
    assert!(!html.contains("class=\"confirm\""));
    assert!(!get(&client, "/").await.1.contains("change-title"));

    let (status, html) = send(&client, CODE).await;
    assert_eq!(status, 409);
    shows(&html, &["No change of the networks waits"]);
}

#[tokio::test]
async fn after_too_many_codes_the_form_is_gone() {
    let (client, node) = client().await;
    node.change(|overview| overview.network_change = unconfirmed(60));
    for _ in 0..5 {
        assert_eq!(send(&client, "WRNG2345").await.0, 403);
    }
    let (status, html) = send(&client, CODE).await;
    assert_eq!(status, 429);
    shows(&html, &["Too many wrong codes"]);
    assert!(!html.contains("class=\"confirm\""));
    assert_eq!(node.codes(), 5);
}

#[tokio::test]
async fn a_change_that_was_taken_back_says_why() {
    let (client, node) = client().await;
    node.change(|overview| {
        overview.network_change = NetworkChange::Reverted {
            at: overview.read_at,
            why: "nobody confirmed it within 60 seconds".into(),
        };
    });
    for path in ["/", "/network/confirm"] {
        let (status, html) = get(&client, path).await;
        assert_eq!(status, 200);
        shows(
            &html,
            &[
                "The network settings were taken back",
                "Since 2026-11-21 08:04:12 UTC the settings before are in use again: <span lang=\"en\">nobody confirmed it within 60 seconds</span>",
            ],
        );
    }
}

#[tokio::test]
async fn hostile_codes_stay_text() {
    let (client, node) = client().await;
    node.change(|overview| overview.network_change = unconfirmed(60));
    let (_, html) = get(
        &client,
        "/network/confirm?code=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    )
    .await;
    assert!(!html.contains("<script>"), "{html}");
    shows(&html, &["&#60;script&#62;"]);
}

#[tokio::test]
async fn the_address_for_confirming_knows_two_methods() {
    let (client, _node) = client().await;
    let response = client.put("/network/confirm").dispatch().await;
    assert_eq!(response.status(), Status::MethodNotAllowed);
    assert_eq!(response.headers().get_one("Allow"), Some("GET, HEAD, POST"));
}
