//! The one guard of everything that is not for everybody.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use rocket::data::{Data, FromData, Outcome as DataOutcome};
use rocket::http::{Method, Status};
use rocket::request::{FromRequest, Outcome, Request};

use super::session::Session;
use super::{Access, Action, COOKIE, Entry, Outcome as Came, SameOrigin};
use crate::form::Fields;
use crate::secret;

/// Pages that fetch themselves anew say so with this header: looking on alone keeps nobody signed in.
const BACKGROUND: &str = "X-Background";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The admin, at a browser.
    Session,
    /// A program with the token of this name.
    Token(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session => f.write_str(pocketstack_model::access::ACCOUNT),
            Self::Token(name) => write!(f, "token {name}"),
        }
    }
}

/// A request of the admin: with a session or with a token. Calls that change something need the token, forms are taken
/// by [`AdminForm`].
#[derive(Debug, Clone)]
pub struct Admin {
    /// Who it is.
    pub who: Who,
    /// From where.
    pub from: IpAddr,
    /// What forms must carry; empty with a token.
    pub csrf: String,
    /// The cookie; empty with a token.
    pub cookie: String,
}

impl Admin {
    /// Who is signed in at a browser with this request.
    pub fn at_browser(request: &Request<'_>) -> Option<Self> {
        let access = request.rocket().state::<Access>()?;
        let cookie = request.cookies().get(COOKIE)?.value();
        let by_a_person = !request.headers().contains(BACKGROUND);
        let Session { csrf, .. } = access.sessions.find(cookie, by_a_person)?;
        Some(Self {
            who: Who::Session,
            from: client(request),
            csrf,
            cookie: cookie.to_owned(),
        })
    }

    fn with_token(request: &Request<'_>, authorization: &str) -> Option<Self> {
        let access = request.rocket().state::<Access>()?;
        let (scheme, token) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let name = access.tokens.find(token.trim())?;
        Some(Self {
            who: Who::Token(name),
            from: client(request),
            csrf: String::new(),
            cookie: String::new(),
        })
    }

    /// Who sent this request; of one that changes something, only by a token.
    pub fn of(request: &Request<'_>) -> Option<Self> {
        match request.headers().get_one("Authorization") {
            Some(authorization) => Self::with_token(request, authorization),
            None if matches!(request.method(), Method::Get | Method::Head) => Self::at_browser(request),
            None => None,
        }
    }

    /// Records what was done, or why not.
    pub fn record(
        &self,
        access: &Access,
        action: Action,
        detail: &str,
        result: &Result<(), impl fmt::Display>,
    ) {
        let outcome = match result {
            Ok(()) => Came::Done,
            Err(why) => Came::Refused { why: why.to_string() },
        };
        access
            .audit
            .record(Entry::new(&self.who, self.from, action, detail, outcome));
    }
}

/// Address of the other end.
pub fn client(request: &Request<'_>) -> IpAddr {
    // Only a request without a connection, in tests, has none.
    request
        .client_ip()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| {
            address.to_canonical()
        })
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Admin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::of(request) {
            Some(admin) => Outcome::Success(admin),
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

/// A form that the admin has sent from a page of this session.
///
/// Of one that comes too late, because the session has ended, all but passwords is put into [`Carried`].
pub struct AdminForm {
    /// Who it is.
    pub admin: Admin,
    /// What was typed.
    pub fields: Fields,
}

/// What was typed into a form that could not be taken, for the page that is answered instead.
#[derive(Debug, Clone, Default)]
pub struct Carried(pub Option<Fields>);

impl Carried {
    /// What this request had.
    pub fn of<'r>(request: &'r Request<'_>) -> Option<&'r Fields> {
        request.local_cache(Self::default).0.as_ref()
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for AdminForm {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> DataOutcome<'r, Self> {
        if !SameOrigin::of(request) {
            return DataOutcome::Error((Status::Forbidden, ()));
        }
        let admin = Admin::at_browser(request);
        let fields = match Fields::from_data(request, data).await {
            DataOutcome::Success(fields) => fields,
            // Who is not signed in is told nothing else.
            _ if admin.is_none() => return DataOutcome::Error((Status::Unauthorized, ())),
            DataOutcome::Error((status, _)) => return DataOutcome::Error((status, ())),
            DataOutcome::Forward((_, status)) => return DataOutcome::Error((status, ())),
        };
        match admin {
            Some(admin) if secret::same(fields.raw("csrf"), &admin.csrf) => {
                DataOutcome::Success(Self { admin, fields })
            }
            other => {
                request.local_cache(|| Carried(Some(fields.lasting())));
                // With a session the form is of an earlier one: a person looks at it once more.
                let status = if other.is_some() {
                    Status::Forbidden
                } else {
                    Status::Unauthorized
                };
                DataOutcome::Error((status, ()))
            }
        }
    }
}
