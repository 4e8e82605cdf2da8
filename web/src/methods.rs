//! 405 instead of 404 where an address exists and only the method is wrong (RFC 9110 section 15.5.6).
//!
//! Rocket 0.5 looks a route up by method and address together and says "not found" to both mistakes.

use rocket::fairing::AdHoc;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route, async_trait};

/// Everything served here can be read and nothing else; Rocket answers HEAD out of GET.
const ALLOWED: &str = "GET, HEAD";

const OTHERS: [Method; 7] = [
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

#[derive(Clone)]
struct NotAllowed;

#[async_trait]
impl Handler for NotAllowed {
    async fn handle<'r>(&self, _: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        Outcome::Error(Status::MethodNotAllowed)
    }
}

/// For each of `routes` (all of them GET) those that answer the other methods at the same address.
pub fn not_allowed(routes: &[Route]) -> Vec<Route> {
    routes
        .iter()
        .flat_map(|route| {
            OTHERS.map(|method| Route::new(method, route.uri.unmounted_origin.path().as_str(), NotAllowed))
        })
        .collect()
}

/// Adds the `Allow` header that a 405 must have.
pub fn allow_header() -> AdHoc {
    AdHoc::on_response("allow header", |_, response| {
        Box::pin(async move {
            if response.status() == Status::MethodNotAllowed {
                response.set_raw_header("Allow", ALLOWED);
            }
        })
    })
}
