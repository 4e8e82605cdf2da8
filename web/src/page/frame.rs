//! What every page has around its content: language, navigation, who is signed in.

use pocketstack_model::bytes::ByteCount;
use pocketstack_model::words::Words;
use rocket::request::{FromRequest, Outcome, Request};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::access::Admin;
use crate::assets::Assets;
use crate::locale::{AsKey, Key, Language, Said, Told};

/// The frame of a page that answers a request.
pub struct Frame<'r> {
    /// Style sheet, script, icon.
    pub assets: &'r Assets,
    /// Language of the page.
    pub language: Language,
    /// Address of the page, to come back to it in another language.
    pub path: String,
    admin: Option<Admin>,
}

/// A page that the navigation leads to.
pub struct Place<'a> {
    /// Address.
    pub url: &'static str,
    /// Name.
    pub name: Said<'a>,
    /// Whether it is this page.
    pub current: bool,
}

/// All pages, in the order of the navigation.
const PLACES: [(&str, Key); 13] = [
    ("/", Key("nav-overview")),
    ("/performance", Key("nav-performance")),
    ("/networks", Key("nav-networks")),
    ("/disks", Key("disks")),
    ("/time", Key("nav-time")),
    ("/services", Key("nav-services")),
    ("/logs", Key("nav-logs")),
    ("/access", Key("nav-access")),
    ("/tokens", Key("nav-tokens")),
    ("/certificates", Key("nav-certificates")),
    ("/audit", Key("nav-audit")),
    ("/support", Key("support")),
    ("/power", Key("nav-power")),
];

impl<'r> Frame<'r> {
    /// The frame for a request. `None` only while the server is being put together.
    pub fn of(request: &'r Request<'_>) -> Option<Self> {
        let uri = request.uri();
        let path = match uri.query() {
            Some(query) => format!("{}?{query}", uri.path()),
            None => uri.path().to_string(),
        };
        Some(Self {
            assets: request.rocket().state()?,
            language: Language::of(request),
            path,
            admin: Admin::at_browser(request),
        })
    }

    /// The message with this key.
    pub fn say<'a>(&self, key: impl AsKey) -> Said<'a> {
        self.language.say(key)
    }

    /// What the node controller says.
    pub fn told(&self, words: &Words) -> Told {
        self.language.told(words)
    }

    /// Language of the page, as BCP 47 calls it.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// All languages, to choose from.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        let own = self.language;
        Language::ALL.into_iter().filter(move |language| *language != own)
    }

    /// Whether somebody is signed in.
    pub fn signed_in(&self) -> bool {
        self.admin.is_some()
    }

    /// What forms of this session carry.
    pub fn csrf(&self) -> &str {
        self.admin.as_ref().map_or("", |admin| &admin.csrf)
    }

    /// Version of what runs here. Nobody's business before signing in.
    pub fn version(&self) -> Option<&'static str> {
        self.signed_in().then_some(env!("CARGO_PKG_VERSION"))
    }

    /// The pages there are; none for who is not signed in.
    pub fn navigation(&self) -> Vec<Place<'_>> {
        let own = self.path.split('?').next().unwrap_or_default();
        let place = |(url, name): (&'static str, Key)| Place {
            url,
            name: self.say(name),
            current: url == own,
        };
        let places = if self.signed_in() { &PLACES[..] } else { &[] };
        places.iter().copied().map(place).collect()
    }

    /// A size for people.
    pub fn size(&self, bytes: &ByteCount) -> String {
        self.language.size(*bytes)
    }

    /// A moment for people.
    pub fn moment(&self, at: &OffsetDateTime) -> String {
        self.language.moment(*at)
    }

    /// The same for programs.
    pub fn machine_moment(&self, at: &OffsetDateTime) -> String {
        // Only a year beyond 9999 has no RFC 3339 form.
        at.format(&Rfc3339).unwrap_or_default()
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Frame<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::of(request) {
            Some(frame) => Outcome::Success(frame),
            None => Outcome::Error((rocket::http::Status::InternalServerError, ())),
        }
    }
}
