//! `/network/confirm`: keeping a change of the networks, with the code that was given for it.

use askama::Template;
use pocketstack_model::node::Overview;
use pocketstack_model::status::NetworkChange;
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::{State, get, post};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Page, away, words};
use crate::assets::Assets;
use crate::confirm::{Refusal, SameOrigin, Tries};
use crate::node::Cached;

/// Content of `templates/confirm.html`.
#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    assets: &'a Assets,
    version: &'a str,
    title: &'static str,
    /// What is the matter, in words.
    detail: String,
    /// What was wrong with the last try.
    trouble: Option<String>,
    /// The form, if there is something to confirm.
    waits: Option<Waits>,
    /// What stands in the field already.
    code: &'a str,
}

/// Until when a change waits to be confirmed.
pub struct Waits {
    /// For people.
    pub until: String,
    /// For programs.
    pub until_machine: String,
}

impl Waits {
    /// In words.
    pub fn new(until: OffsetDateTime) -> Self {
        Self {
            until: words::moment(until),
            // Only a year beyond 9999 has no RFC 3339 form.
            until_machine: until.format(&Rfc3339).unwrap_or_default(),
        }
    }
}

impl<'a> ConfirmPage<'a> {
    fn new(overview: &'a Overview, assets: &'a Assets, code: &'a str) -> Self {
        let (title, detail, waits) = match &overview.network_change {
            NetworkChange::None => (words::NO_CHANGE, words::NO_CHANGE_DETAIL.to_owned(), None),
            NetworkChange::Unconfirmed { until } => (
                words::CONFIRM,
                words::CONFIRM_DETAIL.to_owned(),
                Some(Waits::new(*until)),
            ),
            NetworkChange::Reverted { at, why } => (words::REVERTED, words::reverted(*at, why), None),
        };
        Self {
            assets,
            version: &overview.version,
            title,
            detail,
            trouble: None,
            waits,
            code,
        }
    }
}

/// What the form sends.
#[derive(FromForm)]
pub struct Sent<'r> {
    code: &'r str,
}

/// Asks; a link may bring the code along.
#[get("/network/confirm?<code>")]
pub async fn ask(code: Option<&str>, node: &State<Cached>, assets: &State<Assets>) -> Result<Page, Status> {
    match node.overview().await {
        Ok(overview) => {
            let page = ConfirmPage::new(&overview, assets, code.unwrap_or_default());
            Page::render(Status::Ok, &page)
        }
        Err(unavailable) => away(&unavailable, assets),
    }
}

/// Confirms, and says what came of it.
#[post("/network/confirm", data = "<sent>")]
pub async fn confirm(
    _from: SameOrigin,
    sent: Form<Sent<'_>>,
    node: &State<Cached>,
    tries: &State<Tries>,
    assets: &State<Assets>,
) -> Result<Page, Status> {
    let result = tries.confirm(node, sent.code).await;
    let overview = match node.overview().await {
        Ok(overview) => overview,
        Err(unavailable) => return away(&unavailable, assets),
    };
    let page = ConfirmPage::new(&overview, assets, "");
    let Err(refusal) = result else {
        let page = ConfirmPage {
            title: words::CONFIRMED,
            detail: words::CONFIRMED_DETAIL.to_owned(),
            waits: None,
            ..page
        };
        return Page::render(Status::Ok, &page);
    };
    // What the page says anyway is not said twice.
    let trouble = (refusal != Refusal::NothingWaits).then(|| refusal.to_string());
    let waits = page.waits.filter(|_| !matches!(refusal, Refusal::TooMany { .. }));
    let page = ConfirmPage {
        trouble,
        waits,
        ..page
    };
    Ok(Page {
        retry: refusal.retry_after(),
        ..Page::render(refusal.status(), &page)?
    })
}
