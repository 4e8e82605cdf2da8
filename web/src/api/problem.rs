//! Errors as RFC 9457 tells them.

use std::borrow::Cow;
use std::io::Cursor;

use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder, Response};
use rocket::{Catcher, Request, catch, catchers};
use serde::Serialize;

use crate::access::Admin;
use crate::methods;

/// A problem document. Its type is always "about:blank", whose title is the status in words: a client decides by
/// the status, a person by the detail (RFC 9457 section 4.2.1).
#[derive(Debug)]
pub struct Problem {
    status: Status,
    detail: Cow<'static, str>,
    retry_after: Option<u32>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    /// With what is wrong and what to do about it.
    pub fn new(status: Status, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Says after how many seconds another attempt makes sense.
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

impl<'r> Responder<'r, 'static> for Problem {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let body = Body {
            r#type: "about:blank",
            title: self.status.reason_lossy(),
            status: self.status.code,
            detail: &self.detail,
        };
        let text = serde_json::to_string(&body).map_err(|_| Status::InternalServerError)?;
        let mut response = Response::build();
        response
            .status(self.status)
            .header(ContentType::new("application", "problem+json"))
            .raw_header("Cache-Control", "no-store");
        if self.status == Status::Unauthorized {
            response.raw_header("WWW-Authenticate", "Bearer");
        }
        if let Some(seconds) = self.retry_after {
            response.raw_header("Retry-After", seconds.to_string());
        }
        response.sized_body(text.len(), Cursor::new(text)).ok()
    }
}

/// Errors of everything under `/api`.
pub fn catchers() -> Vec<Catcher> {
    catchers![
        stranger,
        forbidden,
        not_found,
        not_allowed,
        misdirected,
        internal,
        other
    ]
}

#[catch(401)]
fn stranger() -> Problem {
    let detail = "This needs a token: send it as \"Authorization: Bearer pst_…\". POST /api/v1/tokens makes one for the \
                  password, and so does the page /tokens.";
    Problem::new(Status::Unauthorized, detail)
}

#[catch(403)]
fn forbidden() -> Problem {
    Problem::new(
        Status::Forbidden,
        "Pages of other sites may not ask this machine for anything.",
    )
}

#[catch(421)]
fn misdirected() -> Problem {
    let detail = "This machine is not known by the name in the request; use its address, its name, or its name with .local.";
    Problem::new(Status::MisdirectedRequest, detail)
}

#[catch(404)]
fn not_found(request: &Request<'_>) -> Problem {
    // What there is and what not is nobody's business before signing in.
    if Admin::of(request).is_none() {
        return stranger();
    }
    Problem::new(
        Status::NotFound,
        format!("There is nothing at {}.", request.uri().path()),
    )
}

#[catch(405)]
fn not_allowed(request: &Request<'_>) -> Problem {
    let detail = format!(
        "{} is not allowed at {}; use {}.",
        request.method(),
        request.uri().path(),
        methods::allowed(request)
    );
    Problem::new(Status::MethodNotAllowed, detail)
}

#[catch(500)]
fn internal() -> Problem {
    let detail = "Something went wrong on this machine while it answered. Its log says more.";
    Problem::new(Status::InternalServerError, detail)
}

#[catch(default)]
fn other(status: Status, _: &Request<'_>) -> Problem {
    Problem::new(status, "The request could not be served as it was sent.")
}
