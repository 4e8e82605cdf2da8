//! The password and the SSH keys.

use pocketstack_model::access::{SshKey, check_strength};
use pocketstack_model::config::Configuration;
use rocket::data::Data;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, get, put};
use serde::Deserialize;

use super::configuration::with_keys;
use super::sent::read;
use super::tokens::not_signed_in;
use super::{Fresh, Problem, away, fresh, not_done, refused};
use crate::access::{Access, Action, Admin};
use crate::node::{Cached, NotDone};
use crate::page::{RETRY_AFTER, fingerprint};

/// What is sent for a new password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    current: String,
    new: String,
}

/// Changes the password for who knows the current one. All browsers are signed out; tokens stay.
#[put("/access/password", data = "<body>")]
pub async fn password(
    admin: Admin,
    body: Json<NewPassword>,
    node: &State<Cached>,
    access: &State<Access>,
) -> Result<Status, Problem> {
    let mut configuration = node.configuration().await.map_err(|error| away(&error))?;
    check_strength(&body.new, &configuration.node.name.to_string())
        .map_err(|weak| refused(Status::UnprocessableEntity, weak))?;
    if let Err(why) = access.check_password(&body.current, admin.from, node).await {
        admin.record(access, Action::Password, "", &Err(&why));
        return Err(not_signed_in(&why));
    }
    let hash = access.hasher.hash(&body.new).await;
    let hash = hash.map_err(|busy| refused(Status::ServiceUnavailable, busy).retry_after(RETRY_AFTER))?;
    configuration.access.password = Some(hash);
    let result = store(node, &configuration).await;
    admin.record(access, Action::Password, "", &result);
    result.map_err(|why| not_done(&why))?;
    access.sessions.close_others(&admin.cookie);
    Ok(Status::NoContent)
}

/// The keys, as lines of `authorized_keys`.
#[get("/access/ssh-keys")]
pub async fn keys(_admin: Admin, node: &State<Cached>) -> Result<Fresh<Json<Vec<SshKey>>>, Problem> {
    let configuration = node.configuration().await.map_err(|error| away(&error))?;
    Ok(fresh(Json(configuration.access.ssh_keys)))
}

/// Takes these keys and no others.
#[put("/access/ssh-keys", data = "<data>")]
pub async fn set_keys(
    admin: Admin,
    data: Data<'_>,
    node: &State<Cached>,
    access: &State<Access>,
) -> Result<Status, Problem> {
    let keys: Vec<SshKey> = read(data).await?;
    let now = node.configuration().await.map_err(|error| away(&error))?;
    let mut new = now.clone();
    new.access = with_keys(new.access, keys)?;
    let result = store(node, &new).await;
    let (old, new) = (&now.access.ssh_keys, &new.access.ssh_keys);
    for (action, these, others) in [(Action::AddKey, new, old), (Action::RemoveKey, old, new)] {
        let changed = these
            .iter()
            .filter(|key| others.iter().all(|other| other.blob() != key.blob()));
        for key in changed {
            admin.record(access, action, &fingerprint(key), &result);
        }
    }
    result.map(|()| Status::NoContent).map_err(|why| not_done(&why))
}

async fn store(node: &Cached, new: &Configuration) -> Result<(), NotDone> {
    node.change_configuration(new).await.map(drop)
}
