//! `/setup`: the wizard of a machine that nobody has set up yet.
//!
//! ```text
//! /setup ─▶ /setup/machine ─▶ /setup/disks ─▶ /setup/network ─▶ /setup/review ─▶ /setup/progress
//!  code,      name, zone       where it is      the networks      all in words     how it goes
//!  password                    installed
//!   │              └──────── typed texts ──────────┘                  │
//!   └▶ CheckSetupCode            in the draft        read again by ───┴▶ FinishSetup
//! ```
//!
//! Each step keeps what was typed, right or wrong, and reads it anew whenever it is needed: so every page can be loaded
//! again, and gone back to.

mod disks;
mod draft;
mod machine;
mod network;
mod progress;
mod review;
mod start;
pub mod zones;

use pocketstack_model::answers::{Answers, VERSION};
use pocketstack_model::config::Configuration;
use pocketstack_model::install::Candidate;
use rocket::{Route, routes};

use crate::locale::Key;
use crate::page::disks::form;
use draft::{Draft, Step};

pub use draft::Wizard;

/// Routes, for `/`.
pub fn routes() -> Vec<Route> {
    routes![
        start::ask,
        start::begin,
        machine::ask,
        machine::keep,
        disks::ask,
        disks::keep,
        network::ask,
        network::keep,
        review::ask,
        review::finish,
        progress::show,
    ]
}

/// The screens, in their order.
const SCREENS: [(&str, Key); 6] = [
    ("/setup", Key("setup-start")),
    ("/setup/machine", Key("setup-machine")),
    ("/setup/disks", Key("setup-disks")),
    ("/setup/network", Key("setup-network")),
    ("/setup/review", Key("setup-review")),
    ("/setup/progress", Key("setup-progress")),
];

/// One screen in the list of them.
pub struct Screen<'a> {
    /// Its name.
    pub name: crate::locale::Said<'a>,
    /// Where it is, if it can be gone back to.
    pub url: Option<&'static str>,
    /// Whether it is this one.
    pub current: bool,
}

/// The list of screens, as seen from one of them.
fn screens<'a>(frame: &super::Frame<'_>, at: &str) -> Vec<Screen<'a>> {
    let own = SCREENS.iter().position(|(url, _)| *url == at).unwrap_or_default();
    let last = SCREENS.len() - 1;
    let screen = |(number, (url, name)): (usize, &(&'static str, Key))| Screen {
        name: frame.say(*name),
        // Once it is done nothing can be changed here any more.
        url: (number < own && own < last).then_some(*url),
        current: number == own,
    };
    SCREENS.iter().enumerate().map(screen).collect()
}

/// The first step that is not right yet.
#[derive(Debug, PartialEq, Eq)]
struct Incomplete(Step);

impl Incomplete {
    fn url(&self) -> &'static str {
        match self.0 {
            Step::Machine => "/setup/machine",
            Step::Disks => "/setup/disks",
            Step::Network => "/setup/network",
        }
    }
}

/// All that was typed, as answers.
fn answers(draft: &Draft, configuration: &Configuration, disks: &[Candidate]) -> Result<Answers, Incomplete> {
    let typed = |step| draft.typed(step).ok_or(Incomplete(step));
    let node =
        machine::read(&typed(Step::Machine)?, &configuration.node).map_err(|_| Incomplete(Step::Machine))?;
    let install = form::read(&typed(Step::Disks)?, disks).map_err(|_| Incomplete(Step::Disks))?;
    let network = network::read(&typed(Step::Network)?).map_err(|_| Incomplete(Step::Network))?;
    let mut access = configuration.access.clone();
    access.password = Some(draft.password.clone());
    Ok(Answers {
        version: VERSION,
        node,
        network,
        access,
        install,
    })
}
