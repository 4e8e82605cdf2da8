//! `/certificates`: the certificate of these pages, a new one of its own, and one that an authority has signed.

use askama::Template;
use rocket::http::{ContentType, Header, Status};
use rocket::{Responder, Shutdown, State, get, post};
use time::OffsetDateTime;

use super::field::Troubles;
use super::{Frame, Page, errors};
use crate::access::{Access, Action, Admin, AdminForm};
use crate::certificate::authority::{self, Root};
use crate::certificate::upload::{self, NotUsable};
use crate::certificate::{self, Facts, Folder, Pair, Subject};
use crate::locale::{Key, Said};
use crate::node::Cached;

/// Content of `templates/certificates.html`.
#[derive(Template)]
#[template(path = "certificates.html")]
struct CertificatesPage<'a> {
    frame: &'a Frame<'a>,
    facts: Option<Facts>,
    expired: bool,
    /// A new one is in place, and these pages are about to start again with it.
    replaced: bool,
    /// The authority that has signed what the machine makes, if it has made anything since there is one.
    authority: Option<Root>,
    trouble: Option<Said<'a>>,
    why: Option<String>,
    troubles: Troubles,
    /// What was pasted as a chain. The key is never shown again.
    chain: &'a str,
}

impl CertificatesPage<'_> {
    /// What is wrong with a field.
    fn trouble_at(&self, field: &str) -> Option<Said<'_>> {
        self.troubles.at(field).map(|key| self.frame.say(key))
    }
}

/// What came of an action.
enum Came {
    Replaced,
    NotUsable(NotUsable),
    NotKept(certificate::Error),
}

fn page(frame: &Frame<'_>, folder: &Folder, came: Option<Came>, chain: &str) -> Result<Page, Status> {
    let facts = certificate::facts(&folder.0).unwrap_or_else(|error| {
        tracing::warn!("{}", with_cause(&error));
        None
    });
    let mut page = CertificatesPage {
        frame,
        expired: facts
            .as_ref()
            .is_some_and(|facts| facts.expired(OffsetDateTime::now_utc())),
        facts,
        authority: authority::root(&folder.0).unwrap_or_else(|error| {
            tracing::warn!("{}", with_cause(&error));
            None
        }),
        replaced: false,
        trouble: None,
        why: None,
        troubles: Troubles::default(),
        chain,
    };
    let status = match came {
        None => Status::Ok,
        Some(Came::Replaced) => {
            page.replaced = true;
            Status::Ok
        }
        Some(Came::NotUsable(why)) => {
            let (field, key) = words(why);
            page.troubles = Troubles::one(field, key);
            Status::UnprocessableEntity
        }
        Some(Came::NotKept(error)) => {
            page.trouble = Some(frame.say("not-done-not-stored"));
            page.why = Some(with_cause(&error));
            Status::InsufficientStorage
        }
    };
    Page::render(status, &page)
}

/// The field that is wrong, and what is.
fn words(why: NotUsable) -> (&'static str, Key) {
    match why {
        NotUsable::NoCertificate => ("chain", Key("certificate-missing")),
        NotUsable::Damaged => ("chain", Key("certificate-damaged")),
        NotUsable::KeyAmong => ("chain", Key("certificate-key-among")),
        NotUsable::Order => ("chain", Key("certificate-order")),
        NotUsable::Expired => ("chain", Key("certificate-expired")),
        NotUsable::NotYet => ("chain", Key("certificate-not-yet")),
        NotUsable::NoNames => ("chain", Key("certificate-no-names")),
        NotUsable::Purpose => ("chain", Key("certificate-purpose")),
        NotUsable::NoKey => ("private_key", Key("certificate-no-key")),
        NotUsable::EncryptedKey => ("private_key", Key("certificate-encrypted-key")),
        NotUsable::UnknownKey => ("private_key", Key("certificate-unknown-key")),
        NotUsable::Mismatch => ("private_key", Key("certificate-mismatch")),
    }
}

fn with_cause(error: &certificate::Error) -> String {
    match error {
        certificate::Error::File(file) => format!("{file}: {}", file.source),
        certificate::Error::Make(cause) => format!("{error}: {cause}"),
    }
}

/// Shows the certificate in use.
#[get("/certificates")]
pub fn show(_admin: Admin, frame: Frame<'_>, folder: &State<Folder>) -> Result<Page, Status> {
    page(&frame, folder, None, "")
}

/// A file to keep.
#[derive(Responder)]
pub struct Download {
    content: String,
    kind: ContentType,
    name: Header<'static>,
    cache: Header<'static>,
}

/// The certificate of the authority, for import into browsers. Of its key nothing.
#[get("/certificates/ca.pem")]
pub fn ca(_admin: Admin, folder: &State<Folder>) -> Result<Download, Status> {
    let root = authority::root(&folder.0).map_err(|error| {
        tracing::warn!("{}", with_cause(&error));
        Status::InternalServerError
    })?;
    Ok(Download {
        content: root.ok_or(Status::NotFound)?.pem,
        // What browsers and systems offer to import.
        kind: ContentType::new("application", "x-x509-ca-cert"),
        name: Header::new(
            "Content-Disposition",
            "attachment; filename=\"pocketstack-ca.pem\"",
        ),
        cache: Header::new("Cache-Control", "no-store"),
    })
}

/// Replaces the certificate. The server reads it only at its start, so this one ends itself once it has answered, and
/// systemd starts the next; who is signed in stays so.
#[post("/certificates", data = "<form>")]
pub async fn change(
    form: AdminForm,
    frame: Frame<'_>,
    access: &State<Access>,
    folder: &State<Folder>,
    node: &State<Cached>,
    server: Shutdown,
) -> Result<Page, Status> {
    let (action, made, chain) = match form.fields.get("action") {
        "new" => {
            let overview = match node.overview().await {
                Ok(overview) => overview,
                Err(unavailable) => return errors::away(&unavailable, &frame),
            };
            let made = certificate::create(&folder.0, &Subject::of(&overview));
            (Action::NewCertificate, made, "")
        }
        "upload" => {
            let (chain, key) = (form.fields.get("chain"), form.fields.get("private_key"));
            let pair = match upload::pair(chain, key, OffsetDateTime::now_utc()) {
                Ok(pair) => pair,
                Err(why) => {
                    tracing::info!("a certificate was brought that cannot be used: {why}");
                    return page(&frame, folder, Some(Came::NotUsable(why)), chain);
                }
            };
            let kept = certificate::keep(&folder.0, &pair).map(|()| pair);
            (Action::UploadCertificate, kept, chain)
        }
        _ => return Err(Status::UnprocessableEntity),
    };
    let result = made.as_ref().map(drop).map_err(with_cause);
    form.admin.record(access, action, fingerprint(&made), &result);
    match made {
        Ok(pair) => {
            tracing::info!(
                "starting again with the certificate of fingerprint {}",
                pair.fingerprint
            );
            let page = page(&frame, folder, Some(Came::Replaced), "");
            // What is being answered is let through to its end.
            server.notify();
            page
        }
        Err(why) => page(&frame, folder, Some(Came::NotKept(why)), chain),
    }
}

fn fingerprint(made: &Result<Pair, certificate::Error>) -> &str {
    made.as_ref().map_or("", |pair| &pair.fingerprint)
}
