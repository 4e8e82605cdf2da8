//! What people see: the overview of this machine, and error pages. Texts are in `templates/` and [`words`].

mod confirm;
mod health;
mod overview;
mod words;

use askama::Template;
use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::{Catcher, Route, State, catch, catchers, get, routes};

use crate::assets::Assets;
use crate::node::{Cached, Unavailable};
use overview::OverviewPage;

/// How many seconds a client may well wait before it tries again while the node controller is away.
pub const RETRY_AFTER: u32 = 5;

/// Routes of the pages, for `/`.
pub fn routes() -> Vec<Route> {
    routes![index, confirm::ask, confirm::confirm]
}

/// Error pages, for `/`.
pub fn catchers() -> Vec<Catcher> {
    catchers![not_found, not_allowed, other]
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
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build();
        response
            .status(self.status)
            .header(ContentType::HTML)
            .raw_header("Cache-Control", "no-store");
        if let Some(seconds) = self.retry {
            response.raw_header("Retry-After", seconds.to_string());
        }
        response
            .sized_body(self.html.len(), std::io::Cursor::new(self.html))
            .ok()
    }
}

/// A page that says what is wrong and what to do about it.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    assets: &'a Assets,
    version: &'a str,
    title: &'a str,
    detail: String,
    advice: &'a str,
    /// Status code, absent where it would tell people nothing.
    code: Option<u16>,
    /// Whether the page should look by itself whether the trouble is over.
    live: bool,
}

#[get("/")]
async fn index(node: &State<Cached>, assets: &State<Assets>) -> Result<Page, Status> {
    match node.overview().await {
        Ok(overview) => Page::render(Status::Ok, &OverviewPage::new(&overview, assets)),
        Err(unavailable) => away(&unavailable, assets),
    }
}

/// The page while the node controller cannot be asked.
fn away(unavailable: &Unavailable, assets: &Assets) -> Result<Page, Status> {
    let page = ErrorPage {
        assets,
        version: env!("CARGO_PKG_VERSION"),
        title: words::NODE_AWAY,
        detail: unavailable.to_string(),
        advice: unavailable.advice(),
        code: None,
        live: true,
    };
    Ok(Page {
        retry: Some(RETRY_AFTER),
        ..Page::render(Status::ServiceUnavailable, &page)?
    })
}

fn error(status: Status, title: &str, detail: &str, request: &Request<'_>) -> Result<Page, Status> {
    let Some(assets) = request.rocket().state::<Assets>() else {
        return Err(status);
    };
    let page = ErrorPage {
        assets,
        version: env!("CARGO_PKG_VERSION"),
        title,
        detail: detail.to_owned(),
        advice: words::GO_TO_OVERVIEW,
        code: Some(status.code),
        live: false,
    };
    Page::render(status, &page)
}

#[catch(404)]
fn not_found(request: &Request<'_>) -> Result<Page, Status> {
    error(
        Status::NotFound,
        words::NO_SUCH_PAGE,
        words::NO_SUCH_PAGE_DETAIL,
        request,
    )
}

#[catch(405)]
fn not_allowed(request: &Request<'_>) -> Result<Page, Status> {
    error(
        Status::MethodNotAllowed,
        words::NOT_ALLOWED,
        words::NOT_ALLOWED_DETAIL,
        request,
    )
}

#[catch(default)]
fn other(status: Status, request: &Request<'_>) -> Result<Page, Status> {
    let detail = if status.class().is_server_error() {
        words::OUR_FAULT_DETAIL
    } else {
        words::BAD_REQUEST_DETAIL
    };
    error(status, status.reason_lossy(), detail, request)
}

#[cfg(test)]
mod tests;
