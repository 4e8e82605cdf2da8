//! The support bundle.

use rocket::futures::Stream;
use rocket::{State, get};

use crate::access::{Access, Action, Admin};
use crate::certificate::Folder;
use crate::node::Cached;
use crate::support::{Download, bundle};

/// One archive with what somebody who helps wants to see, without secrets.
#[get("/support")]
pub fn support<'r>(
    admin: Admin,
    node: &'r State<Cached>,
    access: &'r State<Access>,
    folder: &'r State<Folder>,
) -> Download<impl Stream<Item = Vec<u8>> + Send + use<'r>> {
    admin.record(access, Action::SupportBundle, "", &Ok::<(), &str>(()));
    bundle(node.inner(), access.inner(), &folder.inner().0)
}
