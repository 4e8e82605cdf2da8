//! The first screen: language, the code that the console shows, and the password.

use std::net::IpAddr;

use askama::Template;
use pocketstack_model::access::{PasswordHash, check_strength};
use rocket::http::{CookieJar, Status};
use rocket::{State, get, post};
use time::OffsetDateTime;

use super::draft::{self, Setup, Wizard};
use super::{Screen, screens};
use crate::access::{Access, SameOrigin, TooBusy};
use crate::form::Fields;
use crate::locale::{Key, Said};
use crate::node::{Cached, NotDone};
use crate::page::field::{Field, Troubles};
use crate::page::{Answer, ClientAddress, Frame, Page, errors, words};

/// Longest code that is passed on; real ones are far shorter.
const LONGEST: usize = 64;

/// Content of `templates/setup/start.html`.
#[derive(Template)]
#[template(path = "setup/start.html")]
struct StartPage<'a> {
    frame: &'a Frame<'a>,
    screens: Vec<Screen<'a>>,
    troubles: &'a Troubles,
    /// What the system said, in English.
    why: Option<String>,
    /// Another browser sets this machine up: since when and from where.
    other: Option<(OffsetDateTime, IpAddr)>,
    /// Whether this browser has given code and password already.
    begun: bool,
    code: Field<'a>,
    account: Field<'a>,
    password: Field<'a>,
    again: Field<'a>,
}

/// What is shown besides the empty form.
#[derive(Default)]
struct Shown {
    troubles: Troubles,
    why: Option<String>,
    code: String,
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    wizard: &Wizard,
    begun: bool,
    shown: &Shown,
) -> Result<Page, Status> {
    let troubles = &shown.troubles;
    let required = |field: Field<'static>| if begun { field } else { field.required() };
    let password =
        |id, label| required(Field::password(frame, id, label, "new-password")).among(frame, troubles);
    let hint = if begun {
        Key("setup-password-kept")
    } else {
        Key("password-hint")
    };
    let page = StartPage {
        frame,
        screens: screens(frame, "/setup"),
        troubles,
        why: shown.why.clone(),
        other: wizard.under_way().filter(|_| !begun),
        begun,
        code: Field::text(frame, "code", Key("setup-code"))
            .hint(frame, Key("setup-code-hint"))
            .value(shown.code.as_str())
            .longest(64)
            .required()
            .among(frame, troubles),
        account: Field::account(frame),
        password: password("password", Key("access-password")).hint(frame, hint),
        again: password("password_again", Key("access-password-again")),
    };
    Page::render(status, &page)
}

/// Whether there is anything to set up; otherwise what is answered.
async fn open(node: &Cached, frame: &Frame<'_>) -> Result<Option<Answer>, Status> {
    Ok(match node.overview().await {
        Ok(overview) if overview.setup_needed => None,
        Ok(_) => Some(Answer::to("/")),
        Err(unavailable) => Some(errors::away(&unavailable, frame)?.into()),
    })
}

/// Asks.
#[get("/setup")]
pub async fn ask(
    setup: Option<Setup>,
    frame: Frame<'_>,
    wizard: &State<Wizard>,
    node: &State<Cached>,
) -> Result<Answer, Status> {
    match open(node, &frame).await? {
        Some(answer) => Ok(answer),
        None => Ok(page(Status::Ok, &frame, wizard, setup.is_some(), &Shown::default())?.into()),
    }
}

/// Begins, takes over, or takes another password.
#[post("/setup", data = "<fields>")]
#[expect(clippy::too_many_arguments, reason = "each is a guard of Rocket's")]
pub async fn begin(
    _from: SameOrigin,
    setup: Option<Setup>,
    fields: Fields,
    frame: Frame<'_>,
    from: ClientAddress,
    cookies: &CookieJar<'_>,
    wizard: &State<Wizard>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Answer, Status> {
    if let Some(answer) = open(node, &frame).await? {
        return Ok(answer);
    }
    // With the cookie the code was right before, and no password means the one that is kept.
    let begun = setup.is_some();
    let refuse = |status: Status, troubles: Troubles, why: Option<String>| {
        let shown = Shown {
            troubles,
            why,
            code: fields.get("code").to_owned(),
        };
        Ok(page(status, &frame, wizard, begun, &shown)?.into())
    };
    if begun && fields.raw("password").is_empty() && fields.raw("password_again").is_empty() {
        return Ok(Answer::to("/setup/machine"));
    }
    let mut troubles = password_troubles(&fields);
    let code = fields.get("code");
    if !begun && (code.is_empty() || code.len() > LONGEST) {
        troubles.note("code", Key("setup-no-code"));
    }
    if !troubles.is_empty() {
        return refuse(Status::UnprocessableEntity, troubles, None);
    }
    if !begun && let Err(error) = node.check_setup_code(code).await {
        let (key, why) = code_trouble(&error);
        return refuse(words::not_done_status(&error), Troubles::one("code", key), why);
    }
    let hash: PasswordHash = match access.hasher.hash(fields.raw("password")).await {
        Ok(hash) => hash,
        Err(TooBusy) => {
            let troubles = Troubles::one("password", Key("sign-in-busy"));
            return refuse(Status::ServiceUnavailable, troubles, None);
        }
    };
    if begun {
        wizard.set_password(hash);
    } else {
        let cookie = wizard.begin(from.0, code, hash).map_err(|error| {
            tracing::error!("{error}");
            Status::InternalServerError
        })?;
        cookies.add(draft::cookie(cookie));
    }
    Ok(Answer::to("/setup/machine"))
}

fn password_troubles(fields: &Fields) -> Troubles {
    let mut troubles = Troubles::default();
    let password = fields.raw("password");
    // The name of the machine is not chosen yet.
    if let Err(weak) = check_strength(password, "pocketstack") {
        troubles.note("password", words::weak(weak));
    } else if password != fields.raw("password_again") {
        troubles.note("password_again", Key("password-differs"));
    }
    troubles
}

/// Why a code was not taken, and what the system said if it is not about the code.
pub fn code_trouble(error: &NotDone) -> (Key, Option<String>) {
    match error {
        NotDone::WrongCode(_) => (Key("setup-wrong-code"), None),
        NotDone::TooManyTries(why) => (Key("setup-many-codes"), Some(why.clone())),
        NotDone::NothingWaits(_) => (Key("setup-is-done"), None),
        other => (Key("setup-not-checked"), Some(other.to_string())),
    }
}

/// The words above a page that another browser works at.
impl StartPage<'_> {
    fn other_words(&self) -> Option<Said<'_>> {
        let (since, from) = self.other.as_ref()?;
        let said = self.frame.say("setup-other").with("from", from);
        Some(said.with("since", self.frame.moment(since)))
    }
}
