//! What a console is at and what a key does there: (state, key) → state and effect. Pure.
//!
//! ```text
//!             N                 review           enter             code                C
//!   Status ─────► Form ◄──────────────► Review ────────► Change ────────► counting ────────► kept
//!     │ L, F, R                  esc       ▲ refused       │
//!     ├────────► Log                       └───────────────┘
//!     │ P        R, O           Y
//!     ├────────► Power ───► sure? ───► restarts
//!     │ S
//!     └────────► Setup, while the node is not set up (see setup)
//! ```
//!
//! Escape leads back everywhere. An effect's outcome comes later, through [`Console::done`].

pub mod form;
pub mod log;
pub mod setup;
mod text;

use std::time::Duration;

use pocketstack_model::access::PasswordHash;
use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::config::network::RoleNetwork;
use pocketstack_model::install::Candidate;
use pocketstack_model::node::Overview;
use pocketstack_model::status::NetworkChange;

use super::actions::Power;
use super::certificate::Fingerprint;
use super::keys::Key;
use crate::control::SetupCode;
use form::{Asked, Form, Review};
use log::{Filter, Log};
use setup::{Password, Wizard};

/// What is known around the console.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The node.
    pub overview: &'a Overview,
    /// Fingerprint of the page's certificate, once there is one.
    pub fingerprint: Option<Fingerprint>,
    /// Code that sets the node up, as long as it is not.
    pub setup_code: Option<SetupCode>,
    /// How long an unconfirmed change of the networks stays.
    pub left: Option<Duration>,
    /// Lines of the terminal.
    pub height: usize,
}

/// What is to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Find out the configuration.
    Configuration,
    /// Use these settings for the management network.
    Change(Box<RoleNetwork>),
    /// Keep the change with this code.
    Confirm(String),
    /// Restart or switch off.
    Power(Power),
    /// Read the log.
    Log(Filter),
    /// Find out what the setup is about: configuration and disks.
    Setup,
    /// Hash the password.
    Hash(Password),
    /// Set the node up.
    FinishSetup(Box<Answers>),
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Configuration(Box<Configuration>),
    Changed(Result<Option<String>, String>),
    Confirmed(Result<(), String>),
    Power(Result<(), String>),
    Log(Filter, Result<Vec<String>, String>),
    Setup(Box<Configuration>, Result<Vec<Candidate>, String>),
    Hashed(Result<PasswordHash, String>),
    SetUp(Result<Option<String>, String>),
}

/// What the console is at.
#[derive(Debug)]
pub enum View {
    /// The node's page.
    Status,
    /// The form is asked for.
    Opening,
    Form(Box<Form>),
    Review(Box<Review>),
    /// A change of the networks.
    Change(Change),
    Log(Log),
    Power(Ask),
    /// The setup's questions are asked for.
    SetupOpening,
    Setup(Box<Wizard>),
    /// The node is set up.
    SetUp,
}

/// How far a change of the networks is.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// Being applied.
    Applying(Box<Review>),
    /// In use, to be confirmed.
    Counting {
        /// Why it could not be confirmed.
        trouble: Option<String>,
    },
    /// Being confirmed.
    Confirming,
    /// Over.
    Ended(String),
}

/// How far the end of the machine's work is.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// Which?
    Which,
    /// Really?
    Sure(Power),
    /// It is under way.
    Done(Power),
    /// It was not possible.
    Failed(String),
}

/// A change that was made here and can be confirmed here.
#[derive(Debug)]
struct Pending {
    code: String,
    /// Whether the node has told of it. What it told before is of another change.
    told: bool,
}

/// One console.
#[derive(Debug)]
pub struct Console {
    view: View,
    pending: Option<Pending>,
    /// What was answered in the setup before it was left.
    left: Option<Box<Wizard>>,
}

impl Console {
    /// Shows the node's page.
    pub fn new() -> Self {
        Self {
            view: View::Status,
            pending: None,
            left: None,
        }
    }

    /// What it is at.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Whether a change made here waits to be confirmed.
    pub fn pending(&self) -> bool {
        self.pending.is_some()
    }

