//! The REST API under `/api/v1`, and `/healthz`.

mod confirm;
mod problem;

pub use problem::{Problem, catchers};

use pocketstack_model::node::Overview;
use rocket::http::Status;
use rocket::response::content::RawJson;
use rocket::{Responder, Route, State, get, routes};

use crate::node::{Cached, Unavailable};
use crate::page::RETRY_AFTER;

/// Routes, for `/api/v1`.
pub fn routes() -> Vec<Route> {
    routes![node, confirm::confirm]
}

/// Routes for programs that watch over this one, for `/`.
pub fn health_routes() -> Vec<Route> {
    routes![healthz]
}

#[derive(Responder)]
struct Fresh<T> {
    content: T,
    cache: rocket::http::Header<'static>,
}

fn fresh<T>(content: T) -> Fresh<T> {
    Fresh {
        content,
        cache: rocket::http::Header::new("Cache-Control", "no-store"),
    }
}

fn away(unavailable: &Unavailable) -> Problem {
    let detail = format!("{unavailable} {}", unavailable.advice());
    Problem::new(Status::ServiceUnavailable, detail).retry_after(RETRY_AFTER)
}

/// This machine as the node controller reads it now.
#[get("/node")]
async fn node(node: &State<Cached>) -> Result<Fresh<RawJson<String>>, Problem> {
    let overview = node.overview().await.map_err(|error| away(&error))?;
    let text = serde_json::to_string::<Overview>(&overview).map_err(|error| {
        tracing::error!("an overview has no JSON form: {error}");
        Problem::new(
            Status::InternalServerError,
            "The answer could not be put into JSON.",
        )
    })?;
    Ok(fresh(RawJson(text)))
}

/// Whether this node can be worked with: the node controller answers.
#[get("/healthz")]
async fn healthz(node: &State<Cached>) -> (Status, Fresh<String>) {
    match node.overview().await {
        Ok(_) => (Status::Ok, fresh("ok\n".to_owned())),
        Err(error) => (Status::ServiceUnavailable, fresh(format!("{error}\n"))),
    }
}

#[cfg(test)]
mod tests;
