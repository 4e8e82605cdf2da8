//! `/time`: what time it is on the machine, its zone, and the time servers that set its clock.

use askama::Template;
use pocketstack_model::config::names::TimeZone;
use pocketstack_model::config::{Configuration, NodeSettings};
use pocketstack_model::node::Overview;
use rocket::http::Status;
use rocket::{State, get, post};
use time::{OffsetDateTime, UtcOffset};

use super::field::{Field, Troubles};
use super::overview::{self, KeptRow};
use super::setup::zones::{self, Region};
use super::{Frame, Page, errors, words};
use crate::access::{Access, Action, Admin, AdminForm};
use crate::form::Fields;
use crate::locale::{Key, Said};
use crate::node::{Cached, NotDone};

/// Most time servers: each is asked for as long as the machine runs.
const MOST: usize = 8;

/// Content of `templates/time/page.html`.
#[derive(Template)]
#[template(path = "time/page.html")]
struct TimePage<'a> {
    frame: &'a Frame<'a>,
    troubles: &'a Troubles,
    /// What was done.
    done: Option<Said<'a>>,
    /// Why it was not done, and what the system said.
    trouble: Option<Said<'a>>,
    why: Option<String>,
    read_at: OffsetDateTime,
    /// The same in the zone of the machine; absent if the zone is not known here.
    local: Option<Said<'a>>,
    /// How it goes with the clock; absent before it was looked at.
    clock: Option<KeptRow<'a>>,
    zones: Vec<Region>,
    zone_trouble: Option<Said<'a>>,
    servers: Field<'a>,
}

/// What came of a form.
enum Came {
    Done(Key),
    NotDone(NotDone),
}

/// How far a zone is from UTC at a moment; `None` for a zone that this machine has no file of.
fn offset(zone: &TimeZone, at: OffsetDateTime) -> Option<UtcOffset> {
    let zone = jiff::tz::TimeZone::get(&zone.to_string()).ok()?;
    let at = jiff::Timestamp::from_second(at.unix_timestamp()).ok()?;
    UtcOffset::from_whole_seconds(zone.to_offset(at).seconds()).ok()
}

/// "UTC", "UTC+05:30", with the sign that people write.
fn distance(offset: UtcOffset) -> String {
    let (hours, minutes, _) = offset.as_hms();
    match (offset.is_negative(), offset.is_utc()) {
        (_, true) => "UTC".to_owned(),
        (true, _) => format!("UTC−{:02}:{:02}", hours.abs(), minutes.abs()),
        (false, _) => format!("UTC+{hours:02}:{minutes:02}"),
    }
}

fn read(fields: &Fields, before: &NodeSettings) -> Result<NodeSettings, Troubles> {
    let mut troubles = Troubles::default();
    let zone = zones::read(fields, &mut troubles);
    let mut ntp = Vec::new();
    for server in fields.get("servers").split([' ', ',', ';']) {
        match server.parse() {
            _ if server.is_empty() => {}
            Ok(server) => ntp.push(server),
            Err(_) => troubles.note("servers", Key("time-servers-wrong")),
        }
    }
    if ntp.len() > MOST {
        troubles.note("servers", Key("time-servers-many"));
    }
    let settings = NodeSettings {
        time_zone: zone.unwrap_or_default(),
        ntp,
        ..before.clone()
    };
    troubles.none(settings)
}

fn suggested(node: &NodeSettings) -> Fields {
    let servers: Vec<String> = node.ntp.iter().map(ToString::to_string).collect();
    Fields::of([
        ("time_zone", node.time_zone.to_string()),
        ("servers", servers.join(" ")),
    ])
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    (overview, configuration): (&Overview, &Configuration),
    (fields, troubles): (&Fields, &Troubles),
    came: Option<Came>,
) -> Result<Page, Status> {
    let (mut done, mut trouble, mut why) = (None, None, None);
    match came {
        None => {}
        Some(Came::Done(key)) => done = Some(frame.say(key)),
        Some(Came::NotDone(error)) => {
            let (said, detail) = words::not_done(frame, &error);
            (trouble, why) = (Some(said), detail);
        }
    }
    let zone = &configuration.node.time_zone;
    let local = offset(zone, overview.read_at).map(|offset| {
        frame
            .say("time-local")
            .with("time", frame.language.clock(overview.read_at.to_offset(offset)))
            .with("zone", zone)
            .with("distance", distance(offset))
    });
    let clock = overview.kept.iter().find(|kept| kept.subject == "time");
    let page = TimePage {
        frame,
        troubles,
        done,
        trouble,
        why,
        read_at: overview.read_at,
        local,
        clock: clock.map(|kept| overview::kept(frame, kept)),
        zones: zones::all(fields.get("time_zone")),
        zone_trouble: troubles.at("time_zone").map(|key| frame.say(key)),
        servers: Field::text(frame, "servers", Key("time-servers"))
            .hint(frame, Key("time-servers-hint"))
            .value(fields.get("servers"))
            .longest(1024)
            .among(frame, troubles),
    };
    Page::render(status, &page)
}

