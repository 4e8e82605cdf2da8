//! The journal, filtered and followed.

use pocketstack_model::journal::Priority;

use super::*;
use crate::node::{NotDone, entry};

#[tokio::test]
async fn the_newest_come_first_and_hostile_text_is_text() {
    let (client, node) = client().await;
    let (status, html) = get(&client, "/logs").await;
    assert_eq!(status, 200);
    shows(
        &html,
        &[
            "<bdi>&#60;script&#62;\u{fffd}[2J\u{fffd}</bdi>",
            "1970-01-01 00:00:02 UTC",
            "<span class=\"badge problem\">Error</span>",
        ],
    );
    let place = |text: &str| html.find(text).expect("it is shown");
    assert!(place("it has failed") < place("it has started"));
    assert!(!html.contains("live.js"), "nothing moves that was not asked to");

    for number in 10..300 {
        let text = format!("number {number} ");
        node.log(entry(number, "kernel", Priority::Info, &text));
    }
    let (_, html) = get(&client, "/logs").await;
    assert_eq!(html.matches("<bdi>").count(), 200);
    assert!(html.contains("number 299 ") && !html.contains("number 99 "));
}

#[tokio::test]
async fn entries_are_chosen_by_unit_importance_and_text() {
    let (client, node) = client().await;
    for (query, found) in [
        ("unit=libvirtd.service", "it has started"),
        ("priority=3", "it has failed"),
        ("text=started", "it has started"),
        (
            "unit=broken.service&priority=4&text=has&follow=on",
            "it has failed",
        ),
    ] {
        let (status, html) = get(&client, &format!("/logs?{query}")).await;
        assert_eq!((status, html.matches("<bdi>").count()), (200, 1), "{query}");
        shows(&html, &[found]);
        assert_eq!(html.contains("live.js"), query.contains("follow"), "{query}");
    }
    let (_, html) = get(&client, "/logs?unit=other.service&priority=99&text=%22%3E").await;
    shows(
        &html,
        &[
            "Nothing like this was logged.",
            "<option value=\"other.service\" selected>",
            "value=\"&#34;&#62;\"",
        ],
    );
    node.refuse(NotDone::Refused("the filter is none".to_owned()));
    let (status, html) = get(&client, "/logs").await;
    assert_eq!(status, 422);
    shows(&html, &["the filter is none"]);
    node.leave(Unavailable::NotRunning);
    assert_eq!(get(&client, "/logs").await.0, 503);
}
