//! `/disks`: the disks and what is on them; installing to them from here, for a machine that runs from a medium.

pub mod form;

use askama::Template;
use pocketstack_model::install::Candidate;
use pocketstack_model::node::Overview;
use pocketstack_model::status::Installation;
use pocketstack_model::words::Words;
use rocket::http::Status;
use rocket::{State, get, post};

use super::field::Troubles;
use super::{Answer, Frame, Page, errors, words};
use crate::access::{Access, Action, Admin, AdminForm};
use crate::form::Fields;
use crate::locale::{Key, Said};
use crate::node::{Cached, Unavailable};
use form::{DiskFields, MEDIUM, Offer, content, offered, read, suggested};

/// Content of `templates/disks/page.html`.
#[derive(Template)]
#[template(path = "disks/page.html")]
struct DisksPage<'a> {
    frame: &'a Frame<'a>,
    overview: &'a Overview,
    rows: Vec<Row<'a>>,
    /// Whether an installation can be begun now.
    offers: bool,
    trouble: Option<Said<'a>>,
    why: Option<String>,
    troubles: &'a Troubles,
    fields: DiskFields<'a>,
}

/// One disk.
struct Row<'a> {
    disk: &'a Candidate,
    content: Said<'a>,
    /// What is on it, in English.
    detail: Option<&'a Words>,
    /// Whether the machine runs from it.
    medium: bool,
}

/// What is known of the machine.
struct Seen {
    overview: std::sync::Arc<Overview>,
    disks: Vec<Candidate>,
}

async fn seen(node: &Cached) -> Result<Seen, Unavailable> {
    Ok(Seen {
        overview: node.overview().await?,
        disks: node.disks().await?,
    })
}

/// Whether an installation can be begun now. A machine that was installed is not installed once more from itself, and
/// one at a time is enough.
fn offers(seen: &Seen) -> bool {
    let free = matches!(
        seen.overview.installation,
        Installation::None | Installation::Failed { .. }
    );
    free && !seen.overview.boot.installed && offered(&seen.disks).next().is_some()
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    seen: &Seen,
    (fields, troubles): (&Fields, &Troubles),
    trouble: Option<(Said<'_>, Option<String>)>,
) -> Result<Page, Status> {
    let Seen { overview, disks } = seen;
    let (trouble, why) = trouble.unzip();
    let row = |disk| {
        let (content, detail) = content(frame, disk);
        Row {
            disk,
            content,
            detail,
            medium: overview
                .disks
                .iter()
                .any(|seen| seen.boot_medium && seen.name == disk.name),
        }
    };
    let offer = Offer {
        nothing: false,
        state: true,
    };
    let page = DisksPage {
        frame,
        overview,
        rows: disks.iter().map(row).collect(),
        offers: offers(seen),
        trouble,
        why: why.flatten(),
        troubles,
        fields: DiskFields::new(frame, (fields, disks), troubles, offer),
    };
    Page::render(status, &page)
}

/// Shows them.
#[get("/disks")]
pub async fn show(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    match seen(node).await {
        Ok(seen) => {
            let shown = (&suggested(&seen.disks), &Troubles::default());
            page(Status::Ok, &frame, &seen, shown, None)
        }
        Err(unavailable) => errors::away(&unavailable, &frame),
    }
}

/// Installs.
#[post("/disks", data = "<form>")]
pub async fn install(
    form: AdminForm,
    frame: Frame<'_>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Answer, Status> {
    let seen = match seen(node).await {
        Ok(seen) => seen,
        Err(unavailable) => return Ok(errors::away(&unavailable, &frame)?.into()),
    };
    // Sent twice, or from an old page: what runs is shown.
    if !offers(&seen) {
        return Ok(Answer::to("/disks"));
    }
    let wanted = match form.fields.get("disk") {
        "" | MEDIUM => Err(Troubles::one("disk", Key("disks-choose"))),
        _ => read(&form.fields, &seen.disks),
    };
    let settings = match wanted {
        Ok(Some(settings)) => settings,
        Ok(None) => return Ok(Answer::to("/disks")),
        Err(troubles) => {
            let shown = (&form.fields, &troubles);
            return Ok(page(Status::UnprocessableEntity, &frame, &seen, shown, None)?.into());
        }
    };
    let result = node.install(&settings).await;
    let disk = settings.disk.to_string();
    form.admin.record(access, Action::Install, &disk, &result);
    match result {
        Ok(()) => Ok(Answer::to("/disks")),
        Err(error) => {
            let trouble = Some(words::not_done(&frame, &error));
            let shown = (&form.fields, &Troubles::default());
            Ok(page(words::not_done_status(&error), &frame, &seen, shown, trouble)?.into())
        }
    }
}
