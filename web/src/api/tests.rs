use std::sync::Arc;

use rocket::http::{ContentType, Method};
use rocket::local::asynchronous::Client;

use pocketstack_model::node::Units;

use super::*;
use crate::node::{FakeNode, example};
use crate::server::testing::{client, client_with, problem};

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
