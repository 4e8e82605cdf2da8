//! `/access`: the password and the SSH keys.

use askama::Template;
use pocketstack_model::access::{AccessSettings, SshKey, check_strength};
use pocketstack_model::config::Configuration;
use ring::digest;
use rocket::http::Status;
use rocket::{State, get, post};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::field::{Field, Troubles};
use super::{Frame, Page, errors, words};
use crate::access::{Access, Action, Admin, AdminForm, NotSignedIn};
use crate::form::Fields;
use crate::locale::{Key, Said};
use crate::node::{Cached, NotDone};

/// Content of `templates/access.html`.
#[derive(Template)]
#[template(path = "access.html")]
struct AccessPage<'a> {
    frame: &'a Frame<'a>,
    /// What was done.
    done: Option<Said<'a>>,
    /// Why it was not done, and what the system said.
    trouble: Option<Said<'a>>,
    why: Option<String>,
    account: Field<'a>,
    old: Field<'a>,
    new: Field<'a>,
    again: Field<'a>,
    keys: Vec<KeyRow<'a>>,
    /// What was typed as a new key.
    typed: &'a str,
    key_trouble: Option<Said<'a>>,
}

struct KeyRow<'a> {
    key: &'a SshKey,
    fingerprint: String,
}

/// What came of an action.
enum Came {
    /// Something to say of the whole.
    Done(Key),
    /// Something is wrong with fields.
    Troubles(Troubles),
    /// The password was not checked, or is another one.
    NotSignedIn(NotSignedIn),
    /// The node controller has not done it.
    NotDone(NotDone),
}

/// SHA-256 as `ssh-keygen -l` shows it.
pub fn fingerprint(key: &SshKey) -> String {
    let digest = digest::digest(&digest::SHA256, key.blob());
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    access: &AccessSettings,
    came: Option<Came>,
    typed: &str,
) -> Result<Page, Status> {
    let (mut done, mut trouble, mut why, mut troubles) = (None, None, None, Troubles::default());
    match came {
        None => {}
        Some(Came::Done(key)) => done = Some(frame.say(key)),
        Some(Came::Troubles(found)) => troubles = found,
        Some(Came::NotSignedIn(error)) => {
            let (said, detail) = words::not_signed_in(frame, &error);
            (trouble, why) = (Some(said), detail);
        }
        Some(Came::NotDone(error)) => {
            let (said, detail) = words::not_done(frame, &error);
            (trouble, why) = (Some(said), detail);
        }
    }
    let password = |id, label, autocomplete| Field::password(frame, id, label, autocomplete).required();
    let row = |key| KeyRow {
        key,
        fingerprint: fingerprint(key),
    };
    let page = AccessPage {
        frame,
        done,
        trouble,
        why,
        account: Field::account(frame),
        old: password("password_old", Key("access-password-old"), "current-password").among(frame, &troubles),
        new: password("password", Key("access-password-new"), "new-password")
            .hint(frame, Key("password-hint"))
            .among(frame, &troubles),
        again: password("password_again", Key("access-password-again"), "new-password")
            .among(frame, &troubles),
        keys: access.ssh_keys.iter().map(row).collect(),
        typed,
        key_trouble: troubles.at("ssh_key").map(|key| frame.say(key)),
    };
    Page::render(status, &page)
}

/// Shows who may come in.
#[get("/access")]
pub async fn show(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    match node.configuration().await {
        Ok(configuration) => page(Status::Ok, &frame, &configuration.access, None, ""),
        Err(unavailable) => errors::away(&unavailable, &frame),
    }
}

