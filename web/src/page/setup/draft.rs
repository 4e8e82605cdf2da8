//! What was typed into the wizard so far. There is one draft: a machine is set up once.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pocketstack_model::access::PasswordHash;
use rocket::data::{Data, FromData, Outcome as DataOutcome};
use rocket::http::{Cookie, Status};
use rocket::request::{FromRequest, Outcome, Request};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::access::{SameOrigin, guarded_cookie};
use crate::files;
use crate::form::Fields;
use crate::secret::{self, Digest, NoRandom};

/// Name of the cookie of the browser that has begun.
const COOKIE: &str = "__Host-setup";
/// Where the draft is kept, in the runtime folder.
const FILE: &str = "setup.json";

/// The steps whose fields are kept, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Name and time zone.
    Machine,
    /// Where it is installed.
    Disks,
    /// Networks.
    Network,
}

/// What is known so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    owner: Digest,
    /// Proves that a form came from a page of this browser.
    pub csrf: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// From where.
    pub from: IpAddr,
    /// The setup code, which the node controller wants again at the end.
    pub code: String,
    /// Of the password that was chosen.
    pub password: PasswordHash,
    typed: BTreeMap<Step, Vec<(String, String)>>,
}

impl Draft {
    /// What was typed into a step; `None` if nobody was there yet.
    pub fn typed(&self, step: Step) -> Option<Fields> {
        self.typed
            .get(&step)
            .map(|fields| Fields::of(fields.iter().cloned()))
    }
}

/// The wizard: the draft, kept over a restart of this program.
pub struct Wizard {
    file: Option<PathBuf>,
    draft: Mutex<Option<Draft>>,
}

impl Wizard {
    /// With the draft kept in `folder`, if there is one.
    pub fn load(folder: Option<PathBuf>) -> Self {
        let file = folder.map(|folder| folder.join(FILE));
        let kept = file.as_ref().map_or(Ok(None), |file| files::read(file));
        let draft = kept.ok().flatten().and_then(|bytes| {
            serde_json::from_slice::<Option<Draft>>(&bytes)
                .inspect_err(|error| tracing::warn!("setup begins anew, {FILE} is damaged: {error}"))
                .ok()
                .flatten()
        });
        Self {
            file,
            draft: Mutex::new(draft),
        }
    }

    /// Whose browser is setting up: since when and from where.
    pub fn under_way(&self) -> Option<(OffsetDateTime, IpAddr)> {
        self.lock().as_ref().map(|draft| (draft.since, draft.from))
    }

    /// Begins, or takes over what another browser has begun: the cookie's value. What was typed stays.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn begin(&self, from: IpAddr, code: &str, password: PasswordHash) -> Result<String, NoRandom> {
        let (cookie, csrf) = (secret::fresh()?, secret::fresh()?);
        let mut draft = self.lock();
        *draft = Some(Draft {
            owner: Digest::of(&cookie),
            csrf,
            since: OffsetDateTime::now_utc(),
            from,
            code: code.to_owned(),
            password,
            typed: draft.take().map(|before| before.typed).unwrap_or_default(),
        });
        self.keep(draft.as_ref());
        Ok(cookie)
    }

    /// Another password, chosen by the browser that is setting up.
    pub fn set_password(&self, password: PasswordHash) {
        self.update(|draft| draft.password = password);
    }

    /// Keeps what was typed into a step.
    pub fn set_typed(&self, step: Step, fields: &Fields) {
        let fields = fields.lasting();
        let fields = fields
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self.update(|draft| {
            draft.typed.insert(step, fields);
        });
    }

    /// The machine is set up.
    pub fn end(&self) {
        let mut draft = self.lock();
        *draft = None;
        self.keep(None);
    }

    /// The draft, for the browser that has begun it.
    fn of(&self, cookie: &str) -> Option<Draft> {
        let draft = self.lock();
        draft
            .as_ref()
            .filter(|draft| draft.owner == Digest::of(cookie))
            .cloned()
    }

    fn update(&self, how: impl FnOnce(&mut Draft)) {
        let mut draft = self.lock();
        if let Some(draft) = draft.as_mut() {
            how(draft);
        }
        self.keep(draft.as_ref());
    }

    fn keep(&self, draft: Option<&Draft>) {
        let Some(file) = &self.file else { return };
        let written = serde_json::to_vec(&draft)
            .map_err(|error| error.to_string())
            .and_then(|bytes| {
                files::write(file, &bytes, 0o600).map_err(|error| format!("{error}: {}", error.source))
            });
        if let Err(why) = written {
            tracing::warn!("what was typed for setup is forgotten when this program is restarted: {why}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Draft>> {
        // What is in there is right after each statement.
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cookie with a value.
pub fn cookie(value: String) -> Cookie<'static> {
    guarded_cookie(COOKIE, value)
}

/// A request of the browser that is setting the machine up.
pub struct Setup(pub Draft);

impl Setup {
    /// If this request is one.
    pub fn of(request: &Request<'_>) -> Option<Self> {
        let wizard = request.rocket().state::<Wizard>()?;
        let cookie = request.cookies().get(COOKIE)?;
        wizard.of(cookie.value()).map(Self)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Setup {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::of(request) {
            Some(setup) => Outcome::Success(setup),
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

/// A form that this browser has sent from a page of the wizard.
pub struct SetupForm {
    /// What is known so far.
    pub draft: Draft,
    /// What was typed.
    pub fields: Fields,
}

#[rocket::async_trait]
impl<'r> FromData<'r> for SetupForm {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> DataOutcome<'r, Self> {
        let Some(Setup(draft)) = Setup::of(request) else {
            return DataOutcome::Error((Status::Unauthorized, ()));
        };
        if !SameOrigin::of(request) {
            return DataOutcome::Error((Status::Forbidden, ()));
        }
        match Fields::from_data(request, data).await {
            DataOutcome::Success(fields) if secret::same(fields.raw("csrf"), &draft.csrf) => {
                DataOutcome::Success(Self { draft, fields })
            }
            DataOutcome::Success(_) => DataOutcome::Error((Status::Forbidden, ())),
            DataOutcome::Error((status, _)) => DataOutcome::Error((status, ())),
            DataOutcome::Forward((_, status)) => DataOutcome::Error((status, ())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::node::password_hash;

    const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn a_draft_outlasts_a_restart_and_can_be_taken_over() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let load = || Wizard::load(Some(folder.path().to_owned()));
        let wizard = load();
        assert!(wizard.under_way().is_none());
        let first = wizard.begin(FROM, "CODE", password_hash()).expect("begun");
        wizard.set_typed(Step::Machine, &Fields::of([("name", "lab-7"), ("csrf", "x")]));

        let wizard = load();
        let draft = wizard.of(&first).expect("it is its browser");
        assert_eq!(draft.typed(Step::Machine), Some(Fields::of([("name", "lab-7")])));
        assert_eq!(draft.typed(Step::Disks), None);
        assert_eq!(wizard.of("another"), None);
        let mode = std::fs::metadata(folder.path().join(FILE))
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);

        let second = wizard.begin(FROM, "CODE", password_hash()).expect("taken over");
        assert_eq!(wizard.of(&first), None);
        assert_eq!(
            wizard.of(&second).expect("its browser").typed(Step::Machine),
            draft.typed(Step::Machine)
        );
        wizard.end();
        assert!(load().under_way().is_none() && load().of(&second).is_none());
    }
}