/// Shows it.
#[get("/time")]
pub async fn show(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    match (node.overview().await, node.configuration().await) {
        (Ok(overview), Ok(configuration)) => {
            let fields = suggested(&configuration.node);
            let machine = (&*overview, &configuration);
            page(Status::Ok, &frame, machine, (&fields, &Troubles::default()), None)
        }
        (Err(unavailable), _) | (_, Err(unavailable)) => errors::away(&unavailable, &frame),
    }
}

/// Changes zone and time servers.
#[post("/time", data = "<form>")]
pub async fn change(
    form: AdminForm,
    frame: Frame<'_>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Page, Status> {
    let (overview, before) = match (node.overview().await, node.configuration().await) {
        (Ok(overview), Ok(configuration)) => (overview, configuration),
        (Err(unavailable), _) | (_, Err(unavailable)) => return errors::away(&unavailable, &frame),
    };
    let mut now = before.clone();
    now.node = match read(&form.fields, &before.node) {
        Ok(settings) => settings,
        Err(troubles) => {
            let (status, typed) = (Status::UnprocessableEntity, (&form.fields, &troubles));
            return page(status, &frame, (&overview, &before), typed, None);
        }
    };
    let result = node.change_configuration(&now).await;
    let outcome = result.as_ref().map(|_| ());
    form.admin
        .record(access, Action::ChangeConfiguration, "time", &outcome);
    let none = Troubles::default();
    match result {
        Ok(_) => {
            let (overview, fields) = (node.overview().await.unwrap_or(overview), suggested(&now.node));
            let came = Some(Came::Done(Key("time-changed")));
            page(Status::Ok, &frame, (&overview, &now), (&fields, &none), came)
        }
        Err(why) => {
            let (status, typed) = (words::not_done_status(&why), (&form.fields, &none));
            page(
                status,
                &frame,
                (&overview, &before),
                typed,
                Some(Came::NotDone(why)),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_zone_follows_its_summer() {
        let at = |zone: &str, seconds| {
            let at = OffsetDateTime::from_unix_timestamp(seconds).expect("in range");
            offset(&zone.parse().expect("a zone"), at).map(distance)
        };
        // January and July of 2026.
        let (winter, summer) = (1_768_000_000, 1_784_000_000);
        assert_eq!(at("Europe/Berlin", winter).as_deref(), Some("UTC+01:00"));
        assert_eq!(at("Europe/Berlin", summer).as_deref(), Some("UTC+02:00"));
        assert_eq!(at("America/St_Johns", winter).as_deref(), Some("UTC−03:30"));
        assert_eq!(at("UTC", winter).as_deref(), Some("UTC"));
        assert_eq!(at("Moon/Tycho", winter), None);
    }

    #[test]
    fn what_is_read_stands_in_the_fields_again() {
        let fields = |servers: &str| Fields::of([("time_zone", "Asia/Kolkata"), ("servers", servers)]);
        let settings = read(&fields("ntp.example.org, 192.0.2.1"), &NodeSettings::default()).expect("right");
        assert_eq!(settings.ntp.len(), 2);
        assert_eq!(suggested(&settings).get("servers"), "ntp.example.org 192.0.2.1");
        let wrong = |servers: &str| {
            let troubles = read(&fields(servers), &NodeSettings::default()).expect_err("wrong");
            troubles.at("servers")
        };
        assert_eq!(wrong("-a-"), Some(Key("time-servers-wrong")));
        assert_eq!(wrong(&"a ".repeat(MOST + 1)), Some(Key("time-servers-many")));
    }
}
