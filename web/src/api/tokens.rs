//! Tokens: made with the password or with another token, listed, revoked.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, delete, get, post};
use serde::{Deserialize, Serialize};

use super::{Fresh, Problem, fresh, refused};
use crate::access::{
    Access, Action, Admin, Entry, NewToken, NotMade, NotSignedIn, Outcome, SameOrigin, Token, Who,
};
use crate::node::Cached;
use crate::page::{ClientAddress, RETRY_AFTER};

/// What is sent for a new token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    password: String,
    name: String,
    expires_in_days: u16,
}

/// A token, as its owner gets it.
#[derive(Serialize)]
pub struct Made {
    /// What is sent as `Authorization: Bearer`.
    pub token: String,
}

/// Why a token was not made or revoked, as a problem.
pub fn not_made(why: &NotMade) -> Problem {
    let status = match why {
        NotMade::Name | NotMade::Days => Status::UnprocessableEntity,
        NotMade::Twice | NotMade::TooMany => Status::Conflict,
        NotMade::NoSuch => Status::NotFound,
        NotMade::NotStored(_) => Status::InsufficientStorage,
    };
    refused(status, why)
}

/// All tokens, without what they are.
#[get("/tokens")]
pub fn list(_admin: Admin, access: &State<Access>) -> Fresh<Json<Vec<Token>>> {
    fresh(Json(access.tokens.list()))
}

/// Makes a token for who knows the password.
#[post("/tokens", data = "<body>")]
pub async fn create(
    _from: SameOrigin,
    body: Json<Body>,
    from: ClientAddress,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<(Status, Fresh<Json<Made>>), Problem> {
    let new = NewToken::new(&body.name, &body.expires_in_days.to_string()).map_err(|why| not_made(&why))?;
    access
        .check_password(&body.password, from.0, node)
        .await
        .map_err(|why| not_signed_in(&why))?;
    let made = access.tokens.create(&new);
    let outcome = match &made {
        Ok(_) => Outcome::Done,
        Err(why) => Outcome::Refused { why: why.to_string() },
    };
    access.audit.record(Entry::new(
        &Who::Session,
        from.0,
        Action::CreateToken,
        new.name(),
        outcome,
    ));
    let token = made.map_err(|why| not_made(&why))?;
    Ok((Status::Created, fresh(Json(Made { token }))))
}

/// Why a password was not taken, as a problem.
pub fn not_signed_in(why: &NotSignedIn) -> Problem {
    match why {
        NotSignedIn::Wrong => refused(Status::Forbidden, why),
        NotSignedIn::Wait { seconds } => refused(Status::TooManyRequests, why).retry_after(*seconds),
        NotSignedIn::NotSetUp => refused(Status::Conflict, why),
        NotSignedIn::TooBusy(_) => refused(Status::ServiceUnavailable, why).retry_after(RETRY_AFTER),
        NotSignedIn::Unavailable(unavailable) => super::away(unavailable),
    }
}

/// Revokes a token.
#[delete("/tokens/<name>")]
pub fn revoke(admin: Admin, name: &str, access: &State<Access>) -> Result<Status, Problem> {
    let revoked = access.tokens.revoke(name);
    admin.record(access, Action::RevokeToken, name, &revoked);
    revoked.map(|()| Status::NoContent).map_err(|why| not_made(&why))
}
