//! Setting a machine up without the wizard, for scripts: the password only, all else stays as it is.

use pocketstack_model::access::check_strength;
use pocketstack_model::answers::{Answers, VERSION};
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, post};
use serde::Deserialize;

use super::tokens::{Made, not_made};
use super::{Fresh, Problem, away, fresh, not_done, refused};
use crate::access::{Access, Action, Entry, NewToken, Outcome, SameOrigin, Who};
use crate::node::Cached;
use crate::page::setup::Wizard;
use crate::page::{ClientAddress, RETRY_AFTER};

/// Name of the token that is given back.
const TOKEN: &str = "setup";
/// How long it lives.
const DAYS: &str = "1";

/// What is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    code: String,
    password: String,
}

/// Sets the password, and gives back a token for a day.
#[post("/setup", data = "<body>")]
pub async fn setup(
    _from: SameOrigin,
    body: Json<Body>,
    from: ClientAddress,
    access: &State<Access>,
    wizard: &State<Wizard>,
    node: &State<Cached>,
) -> Result<(Status, Fresh<Json<Made>>), Problem> {
    let configuration = node.configuration().await.map_err(|why| away(&why))?;
    check_strength(&body.password, &configuration.node.name.to_string())
        .map_err(|weak| refused(Status::UnprocessableEntity, weak))?;
    // Asked first: hashing is not for who does not know the code.
    let code = body.code.trim();
    node.check_setup_code(code).await.map_err(|why| not_done(&why))?;
    let hash = access.hasher.hash(&body.password).await;
    let hash = hash.map_err(|busy| refused(Status::ServiceUnavailable, busy).retry_after(RETRY_AFTER))?;
    let mut answers = Answers {
        version: VERSION,
        node: configuration.node,
        network: configuration.network,
        access: configuration.access,
        install: None,
    };
    answers.access.password = Some(hash);
    let result = node.finish_setup(code, &answers).await;
    let outcome = match &result {
        Ok(_) => Outcome::Done,
        Err(why) => Outcome::Refused { why: why.to_string() },
    };
    access
        .audit
        .record(Entry::new(&Who::Session, from.0, Action::Setup, "", outcome));
    result.map_err(|why| not_done(&why))?;
    wizard.end();
    let token = NewToken::new(TOKEN, DAYS).and_then(|new| access.tokens.create(&new));
    let token = token.map_err(|why| not_made(&why))?;
    Ok((Status::Created, fresh(Json(Made { token }))))
}
