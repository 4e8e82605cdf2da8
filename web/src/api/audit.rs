//! Who did what.

use rocket::serde::json::Json;
use rocket::{State, get};

use super::{Fresh, fresh};
use crate::access::{Access, Admin, Entry};

/// Entries that are told unless asked for otherwise.
const USUAL: usize = 100;
/// Most entries in one answer.
const MOST: usize = 1000;

/// The last entries, the newest first.
#[get("/audit?<limit>")]
pub fn list(_admin: Admin, limit: Option<usize>, access: &State<Access>) -> Fresh<Json<Vec<Entry>>> {
    fresh(Json(access.audit.last(limit.unwrap_or(USUAL).min(MOST))))
}
