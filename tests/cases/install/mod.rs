//! The group `install`: a machine is installed from each medium without a person, comes up as answered, keeps its
//! networks as configured, and is never half after a power cut.
//!
//! ```text
//!   medium + answers ──► installs_unattended ──► the disk ──► comes_up_as_answered ──► networks ──► daemon
//!                              │ record                              │ record
//!                              └───────────► power cuts ◄────────────┘
//! ```
//!
//! What takes long is shared: one installation per medium, one machine that all changes of networks happen to, one that
//! all wrong disks are plugged into, and all power cuts are made from two records. One of the installations has further
//! disks, and a clock that is wrong.

mod again;
mod answered;
mod asked;
mod cuts;
mod daemon;
mod faults;
mod networks;
mod refused;
pub mod route;
mod running;
pub mod site;
mod state;
mod surroundings;
mod unattended;
mod unusual;
pub mod wait;

use anyhow::Result;

use crate::case::{Case, Notes};
use route::Route;
use site::{Running, Site};

/// A case on a machine that runs.
type Body = fn(&mut Running, &mut Notes) -> Result<()>;

/// Cases on the first machine, started from its disk.
fn on_the_first(bodies: &[(&str, Body)], group: &str) -> Vec<Case<Site>> {
    let case = |(name, body): &(&str, Body)| {
        let body = *body;
        Case::new(
            format!("install::{group}::{name}"),
            move |site: &mut Site, notes: &mut Notes| body(site.started(Route::FIRST)?, notes),
        )
    };
    bodies.iter().map(case).collect()
}

/// What can be chosen for a run of this group.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Power cuts to try, of installations and of first boots together.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(3..))]
    pub cuts: u32,
    /// Seed of the moments of the power cuts; the report of a run names its own.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Also install on both firmwares from each medium, install again over what is there, and again after power cuts.
    #[arg(long)]
    pub full: bool,
}

impl Options {
    /// For who needs a [`Site`] and no cases: nothing is recorded.
    pub const fn short() -> Self {
        Self {
            cuts: 0,
            seed: None,
            full: false,
        }
    }
}

/// Cases that were written and not yet seen to pass: only `--full` runs them, and nothing is claimed by them. Each leaves
/// this list when it has passed.
const NOT_SEEN_TO_PASS: [&str; 2] = [
    "install::daemon::a_damaged_configuration_falls_back",
    "install::answers::a_wrong_key_is_named_and_nothing_is_done",
];

/// All cases, those of one machine next to each other.
pub fn cases(options: &Options) -> Vec<Case<Site>> {
    let mut cases = unattended::cases(Route::FIRST);
    cases.extend(networks::cases());
    cases.extend(faults::cases());
    cases.extend(daemon::cases());
    if options.full {
        cases.extend(again::cases());
    }
    let others = Route::all().into_iter().filter(|route| *route != Route::FIRST);
    for route in others.filter(|route| options.full || route.is_in_short_run()) {
        cases.extend(unattended::cases(route));
        if route == Route::UNUSUAL {
            cases.extend(unusual::cases());
        }
    }
    cases.extend(surroundings::cases());
    cases.extend(state::cases());
    cases.extend(refused::cases());
    cases.extend(answered::cases());
    if !options.full {
        cases.retain(|case| !NOT_SEEN_TO_PASS.contains(&case.name.as_str()));
    }
    // Last: they take the longest, and go on with the records of the first machine.
    cases.extend(cuts::cases(options.cuts as usize));
    cases
}
