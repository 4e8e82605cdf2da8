//! The last screen: how it goes. Whoever sees it is signed in: the password counts since the screen before.

use askama::Template;
use pocketstack_model::node::Overview;
use pocketstack_model::status::Installation;
use rocket::http::Status;
use rocket::{State, get};

use super::{Screen, screens};
use crate::access::Admin;
use crate::node::Cached;
use crate::page::{Frame, Page, errors};

/// Content of `templates/setup/progress.html`.
#[derive(Template)]
#[template(path = "setup/progress.html")]
struct ProgressPage<'a> {
    frame: &'a Frame<'a>,
    screens: Vec<Screen<'a>>,
    overview: &'a Overview,
}

/// Shows how it goes; the page keeps itself current.
#[get("/setup/progress")]
pub async fn show(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    match node.overview().await {
        Ok(overview) => {
            let page = ProgressPage {
                frame: &frame,
                screens: screens(&frame, "/setup/progress"),
                overview: &overview,
            };
            Page::render(Status::Ok, &page)
        }
        Err(unavailable) => errors::away(&unavailable, &frame),
    }
}
