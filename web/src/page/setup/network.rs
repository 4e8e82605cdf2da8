//! The fourth screen: how this machine is reached.

use askama::Template;
use pocketstack_model::config::network::{NetworkSettings, Role};
use pocketstack_model::node::Overview;
use rocket::http::Status;
use rocket::{State, get, post};

use super::draft::{Setup, SetupForm, Step, Wizard};
use super::{Screen, screens};
use crate::form::Fields;
use crate::node::Cached;
use crate::page::field::Troubles;
use crate::page::networks::form::{self, Part};
use crate::page::{Answer, Frame, Page, errors};

/// The networks that are asked for. The one for power control comes with the machines that have it.
const ROLES: [Role; 2] = [Role::Management, Role::External];

/// Content of `templates/setup/network.html`.
#[derive(Template)]
#[template(path = "setup/network.html")]
struct NetworkPage<'a> {
    frame: &'a Frame<'a>,
    screens: Vec<Screen<'a>>,
    csrf: &'a str,
    troubles: &'a Troubles,
    parts: Vec<Part<'a>>,
    /// Whether the external network is separate.
    external: bool,
}

/// What the fields say.
pub fn read(fields: &Fields) -> Result<NetworkSettings, Troubles> {
    let mut troubles = Troubles::default();
    let networks = NetworkSettings {
        management: form::read(Role::Management, fields, &mut troubles),
        external: fields
            .ticked("external")
            .then(|| form::read(Role::External, fields, &mut troubles)),
        bmc: None,
    };
    form::note_problems(&networks, None, &mut troubles);
    troubles.none(networks)
}

/// What stands in the fields before anybody has typed: what is configured.
fn suggested(networks: &NetworkSettings) -> Fields {
    let mut fields: Vec<(&str, String)> = Vec::new();
    if networks.external.is_some() {
        fields.push(("external", "yes".to_owned()));
    }
    let asked = networks.roles().filter(|(role, _)| ROLES.contains(role));
    fields.extend(asked.flat_map(|(role, network)| form::suggested(role, network)));
    Fields::of(fields)
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    csrf: &str,
    overview: &Overview,
    typed: (&Fields, &Troubles),
) -> Result<Page, Status> {
    let page = NetworkPage {
        frame,
        screens: screens(frame, "/setup/network"),
        csrf,
        troubles: typed.1,
        parts: ROLES
            .map(|role| Part::new(frame, role, &overview.nics, typed))
            .into(),
        external: typed.0.ticked("external"),
    };
    Page::render(status, &page)
}

/// Asks.
#[get("/setup/network")]
pub async fn ask(setup: Setup, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    let Setup(draft) = setup;
    let (overview, configuration) = match (node.overview().await, node.configuration().await) {
        (Ok(overview), Ok(configuration)) => (overview, configuration),
        (Err(unavailable), _) | (_, Err(unavailable)) => return errors::away(&unavailable, &frame),
    };
    let typed = draft.typed(Step::Network);
    let troubles = typed
        .as_ref()
        .and_then(|typed| read(typed).err())
        .unwrap_or_default();
    let fields = typed.unwrap_or_else(|| suggested(&configuration.network));
    page(Status::Ok, &frame, &draft.csrf, &overview, (&fields, &troubles))
}

/// Keeps what was typed, and goes on if it is right.
#[post("/setup/network", data = "<form>")]
pub async fn keep(
    form: SetupForm,
    frame: Frame<'_>,
    wizard: &State<Wizard>,
    node: &State<Cached>,
) -> Result<Answer, Status> {
    wizard.set_typed(Step::Network, &form.fields);
    let Err(troubles) = read(&form.fields) else {
        return Ok(Answer::to("/setup/review"));
    };
    let overview = match node.overview().await {
        Ok(overview) => overview,
        Err(unavailable) => return Ok(errors::away(&unavailable, &frame)?.into()),
    };
    let status = Status::UnprocessableEntity;
    Ok(page(
        status,
        &frame,
        &form.draft.csrf,
        &overview,
        (&form.fields, &troubles),
    )?
    .into())
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
