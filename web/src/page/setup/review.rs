//! The fifth screen: everything in words, and the button that does it.

use askama::Template;
use pocketstack_model::answers::Answers;
use pocketstack_model::install::{Candidate, DiskChoice, Existing, What};
use rocket::http::{CookieJar, Status};
use rocket::{State, get, post};

use super::draft::{Setup, SetupForm, Wizard};
use super::{Incomplete, Screen, answers, screens, start};
use crate::access::{Access, Action, Entry, Outcome, Who};
use crate::locale::{Key, Said};
use crate::node::{Cached, NotDone, Unavailable};
use crate::page::{Answer, ClientAddress, Frame, Page, errors, networks, sign_in, words};

/// Content of `templates/setup/review.html`.
#[derive(Template)]
#[template(path = "setup/review.html")]
struct ReviewPage<'a> {
    frame: &'a Frame<'a>,
    screens: Vec<Screen<'a>>,
    csrf: &'a str,
    trouble: Option<Said<'a>>,
    why: Option<String>,
    parts: Vec<Part<'a>>,
    /// Whether something is wiped.
    erases: bool,
    installs: bool,
}

/// Content of `templates/setup/moved.html`.
#[derive(Template)]
#[template(path = "setup/moved.html")]
struct MovedPage<'a> {
    frame: &'a Frame<'a>,
    screens: Vec<Screen<'a>>,
    /// Where the machine is found now, each with the code.
    urls: Vec<String>,
    code: &'a str,
}

/// Other networks stay only if somebody who reaches this node through them says so. The address that this page came from
/// may be gone already, so it says all that is needed and leads to the new ones.
fn moved(frame: &Frame<'_>, answers: &Answers, code: &str) -> Result<Answer, Status> {
    let page = MovedPage {
        frame,
        screens: screens(frame, "/setup/progress"),
        urls: networks::urls(&answers.node.name, &answers.network.management, code),
        code,
    };
    Ok(Page::render(Status::Ok, &page)?.into())
}

/// What one screen has said.
struct Part<'a> {
    title: Said<'a>,
    lines: Vec<Said<'a>>,
    url: &'static str,
}

fn parts<'a>(frame: &Frame<'_>, answers: &Answers, disks: &[Candidate]) -> Vec<Part<'a>> {
    let node = &answers.node;
    let described = |network| networks::describe(frame, network).join(", ");
    let mut network = vec![
        frame
            .say("review-management")
            .with("network", described(&answers.network.management)),
    ];
    network.push(match &answers.network.external {
        Some(external) => frame.say("review-external").with("network", described(external)),
        None => frame.say("review-external-same"),
    });
    let dns: Vec<String> = answers
        .network
        .management
        .dns
        .iter()
        .map(ToString::to_string)
        .collect();
    if !dns.is_empty() {
        network.push(frame.say("review-dns").with("servers", dns.join(", ")));
    }
    vec![
        Part {
            title: frame.say("setup-start"),
            lines: vec![frame.say("review-password")],
            url: "/setup",
        },
        Part {
            title: frame.say("setup-machine"),
            lines: vec![
                frame.say("review-name").with("name", &node.name),
                frame.say("review-zone").with("zone", &node.time_zone),
                frame.say("review-first"),
            ],
            url: "/setup/machine",
        },
        Part {
            title: frame.say("setup-disks"),
            lines: installation(frame, answers, disks),
            url: "/setup/disks",
        },
        Part {
            title: frame.say("setup-network"),
            lines: network,
            url: "/setup/network",
        },
    ]
}

fn installation<'a>(frame: &Frame<'_>, answers: &Answers, disks: &[Candidate]) -> Vec<Said<'a>> {
    let Some(install) = &answers.install else {
        return vec![frame.say("review-medium")];
    };
    let disk = called(&install.disk, disks);
    let key = match (install.what, install.existing) {
        (What::State, Existing::Erase) => Key("review-state-erase"),
        (What::State, _) => Key("review-state"),
        (What::System, Existing::Refuse) => Key("review-install"),
        (What::System, Existing::Keep) => Key("review-keep"),
        (What::System, Existing::Erase) => Key("review-erase"),
    };
    let mut lines = vec![frame.say(key).with("disk", disk)];
    if !install.data_disks.is_empty() {
        let names: Vec<String> = install
            .data_disks
            .iter()
            .map(|disk| called(disk, disks))
            .collect();
        lines.push(frame.say("review-data").with("disks", names.join(", ")));
    }
    if install.mirror {
        lines.push(frame.say("review-mirror"));
    }
    lines.push(frame.say(match install.what {
        What::System => Key("review-restart"),
        What::State => Key("review-state-restart"),
    }));
    lines
}

