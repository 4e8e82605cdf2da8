//! Confirming a change of the networks.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, post};
use serde::Deserialize;

use super::{Problem, away};
use crate::access::{Access, Action, Admin};
use crate::confirm::{Refusal, Tries};
use crate::node::Cached;

/// What is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    code: String,
}

/// Keeps the change that the code belongs to; without content if it is kept.
#[post("/network/confirm", data = "<body>")]
pub async fn confirm(
    admin: Admin,
    body: Json<Body>,
    node: &State<Cached>,
    tries: &State<Tries>,
    access: &State<Access>,
) -> Result<Status, Problem> {
    let result = tries.confirm(node, &body.code).await;
    admin.record(access, Action::ConfirmNetwork, "", &result);
    match result {
        Ok(()) => Ok(Status::NoContent),
        Err(Refusal::Unavailable(unavailable)) => Err(away(&unavailable)),
        Err(refusal) => {
            let problem = Problem::new(refusal.status(), refusal.to_string());
            Err(match refusal.retry_after() {
                Some(seconds) => problem.retry_after(seconds),
                None => problem,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::ContentType;
    use rocket::local::asynchronous::{Client, LocalResponse};

    use super::*;
    use crate::confirm::testing::{CODE, unconfirmed};
    use crate::server::testing::{bearer, client, problem};

    async fn send<'c>(client: &'c Client, body: &str) -> LocalResponse<'c> {
        client
            .post("/api/v1/network/confirm")
            .header(ContentType::JSON)
            .header(bearer(client))
            .body(body)
            .dispatch()
            .await
    }

    fn body(code: &str) -> String {
        format!("{{\"code\":\"{code}\"}}")
    }

    #[tokio::test]
    async fn the_right_code_keeps_the_change() {
        let (client, node) = client().await;
        problem(send(&client, &body(CODE)).await, 409, "No change").await;
        node.change(|overview| overview.network_change = unconfirmed(60));
        let response = send(&client, &body(CODE)).await;
        assert_eq!(response.status(), Status::NoContent);
        problem(send(&client, &body(CODE)).await, 409, "No change").await;
    }

    #[tokio::test]
    async fn wrong_codes_are_counted_and_then_only_time_helps() {
        let (client, node) = client().await;
        node.change(|overview| overview.network_change = unconfirmed(60));
        for left in [
            "4 more tries",
            "3 more tries",
            "2 more tries",
            "1 more try",
            "No more tries",
        ] {
            problem(send(&client, &body("WRNG2345")).await, 403, left).await;
        }
        let refused = send(&client, &body(CODE)).await;
        let seconds = refused.headers().get_one("Retry-After").expect("it says when");
        assert!(
            (50..=60).contains(&seconds.parse::<u32>().expect("a number")),
            "{seconds}"
        );
        problem(refused, 429, "Too many wrong codes").await;
    }

    #[tokio::test]
    async fn what_is_no_code_is_a_problem() {
        let (client, node) = client().await;
        node.change(|overview| overview.network_change = unconfirmed(60));
        problem(send(&client, &body(" ")).await, 422, "Type the code").await;
        problem(send(&client, "{").await, 400, "could not be served").await;
        problem(
            send(&client, "{\"coed\":\"x\"}").await,
            422,
            "could not be served",
        )
        .await;
        assert_eq!(node.codes(), 0);
        let response = client.get("/api/v1/network/confirm").dispatch().await;
        assert_eq!(response.headers().get_one("Allow"), Some("POST"));
        problem(response, 405, "use POST").await;
    }
}
