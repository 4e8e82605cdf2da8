//! `/power`: restarting the machine, switching it off, and making it as it was before its setup.

use askama::Template;
use rocket::http::Status;
use rocket::{State, get, post};

use super::field::{Field, Troubles};
use super::{Frame, Page, errors, words};
use crate::access::{Access, Action, Admin, AdminForm};
use crate::locale::{Key, Said};
use crate::node::{Cached, Power};

/// Content of `templates/power.html`.
#[derive(Template)]
#[template(path = "power.html")]
struct PowerPage<'a> {
    frame: &'a Frame<'a>,
    name: &'a str,
    /// What was begun; nothing can be asked for any more then.
    done: Option<Said<'a>>,
    trouble: Option<Said<'a>>,
    why: Option<String>,
    troubles: Troubles,
    /// Where the name of the machine is typed.
    typed: Field<'a>,
}

impl<'a> PowerPage<'a> {
    fn new(frame: &'a Frame<'a>, name: &'a str, typed: &str, troubles: Troubles) -> Self {
        let field = Field::text(frame, "name", Key("reset-name"))
            .hint(frame, Key("reset-name-hint"))
            .longest(64)
            .required()
            .value(typed)
            .among(frame, &troubles);
        Self {
            frame,
            name,
            done: None,
            trouble: None,
            why: None,
            troubles,
            typed: field,
        }
    }
}

/// What can be asked for.
enum Wish {
    End(Power),
    Reset,
}

/// Whether this is the name of the machine, as somebody types it who means it.
pub fn is_named(typed: &str, name: &str) -> bool {
    typed.trim().eq_ignore_ascii_case(name)
}

/// Asks which.
#[get("/power")]
pub async fn ask(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    match node.overview().await {
        Ok(overview) => {
            let page = PowerPage::new(&frame, &overview.name, "", Troubles::default());
            Page::render(Status::Ok, &page)
        }
        Err(unavailable) => errors::away(&unavailable, &frame),
    }
}

/// Ends the machine.
#[post("/power", data = "<form>")]
pub async fn end(
    form: AdminForm,
    frame: Frame<'_>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Page, Status> {
    let wish = match form.fields.get("how") {
        "factory-reset" => Wish::Reset,
        how => Wish::End(Power::called(how).ok_or(Status::UnprocessableEntity)?),
    };
    let overview = match node.overview().await {
        Ok(overview) => overview,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    let typed = form.fields.get("name");
    let (result, action, done) = match wish {
        Wish::Reset if !is_named(typed, &overview.name) => {
            let troubles = Troubles::one("name", Key("reset-name-wrong"));
            let page = PowerPage::new(&frame, &overview.name, typed, troubles);
            return Page::render(Status::UnprocessableEntity, &page);
        }
        Wish::Reset => (
            node.factory_reset().await,
            Action::FactoryReset,
            Key("reset-begun"),
        ),
        Wish::End(Power::Restart) => (
            node.power(Power::Restart).await,
            Action::Restart,
            Key("power-restarting"),
        ),
        Wish::End(Power::Off) => (
            node.power(Power::Off).await,
            Action::PowerOff,
            Key("power-going-off"),
        ),
    };
    form.admin.record(access, action, "", &result);
    let mut page = PowerPage::new(&frame, &overview.name, typed, Troubles::default());
    match result {
        Ok(()) => {
            page.done = Some(frame.say(done));
            Page::render(Status::Ok, &page)
        }
        Err(error) => {
            let (trouble, why) = words::not_done(&frame, &error);
            (page.trouble, page.why) = (Some(trouble), why);
            Page::render(words::not_done_status(&error), &page)
        }
    }
}
