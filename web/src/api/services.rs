//! The services of the system, and what they have written into the journal.

use pocketstack_model::journal::{Journal, JournalFilter};
use pocketstack_model::unit::{Unit, UnitAction};
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{FromForm, State, get, post};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Fresh, Problem, away, fresh, not_done};
use crate::access::{Access, Action, Admin};
use crate::node::Cached;

/// Entries that are told unless asked for otherwise.
const USUAL: u32 = 100;

/// What is asked of the journal, not checked yet.
#[derive(FromForm, Serialize)]
pub struct Wanted<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'r str>,
    #[field(default = USUAL)]
    lines: u32,
}

/// The units that a person has to do with.
#[get("/units")]
pub async fn units(_admin: Admin, node: &State<Cached>) -> Result<Fresh<Json<Vec<Unit>>>, Problem> {
    let units = node.units().await.map_err(|error| away(&error))?;
    Ok(fresh(Json(units)))
}

/// Starts, stops or restarts one of them.
#[post("/units/<unit>/<action>")]
pub async fn act(
    admin: Admin,
    unit: &str,
    action: &str,
    node: &State<Cached>,
    access: &State<Access>,
) -> Result<Status, Problem> {
    let Some(action) = UnitAction::called(action) else {
        return Err(Problem::new(
            Status::NotFound,
            "A unit can be told to start, stop or restart.",
        ));
    };
    let result = node.unit_action(unit, action).await;
    let recorded = match action {
        UnitAction::Start => Action::StartUnit,
        UnitAction::Stop => Action::StopUnit,
        UnitAction::Restart => Action::RestartUnit,
    };
    admin.record(access, recorded, unit, &result);
    result.map(|()| Status::NoContent).map_err(|why| not_done(&why))
}

/// Entries of the journal, the oldest first.
#[get("/journal?<wanted..>")]
pub async fn journal(
    _admin: Admin,
    wanted: Wanted<'_>,
    node: &State<Cached>,
) -> Result<Fresh<Json<Journal>>, Problem> {
    let moment = |text| OffsetDateTime::parse(text, &Rfc3339).is_ok();
    if !wanted.since.is_none_or(moment) {
        return Err(Problem::new(
            Status::UnprocessableEntity,
            "since: a time such as 2026-11-21T16:07:10Z is needed.",
        ));
    }
    // All else that is right is said in one place: where the document of the filter is read.
    let filter = serde_json::to_value(&wanted).and_then(serde_json::from_value::<JournalFilter>);
    let filter = filter.map_err(|error| Problem::new(Status::UnprocessableEntity, format!("{error}.")))?;
    let journal = node.journal(&filter).await.map_err(|why| not_done(&why))?;
    Ok(fresh(Json(journal)))
}
