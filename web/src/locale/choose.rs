//! Which language: what the reader has chosen, else what the browser asks for.

use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::Redirect;
use rocket::{Route, post, routes};

use super::Language;
use crate::access::SameOrigin;
use crate::form::Fields;

/// Name of the cookie. It says nothing about a person and is read before signing in.
const COOKIE: &str = "language";

/// Routes, for `/`.
pub fn routes() -> Vec<Route> {
    routes![choose]
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Language {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self::of(request))
    }
}

impl Language {
    /// The language that an answer to this request is in.
    pub fn of(request: &Request<'_>) -> Self {
        let chosen = request
            .cookies()
            .get(COOKIE)
            .and_then(|cookie| Self::tagged(cookie.value()));
        let asked = || {
            let header = request.headers().get_one("Accept-Language")?;
            Self::accepted(header)
        };
        chosen.or_else(asked).unwrap_or(Self::English)
    }

    /// The first of the wanted ones that there is (RFC 9110 section 12.5.4). Any Portuguese is better understood in the one
    /// that is there than in English.
    fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |weight| weight.parse::<f32>().ok())
                .filter(|weight| *weight > 0.0 && *weight <= 1.0);
            let primary = tag.split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "pt" => Self::Portuguese,
                "en" | "*" => Self::English,
                _ => continue,
            };
            if let Some(weight) = weight
                && best.is_none_or(|(so_far, _)| weight > so_far)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// Keeps the choice and goes back to the page it was made on.
#[post("/language", data = "<fields>")]
fn choose(_from: SameOrigin, fields: Fields, cookies: &CookieJar<'_>) -> Redirect {
    if let Some(language) = Language::tagged(fields.get("language")) {
        let cookie = Cookie::build((COOKIE, language.tag()))
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::Lax)
            .permanent();
        cookies.add(cookie);
    }
    Redirect::to(local_path(fields.get("back")).to_owned())
}

/// A path of this server out of a form: never a way to another one. `/` if it is none.
pub fn local_path(path: &str) -> &str {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if path.starts_with('/') && !path.starts_with("//") && plain && path.len() <= 1024 {
        path
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing;
    use rocket::http::{ContentType, Header, Status};

    #[test]
    fn the_browser_is_asked_in_the_order_of_its_weights() {
        use Language::{English, Portuguese};
        for (header, expected) in [
            ("pt-BR,pt;q=0.9,en;q=0.8", Some(Portuguese)),
            ("en-US,en;q=0.9,pt-BR;q=0.8", Some(English)),
            ("de-DE, pt-PT;q=0.3, en;q=0.2", Some(Portuguese)),
            ("de,fr", None),
            ("pt;q=0, en;q=0.1", Some(English)),
            ("pt;q=x,en;q=0.5", Some(English)),
            ("*", Some(English)),
            ("", None),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn a_way_back_never_leaves_this_server() {
        for path in ["/", "/setup/disks", "/network/confirm?code=A"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "",
            "setup",
            "//evil.example/",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/\r\nX: y",
        ] {
            assert_eq!(local_path(path), "/", "{path:?}");
        }
    }

    #[tokio::test]
    async fn a_choice_outlasts_what_the_browser_asks_for() {
        let (client, _node) = testing::stranger().await;
        let page = async |client: &testing::Client| {
            let asks = Header::new("Accept-Language", "pt-BR");
            let response = client.get("/sign-in").header(asks).dispatch().await;
            response.into_string().await.expect("it has a body")
        };
        assert!(page(&client).await.contains("<html lang=\"pt-BR\">"));
        let response = client
            .post("/language")
            .header(ContentType::Form)
            .body("language=en&back=%2Fsign-in")
            .dispatch()
            .await;
        assert_eq!(response.status(), Status::SeeOther);
        assert_eq!(response.headers().get_one("Location"), Some("/sign-in"));
        let html = page(&client).await;
        assert!(html.contains("<html lang=\"en\">"), "{html}");
        assert!(
            html.contains("lang=\"pt-BR\">Português (Brasil)</button>"),
            "{html}"
        );
    }
}
