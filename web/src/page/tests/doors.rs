//! Who gets in: signing in and out, sessions that end, and that nothing is open to strangers.

use std::sync::Arc;
use std::time::Duration;

use rocket::http::{Cookie, Header};

use super::*;
use crate::clock::Hand;
use crate::node::{PASSWORD, example};

/// What anybody may ask for: methods and addresses.
const OPEN: [(&str, &str); 12] = [
    ("GET", "/sign-in?<to>"),
    ("POST", "/sign-in"),
    ("GET", "/setup"),
    ("POST", "/setup"),
    ("POST", "/language"),
    ("GET", "/healthz"),
    ("GET", "/static/<name>?<v>"),
    ("GET", "/misdirected-request"),
    ("POST", "/api/v1/tokens"),
    ("POST", "/api/v1/setup"),
    ("GET", "/test/sign-in"),
    ("GET", "/no-route-at-all"),
];

#[tokio::test]
async fn no_route_answers_a_stranger_but_those_that_are_for_everybody() {
    for (client, door) in [
        (testing::stranger().await.0, "/sign-in"),
        (testing::unset().await.0, "/setup"),
    ] {
        let mut guarded = 0;
        for route in client.rocket().routes() {
            let uri = route.uri.to_string();
            // Those of `methods` say only which methods there are.
            let other_method = route.name.is_none();
            if other_method || OPEN.contains(&(route.method.as_str(), uri.as_str())) {
                continue;
            }
            guarded += 1;
            let path = uri.split('?').next().expect("a path");
            let segments = path
                .split('/')
                .map(|segment| if segment.starts_with('<') { "x" } else { segment });
            let path = segments.collect::<Vec<_>>().join("/");
            let request = client
                .req(route.method, path.clone())
                .header(ContentType::Form)
                .body("csrf=&action=restart");
            let response = request.dispatch().await;
            let at = format!("{} {path}", route.method);
            if path.starts_with("/api/") {
                assert_eq!(
                    response.headers().get_one("WWW-Authenticate"),
                    Some("Bearer"),
                    "{at}"
                );
                testing::problem(response, 401, "needs a token").await;
            } else if response.status() == Status::Unauthorized {
                let html = text(response).await;
                assert!(html.contains("name=\"password\""), "{at}: {html}");
            } else {
                assert_eq!(response.status(), Status::SeeOther, "{at}");
                let to = response
                    .headers()
                    .get_one("Location")
                    .expect("it leads elsewhere");
                assert!(
                    to == door || to.starts_with(&format!("{door}?to=")),
                    "{at} leads to {to}"
                );
            }
        }
        assert!(guarded >= 25, "only {guarded} routes were found");
    }
}

#[tokio::test]
async fn strangers_learn_neither_version_nor_name_nor_what_there_is() {
    let (client, _node) = testing::stranger().await;
    for path in ["/", "/access", "/no-such-page"] {
        let response = client.get(path).dispatch().await;
        assert_eq!(response.status(), Status::SeeOther, "{path}");
    }
    let (status, html) = get(&client, "/sign-in").await;
    assert_eq!(status, 200);
    for secret in ["lab-one", env!("CARGO_PKG_VERSION"), "<nav", "192.0.2"] {
        assert!(!html.contains(secret), "{secret} is in {html}");
    }
    testing::problem(
        client.get("/api/v1/no-such").dispatch().await,
        401,
        "needs a token",
    )
    .await;
}

#[tokio::test]
async fn the_password_opens_a_session_that_ends_with_signing_out() {
    let (client, _node) = testing::stranger().await;
    let response = client.get("/network/confirm?code=A%26B").dispatch().await;
    let to = response
        .headers()
        .get_one("Location")
        .expect("it leads elsewhere")
        .to_owned();
    let html = text(client.get(to).dispatch().await).await;
    shows(
        &html,
        &[
            "name=\"to\" value=\"/network/confirm?code=A%26B\"",
            "autocomplete=\"current-password\"",
        ],
    );

    let wrong = post(&client, "/sign-in", &[("password", "wrong"), ("to", "/tokens")]).await;
    assert_eq!(wrong.status(), Status::Forbidden);
    shows(
        &text(wrong).await,
        &["The password is wrong", "name=\"to\" value=\"/tokens\""],
    );

    let response = post(&client, "/sign-in", &[("password", PASSWORD), ("to", "/tokens")]).await;
    assert_eq!(response.headers().get_one("Location"), Some("/tokens"));
    let cookie = response
        .headers()
        .get("Set-Cookie")
        .find(|cookie| cookie.starts_with("__Host-session="));
    let cookie = cookie.expect("a session").to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Secure", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let (status, html) = get(&client, "/tokens").await;
    assert_eq!(status, 200);
    shows(&html, &["aria-current=\"page\">Tokens", "Version "]);

    let csrf = html
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let response = post(&client, "/sign-out", &[("csrf", csrf.expect("it is there"))]).await;
    assert_eq!(response.headers().get_one("Location"), Some("/sign-in"));
    assert_eq!(client.get("/tokens").dispatch().await.status(), Status::SeeOther);
    // The cookie itself is worth nothing any more.
    let value = cookie
        .trim_start_matches("__Host-session=")
        .split(';')
        .next()
        .expect("a value")
        .to_owned();
    let again = client
        .get("/")
        .cookie(Cookie::new("__Host-session", value))
        .dispatch()
        .await;
    assert_eq!(again.status(), Status::SeeOther);
}