/// Changes the password, adds a key or removes one.
#[post("/access", data = "<form>")]
pub async fn change(
    form: AdminForm,
    frame: Frame<'_>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Page, Status> {
    let configuration = match node.configuration().await {
        Ok(configuration) => configuration,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    let fields = &form.fields;
    let (action, detail, result) = match fields.get("action") {
        "password" => {
            let result = new_password(&form.admin, fields, access, node, &configuration).await;
            (Action::Password, String::new(), result)
        }
        "add-key" => match parse_key(fields.get("ssh_key"), &configuration.access) {
            Ok(key) => {
                let detail = fingerprint(&key);
                let mut new = configuration.clone();
                new.access.ssh_keys.push(key);
                (
                    Action::AddKey,
                    detail,
                    store(node, &new, Key("access-key-added")).await,
                )
            }
            Err(trouble) => {
                let came = Came::Troubles(Troubles::one("ssh_key", trouble));
                let typed = fields.get("ssh_key");
                return page(
                    Status::UnprocessableEntity,
                    &frame,
                    &configuration.access,
                    Some(came),
                    typed,
                );
            }
        },
        "remove-key" => {
            let gone = fields.get("fingerprint");
            let mut new = configuration.clone();
            new.access.ssh_keys.retain(|key| fingerprint(key) != gone);
            let result = store(node, &new, Key("access-key-removed")).await;
            (Action::RemoveKey, gone.to_owned(), result)
        }
        _ => return Err(Status::UnprocessableEntity),
    };
    let status = match &result {
        Came::Done(_) => Status::Ok,
        Came::Troubles(_) => Status::UnprocessableEntity,
        Came::NotSignedIn(why) => words::not_signed_in_status(why),
        Came::NotDone(why) => words::not_done_status(why),
    };
    match &result {
        // What was typed wrong is no action.
        Came::Troubles(_) => {}
        Came::Done(_) => form.admin.record(access, action, &detail, &Ok::<(), String>(())),
        Came::NotSignedIn(why) => form.admin.record(access, action, &detail, &Err(why)),
        Came::NotDone(why) => form.admin.record(access, action, &detail, &Err(why)),
    }
    let now = node.configuration().await.unwrap_or(configuration);
    page(status, &frame, &now.access, Some(result), "")
}

async fn store(node: &Cached, new: &Configuration, done: Key) -> Came {
    match node.change_configuration(new).await {
        Ok(_) => Came::Done(done),
        Err(why) => Came::NotDone(why),
    }
}

fn parse_key(typed: &str, access: &AccessSettings) -> Result<SshKey, Key> {
    if typed.contains("PRIVATE KEY") {
        return Err(Key("access-key-private"));
    }
    let key: SshKey = typed.parse().map_err(|_| Key("access-key-wrong"))?;
    if access.ssh_keys.iter().any(|there| there.blob() == key.blob()) {
        return Err(Key("access-key-twice"));
    }
    if access.ssh_keys.len() >= AccessSettings::MOST_KEYS {
        return Err(Key("access-key-many"));
    }
    Ok(key)
}

async fn new_password(
    admin: &Admin,
    fields: &Fields,
    access: &Access,
    node: &Cached,
    configuration: &Configuration,
) -> Came {
    let new = fields.raw("password");
    let mut troubles = Troubles::default();
    if let Err(weak) = check_strength(new, &configuration.node.name.to_string()) {
        troubles.note("password", words::weak(weak));
    } else if new != fields.raw("password_again") {
        troubles.note("password_again", Key("password-differs"));
    }
    if !troubles.is_empty() {
        return Came::Troubles(troubles);
    }
    // Who finds a browser left open must not be able to lock the owner out.
    match access
        .check_password(fields.raw("password_old"), admin.from, node)
        .await
    {
        Ok(()) => {}
        Err(NotSignedIn::Wrong) => {
            return Came::Troubles(Troubles::one("password_old", Key("sign-in-wrong")));
        }
        Err(why) => return Came::NotSignedIn(why),
    }
    let hash = match access.hasher.hash(new).await {
        Ok(hash) => hash,
        Err(busy) => return Came::NotSignedIn(busy.into()),
    };
    let mut new = configuration.clone();
    new.access.password = Some(hash);
    let came = store(node, &new, Key("access-password-changed")).await;
    if matches!(came, Came::Done(_)) {
        access.sessions.close_others(&admin.cookie);
    }
    came
}
