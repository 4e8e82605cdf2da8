use std::sync::Arc;

use rocket::http::{ContentType, Method};
use rocket::local::asynchronous::{Client, LocalResponse};

use pocketstack_model::node::Units;

use super::*;
use crate::node::{FakeNode, example};
use crate::node::{NotDone, PASSWORD, SETUP_CODE};
use crate::server::testing::{bearer, client, client_with, problem, stranger, unset};

#[tokio::test]
async fn the_node_is_told_whole_and_fresh() {
    let (client, node) = client().await;
    let response = client.get("/api/v1/node").dispatch().await;
    assert_eq!(response.status(), Status::Ok);
    assert_eq!(response.content_type(), Some(ContentType::JSON));
    assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"));
    let text = response.into_string().await.expect("it has a body");
    let told: Overview = serde_json::from_str(&text).expect("it is an overview");
    assert_eq!(told, example());

    node.change(|overview| {
        overview.units = Units::Known {
            failed: vec!["lvm2-monitor.service".to_owned()],
        }
    });
    let text = client
        .get("/api/v1/node")
        .dispatch()
        .await
        .into_string()
        .await
        .expect("it has a body");
    assert!(text.contains("lvm2-monitor.service"));
}

#[tokio::test]
async fn a_node_that_is_away_is_a_problem_with_its_reason() {
    let (client, node) = client().await;
    node.leave(Unavailable::NotRunning);
    let response = client.get("/api/v1/node").dispatch().await;
    assert_eq!(response.headers().get_one("Retry-After"), Some("5"));
    problem(response, 503, "(pocketstackd) is not running").await;
}

