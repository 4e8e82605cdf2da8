//! `/network/confirm`: keeping a change of the networks, with the code that was given for it.

use askama::Template;
use pocketstack_model::node::Overview;
use pocketstack_model::status::NetworkChange;
use pocketstack_model::words::Words;
use rocket::http::Status;
use rocket::{State, get, post};
use time::OffsetDateTime;

use super::{Frame, Page, errors, words};
use crate::access::{Access, Action, Admin, AdminForm};
use crate::confirm::{Made, Refusal, Tries};
use crate::locale::{Key, Said};
use crate::node::Cached;

/// Content of `templates/confirm.html`.
#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame<'a>,
    title: Said<'a>,
    /// What is the matter.
    detail: Said<'a>,
    /// Why a change was taken back.
    reverted: Option<&'a Words>,
    /// What was wrong with the last try.
    trouble: Option<Said<'a>>,
    /// What the system said of it, in English.
    why: Option<String>,
    /// Until when a change waits to be confirmed, if one does.
    until: Option<OffsetDateTime>,
    /// Whether the code is known here, and need not be typed.
    remembered: bool,
    /// What stands in the field already.
    code: &'a str,
}

impl<'a> ConfirmPage<'a> {
    fn new(overview: &'a Overview, frame: &'a Frame<'a>, code: &'a str) -> Self {
        let (title, detail, reverted, until) = match &overview.network_change {
            NetworkChange::None => (
                Key("network-no-change"),
                frame.say("network-no-change-detail"),
                None,
                None,
            ),
            NetworkChange::Unconfirmed { until } => (
                Key("network-confirm"),
                frame.say("network-confirm-detail"),
                None,
                Some(*until),
            ),
            NetworkChange::Reverted { at, why } => (
                Key("network-reverted"),
                frame.say("network-reverted-at").with("at", frame.moment(at)),
                Some(why),
                None,
            ),
        };
        Self {
            frame,
            title: frame.say(title),
            detail,
            reverted,
            trouble: None,
            why: None,
            until,
            remembered: false,
            code,
        }
    }
}

/// Asks; a link may bring the code along.
#[get("/network/confirm?<code>")]
pub async fn ask(
    _admin: Admin,
    code: Option<&str>,
    node: &State<Cached>,
    made: &State<Made>,
    frame: Frame<'_>,
) -> Result<Page, Status> {
    match node.overview().await {
        Ok(overview) => {
            let page = ConfirmPage {
                remembered: code.is_none() && made.code(&overview.network_change).is_some(),
                ..ConfirmPage::new(&overview, &frame, code.unwrap_or_default())
            };
            Page::render(Status::Ok, &page)
        }
        Err(unavailable) => errors::away(&unavailable, &frame),
    }
}

/// Confirms, and says what came of it.
#[post("/network/confirm", data = "<form>")]
pub async fn confirm(
    form: AdminForm,
    node: &State<Cached>,
    tries: &State<Tries>,
    made: &State<Made>,
    access: &State<Access>,
    frame: Frame<'_>,
) -> Result<Page, Status> {
    let known = match node.overview().await {
        Ok(overview) if form.fields.ticked("remembered") => made.code(&overview.network_change),
        _ => None,
    };
    let code = known.as_deref().unwrap_or_else(|| form.fields.get("code"));
    let result = tries.confirm(node, code).await;
    form.admin.record(access, Action::ConfirmNetwork, "", &result);
    let overview = match node.overview().await {
        Ok(overview) => overview,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    let page = ConfirmPage::new(&overview, &frame, "");
    let Err(refusal) = result else {
        let page = ConfirmPage {
            title: frame.say("network-confirmed"),
            detail: frame.say("network-confirmed-detail"),
            until: None,
            ..page
        };
        return Page::render(Status::Ok, &page);
    };
    // What the page says anyway is not said twice.
    let (trouble, why) = match refusal {
        Refusal::NothingWaits => (None, None),
        _ => {
            let (trouble, why) = words::refusal(&frame, &refusal);
            (Some(trouble), why)
        }
    };
    let until = page.until.filter(|_| !matches!(refusal, Refusal::TooMany { .. }));
    let page = ConfirmPage {
        trouble,
        why,
        until,
        ..page
    };
    Ok(Page::render(refusal.status(), &page)?.retry_after(refusal.retry_after()))
}
