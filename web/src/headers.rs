//! Response headers that keep the browser from doing what these pages never ask for.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response, async_trait};

/// Set on every response.
///
/// Strict-Transport-Security is left out, and taken out where Rocket adds it: with it a browser refuses to go on
/// at a certificate it does not trust (RFC 6797 section 12.1), and this one is self-signed. Plain HTTP is not served at all.
pub const HEADERS: [(&str, &str); 6] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action \
         'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
];

/// Sets the headers. Attach it last: what others have set under these names is replaced.
pub struct SecurityHeaders;

#[async_trait]
impl Fairing for SecurityHeaders {
    fn info(&self) -> Info {
        Info {
            name: "security headers",
            kind: Kind::Response,
        }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        for (name, value) in HEADERS {
            response.set_header(Header::new(name, value));
        }
        response.remove_header("Strict-Transport-Security");
        // What frame-ancestors says already, in its older form.
        response.remove_header("X-Frame-Options");
    }
}

#[cfg(test)]
mod tests {
    use crate::server::testing::client;

    #[tokio::test]
    async fn every_kind_of_answer_has_the_headers() {
        let (client, _node) = client().await;
        for path in [
            "/",
            "/no-such-page",
            "/api/v1/node",
            "/api/no",
            "/healthz",
            "/events",
            "/static/live.js",
        ] {
            let response = client.get(path).dispatch().await;
            let header = |name| response.headers().get_one(name);
            let policy = header("Content-Security-Policy").expect("it has a policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self';"),
                "{path}: {policy}"
            );
            assert_eq!(header("X-Content-Type-Options"), Some("nosniff"), "{path}");
            assert_eq!(header("Referrer-Policy"), Some("no-referrer"), "{path}");
            assert_eq!(
                header("Cross-Origin-Opener-Policy"),
                Some("same-origin"),
                "{path}"
            );
            assert_eq!(header("Strict-Transport-Security"), None, "{path}");
            assert_eq!(header("Server"), None, "{path}");
        }
    }
}
