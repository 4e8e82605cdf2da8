//! `/audit`: who did what.

use askama::Template;
use rocket::http::Status;
use rocket::{State, get};

use super::{Frame, Page};
use crate::access::{Access, Action, Admin, Entry, Outcome};
use crate::locale::Key;

/// Entries on the page; the API tells more.
const SHOWN: usize = 200;

/// Content of `templates/audit.html`.
#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage<'a> {
    frame: &'a Frame<'a>,
    entries: Vec<Entry>,
}

impl AuditPage<'_> {
    fn action(entry: &Entry) -> Key {
        match entry.action {
            Action::SignIn => Key("audit-sign-in"),
            Action::SignOut => Key("audit-sign-out"),
            Action::Setup => Key("audit-setup"),
            Action::Password => Key("audit-password"),
            Action::AddKey => Key("audit-add-key"),
            Action::RemoveKey => Key("audit-remove-key"),
            Action::CreateToken => Key("audit-create-token"),
            Action::RevokeToken => Key("audit-revoke-token"),
            Action::ChangeConfiguration => Key("audit-change-configuration"),
            Action::NewCertificate => Key("audit-new-certificate"),
            Action::UploadCertificate => Key("audit-upload-certificate"),
            Action::StartUnit => Key("audit-start-unit"),
            Action::StopUnit => Key("audit-stop-unit"),
            Action::RestartUnit => Key("audit-restart-unit"),
            Action::ConfirmNetwork => Key("audit-confirm-network"),
            Action::Restart => Key("audit-restart"),
            Action::PowerOff => Key("audit-power-off"),
            Action::Install => Key("audit-install"),
            Action::FactoryReset => Key("audit-factory-reset"),
            Action::SupportBundle => Key("audit-support-bundle"),
        }
    }
}

/// Shows the last entries.
#[get("/audit")]
pub fn show(_admin: Admin, frame: Frame<'_>, access: &State<Access>) -> Result<Page, Status> {
    let page = AuditPage {
        frame: &frame,
        entries: access.audit.last(SHOWN),
    };
    Page::render(Status::Ok, &page)
}
