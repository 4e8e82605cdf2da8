//! Pages that say what is wrong and what to do about it.

use askama::Template;
use rocket::http::Status;
use rocket::request::Request;
use rocket::{Catcher, catch, catchers};

use super::{Answer, Frame, Page, RETRY_AFTER, sign_in, words};
use crate::access::{Admin, Carried};
use crate::locale::{Key, Said};
use crate::node::Unavailable;

/// Content of `templates/error.html`.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: &'a Frame<'a>,
    title: Said<'a>,
    detail: Said<'a>,
    /// What the system said, in English.
    why: Option<&'a str>,
    advice: Said<'a>,
    /// Status code, absent where it would tell people nothing.
    code: Option<u16>,
    /// Whether the page should look by itself whether the trouble is over.
    live: bool,
}

/// Error pages, for `/`.
pub fn catchers() -> Vec<Catcher> {
    catchers![
        stranger,
        forbidden,
        not_found,
        not_allowed,
        too_long,
        misdirected,
        other
    ]
}

/// The page while the node controller cannot be asked.
pub fn away(unavailable: &Unavailable, frame: &Frame<'_>) -> Result<Page, Status> {
    let (detail, why) = words::unavailable(frame, unavailable);
    let page = ErrorPage {
        frame,
        title: frame.say("away-title"),
        detail,
        why,
        advice: frame.say(words::advice(unavailable)),
        code: None,
        live: true,
    };
    Ok(Page::render(Status::ServiceUnavailable, &page)?.retry_after(Some(RETRY_AFTER)))
}

fn error(status: Status, title: Key, detail: Key, request: &Request<'_>) -> Result<Page, Status> {
    let frame = &Frame::of(request).ok_or(status)?;
    let page = ErrorPage {
        frame,
        title: frame.say(title),
        detail: frame.say(detail),
        why: None,
        advice: frame.say("go-to-overview"),
        code: Some(status.code),
        live: false,
    };
    Page::render(status, &page)
}

#[catch(401)]
async fn stranger(request: &Request<'_>) -> Result<Answer, Status> {
    sign_in::answer_stranger(request).await
}

#[catch(403)]
fn forbidden(request: &Request<'_>) -> Result<Page, Status> {
    match Carried::of(request) {
        Some(typed) => sign_in::answer_stale(request, typed),
        None => error(
            Status::Forbidden,
            Key("forbidden-title"),
            Key("forbidden-detail"),
            request,
        ),
    }
}

#[catch(404)]
async fn not_found(request: &Request<'_>) -> Result<Answer, Status> {
    // What there is and what not is nobody's business before signing in.
    if Admin::at_browser(request).is_none() {
        return sign_in::answer_stranger(request).await;
    }
    let page = error(
        Status::NotFound,
        Key("no-such-page-title"),
        Key("no-such-page-detail"),
        request,
    )?;
    Ok(page.into())
}

#[catch(405)]
fn not_allowed(request: &Request<'_>) -> Result<Page, Status> {
    error(
        Status::MethodNotAllowed,
        Key("not-allowed-title"),
        Key("not-allowed-detail"),
        request,
    )
}

#[catch(413)]
fn too_long(request: &Request<'_>) -> Result<Page, Status> {
    error(
        Status::PayloadTooLarge,
        Key("too-long-title"),
        Key("too-long-detail"),
        request,
    )
}

#[catch(421)]
fn misdirected(request: &Request<'_>) -> Result<Page, Status> {
    error(
        Status::MisdirectedRequest,
        Key("misdirected-title"),
        Key("misdirected-detail"),
        request,
    )
}

#[catch(default)]
fn other(status: Status, request: &Request<'_>) -> Result<Page, Status> {
    if status.class().is_server_error() {
        error(status, Key("our-fault-title"), Key("our-fault-detail"), request)
    } else {
        error(
            status,
            Key("bad-request-title"),
            Key("bad-request-detail"),
            request,
        )
    }
}