/// The disk as a person knows it: name and model.
fn called(choice: &DiskChoice, disks: &[Candidate]) -> String {
    let is = |disk: &&Candidate| match choice {
        DiskChoice::Serial(serial) => disk.serial.as_ref() == Some(serial),
        DiskChoice::Name(name) => disk.name == *name,
        DiskChoice::Path(path) => disk.path.as_ref() == Some(path),
    };
    match disks.iter().find(is) {
        Some(Candidate {
            name,
            model: Some(model),
            ..
        }) => format!("{name} ({model})"),
        Some(disk) => disk.name.clone(),
        None => choice.to_string(),
    }
}

/// All that was typed, put together.
enum Gathered {
    Whole(Box<Answers>, Vec<Candidate>),
    Incomplete(Incomplete),
    Away(Unavailable),
}

async fn gather(draft: &super::Draft, node: &Cached) -> Gathered {
    let (configuration, disks) = match (node.configuration().await, node.disks().await) {
        (Ok(configuration), Ok(disks)) => (configuration, disks),
        (Err(unavailable), _) | (_, Err(unavailable)) => return Gathered::Away(unavailable),
    };
    match answers(draft, &configuration, &disks) {
        Ok(answers) => Gathered::Whole(Box::new(answers), disks),
        Err(incomplete) => Gathered::Incomplete(incomplete),
    }
}

fn page(
    status: Status,
    frame: &Frame<'_>,
    csrf: &str,
    (answers, disks): (&Answers, &[Candidate]),
    trouble: Option<(Said<'_>, Option<String>)>,
) -> Result<Answer, Status> {
    let (trouble, why) = trouble.unzip();
    let page = ReviewPage {
        frame,
        screens: screens(frame, "/setup/review"),
        csrf,
        trouble,
        why: why.flatten(),
        parts: parts(frame, answers, disks),
        erases: answers
            .install
            .as_ref()
            .is_some_and(|install| install.existing == Existing::Erase),
        installs: answers.install.is_some(),
    };
    Ok(Page::render(status, &page)?.into())
}

/// Shows everything.
#[get("/setup/review")]
pub async fn ask(setup: Setup, frame: Frame<'_>, node: &State<Cached>) -> Result<Answer, Status> {
    let Setup(draft) = setup;
    match gather(&draft, node).await {
        Gathered::Whole(answers, disks) => page(Status::Ok, &frame, &draft.csrf, (&answers, &disks), None),
        Gathered::Incomplete(step) => Ok(Answer::to(step.url())),
        Gathered::Away(unavailable) => Ok(errors::away(&unavailable, &frame)?.into()),
    }
}

/// Does it, and signs this browser in.
#[post("/setup/review", data = "<form>")]
pub async fn finish(
    form: SetupForm,
    frame: Frame<'_>,
    from: ClientAddress,
    cookies: &CookieJar<'_>,
    wizard: &State<Wizard>,
    access: &State<Access>,
    node: &State<Cached>,
) -> Result<Answer, Status> {
    let draft = form.draft;
    let (answers, disks) = match gather(&draft, node).await {
        Gathered::Whole(answers, disks) => (answers, disks),
        Gathered::Incomplete(step) => return Ok(Answer::to(step.url())),
        Gathered::Away(unavailable) => return Ok(errors::away(&unavailable, &frame)?.into()),
    };
    let result = node.finish_setup(&draft.code, &answers).await;
    let outcome = match &result {
        Ok(_) => Outcome::Done,
        Err(why) => Outcome::Refused { why: why.to_string() },
    };
    let name = answers.node.name.to_string();
    access
        .audit
        .record(Entry::new(&Who::Session, from.0, Action::Setup, &name, outcome));
    match result {
        Ok(confirm) => {
            wizard.end();
            sign_in::open(access, cookies)?;
            match confirm {
                Some(code) => moved(&frame, &answers, &code),
                None => Ok(Answer::to("/setup/progress")),
            }
        }
        // Another browser, or the API, was faster: its password counts.
        Err(NotDone::NothingWaits(_)) => {
            wizard.end();
            Ok(Answer::to("/sign-in"))
        }
        Err(error @ (NotDone::WrongCode(_) | NotDone::TooManyTries(_))) => {
            // The console shows another one since, for example because the machine was restarted.
            let (key, why) = start::code_trouble(&error);
            let trouble = Some((frame.say(key), why));
            page(
                words::not_done_status(&error),
                &frame,
                &draft.csrf,
                (&answers, &disks),
                trouble,
            )
        }
        Err(error) => {
            let trouble = Some(words::not_done(&frame, &error));
            page(
                words::not_done_status(&error),
                &frame,
                &draft.csrf,
                (&answers, &disks),
                trouble,
            )
        }
    }
}
