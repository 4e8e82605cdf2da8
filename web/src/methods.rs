//! 405 instead of 404 where an address exists and only the method is wrong (RFC 9110 section 15.5.6).
//!
//! Rocket 0.5 looks a route up by method and address together and says "not found" to both mistakes.

use rocket::fairing::AdHoc;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route, async_trait};

const ALL: [Method; 8] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

/// The methods that an address knows, as the `Allow` header lists them; empty where all is well.
#[derive(Clone, Default)]
struct Allowed(String);

#[async_trait]
impl Handler for Allowed {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        request.local_cache(|| self.clone());
        Outcome::Error(Status::MethodNotAllowed)
    }
}

/// For the address of each of `routes` those that answer the other methods.
pub fn not_allowed(routes: &[Route]) -> Vec<Route> {
    let path = |route: &Route| route.uri.unmounted_origin.path().as_str().to_owned();
    let mut paths: Vec<String> = routes.iter().map(path).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut others = Vec::new();
    for at in paths {
        let known = |method: &Method| {
            routes
                .iter()
                .any(|route| path(route) == at && route.method == *method)
        };
        let (known, unknown): (Vec<Method>, Vec<Method>) = ALL.into_iter().partition(known);
        // Rocket answers HEAD out of GET.
        let words = known.iter().map(|method| match method {
            Method::Get => "GET, HEAD",
            other => other.as_str(),
        });
        let allowed = Allowed(words.collect::<Vec<_>>().join(", "));
        others.extend(
            unknown
                .into_iter()
                .map(|method| Route::new(method, &at, allowed.clone())),
        );
    }
    others
}

/// What may be done at the address of a request that was answered with 405.
pub fn allowed<'r>(request: &'r Request<'_>) -> &'r str {
    &request.local_cache(Allowed::default).0
}

/// Adds the `Allow` header that a 405 must have.
pub fn allow_header() -> AdHoc {
    AdHoc::on_response("allow header", |request, response| {
        Box::pin(async move {
            if response.status() == Status::MethodNotAllowed {
                response.set_raw_header("Allow", allowed(request).to_owned());
            }
        })
    })
}
