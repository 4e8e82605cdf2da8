//! Forms and calls that only come from pages of this node.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

/// A request that no page of another site has sent: by Fetch Metadata (W3C), or else by the origin. Programs other than
/// browsers say nothing of either.
pub struct SameOrigin;

impl SameOrigin {
    /// Whether this request is one.
    pub fn of(request: &Request<'_>) -> bool {
        let headers = request.headers();
        match (headers.get_one("Sec-Fetch-Site"), headers.get_one("Origin")) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            // Browsers say "null" to forms of pages that, like these, send no referrer (Fetch standard, section 3.2).
            (None, None | Some("null")) => true,
            (None, Some(origin)) => {
                let host = request.host().map(|host| format!("https://{host}"));
                host.is_some_and(|own| own.eq_ignore_ascii_case(origin))
            }
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SameOrigin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        if Self::of(request) {
            Outcome::Success(Self)
        } else {
            Outcome::Error((Status::Forbidden, ()))
        }
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::{ContentType, Header};

    use crate::server::testing;

    #[tokio::test]
    async fn other_sites_are_not_served() {
        let (client, _node) = testing::stranger().await;
        let cases = [
            ("Sec-Fetch-Site", "cross-site", 403),
            ("Sec-Fetch-Site", "same-site", 403),
            ("Sec-Fetch-Site", "same-origin", 303),
            ("Sec-Fetch-Site", "none", 303),
            ("Origin", "https://evil.example", 403),
            ("Origin", "http://192.0.2.17", 403),
            ("Origin", "https://192.0.2.17", 303),
            ("Origin", "null", 303),
        ];
        for (name, value, status) in cases {
            let response = testing::with_host(client.post("/language"), "192.0.2.17")
                .header(ContentType::Form)
                .header(Header::new(name, value))
                .body("language=en&back=/")
                .dispatch()
                .await;
            assert_eq!(response.status().code, status, "{name}: {value}");
        }
    }
}
