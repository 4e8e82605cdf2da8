//! The graphs.

use super::*;

#[tokio::test]
async fn all_that_is_measured_is_drawn_and_said_in_words() {
    let (client, node) = client().await;
    let (status, html) = get(&client, "/performance").await;
    assert_eq!(status, 200);
    check_page(&html, "en");
    shows(
        &html,
        &[
            "aria-label=\"Graph of the last minute. Processor: Busy: now 12 %, highest 60 %.\"",
            "Disk nvme0n1: Read: now 2.0 KiB/s, highest 1.0 MiB/s; Written: now 4.0 KiB/s, highest 4.0 KiB/s.",
            "Network card enp1s0",
            "Hottest sensor: now 43 °C, highest 52 °C",
            "<th scope=\"row\" lang=\"en\">coretemp Package id 0</th>",
            "<svg viewBox=\"0 0 3 100\"",
            "<polyline class=\"first\" points=\"1,90.0 2,39.5 3,87.5\"/>",
            "<polyline class=\"second\"",
            "live.js",
        ],
    );
    assert_eq!(html.matches("role=\"img\"").count(), 5);
    shows(&get(&client, "/").await.1, &["href=\"/performance\""]);
    node.leave(Unavailable::NotRunning);
    assert_eq!(get(&client, "/performance").await.0, 503);
}
