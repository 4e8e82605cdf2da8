//! `/support`: the support bundle, and what is in it.

use std::path::Path;

use askama::Template;
use rocket::futures::Stream;
use rocket::http::Status;
use rocket::{State, get};

use super::{Frame, Page};
use crate::access::{Access, Action, Admin};
use crate::certificate::Folder;
use crate::node::Cached;
use crate::support::{Download, bundle};

/// Content of `templates/support.html`.
#[derive(Template)]
#[template(path = "support.html")]
struct SupportPage<'a> {
    frame: &'a Frame<'a>,
}

/// Says what a bundle is.
#[get("/support")]
pub fn show(_admin: Admin, frame: Frame<'_>) -> Result<Page, Status> {
    Page::render(Status::Ok, &SupportPage { frame: &frame })
}

/// The bundle.
#[get("/support/bundle.tar.gz")]
pub fn download<'r>(
    admin: Admin,
    node: &'r State<Cached>,
    access: &'r State<Access>,
    folder: &'r State<Folder>,
) -> Download<impl Stream<Item = Vec<u8>> + Send + use<'r>> {
    admin.record(access, Action::SupportBundle, "", &Ok::<(), &str>(()));
    let state: &'r Path = &folder.inner().0;
    bundle(node.inner(), access.inner(), state)
}
