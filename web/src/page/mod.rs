//! What people see. Texts are in `locales/`, pages in `templates/`; [`words`] chooses between texts.

mod access;
mod audit;
mod certificates;
mod confirm;
mod disks;
mod errors;
mod field;
mod frame;
mod graphs;
mod health;
mod logs;
mod networks;
mod overview;
mod power;
mod services;
pub mod setup;
mod sign_in;
mod support;
mod time;
mod tokens;
mod words;

use askama::Template;
use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Redirect, Responder, Response};
use rocket::{Route, State, get, routes};

use crate::access::Admin;
use crate::confirm::Made;
use crate::headers::HEADERS;
use crate::node::Cached;

pub use access::fingerprint;
pub use errors::catchers;
pub use frame::Frame;
pub use power::is_named;
pub use sign_in::ClientAddress;

/// How many seconds a client may well wait before it tries again while the node controller is away.
pub const RETRY_AFTER: u32 = 5;

/// Routes of the pages, for `/`.
pub fn routes() -> Vec<Route> {
    let mut routes = routes![
        index,
        access::show,
        access::change,
        audit::show,
        certificates::ca,
        certificates::show,
        certificates::change,
        confirm::ask,
        confirm::confirm,
        disks::show,
        disks::install,
        graphs::show,
        networks::change,
        networks::edit,
        networks::show,
        power::ask,
        power::end,
        logs::show,
        services::show,
        services::change,
        sign_in::ask,
        sign_in::sign_in,
        sign_in::sign_out,
        support::show,
        support::download,
        time::show,
        time::change,
        tokens::show,
        tokens::change,
    ];
    routes.extend(setup::routes());
    routes
}

/// A rendered page.
pub struct Page {
    status: Status,
    html: String,
    /// After how many seconds another attempt makes sense.
    retry: Option<u32>,
}

impl Page {
    fn render(status: Status, template: &impl Template) -> Result<Self, Status> {
        let html = template.render().map_err(|error| {
            tracing::error!("a page cannot be rendered: {error}");
            Status::InternalServerError
        })?;
        Ok(Self {
            status,
            html,
            retry: None,
        })
    }

    /// Says after how many seconds another attempt makes sense.
    fn retry_after(self, seconds: Option<u32>) -> Self {
        Self {
            retry: seconds,
            ..self
        }
    }
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build();
        response
            .status(self.status)
            .header(ContentType::HTML)
            .raw_header("Cache-Control", "no-store");
        // No fairing sees the answer to what is no request.
        for (name, value) in HEADERS {
            response.raw_header(name, value);
        }
        if let Some(seconds) = self.retry {
            response.raw_header("Retry-After", seconds.to_string());
        }
        response
            .sized_body(self.html.len(), std::io::Cursor::new(self.html))
            .ok()
    }
}

/// A page, or where another one is.
#[derive(rocket::Responder)]
pub enum Answer {
    /// A page.
    Page(Page),
    /// See other (303): what was sent is done, or is to be done elsewhere.
    Elsewhere(Box<Redirect>),
}

impl Answer {
    /// Leads to a path of this server.
    fn to(path: impl Into<String>) -> Self {
        let path = rocket::http::uri::Reference::parse_owned(path.into());
        let path = path.unwrap_or_else(|_| rocket::uri!("/").into());
        Self::Elsewhere(Box::new(Redirect::to(path)))
    }
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}

#[get("/")]
async fn index(
    _admin: Admin,
    node: &State<Cached>,
    made: &State<Made>,
    frame: Frame<'_>,
) -> Result<Page, Status> {
    match node.overview().await {
        Ok(overview) => Page::render(
            Status::Ok,
            &overview::OverviewPage::new(&overview, &frame, made.code(&overview.network_change).is_some()),
        ),
        Err(unavailable) => errors::away(&unavailable, &frame),
    }
}

#[cfg(test)]
mod tests;
