//! The page of the time.

use pocketstack_model::status::{Doing, Kept};

use super::*;
use crate::node::NotDone;

async fn send(client: &Client, zone: &str, servers: &str) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let fields = [("csrf", csrf.as_str()), ("time_zone", zone), ("servers", servers)];
    let response = post(client, "/time", &fields).await;
    (response.status().code, text(response).await)
}

#[tokio::test]
async fn the_time_is_shown_in_the_zone_of_the_machine_with_what_is_seen_of_the_clock() {
    let (client, node) = client().await;
    node.change(|overview| {
        overview.kept.push(Kept {
            subject: "time".into(),
            want: "as time servers say".into(),
            see: "set by 192.0.2.1".into(),
            doing: Doing::Stuck {
                why: "the battery is empty".into(),
            },
        });
    });
    let (_, html) = get(&client, "/time").await;
    shows(
        &html,
        &[
            "2026-11-21 08:04:12 (UTC, UTC)",
            "set by 192.0.2.1",
            "the battery is empty",
        ],
    );

    let (status, html) = send(&client, "America/Sao_Paulo", "ntp.example.org 192.0.2.1").await;
    assert_eq!(status, 200);
    check_page(&html, "en");
    shows(
        &html,
        &[
            "The settings were changed.",
            "2026-11-21 05:04:12 (America/Sao_Paulo, UTC−03:00)",
            "datetime=\"2026-11-21T08:04:12Z\"",
            "<option selected>America/Sao_Paulo</option>",
            "value=\"ntp.example.org 192.0.2.1\"",
        ],
    );
    let settings = node.configured().node;
    assert_eq!(
        (settings.time_zone.to_string().as_str(), settings.ntp.len()),
        ("America/Sao_Paulo", 2)
    );
}

#[tokio::test]
async fn what_is_wrong_stays_in_its_field_and_changes_nothing() {
    let (client, node) = client().await;
    let before = node.configured();
    let (status, html) = send(&client, "Moon/Tycho", "-a-").await;
    assert_eq!(status, 422);
    check_page(&html, "en");
    shows(
        &html,
        &[
            "Choose one of the time zones",
            "Type names such as",
            "value=\"-a-\"",
        ],
    );
    node.refuse(NotDone::NotStored("the state partition is full".to_owned()));
    let (status, html) = send(&client, "UTC", "").await;
    assert_eq!(status, 507);
    shows(&html, &["the state partition is full"]);
    assert_eq!(node.configured(), before);
}