#[tokio::test]
async fn health_is_the_answer_of_the_node() {
    let (client, node) = client().await;
    let health = async |client: &Client| {
        let response = client.get("/healthz").dispatch().await;
        assert_eq!(response.content_type(), Some(ContentType::Plain));
        (
            response.status().code,
            response.into_string().await.expect("it has a body"),
        )
    };
    assert_eq!(health(&client).await, (200, "ok\n".to_owned()));
    node.leave(Unavailable::TimedOut(5));
    let (status, reason) = health(&client).await;
    assert_eq!(status, 503);
    assert!(reason.contains("did not answer within 5 seconds"), "{reason}");
    node.come_back();
    assert_eq!(health(&client).await.0, 200);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let (client, _node) = client().await;
    for path in ["/api/v1/nodes", "/api", "/api/v2/node"] {
        problem(client.get(path).dispatch().await, 404, path).await;
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_problem_that_names_the_right_ones() {
    let (client, _node) = client().await;
    for method in [
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Patch,
        Method::Options,
    ] {
        let response = client.req(method, "/api/v1/node").dispatch().await;
        assert_eq!(response.headers().get_one("Allow"), Some("GET, HEAD"));
        problem(response, 405, method.as_str()).await;
    }
    assert_eq!(client.head("/api/v1/node").dispatch().await.status(), Status::Ok);
}

#[get("/broken")]
fn broken() -> &'static str {
    panic!("a test breaks this route on purpose")
}

#[tokio::test]
async fn a_crash_is_a_problem_that_tells_nothing_of_the_inside() {
    let node = Arc::new(FakeNode::new(example()));
    let client = client_with(node, |rocket| rocket.mount("/api/v1", routes![broken])).await;
    let response = client.get("/api/v1/broken").dispatch().await;
    problem(response, 500, "Its log says more").await;
}

async fn send<'c>(client: &'c Client, path: &'c str, body: serde_json::Value) -> LocalResponse<'c> {
    client
        .post(path)
        .header(ContentType::JSON)
        .body(body.to_string())
        .dispatch()
        .await
}

async fn json(response: LocalResponse<'_>) -> serde_json::Value {
    let text = response.into_string().await.expect("it has a body");
    serde_json::from_str(&text).expect("it is JSON")
}

#[tokio::test]
async fn the_password_makes_a_token_that_works_until_it_is_revoked() {
    let (client, _node) = stranger().await;
    problem(client.get("/api/v1/node").dispatch().await, 401, "needs a token").await;
    let body = |password: &str| serde_json::json!({"password": password, "name": "ci", "expires_in_days": 7});
    problem(
        send(&client, "/api/v1/tokens", body("wrong")).await,
        403,
        "The password is wrong",
    )
    .await;
    let response = send(&client, "/api/v1/tokens", body(PASSWORD)).await;
    assert_eq!(response.status(), Status::Created);
    let token = json(response).await["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let bearer = || rocket::http::Header::new("Authorization", format!("Bearer {token}"));
    let ask = async |path: &'static str| client.get(path).header(bearer()).dispatch().await;
    assert_eq!(ask("/api/v1/node").await.status(), Status::Ok);
    assert_eq!(json(ask("/api/v1/tokens").await).await[0]["name"], "ci");
    let audit = json(ask("/api/v1/audit?limit=1").await).await;
    assert_eq!(audit.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&audit[0]["action"], &audit[0]["result"]),
        (&"create-token".into(), &"done".into())
    );
    problem(
        send(&client, "/api/v1/tokens", body(PASSWORD)).await,
        409,
        "has this name already",
    )
    .await;

    let response = client
        .delete("/api/v1/tokens/ci")
        .header(bearer())
        .dispatch()
        .await;
    assert_eq!(response.status(), Status::NoContent);
    problem(ask("/api/v1/node").await, 401, "needs a token").await;
    for wrong in ["Bearer", "Bearer ", "Basic YWRtaW46eA==", "bearer pst_x"] {
        let header = rocket::http::Header::new("Authorization", wrong);
        let response = client.get("/api/v1/node").header(header).dispatch().await;
        problem(response, 401, "needs a token").await;
    }
}

#[tokio::test]
async fn what_is_asked_for_a_token_is_checked_before_the_password() {
    let (client, _node) = stranger().await;
    let body =
        |name: &str, days: i64| serde_json::json!({"password": "x", "name": name, "expires_in_days": days});
    problem(
        send(&client, "/api/v1/tokens", body("", 7)).await,
        422,
        "name of 1 to 64",
    )
    .await;
    problem(
        send(&client, "/api/v1/tokens", body("a", 0)).await,
        422,
        "1 to 3650",
    )
    .await;
    problem(
        send(&client, "/api/v1/tokens", body("a", 70_000)).await,
        422,
        "could not be served",
    )
    .await;
    for _ in 0..5 {
        problem(
            send(&client, "/api/v1/tokens", body("a", 7)).await,
            403,
            "is wrong",
        )
        .await;
    }
    let response = send(&client, "/api/v1/tokens", body("a", 7)).await;
    assert_eq!(response.headers().get_one("Retry-After"), Some("5"));
    problem(response, 429, "try again in 5 seconds").await;
}

#[tokio::test]
async fn a_session_reads_and_only_a_token_changes() {
    let (client, node) = client().await;
    assert_eq!(client.get("/api/v1/tokens").dispatch().await.status(), Status::Ok);
    let change = || {
        client
            .post("/api/v1/network/confirm")
            .header(ContentType::JSON)
            .body("{\"code\":\"x\"}")
    };
    problem(change().dispatch().await, 401, "needs a token").await;
    assert_eq!(node.codes(), 0);
    problem(
        change().header(bearer(&client)).dispatch().await,
        409,
        "No change",
    )
    .await;
}

#[tokio::test]
async fn a_script_sets_a_machine_up_with_the_code_and_a_password() {
    let (client, node) = unset().await;
    let body = |code: &str, password: &str| serde_json::json!({"code": code, "password": password});
    problem(
        send(&client, "/api/v1/setup", body(SETUP_CODE, "short")).await,
        422,
        "too short",
    )
    .await;
    let wrong = send(&client, "/api/v1/setup", body("WRNG-1234", "a horse of mine")).await;
    problem(wrong, 403, "not the code on the console").await;
    node.refuse(NotDone::NotStored("the state partition is full".to_owned()));
    let full = send(&client, "/api/v1/setup", body(SETUP_CODE, "a horse of mine")).await;
    problem(full, 507, "state partition is full").await;
    node.come_back();
    let response = send(&client, "/api/v1/setup", body(SETUP_CODE, "a horse of mine")).await;
    assert_eq!(response.status(), Status::Created);
    let token = json(response).await["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let header = rocket::http::Header::new("Authorization", format!("Bearer {token}"));
    assert_eq!(
        client
            .get("/api/v1/node")
            .header(header)
            .dispatch()
            .await
            .status(),
        Status::Ok
    );
    let answers = node.answers().expect("it is set up");
    assert!(answers.access.password.is_some() && answers.install.is_none());
    let again = send(&client, "/api/v1/setup", body(SETUP_CODE, "another horse")).await;
    problem(again, 409, "set up already").await;
}

async fn ask(client: &Client, path: &'static str) -> serde_json::Value {
    let response = client.get(path).header(bearer(client)).dispatch().await;
    assert_eq!(response.status(), Status::Ok, "{path}");
    json(response).await
}

async fn put<'c>(client: &'c Client, path: &'static str, body: &serde_json::Value) -> LocalResponse<'c> {
    client
        .put(path)
        .header(ContentType::JSON)
        .header(bearer(client))
        .body(body.to_string())
        .dispatch()
        .await
}

const CONFIGURATION: &str = "/api/v1/configuration";
const KEYS: &str = "/api/v1/access/ssh-keys";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@there";

#[tokio::test]
async fn the_configuration_is_told_without_secrets_and_comes_back_with_them() {
    let (client, node) = client().await;
    let before = node.configured();
    let mut document = ask(&client, CONFIGURATION).await;
    assert_eq!(document["access"]["password_set"], true);
    assert!(!document.to_string().contains("argon2"), "{document}");

    document["node"]["name"] = "lab-nine".into();
    let changed = json(put(&client, CONFIGURATION, &document).await).await;
    assert_eq!(changed["confirm_code"], serde_json::Value::Null);
    assert_eq!(node.configured().node.name.to_string(), "lab-nine");
    assert_eq!(node.configured().access, before.access, "the password stays");

    document["network"]["management"]["dns"] = serde_json::json!(["192.0.2.53"]);
    let changed = json(put(&client, CONFIGURATION, &document).await).await;
    assert_eq!(changed["confirm_code"], crate::node::CODE);
    let audit = ask(&client, "/api/v1/audit?limit=1").await;
    assert_eq!(audit[0]["action"], "change-configuration");
}

#[tokio::test]
async fn what_is_wrong_with_a_configuration_is_said_and_changes_nothing() {
    let (client, node) = client().await;
    let before = node.configured();
    let right = ask(&client, CONFIGURATION).await;
    let with = |pointer: &str, value: serde_json::Value| {
        let mut wrong = right.clone();
        *wrong.pointer_mut(pointer).expect("it is there") = value;
        wrong
    };
    for (wrong, words) in [
        (with("/node/name", "not a name".into()), "not a name"),
        (with("/version", 9.into()), "of version 1, not 9"),
        (
            with("/access/ssh_keys", serde_json::json!([KEY, KEY])),
            "is there twice",
        ),
        (
            with(
                "/access",
                serde_json::json!({"password_hash": "x", "ssh_keys": []}),
            ),
            "password_hash",
        ),
    ] {
        problem(put(&client, CONFIGURATION, &wrong).await, 422, words).await;
    }
    let endless = serde_json::json!("x".repeat(100 << 10));
    problem(
        put(&client, CONFIGURATION, &endless).await,
        413,
        "larger than 96 KiB",
    )
    .await;
    assert_eq!(node.configured(), before);
    node.refuse(NotDone::Unconfirmed("another change waits".to_owned()));
    problem(put(&client, CONFIGURATION, &right).await, 409, "Another change").await;
}

#[tokio::test]
async fn keys_are_replaced_as_a_whole_and_each_is_recorded() {
    let (client, node) = client().await;
    assert_eq!(ask(&client, KEYS).await, serde_json::json!([]));
    let response = put(&client, KEYS, &serde_json::json!([KEY])).await;
    assert_eq!(response.status(), Status::NoContent);
    assert_eq!(ask(&client, KEYS).await, serde_json::json!([KEY]));
    problem(
        put(&client, KEYS, &serde_json::json!(["ssh-dss AAAA"])).await,
        422,
        "not what is asked for",
    )
    .await;
    let response = put(&client, KEYS, &serde_json::json!([])).await;
    assert_eq!(response.status(), Status::NoContent);
    assert!(node.configured().access.ssh_keys.is_empty());
    let audit = ask(&client, "/api/v1/audit?limit=2").await;
    assert_eq!(
        (&audit[0]["action"], &audit[1]["action"]),
        (&"remove-key".into(), &"add-key".into())
    );
    assert!(
        audit[1]["detail"]
            .as_str()
            .is_some_and(|detail| detail.starts_with("SHA256:"))
    );
}

#[tokio::test]
async fn a_new_password_needs_the_current_one_and_signs_browsers_out() {
    let (client, node) = client().await;
    let body = |current: &str, new: &str| serde_json::json!({"current": current, "new": new});
    const AT: &str = "/api/v1/access/password";
    problem(
        put(&client, AT, &body("wrong", "a horse of mine")).await,
        403,
        "is wrong",
    )
    .await;
    problem(put(&client, AT, &body(PASSWORD, "short")).await, 422, "too short").await;
    let before = node.configured();
    assert_eq!(client.get("/audit").dispatch().await.status(), Status::Ok);
    let response = put(&client, AT, &body(PASSWORD, "a horse of mine")).await;
    assert_eq!(response.status(), Status::NoContent);
    assert_ne!(node.configured().access, before.access);
    assert_eq!(
        client.get("/api/v1/node").dispatch().await.status(),
        Status::Unauthorized,
        "the browser is signed out"
    );
}

#[tokio::test]
async fn disks_and_metrics_are_those_of_the_node() {
    let (client, node) = client().await;
    let told = ask(&client, "/api/v1/disks").await;
    assert_eq!(told, serde_json::to_value(crate::node::disks()).expect("JSON"));
    let told = ask(&client, "/api/v1/metrics").await;
    let told: pocketstack_model::metrics::Metrics = serde_json::from_value(told).expect("rows");
    assert_eq!(told, crate::node::metrics());
    node.leave(Unavailable::NotRunning);
    for path in [
        "/api/v1/disks",
        "/api/v1/metrics",
        "/api/v1/units",
        "/api/v1/journal",
        CONFIGURATION,
        KEYS,
    ] {
        problem(client.get(path).dispatch().await, 503, "is not running").await;
    }
}

#[tokio::test]
async fn the_machine_is_ended_as_asked() {
    let (client, node) = client().await;
    let end = async |how: &'static str| {
        client
            .post("/api/v1/power")
            .header(ContentType::JSON)
            .header(bearer(&client))
            .body(format!("{{\"how\":\"{how}\"}}"))
            .dispatch()
            .await
    };
    problem(end("explode").await, 422, "could not be served").await;
    assert_eq!(node.ended(), None);
    node.refuse(NotDone::Refused("an installation runs".to_owned()));
    problem(end("off").await, 422, "An installation runs.").await;
    node.come_back();
    assert_eq!(end("restart").await.status(), Status::Accepted);
    assert_eq!(node.ended(), Some(crate::node::Power::Restart));
    let audit = ask(&client, "/api/v1/audit?limit=2").await;
    assert_eq!(
        (&audit[0]["action"], &audit[1]["action"]),
        (&"restart".into(), &"power-off".into())
    );
}

#[tokio::test]
async fn a_reset_names_the_machine_and_an_installation_its_disk() {
    let (client, node) = client().await;
    let send = async |path: &'static str, body: &'static str| {
        client
            .post(path)
            .header(ContentType::JSON)
            .header(bearer(&client))
            .body(body)
            .dispatch()
            .await
    };
    let reset = async |body| send("/api/v1/factory-reset", body).await;
    problem(reset("{}").await, 422, "could not be served").await;
    problem(reset("{\"name\":\"lab-two\"}").await, 422, "is called lab-one").await;
    assert!(!node.is_reset());
    assert_eq!(reset("{\"name\":\"lab-one\"}").await.status(), Status::Accepted);
    assert!(node.is_reset());

    let install = async |body| send("/api/v1/install", body).await;
    problem(
        install("{\"disk\":{\"name\":\"sdb\"},\"wipe\":1}").await,
        422,
        "wipe",
    )
    .await;
    assert_eq!(node.installs(), []);
    let right = "{\"what\":\"state\",\"disk\":{\"name\":\"sdb\"},\"existing\":\"erase\"}";
    assert_eq!(install(right).await.status(), Status::Accepted);
    assert_eq!(node.installs().len(), 1);
    problem(install(right).await, 422, "runs already").await;
    let audit = ask(&client, "/api/v1/audit?limit=3").await;
    let actions = [0, 1, 2].map(|at: usize| audit[at]["action"].clone());
    assert_eq!(actions, ["install", "install", "factory-reset"]);
}

#[tokio::test]
async fn units_do_as_they_are_told_and_it_is_recorded() {
    let (client, _node) = client().await;
    let told = ask(&client, "/api/v1/units").await;
    assert_eq!(told[0]["name"], "libvirtd.service");
    let act = async |path: &'static str| client.post(path).header(bearer(&client)).dispatch().await;
    let done = act("/api/v1/units/libvirtd.service/stop").await;
    assert_eq!(done.status(), Status::NoContent);
    assert_eq!(ask(&client, "/api/v1/units").await[0]["active"], "inactive");
    problem(
        act("/api/v1/units/dbus.service/stop").await,
        422,
        "dbus.service is not",
    )
    .await;
    problem(
        act("/api/v1/units/libvirtd.service/mask").await,
        404,
        "start, stop or restart",
    )
    .await;
    let audit = ask(&client, "/api/v1/audit?limit=2").await;
    assert_eq!(
        (&audit[1]["action"], &audit[1]["detail"]),
        (&"stop-unit".into(), &"libvirtd.service".into())
    );
    assert_eq!(audit[0]["result"], "refused");
}

#[tokio::test]
async fn the_journal_is_filtered_and_wrong_filters_are_named() {
    let (client, _node) = client().await;
    let all = ask(&client, "/api/v1/journal").await;
    let count = |of: &serde_json::Value| of["entries"].as_array().map_or(0, Vec::len);
    assert!(count(&all) > 1, "{all}");
    let newest = ask(&client, "/api/v1/journal?lines=1").await;
    assert_eq!(newest["entries"][0], all["entries"][count(&all) - 1]);
    let none = ask(&client, "/api/v1/journal?unit=nobody.service&priority=debug").await;
    assert_eq!(count(&none), 0);
    for (query, words) in [
        ("lines=5001", "lines: 1 to 5000"),
        ("priority=loud", "loud"),
        ("after=a%2Fb", "after: "),
        ("since=yesterday", "since: "),
        ("text=", "text: 1 to 200"),
    ] {
        let path = format!("/api/v1/journal?{query}");
        let response = client.get(path).dispatch().await;
        let status = response.status();
        let text = response.into_string().await.unwrap_or_default();
        assert!(
            status == Status::UnprocessableEntity && text.contains(words),
            "{query}: {status} {text}"
        );
    }
}
