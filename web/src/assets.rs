//! Style sheet, script and icon: compiled in, so that the program needs no files.

use std::hash::{DefaultHasher, Hash, Hasher};

use rocket::http::ContentType;
use rocket::{Responder, Route, State, get, routes};

/// One file.
pub struct Asset {
    name: &'static str,
    content: &'static str,
    kind: ContentType,
    /// Tells one content from another in the address, so that browsers may keep each for ever.
    mark: String,
}

impl Asset {
    fn new(name: &'static str, content: &'static str, kind: ContentType) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self {
            name,
            content,
            kind,
            mark: format!("{:016x}", hasher.finish()),
        }
    }

    /// Address for use in a page.
    pub fn url(&self) -> String {
        format!("/static/{}?v={}", self.name, self.mark)
    }
}

/// One file for browsers, several for people.
const STYLE: &str = concat!(
    include_str!("../static/base.css"),
    include_str!("../static/content.css"),
    include_str!("../static/forms.css"),
    include_str!("../static/graphs.css"),
);

/// All files.
pub struct Assets {
    pub style: Asset,
    pub script: Asset,
    pub icon: Asset,
}

impl Assets {
    /// With their marks.
    pub fn new() -> Self {
        Self {
            style: Asset::new("style.css", STYLE, ContentType::CSS),
            script: Asset::new(
                "live.js",
                include_str!("../static/live.js"),
                ContentType::JavaScript,
            ),
            icon: Asset::new("icon.svg", include_str!("../static/icon.svg"), ContentType::SVG),
        }
    }
}

/// Routes, for `/static`.
pub fn routes() -> Vec<Route> {
    routes![asset]
}

#[derive(Responder)]
struct File {
    content: &'static str,
    kind: ContentType,
    keep: rocket::http::Header<'static>,
}

#[get("/<name>?<v>")]
fn asset(name: &str, v: Option<&str>, assets: &State<Assets>) -> Option<File> {
    let asset = [&assets.style, &assets.script, &assets.icon]
        .into_iter()
        .find(|asset| asset.name == name)?;
    // Only the content that belongs to the mark may be kept; an old page asks for an old mark.
    let keep = if v == Some(asset.mark.as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    Some(File {
        content: asset.content,
        kind: asset.kind.clone(),
        keep: rocket::http::Header::new("Cache-Control", keep),
    })
}

#[cfg(test)]
mod tests {
    use rocket::http::Status;

    use crate::server::testing::client;

    #[tokio::test]
    async fn files_of_the_page_exist_and_only_the_right_mark_is_kept() {
        let (client, _node) = client().await;
        let html = client
            .get("/")
            .dispatch()
            .await
            .into_string()
            .await
            .expect("it has a body");
        let urls: Vec<&str> = html
            .split('"')
            .filter(|part| part.starts_with("/static/"))
            .collect();
        assert_eq!(urls.len(), 4, "icon twice, style sheet and script: {urls:?}");
        for url in urls {
            let response = client.get(url).dispatch().await;
            assert_eq!(response.status(), Status::Ok, "{url}");
            assert_eq!(
                response.headers().get_one("Cache-Control"),
                Some("public, max-age=31536000, immutable")
            );
            let old = url.split_once("v=").expect("it has a mark").0.to_owned() + "v=0";
            let response = client.get(old).dispatch().await;
            assert_eq!(response.headers().get_one("Cache-Control"), Some("no-cache"));
        }
        assert_eq!(
            client.get("/static/..%2fCargo.toml").dispatch().await.status(),
            Status::NotFound
        );
    }
}