#[tokio::test]
async fn whoever_tries_passwords_waits() {
    let (client, _node) = testing::stranger().await;
    for _ in 0..5 {
        assert_eq!(
            post(&client, "/sign-in", &[("password", "wrong")]).await.status(),
            Status::Forbidden
        );
    }
    let response = post(&client, "/sign-in", &[("password", PASSWORD)]).await;
    assert_eq!(response.status(), Status::TooManyRequests);
    assert_eq!(response.headers().get_one("Retry-After"), Some("5"));
    shows(&text(response).await, &["Try again in 5 seconds"]);
}

#[tokio::test]
async fn what_was_typed_outlasts_the_session() {
    let hand = Hand::default();
    let node = Arc::new(FakeNode::new(example()));
    let client = testing::stranger_to(node.clone(), hand.clock(), |rocket| rocket).await;
    let csrf = testing::csrf(&client).await;
    hand.pass(Duration::from_secs(31 * 60));
    let hostile = "\"><script>ana@laptop";
    let typed = [
        ("csrf", csrf.as_str()),
        ("action", "add-key"),
        ("ssh_key", hostile),
        ("password_old", "a password"),
    ];
    let response = post(&client, "/access", &typed).await;
    assert_eq!(response.status(), Status::Unauthorized);
    let html = text(response).await;
    shows(
        &html,
        &[
            "You were signed out",
            "name=\"to\" value=\"/access\"",
            "name=\"carried-action\" value=\"add-key\"",
            "name=\"carried-ssh_key\" value=\"&#34;&#62;&#60;script&#62;ana@laptop\"",
        ],
    );
    assert!(!html.contains("a password"), "{html}");

    let sent = [
        ("password", PASSWORD),
        ("to", "/access"),
        ("carried-action", "add-key"),
        ("carried-ssh_key", hostile),
        ("carried-password_old", "x"),
    ];
    let response = post(&client, "/sign-in", &sent).await;
    assert_eq!(response.status(), Status::Ok);
    let html = text(response).await;
    shows(
        &html,
        &[
            "Send what you typed?",
            "method=\"post\" action=\"/access\"",
            "name=\"action\" value=\"add-key\"",
            "name=\"ssh_key\" value=",
        ],
    );
    assert!(
        !html.contains("password_old") && !html.contains("<script>"),
        "{html}"
    );
    assert!(
        node.configured().access.ssh_keys.is_empty(),
        "nothing was done yet"
    );
}

#[tokio::test]
async fn a_form_of_an_earlier_session_is_looked_at_once_more() {
    let (client, node) = client().await;
    let response = post(
        &client,
        "/power",
        &[("csrf", "of another session"), ("how", "off")],
    )
    .await;
    assert_eq!(response.status(), Status::Forbidden);
    shows(
        &text(response).await,
        &["Send what you typed?", "name=\"how\" value=\"off\""],
    );
    let response = post(&client, "/power", &[("how", "off")]).await;
    assert_eq!(response.status(), Status::Forbidden);
    assert_eq!(node.ended(), None);
}

#[tokio::test]
async fn no_other_site_can_send_forms_even_with_the_session() {
    let (client, node) = client().await;
    let csrf = testing::csrf(&client).await;
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Origin", "https://evil.example"),
    ] {
        let request = client
            .post("/power")
            .header(ContentType::Form)
            .header(Header::new(name, value));
        let response = request.body(format!("csrf={csrf}&how=off")).dispatch().await;
        assert_eq!(response.status(), Status::Forbidden);
        shows(&text(response).await, &["This was not done"]);
    }
    assert_eq!(node.ended(), None);
}

#[tokio::test]
async fn looking_on_alone_keeps_nobody_signed_in() {
    let hand = Hand::default();
    let client =
        testing::stranger_to(Arc::new(FakeNode::new(example())), hand.clock(), |rocket| rocket).await;
    testing::csrf(&client).await;
    for minutes in [10, 20, 29] {
        hand.pass(Duration::from_secs(if minutes == 29 { 9 * 60 } else { 10 * 60 }));
        let looking = client
            .get("/")
            .header(Header::new("X-Background", "1"))
            .dispatch()
            .await;
        assert_eq!(looking.status(), Status::Ok, "after {minutes} minutes");
    }
    hand.pass(Duration::from_secs(60));
    assert_eq!(client.get("/").dispatch().await.status(), Status::SeeOther);
}

#[tokio::test]
async fn hostile_bodies_and_cookies_are_refused_in_words() {
    let (client, _node) = client().await;
    let long = format!("action=add-key&ssh_key={}", "a".repeat(40_000));
    for (body, kind, status) in [
        (long.as_str(), ContentType::Form, 413),
        ("a=%ff", ContentType::Form, 400),
        ("{}", ContentType::JSON, 415),
    ] {
        let response = client.post("/access").header(kind).body(body).dispatch().await;
        assert_eq!(response.status().code, status);
        shows(&text(response).await, &["<h1", "Go to the overview"]);
    }
    let (stranger, _node) = testing::stranger().await;
    for value in ["", "\u{1}", "\"", &"x".repeat(10_000)] {
        let cookie = Cookie::new("__Host-session", value.to_owned());
        assert_eq!(
            stranger.get("/").cookie(cookie).dispatch().await.status(),
            Status::SeeOther
        );
    }
}

#[tokio::test]
async fn strangers_see_no_difference_between_pages_that_are_away() {
    let (client, node) = testing::stranger().await;
    node.leave(Unavailable::NotRunning);
    let response = client.get("/").dispatch().await;
    assert_eq!(response.headers().get_one("Location"), Some("/sign-in"));
    let response = post(&client, "/sign-in", &[("password", PASSWORD)]).await;
    assert_eq!(response.status(), Status::ServiceUnavailable);
    shows(
        &text(response).await,
        &["The node controller (pocketstackd) is not running."],
    );
}
