//! The pages as a browser gets them.

mod access;
mod certificates;
mod confirm;
mod disks;
mod doors;
mod graphs;
mod logs;
mod networks;
mod overview;
mod power;
mod services;
mod time;
mod wizard;

use pocketstack_model::node::Overview;
use rocket::http::Method;
use rocket::local::asynchronous::Client;

use crate::confirm::testing::unconfirmed;
use crate::node::{FakeNode, Unavailable};
use crate::server::testing::{self, client, post, text};

use super::*;

async fn get(client: &Client, path: &str) -> (u16, String) {
    let response = client.get(path).dispatch().await;
    assert_eq!(response.content_type(), Some(ContentType::HTML), "{path}");
    (response.status().code, text(response).await)
}

async fn page_after(change: impl FnOnce(&mut Overview)) -> String {
    let (client, node) = client().await;
    node.change(change);
    let (status, html) = get(&client, "/").await;
    assert_eq!(status, 200);
    html
}

#[track_caller]
fn shows(html: &str, texts: &[&str]) {
    for text in texts {
        assert!(html.contains(text), "the page does not show {text:?}:\n{html}");
    }
}

#[tokio::test]
async fn a_node_that_is_away_is_a_page_with_advice_and_ends() {
    let (client, node) = client().await;
    node.leave(Unavailable::NotRunning);
    let response = client.get("/").dispatch().await;
    assert_eq!(response.headers().get_one("Retry-After"), Some("5"));
    let (status, html) = get(&client, "/").await;
    assert_eq!(status, 503);
    shows(
        &html,
        &[
            "This machine cannot be shown right now",
            "(pocketstackd) is not running.",
            "Try again",
        ],
    );
    shows(
        &html,
        &["restart the machine if the console shows no progress", "live.js"],
    );
    node.come_back();
    assert_eq!(get(&client, "/").await.0, 200);
}

#[tokio::test]
async fn mistakes_get_readable_pages() {
    let (client, _node) = client().await;
    let (status, html) = get(&client, "/no-such-page").await;
    assert_eq!(status, 404);
    shows(
        &html,
        &[
            "There is no such page",
            "Error 404",
            "Go to the overview of this machine.",
        ],
    );

    let response = client.req(Method::Post, "/").dispatch().await;
    assert_eq!(response.status(), Status::MethodNotAllowed);
    assert_eq!(response.headers().get_one("Allow"), Some("GET, HEAD"));
    shows(
        &response.into_string().await.expect("it has a body"),
        &["This cannot be done here"],
    );
}

/// The policy forbids inline styles and scripts, so one that slipped in would silently not work. Each id is there once,
/// and each label, hint and trouble belongs to something that is there.
fn check_page(html: &str, language: &str) {
    for forbidden in [
        " style=",
        "<style",
        " onclick=",
        "javascript:",
        "<script>",
        "http://",
    ] {
        assert!(!html.contains(forbidden), "{forbidden} in {html}");
    }
    let tag = format!("<html lang=\"{language}\">");
    shows(html, &[&tag, "<main id=\"content\"", "<h1", "href=\"#content\""]);
    assert_eq!(html.matches("<h1").count(), 1, "{html}");
    let values = |attribute: &str| -> Vec<String> {
        let parts = html.split(attribute).skip(1);
        parts
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_owned)
            .collect()
    };
    let mut ids = values(" id=\"");
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is there twice: {html}");
    for attribute in [
        " for=\"",
        " aria-describedby=\"",
        " aria-labelledby=\"",
        " href=\"#",
    ] {
        for value in values(attribute) {
            for id in value.split_whitespace() {
                assert!(
                    ids.iter().any(|known| known == id),
                    "{attribute}{id} leads nowhere: {html}"
                );
            }
        }
    }
    // Every form that changes something carries the proof of its page, but those of strangers.
    let forms = html
        .split("<form")
        .skip(1)
        .filter_map(|rest| rest.split("</form>").next());
    for form in forms {
        let open = ["action=\"/language\"", "action=\"/sign-in\"", "action=\"/setup\""];
        assert!(
            form.contains("name=\"csrf\"")
                || form.contains("method=\"get\"")
                || open.iter().any(|form_of| form.contains(form_of)),
            "{form}"
        );
    }
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages() {
    for language in ["en", "pt-BR"] {
        let choose = [("language", language), ("back", "/")];
        let (client, node) = client().await;
        assert_eq!(
            post(&client, "/language", &choose).await.status(),
            Status::SeeOther
        );
        for path in [
            "/",
            "/performance",
            "/networks",
            "/time",
            "/networks/management",
            "/networks/external",
            "/networks/bmc",
            "/disks",
            "/access",
            "/tokens",
            "/audit",
            "/certificates",
            "/services",
            "/logs",
            "/logs?unit=broken.service&priority=error&text=it&follow=on",
            "/support",
            "/power",
            "/network/confirm",
            "/setup/progress",
            "/no-such-page",
        ] {
            check_page(&get(&client, path).await.1, language);
        }
        node.change(|overview| overview.network_change = unconfirmed(60));
        for path in ["/", "/network/confirm", "/network/confirm?code=ABCD2345"] {
            check_page(&get(&client, path).await.1, language);
        }
        let csrf = testing::csrf(&client).await;
        let fields = [("csrf", csrf.as_str()), ("action", "password"), ("password", "x")];
        check_page(&text(post(&client, "/access", &fields).await).await, language);
        node.leave(Unavailable::NotRunning);
        check_page(&get(&client, "/").await.1, language);

        let (client, _node) = testing::stranger().await;
        post(&client, "/language", &choose).await;
        check_page(&get(&client, "/sign-in").await.1, language);
        check_page(
            &text(post(&client, "/sign-in", &[("carried-a", "b")]).await).await,
            language,
        );
        check_page(
            &text(post(&client, "/power", &[("how", "off")]).await).await,
            language,
        );
    }
}
