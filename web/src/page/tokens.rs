//! `/tokens`: what programs come in with.

use askama::Template;
use rocket::http::Status;
use rocket::{State, get, post};

use super::field::{Field, Troubles};
use super::{Frame, Page};
use crate::access::{Access, Action, Admin, AdminForm, NewToken, NotMade, Token};
use crate::locale::{Key, Said};

/// Content of `templates/tokens.html`.
#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage<'a> {
    frame: &'a Frame<'a>,
    tokens: Vec<Token>,
    /// The new token, shown this once.
    secret: Option<String>,
    done: Option<Said<'a>>,
    trouble: Option<Said<'a>>,
    why: Option<String>,
    name: Field<'a>,
    days: Field<'a>,
}

/// What came of an action.
enum Came {
    Made(String),
    Revoked,
    Not(NotMade),
}

fn page(
    frame: &Frame<'_>,
    access: &Access,
    came: Option<Came>,
    (name, days): (&str, &str),
) -> Result<Page, Status> {
    let (mut status, mut troubles) = (Status::Ok, Troubles::default());
    let (mut secret, mut done, mut trouble, mut why) = (None, None, None, None);
    match came {
        None => {}
        Some(Came::Made(made)) => secret = Some(made),
        Some(Came::Revoked) => done = Some(frame.say("token-revoked")),
        Some(Came::Not(error)) => {
            status = Status::UnprocessableEntity;
            match error {
                NotMade::Name => troubles.note("name", Key("token-name-wrong")),
                NotMade::Twice => troubles.note("name", Key("token-name-twice")),
                NotMade::Days => troubles.note("days", Key("token-days-wrong")),
                NotMade::TooMany => trouble = Some(frame.say("token-many")),
                NotMade::NoSuch => trouble = Some(frame.say("token-no-such")),
                NotMade::NotStored(said) => {
                    status = Status::InsufficientStorage;
                    trouble = Some(frame.say("token-not-stored"));
                    why = Some(said);
                }
            }
        }
    }
    let page = TokensPage {
        frame,
        tokens: access.tokens.list(),
        secret,
        done,
        trouble,
        why,
        name: Field::text(frame, "name", Key("token-name"))
            .hint(frame, Key("token-name-hint"))
            .value(name)
            .longest(64)
            .required()
            .among(frame, &troubles),
        days: Field::text(frame, "days", Key("token-days"))
            .hint(frame, Key("token-days-hint"))
            .value(days)
            .longest(4)
            .required()
            .among(frame, &troubles),
    };
    Page::render(status, &page)
}

/// How many days stand in the field at first.
const DAYS: &str = "90";

/// Shows the tokens.
#[get("/tokens")]
pub fn show(_admin: Admin, frame: Frame<'_>, access: &State<Access>) -> Result<Page, Status> {
    page(&frame, access, None, ("", DAYS))
}

/// Makes a token, or revokes one.
#[post("/tokens", data = "<form>")]
pub fn change(form: AdminForm, frame: Frame<'_>, access: &State<Access>) -> Result<Page, Status> {
    let (name, days) = (form.fields.get("name"), form.fields.get("days"));
    match form.fields.get("action") {
        "create" => {
            let made = NewToken::new(name, days).and_then(|new| access.tokens.create(&new));
            form.admin
                .record(access, Action::CreateToken, name, &made.as_ref().map(|_| ()));
            match made {
                Ok(secret) => page(&frame, access, Some(Came::Made(secret)), ("", DAYS)),
                Err(why) => page(&frame, access, Some(Came::Not(why)), (name, days)),
            }
        }
        "revoke" => {
            let revoked = access.tokens.revoke(name);
            form.admin.record(access, Action::RevokeToken, name, &revoked);
            let came = match revoked {
                Ok(()) => Came::Revoked,
                Err(why) => Came::Not(why),
            };
            page(&frame, access, Some(came), ("", DAYS))
        }
        _ => Err(Status::UnprocessableEntity),
    }
}
