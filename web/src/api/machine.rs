//! What the machine has and how busy it is, and ending it.

use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::metrics::Metrics;
use rocket::data::Data;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, get, post};
use serde::Deserialize;

use super::{Fresh, Problem, away, fresh, not_done, sent};
use crate::access::{Access, Action, Admin};
use crate::node::{Cached, Power};
use crate::page::is_named;

/// What is sent to end the machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    how: How,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    Restart,
    Off,
}

/// What is sent to reset the machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// The name of the machine, so that no other one is meant.
    name: String,
}

/// The disks, and what is on them.
#[get("/disks")]
pub async fn disks(_admin: Admin, node: &State<Cached>) -> Result<Fresh<Json<Vec<Candidate>>>, Problem> {
    let disks = node.disks().await.map_err(|error| away(&error))?;
    Ok(fresh(Json(disks)))
}

/// The last minutes.
#[get("/metrics")]
pub async fn metrics(_admin: Admin, node: &State<Cached>) -> Result<Fresh<Json<Metrics>>, Problem> {
    let metrics = node.metrics().await.map_err(|error| away(&error))?;
    Ok(fresh(Json(metrics)))
}

/// Restarts the machine or switches it off; the answer comes before it happens.
#[post("/power", data = "<body>")]
pub async fn power(
    admin: Admin,
    body: Json<Body>,
    node: &State<Cached>,
    access: &State<Access>,
) -> Result<Status, Problem> {
    let (how, action) = match body.how {
        How::Restart => (Power::Restart, Action::Restart),
        How::Off => (Power::Off, Action::PowerOff),
    };
    let result = node.power(how).await;
    admin.record(access, action, "", &result);
    result.map(|()| Status::Accepted).map_err(|why| not_done(&why))
}

/// Restarts the machine as it was before its setup; the answer comes before it happens.
#[post("/factory-reset", data = "<body>")]
pub async fn factory_reset(
    admin: Admin,
    body: Json<Reset>,
    node: &State<Cached>,
    access: &State<Access>,
) -> Result<Status, Problem> {
    let overview = node.overview().await.map_err(|error| away(&error))?;
    if !is_named(&body.name, &overview.name) {
        let detail = format!(
            "This machine is called {}: send that name if it is the one to be reset.",
            overview.name
        );
        return Err(Problem::new(Status::UnprocessableEntity, detail));
    }
    let result = node.factory_reset().await;
    admin.record(access, Action::FactoryReset, "", &result);
    result.map(|()| Status::Accepted).map_err(|why| not_done(&why))
}

/// Starts an installation to disk; the overview tells how it goes.
#[post("/install", data = "<data>")]
pub async fn install(
    admin: Admin,
    data: Data<'_>,
    node: &State<Cached>,
    access: &State<Access>,
) -> Result<Status, Problem> {
    let settings: InstallSettings = sent::read(data).await?;
    let result = node.install(&settings).await;
    admin.record(access, Action::Install, &settings.disk.to_string(), &result);
    result.map(|()| Status::Accepted).map_err(|why| not_done(&why))
}