    /// The node has told something.
    pub fn heard(&mut self, overview: &Overview) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        let end = match &overview.network_change {
            NetworkChange::Unconfirmed { .. } => {
                pending.told = true;
                return;
            }
            _ if !pending.told => return,
            NetworkChange::None => "The new network settings are kept.".to_owned(),
            NetworkChange::Reverted { why, .. } => {
                format!("The network settings are as they were before: {why}")
            }
        };
        self.pending = None;
        if matches!(
            self.view,
            View::Change(Change::Counting { .. } | Change::Confirming)
        ) {
            self.view = View::Change(Change::Ended(end));
        }
    }

    /// A key was pressed.
    pub fn key(&mut self, key: Key, world: &World<'_>) -> Option<Effect> {
        let letter = match key {
            Key::Char(c) => c.to_ascii_lowercase(),
            _ => '\0',
        };
        let (view, effect) = match (std::mem::replace(&mut self.view, View::Status), letter) {
            (View::Status, 'n') => (View::Opening, Some(Effect::Configuration)),
            (View::Status, 'l') => read(Filter::Daemon),
            (View::Status, 'p') => (View::Power(Ask::Which), None),
            (View::Status, 'c') => return self.confirm(View::Status),
            (View::Status, 's') if world.setup_code.is_some() => (View::SetupOpening, Some(Effect::Setup)),
            (View::Status, _) => (View::Status, None),
            (View::Opening, _) if key == Key::Escape => (View::Status, None),
            (View::SetupOpening | View::SetUp, _) if key == Key::Escape => (View::Status, None),
            (view @ (View::Opening | View::SetupOpening | View::SetUp), _) => (view, None),
            (View::Setup(wizard), _) => self.setup(wizard, key),
            (View::Form(mut form), _) => match form.key(key) {
                Asked::Nothing => (View::Form(form), None),
                Asked::Leave => (View::Status, None),
                Asked::Review(new) => (View::Review(Box::new(Review::new(*form, *new))), None),
            },
            (View::Review(review), _) => self::review(review, key),
            (View::Change(change), _) => return self.change(change, key, letter),
            (View::Log(_), _) if key == Key::Escape => (View::Status, None),
            (View::Log(log), 'f') => read(log.filter().other()),
            (View::Log(log), 'r') => read(log.filter()),
            (View::Log(mut log), _) => {
                log.key(key, world.height);
                (View::Log(log), None)
            }
            (View::Power(ask), _) => power(ask, letter),
        };
        self.view = view;
        effect
    }

    fn setup(&mut self, mut wizard: Box<Wizard>, key: Key) -> (View, Option<Effect>) {
        let effect = match wizard.key(key) {
            setup::Asked::Nothing => None,
            setup::Asked::Leave => {
                self.left = Some(wizard);
                return (View::Status, None);
            }
            setup::Asked::Hash(password) => Some(Effect::Hash(password)),
            setup::Asked::Finish(answers) => Some(Effect::FinishSetup(answers)),
        };
        (View::Setup(wizard), effect)
    }

    fn confirm(&mut self, otherwise: View) -> Option<Effect> {
        let Some(pending) = &self.pending else {
            self.view = otherwise;
            return None;
        };
        self.view = View::Change(Change::Confirming);
        Some(Effect::Confirm(pending.code.clone()))
    }

    fn change(&mut self, change: Change, key: Key, letter: char) -> Option<Effect> {
        let counting = matches!(change, Change::Counting { .. });
        let ended = matches!(change, Change::Ended(_));
        if counting && letter == 'c' {
            return self.confirm(View::Change(change));
        }
        // The change itself goes on: leaving is not taking back.
        if !ended && key != Key::Escape {
            self.view = View::Change(change);
        }
        None
    }

    /// An effect has come to its end.
    pub fn done(&mut self, outcome: Outcome, world: &World<'_>) {
        match outcome {
            Outcome::Configuration(now) => {
                if matches!(self.view, View::Opening) {
                    self.view = View::Form(Box::new(Form::new(&now, &world.overview.nics)));
                }
            }
            Outcome::Changed(Ok(Some(code))) => self.count_down(code, world),
            Outcome::Changed(Ok(None)) => {
                self.view = View::Change(Change::Ended("The new network settings are kept.".to_owned()));
            }
            Outcome::Changed(Err(why)) => self.refused(why),
            Outcome::Confirmed(Ok(())) => {
                self.pending = None;
                self.view = View::Change(Change::Ended("The new network settings are kept.".to_owned()));
            }
            Outcome::Confirmed(Err(why)) => {
                let told = self.pending.as_ref().is_some_and(|pending| pending.told);
                if !told {
                    self.pending = None;
                }
                self.view = View::Change(if self.pending.is_some() {
                    Change::Counting { trouble: Some(why) }
                } else {
                    Change::Ended(why)
                });
            }
            Outcome::Power(Ok(())) => {}
            Outcome::Power(Err(why)) => self.view = View::Power(Ask::Failed(why)),
            Outcome::Log(filter, lines) => {
                if let View::Log(log) = &mut self.view
                    && log.filter() == filter
                {
                    log.fill(lines);
                }
            }
            Outcome::Setup(now, disks) => {
                if matches!(self.view, View::SetupOpening) {
                    let wizard = match self.left.take() {
                        Some(mut wizard) => {
                            wizard.again(disks);
                            wizard
                        }
                        None => Box::new(Wizard::new(*now, disks, &world.overview.nics)),
                    };
                    self.view = View::Setup(wizard);
                }
            }
            Outcome::Hashed(hash) => {
                if let View::Setup(wizard) = &mut self.view {
                    wizard.hashed(hash);
                }
            }
            Outcome::SetUp(Ok(Some(code))) => self.count_down(code, world),
            Outcome::SetUp(Ok(None)) => {
                // How an installation goes is told by the node's page.
                self.view = match &self.view {
                    View::Setup(wizard) if wizard.installs() => View::Status,
                    _ => View::SetUp,
                };
            }
            Outcome::SetUp(Err(why)) => {
                if let View::Setup(wizard) = &mut self.view {
                    wizard.refused(why);
                }
            }
        }
    }

    /// Other networks are in use. Shown wherever the console is: it goes away by itself.
    fn count_down(&mut self, code: String, world: &World<'_>) {
        self.pending = Some(Pending { code, told: false });
        self.view = View::Change(Change::Counting { trouble: None });
        // The node may have told before the answer was here.
        if matches!(world.overview.network_change, NetworkChange::Unconfirmed { .. }) {
            self.heard(world.overview);
        }
    }

    fn refused(&mut self, why: String) {
        self.view = match std::mem::replace(&mut self.view, View::Status) {
            View::Change(Change::Applying(mut review)) => {
                review.refused(why);
                View::Review(review)
            }
            _ => View::Change(Change::Ended(why)),
        };
    }
}

fn read(filter: Filter) -> (View, Option<Effect>) {
    (View::Log(Log::of(filter)), Some(Effect::Log(filter)))
}

fn review(review: Box<Review>, key: Key) -> (View, Option<Effect>) {
    match key {
        Key::Escape => (View::Form(Box::new(review.back())), None),
        Key::Enter if !review.changes().is_empty() => {
            let new = Box::new(review.new.clone());
            (View::Change(Change::Applying(review)), Some(Effect::Change(new)))
        }
        _ => (View::Review(review), None),
    }
}

/// Every key but the right one leads back, noise on a serial line too.
fn power(ask: Ask, letter: char) -> (View, Option<Effect>) {
    match (ask, letter) {
        (Ask::Which, 'r') => (View::Power(Ask::Sure(Power::Restart)), None),
        (Ask::Which, 'o') => (View::Power(Ask::Sure(Power::Off)), None),
        (Ask::Sure(what), 'y') => (View::Power(Ask::Done(what)), Some(Effect::Power(what))),
        _ => (View::Status, None),
    }
}

#[cfg(test)]
mod tests;
