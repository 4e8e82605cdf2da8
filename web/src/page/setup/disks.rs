//! The third screen: on which disk PocketStack is installed, if on any.

use askama::Template;
use pocketstack_model::install::Candidate;
use rocket::http::Status;
use rocket::{State, get, post};

use super::draft::{Setup, SetupForm, Step, Wizard};
use super::{Screen, screens};
use crate::form::Fields;
use crate::node::Cached;
use crate::page::disks::form::{DiskFields, Offer, read, suggested};
use crate::page::field::Troubles;
use crate::page::{Answer, Frame, Page, errors};

/// Content of `templates/setup/disks.html`.
#[derive(Template)]
#[template(path = "setup/disks.html")]
struct DisksPage<'a> {
    frame: &'a Frame<'a>,
    screens: Vec<Screen<'a>>,
    csrf: &'a str,
    troubles: &'a Troubles,
    fields: DiskFields<'a>,
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    csrf: &str,
    (fields, disks, installed): (&Fields, &[Candidate], bool),
    troubles: &Troubles,
) -> Result<Page, Status> {
    let offer = Offer {
        nothing: true,
        state: !installed,
    };
    let page = DisksPage {
        frame,
        screens: screens(frame, "/setup/disks"),
        csrf,
        troubles,
        fields: DiskFields::new(frame, (fields, disks), troubles, offer),
    };
    Page::render(status, &page)
}

/// Asks.
#[get("/setup/disks")]
pub async fn ask(setup: Setup, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    let Setup(draft) = setup;
    let disks = match node.disks().await {
        Ok(disks) => disks,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    let installed = match node.overview().await {
        Ok(overview) => overview.boot.installed,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    let typed = draft.typed(Step::Disks);
    let troubles = typed
        .as_ref()
        .and_then(|typed| read(typed, &disks).err())
        .unwrap_or_default();
    let fields = typed.unwrap_or_else(|| suggested(&disks));
    let shown = (&fields, disks.as_slice(), installed);
    page(Status::Ok, &frame, &draft.csrf, shown, &troubles)
}

/// Keeps what was chosen, and goes on if it is right.
#[post("/setup/disks", data = "<form>")]
pub async fn keep(
    form: SetupForm,
    frame: Frame<'_>,
    wizard: &State<Wizard>,
    node: &State<Cached>,
) -> Result<Answer, Status> {
    wizard.set_typed(Step::Disks, &form.fields);
    let disks = match node.disks().await {
        Ok(disks) => disks,
        Err(unavailable) => return Ok(errors::away(&unavailable, &frame)?.into()),
    };
    match read(&form.fields, &disks) {
        Ok(_) => Ok(Answer::to("/setup/network")),
        Err(troubles) => {
            let installed = match node.overview().await {
                Ok(overview) => overview.boot.installed,
                Err(unavailable) => return Ok(errors::away(&unavailable, &frame)?.into()),
            };
            let status = Status::UnprocessableEntity;
            let shown = (&form.fields, disks.as_slice(), installed);
            Ok(page(status, &frame, &form.draft.csrf, shown, &troubles)?.into())
        }
    }
}
