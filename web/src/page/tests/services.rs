//! The units: what is shown, what is done with them.

use super::*;

async fn send(client: &Client, unit: &str, action: &str) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let fields = [("csrf", csrf.as_str()), ("unit", unit), ("action", action)];
    let response = post(client, "/services", &fields).await;
    (response.status().code, text(response).await)
}

#[tokio::test]
async fn units_are_shown_with_what_may_be_done() {
    let (client, _node) = client().await;
    let (status, html) = get(&client, "/services").await;
    assert_eq!(status, 200);
    shows(
        &html,
        &[
            "href=\"/logs?unit=libvirtd.service\"",
            "<span class=\"badge good\">Running</span>",
            "<span class=\"badge problem\">Failed</span>",
            "aria-label=\"Stop libvirtd.service\">Stop</button>",
            "Something &#60;b&#62;broken&#60;/b&#62;",
        ],
    );
    assert!(!html.contains("Start libvirtd.service") && !html.contains("Stop broken.service"));
}

#[tokio::test]
async fn a_unit_is_stopped_and_that_is_on_record() {
    let (client, node) = client().await;
    let (status, html) = send(&client, "libvirtd.service", "stop").await;
    assert_eq!(status, 200);
    shows(
        &html,
        &["libvirtd.service was stopped.", "Start libvirtd.service"],
    );
    let (status, html) = send(&client, "dbus.service", "stop").await;
    assert_eq!(status, 422);
    shows(
        &html,
        &["This was not done:", "dbus.service is not to be touched"],
    );
    assert_eq!(send(&client, "libvirtd.service", "mask").await.0, 422);
    let (_, html) = get(&client, "/audit").await;
    assert_eq!(html.matches("Stopping a service").count(), 2, "{html}");
    node.leave(Unavailable::NotRunning);
    assert_eq!(send(&client, "libvirtd.service", "start").await.0, 503);
}
