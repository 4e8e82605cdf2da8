//! The configuration, without secrets: of the password only whether there is one.

use pocketstack_model::access::{AccessSettings, SshKey};
use pocketstack_model::config::network::NetworkSettings;
use pocketstack_model::config::{Configuration, NodeSettings, VERSION};
use rocket::data::Data;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, get, put};
use serde::{Deserialize, Serialize};

use super::sent::read;
use super::{Fresh, Problem, away, fresh, not_done, refused};
use crate::access::{Access, Action, Admin};
use crate::node::Cached;

/// A [`Configuration`] as it goes over the network.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    version: u32,
    #[serde(default)]
    node: NodeSettings,
    #[serde(default)]
    network: NetworkSettings,
    access: ShownAccess,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownAccess {
    /// Told, and ignored when it is sent: the password has its own address.
    #[serde(default)]
    password_set: bool,
    ssh_keys: Vec<SshKey>,
}

/// What a change has led to.
#[derive(Serialize)]
pub struct Changed {
    /// What `POST /network/confirm` takes, if the networks change; without it they change back.
    confirm_code: Option<String>,
}

impl From<Configuration> for Shown {
    fn from(of: Configuration) -> Self {
        Self {
            version: of.version,
            node: of.node,
            network: of.network,
            access: ShownAccess {
                password_set: of.access.password.is_some(),
                ssh_keys: of.access.ssh_keys,
            },
        }
    }
}

/// The access settings with these keys.
pub fn with_keys(access: AccessSettings, ssh_keys: Vec<SshKey>) -> Result<AccessSettings, Problem> {
    let new = AccessSettings { ssh_keys, ..access };
    match new.problems().first() {
        Some(problem) => Err(refused(Status::UnprocessableEntity, problem)),
        None => Ok(new),
    }
}

/// The configuration in use, an unconfirmed one included.
#[get("/configuration")]
pub async fn show(_admin: Admin, node: &State<Cached>) -> Result<Fresh<Json<Shown>>, Problem> {
    let configuration = node.configuration().await.map_err(|error| away(&error))?;
    Ok(fresh(Json(configuration.into())))
}

/// Uses another configuration, with the password that there is.
#[put("/configuration", data = "<data>")]
pub async fn change(
    admin: Admin,
    data: Data<'_>,
    node: &State<Cached>,
    access: &State<Access>,
) -> Result<Fresh<Json<Changed>>, Problem> {
    let sent: Shown = read(data).await?;
    if sent.version != VERSION {
        let detail = format!(
            "This PocketStack knows configurations of version {VERSION}, not {}.",
            sent.version
        );
        return Err(Problem::new(Status::UnprocessableEntity, detail));
    }
    let now = node.configuration().await.map_err(|error| away(&error))?;
    let new = Configuration {
        version: VERSION,
        node: sent.node,
        network: sent.network,
        access: with_keys(now.access, sent.access.ssh_keys)?,
    };
    let changed = node.change_configuration(&new).await;
    let (result, code) = match changed {
        Ok(code) => (Ok(()), code),
        Err(why) => (Err(why), None),
    };
    admin.record(access, Action::ChangeConfiguration, "", &result);
    result.map_err(|why| not_done(&why))?;
    Ok(fresh(Json(Changed { confirm_code: code })))
}
