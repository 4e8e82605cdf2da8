//! The second screen: what this machine is called, and where it is.

use askama::Template;
use pocketstack_model::config::NodeSettings;
use rocket::http::Status;
use rocket::{State, get, post};

use super::draft::{Setup, SetupForm, Step, Wizard};
use super::zones::{self, Region};
use super::{Screen, screens};
use crate::form::Fields;
use crate::locale::{Key, Language};
use crate::node::Cached;
use crate::page::field::{Field, Troubles, parsed};
use crate::page::{Answer, Frame, Page, errors};

/// Content of `templates/setup/machine.html`.
#[derive(Template)]
#[template(path = "setup/machine.html")]
struct MachinePage<'a> {
    frame: &'a Frame<'a>,
    screens: Vec<Screen<'a>>,
    csrf: &'a str,
    troubles: &'a Troubles,
    name: Field<'a>,
    zones: Vec<Region>,
    zone_trouble: Option<crate::locale::Said<'a>>,
}

/// What the fields say.
pub fn read(fields: &Fields, before: &NodeSettings) -> Result<NodeSettings, Troubles> {
    let mut troubles = Troubles::default();
    let name = parsed(fields, "name", Key("setup-name-wrong"), &mut troubles);
    let time_zone = zones::read(fields, &mut troubles);
    match (name, time_zone) {
        (Some(name), Some(time_zone)) => Ok(NodeSettings {
            name,
            time_zone,
            ..before.clone()
        }),
        _ => Err(troubles),
    }
}

/// What stands in the fields before anybody has typed: what is configured, with the zone that most readers of a language
/// live in.
fn suggested(before: &NodeSettings, language: Language) -> Fields {
    let zone = match (before.time_zone == Default::default(), language) {
        (true, Language::Portuguese) => "America/Sao_Paulo".to_owned(),
        _ => before.time_zone.to_string(),
    };
    Fields::of([("name", before.name.to_string()), ("time_zone", zone)])
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    csrf: &str,
    fields: &Fields,
    troubles: &Troubles,
) -> Result<Page, Status> {
    let page = MachinePage {
        frame,
        screens: screens(frame, "/setup/machine"),
        csrf,
        troubles,
        name: Field::text(frame, "name", Key("setup-name"))
            .hint(frame, Key("setup-name-hint"))
            .value(fields.get("name"))
            .longest(63)
            .required()
            .among(frame, troubles),
        zones: zones::all(fields.get("time_zone")),
        zone_trouble: troubles.at("time_zone").map(|key| frame.say(key)),
    };
    Page::render(status, &page)
}

/// Asks.
#[get("/setup/machine")]
pub async fn ask(setup: Setup, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    let Setup(draft) = setup;
    let before = match node.configuration().await {
        Ok(configuration) => configuration.node,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    match draft.typed(Step::Machine) {
        Some(fields) => {
            let troubles = read(&fields, &before).err().unwrap_or_default();
            page(Status::Ok, &frame, &draft.csrf, &fields, &troubles)
        }
        None => {
            let fields = suggested(&before, frame.language);
            page(Status::Ok, &frame, &draft.csrf, &fields, &Troubles::default())
        }
    }
}

/// Keeps what was typed, and goes on if it is right.
#[post("/setup/machine", data = "<form>")]
pub async fn keep(form: SetupForm, frame: Frame<'_>, wizard: &State<Wizard>) -> Result<Answer, Status> {
    wizard.set_typed(Step::Machine, &form.fields);
    match read(&form.fields, &NodeSettings::default()) {
        Ok(_) => Ok(Answer::to("/setup/disks")),
        Err(troubles) => {
            let status = Status::UnprocessableEntity;
            Ok(page(status, &frame, &form.draft.csrf, &form.fields, &troubles)?.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let fields = Fields::of([("name", "Lab 1"), ("time_zone", "America/Sampa")]);
        let troubles = read(&fields, &NodeSettings::default()).expect_err("both are wrong");
        assert_eq!(troubles.at("name"), Some(Key("setup-name-wrong")));
        assert_eq!(troubles.at("time_zone"), Some(Key("setup-zone-wrong")));
    }

    #[test]
    fn time_servers_that_were_configured_stay() {
        let before = NodeSettings {
            ntp: vec!["ntp.example.org".parse().expect("a server")],
            ..NodeSettings::default()
        };
        let fields = suggested(&before, Language::Portuguese);
        assert_eq!(fields.get("time_zone"), "America/Sao_Paulo");
        assert_eq!(read(&fields, &before).expect("right").ntp, before.ntp);
    }
}
