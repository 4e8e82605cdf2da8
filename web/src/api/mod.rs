//! The REST API under `/api/v1`, and `/healthz`.

mod access;
mod audit;
mod configuration;
mod confirm;
mod machine;
mod openapi;
mod problem;
mod sent;
mod services;
mod setup;
mod support;
mod tokens;

pub use problem::{Problem, catchers};

use pocketstack_model::node::Overview;
use rocket::http::Status;
use rocket::response::content::RawJson;
use rocket::{Responder, Route, State, get, routes};

use crate::access::Admin;
use crate::node::{Cached, NotDone, Unavailable};
use crate::page::RETRY_AFTER;

/// Routes, for `/api/v1`.
pub fn routes() -> Vec<Route> {
    routes![
        node,
        access::keys,
        access::password,
        access::set_keys,
        audit::list,
        configuration::change,
        configuration::show,
        confirm::confirm,
        machine::disks,
        machine::factory_reset,
        machine::install,
        machine::metrics,
        machine::power,
        openapi::document,
        services::act,
        services::journal,
        services::units,
        setup::setup,
        support::support,
        tokens::list,
        tokens::create,
        tokens::revoke,
    ]
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

/// What was not done, and why.
fn not_done(why: &NotDone) -> Problem {
    let status = match why {
        NotDone::WrongCode(_) => Status::Forbidden,
        NotDone::TooManyTries(_) => Status::TooManyRequests,
        NotDone::NothingWaits(_) | NotDone::Unconfirmed(_) => Status::Conflict,
        NotDone::NotStored(_) => Status::InsufficientStorage,
        NotDone::Refused(_) => Status::UnprocessableEntity,
        NotDone::Unavailable(unavailable) => return away(unavailable),
    };
    refused(status, why)
}

/// A refusal as a sentence of its own.
fn refused(status: Status, why: impl std::fmt::Display) -> Problem {
    let mut words = why.to_string();
    let first = words.split(' ').next().unwrap_or_default();
    // The name of a unit or of a key is repeated as it is.
    if first.chars().all(char::is_alphabetic)
        && let Some(letter) = first.chars().next()
    {
        words.replace_range(..letter.len_utf8(), &letter.to_uppercase().to_string());
    }
    Problem::new(status, format!("{}.", words.trim_end_matches('.')))
}

/// This machine as the node controller reads it now.
#[get("/node")]
async fn node(_admin: Admin, node: &State<Cached>) -> Result<Fresh<RawJson<String>>, Problem> {
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
