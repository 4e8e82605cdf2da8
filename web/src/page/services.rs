//! `/services`: the units of systemd that a person has to do with.

use askama::Template;
use pocketstack_model::unit::{Active, AtStart, Unit, UnitAction};
use rocket::http::Status;
use rocket::{State, get, post};

use super::{Frame, Page, errors, words};
use crate::access::{Access, Action, Admin, AdminForm};
use crate::locale::{Key, Said};
use crate::node::{Cached, NotDone};

/// Content of `templates/services.html`.
#[derive(Template)]
#[template(path = "services.html")]
struct ServicesPage<'a> {
    frame: &'a Frame<'a>,
    units: Vec<Unit>,
    done: Option<Said<'a>>,
    trouble: Option<Said<'a>>,
    why: Option<String>,
}

impl ServicesPage<'_> {
    fn active(unit: &Unit) -> Key {
        match unit.active {
            Active::Active => Key("service-active"),
            Active::Reloading => Key("service-reloading"),
            Active::Inactive => Key("service-inactive"),
            Active::Failed => Key("service-failed"),
            Active::Activating => Key("service-activating"),
            Active::Deactivating => Key("service-deactivating"),
            Active::Other => Key("unknown"),
        }
    }

    fn class(unit: &Unit) -> &'static str {
        match unit.active {
            Active::Active | Active::Reloading => "good",
            Active::Failed => "problem",
            Active::Activating | Active::Deactivating => "warning",
            Active::Inactive | Active::Other => "off",
        }
    }

    fn at_start(unit: &Unit) -> Key {
        match unit.at_start {
            AtStart::Yes => Key("yes"),
            AtStart::No => Key("no"),
            AtStart::IfNeeded => Key("service-if-needed"),
            AtStart::Masked => Key("service-masked"),
        }
    }

    fn verb(action: &UnitAction) -> Key {
        match action {
            UnitAction::Start => Key("service-start"),
            UnitAction::Stop => Key("service-stop"),
            UnitAction::Restart => Key("service-restart"),
        }
    }

    /// The same with the name, for who hears the buttons one by one.
    fn verb_with_name(action: &UnitAction) -> Key {
        match action {
            UnitAction::Start => Key("service-start-named"),
            UnitAction::Stop => Key("service-stop-named"),
            UnitAction::Restart => Key("service-restart-named"),
        }
    }
}

/// What was asked for, and what came of it.
struct Came<'a> {
    unit: &'a str,
    action: UnitAction,
    result: Result<(), NotDone>,
}

async fn page(frame: &Frame<'_>, node: &Cached, came: Option<Came<'_>>) -> Result<Page, Status> {
    let units = match node.units().await {
        Ok(units) => units,
        Err(unavailable) => return errors::away(&unavailable, frame),
    };
    let mut page = ServicesPage {
        frame,
        units,
        done: None,
        trouble: None,
        why: None,
    };
    let mut status = Status::Ok;
    match came {
        None => {}
        Some(Came {
            unit,
            action,
            result: Ok(()),
        }) => {
            let done = match action {
                UnitAction::Start => frame.say("service-started"),
                UnitAction::Stop => frame.say("service-stopped"),
                UnitAction::Restart => frame.say("service-restarted"),
            };
            page.done = Some(done.with("name", unit));
        }
        Some(Came {
            result: Err(error), ..
        }) => {
            status = words::not_done_status(&error);
            let (trouble, why) = words::not_done(frame, &error);
            (page.trouble, page.why) = (Some(trouble), why);
        }
    }
    Page::render(status, &page)
}

/// Shows the units.
#[get("/services")]
pub async fn show(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    page(&frame, node, None).await
}

/// Starts a unit, stops it, or does both. Which may be, the node controller decides.
#[post("/services", data = "<form>")]
pub async fn change(
    form: AdminForm,
    frame: Frame<'_>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Page, Status> {
    let unit = form.fields.get("unit");
    let action = UnitAction::called(form.fields.get("action")).ok_or(Status::UnprocessableEntity)?;
    let result = node.unit_action(unit, action).await;
    let recorded = match action {
        UnitAction::Start => Action::StartUnit,
        UnitAction::Stop => Action::StopUnit,
        UnitAction::Restart => Action::RestartUnit,
    };
    form.admin.record(access, recorded, unit, &result);
    let came = Came { unit, action, result };
    page(&frame, node, Some(came)).await
}
