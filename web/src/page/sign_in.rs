//! `/sign-in` and `/sign-out`, and what becomes of a form that was sent without being signed in.

use std::fmt::Display;

use askama::Template;
use rocket::http::{Cookie, CookieJar, Status};
use rocket::response::Redirect;
use rocket::{State, get, post};

use super::field::Field;
use super::{Answer, Frame, Page, words};
use crate::access::{Access, Action, Admin, AdminForm, COOKIE, NotSignedIn, SameOrigin, Sessions, Who};
use crate::access::{Entry, Outcome};
use crate::form::Fields;
use crate::locale::{Key, Said, local_path};
use crate::node::Cached;

/// What the names of carried fields begin with.
const CARRIED: &str = "carried-";

/// Content of `templates/sign-in.html`.
#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage<'a> {
    frame: &'a Frame<'a>,
    trouble: Option<Said<'a>>,
    /// What the system said, in English.
    why: Option<String>,
    /// Where to go afterwards.
    to: &'a str,
    /// What was typed elsewhere.
    carried: Vec<(&'a str, &'a str)>,
    account: Field<'a>,
    password: Field<'a>,
}

/// Content of `templates/resend.html`.
#[derive(Template)]
#[template(path = "resend.html")]
struct ResendPage<'a> {
    frame: &'a Frame<'a>,
    to: &'a str,
    fields: Vec<(&'a str, &'a str)>,
    csrf: &'a str,
}

/// The page that asks for the password.
pub fn page(
    status: Status,
    frame: &Frame<'_>,
    trouble: Option<(Said<'_>, Option<String>)>,
    to: &str,
    carried: &Fields,
) -> Result<Page, Status> {
    let (trouble, why) = trouble.unzip();
    let page = SignInPage {
        frame,
        trouble,
        why: why.flatten(),
        to,
        carried: carried.iter().collect(),
        account: Field::account(frame),
        password: Field::password(frame, "password", Key("access-password"), "current-password").required(),
    };
    Page::render(status, &page)
}

/// The page with what was typed before the session was there: a person sends it once more.
pub fn resend(
    status: Status,
    frame: &Frame<'_>,
    to: &str,
    fields: &Fields,
    csrf: &str,
) -> Result<Page, Status> {
    let page = ResendPage {
        frame,
        to,
        fields: fields.iter().collect(),
        csrf,
    };
    Page::render(status, &page)
}

/// Asks for the password.
#[get("/sign-in?<to>")]
pub async fn ask(to: Option<&str>, frame: Frame<'_>, node: &State<Cached>) -> Result<Answer, Status> {
    let to = local_path(to.unwrap_or_default());
    if frame.signed_in() {
        return Ok(Answer::to(to));
    }
    match node.overview().await {
        Ok(overview) if overview.setup_needed => Ok(Answer::to("/setup")),
        _ => Ok(page(Status::Ok, &frame, None, to, &Fields::default())?.into()),
    }
}

/// Opens a session.
#[post("/sign-in", data = "<fields>")]
pub async fn sign_in(
    _from: SameOrigin,
    fields: Fields,
    frame: Frame<'_>,
    from: ClientAddress,
    cookies: &CookieJar<'_>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Answer, Status> {
    let to = local_path(fields.get("to"));
    let carried =
        |(name, value): (&str, &str)| Some((name.strip_prefix(CARRIED)?.to_owned(), value.to_owned()));
    let carried = Fields::of(fields.iter().filter_map(carried)).lasting();
    let refused = match access.check_password(fields.raw("password"), from.0, node).await {
        Ok(()) => None,
        Err(NotSignedIn::NotSetUp) => return Ok(Answer::to("/setup")),
        Err(why) => Some(why),
    };
    if let Some(why) = refused {
        let status = words::not_signed_in_status(&why);
        let retry = words::retry_after(&why);
        let trouble = words::not_signed_in(&frame, &why);
        let page = page(status, &frame, Some(trouble), to, &carried)?;
        return Ok(page.retry_after(retry).into());
    }
    // A session that was there is another one now: its cookie may have been seen by others before.
    if let Some(old) = cookies.get(COOKIE) {
        access.sessions.close(old.value());
    }
    let csrf = open(access, cookies)?;
    access.audit.record(Entry::new(
        &Who::Session,
        from.0,
        Action::SignIn,
        "",
        Outcome::Done,
    ));
    if carried.iter().next().is_some() {
        return Ok(resend(Status::Ok, &frame, to, &carried, &csrf)?.into());
    }
    Ok(Answer::to(to))
}

/// Opens a session at this browser: what its forms carry.
pub fn open(access: &Access, cookies: &CookieJar<'_>) -> Result<String, Status> {
    let failed = |error: &dyn Display| {
        tracing::error!("nobody can sign in: {error}");
        Status::InternalServerError
    };
    let cookie = access.sessions.open().map_err(|error| failed(&error))?;
    let session = access.sessions.find(&cookie, true);
    cookies.add(Sessions::cookie(cookie));
    session
        .map(|session| session.csrf)
        .ok_or_else(|| failed(&"the session has ended at once"))
}

/// Ends the session.
#[post("/sign-out", data = "<form>")]
pub fn sign_out(form: AdminForm, cookies: &CookieJar<'_>, access: &State<Access>) -> Redirect {
    access.sessions.close(&form.admin.cookie);
    form.admin
        .record(access, Action::SignOut, "", &Ok::<(), String>(()));
    let gone = Cookie::build(COOKIE).path("/").secure(true).http_only(true);
    cookies.remove(gone);
    Redirect::to("/sign-in")
}

/// Address of who asks.
pub struct ClientAddress(pub std::net::IpAddr);

#[rocket::async_trait]
impl<'r> rocket::request::FromRequest<'r> for ClientAddress {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r rocket::Request<'_>) -> rocket::request::Outcome<Self, Self::Error> {
        rocket::request::Outcome::Success(Self(crate::access::client(request)))
    }
}

/// What is answered to who is not signed in.
pub async fn answer_stranger(request: &rocket::Request<'_>) -> Result<Answer, Status> {
    let node = request.rocket().state::<Cached>();
    let setup_needed = match node {
        Some(node) => node.overview().await.is_ok_and(|overview| overview.setup_needed),
        None => false,
    };
    if setup_needed {
        return Ok(Answer::to("/setup"));
    }
    let frame = Frame::of(request).ok_or(Status::InternalServerError)?;
    let typed = crate::access::Carried::of(request);
    if let Some(typed) = typed.filter(|typed| typed.iter().next().is_some()) {
        let trouble = (frame.say("sign-in-ended"), None);
        let to = request.uri().path().as_str();
        return Ok(page(Status::Unauthorized, &frame, Some(trouble), to, typed)?.into());
    }
    Ok(match frame.path.as_str() {
        "/" | "/sign-out" => Answer::to("/sign-in"),
        path => Answer::to(rocket::uri!(ask(to = Some(path))).to_string()),
    })
}

/// What is answered to a form of an earlier session.
pub fn answer_stale(request: &rocket::Request<'_>, typed: &Fields) -> Result<Page, Status> {
    let frame = Frame::of(request).ok_or(Status::InternalServerError)?;
    let admin = Admin::at_browser(request).ok_or(Status::Forbidden)?;
    resend(
        Status::Forbidden,
        &frame,
        request.uri().path().as_str(),
        typed,
        &admin.csrf,
    )
}
