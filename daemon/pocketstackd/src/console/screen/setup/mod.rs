//! The setup wizard in text mode: what was answered so far, and what a key does to it. Pure.
//!
//! ```text
//!        enter            (hashed)       enter             review           enter
//!   you ───────► hashing ─────────► disks ◄─────► network ◄──────► review ─────────► applying ──► set up
//!    ▲ esc                            │ esc   esc            esc      ▲ refused         │
//!    └────────────────────────────────┘                               └────────────────┘
//! ```
//!
//! Leaving it loses nothing: the next S goes on where it was left.

mod disks;
mod person;

use pocketstack_model::access::{AccessSettings, PasswordHash};
use pocketstack_model::answers::{self, Answers};
use pocketstack_model::config::Configuration;
use pocketstack_model::config::names::HostName;
use pocketstack_model::config::network::{NetworkSettings, RoleNetwork};
use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::node::Nic;

use super::form::{Asked as FormAsked, Form, Shown};
use crate::console::keys::Key;
use disks::Disks;
pub use person::Password;
use person::Person;

/// A line of a step.
#[derive(Debug)]
pub struct Row<'a> {
    /// What it is.
    pub label: &'a str,
    /// What stands there.
    pub shown: Shown<'a>,
    /// Whether the next key goes there.
    pub focused: bool,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

/// What a key came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn<T> {
    /// The step goes on.
    Stay,
    /// Back to the step before.
    Back,
    /// This is what was answered.
    On(T),
}

/// What the wizard asks of the console.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    /// Back to the node's page; nothing is lost.
    Leave,
    /// The hash of this password.
    Hash(Password),
    /// To do all of this.
    Finish(Box<Answers>),
}

/// Where the wizard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    You,
    /// The password is being hashed.
    Hashing,
    Disks,
    Network,
    Review,
    /// It is being done.
    Applying,
}

/// What was answered so far.
#[derive(Debug)]
pub struct Wizard {
    now: Configuration,
    step: Step,
    person: Person,
    name: HostName,
    password: Option<PasswordHash>,
    disks: Disks,
    install: Option<InstallSettings>,
    network: Form,
    management: RoleNetwork,
    refused: Option<String>,
}

impl Wizard {
    /// Nothing is answered yet.
    pub fn new(now: Configuration, disks: Result<Vec<Candidate>, String>, nics: &[Nic]) -> Self {
        Self {
            step: Step::You,
            person: Person::new(&now.node.name),
            name: now.node.name.clone(),
            password: None,
            disks: Disks::new(disks),
            install: None,
            network: Form::new(&now, nics),
            management: now.network.management.clone(),
            refused: None,
            now,
        }
    }

    /// Somebody comes back to it: other disks may be in the machine.
    pub fn again(&mut self, disks: Result<Vec<Candidate>, String>) {
        self.disks.again(disks);
        self.refused = None;
        self.step = match self.step {
            Step::You | Step::Hashing => Step::You,
            // What follows is about the disks.
            Step::Disks | Step::Network | Step::Review | Step::Applying => Step::Disks,
        };
    }

    /// Where it is.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Fields of the step, if it has any of its own.
    pub fn rows(&self) -> Vec<Row<'_>> {
        match self.step {
            Step::You => self.person.rows(),
            Step::Disks => self.disks.rows(),
            Step::Hashing | Step::Network | Step::Review | Step::Applying => Vec::new(),
        }
    }

    /// What is said above them.
    pub fn words(&self) -> String {
        match (self.step, self.disks.trouble()) {
            (Step::You, _) => self.person.words().to_owned(),
            (Step::Disks, Some(why)) => format!("The disks cannot be looked at: {why}"),
            (Step::Disks, None) => "On which disk shall PocketStack be? Space chooses.".to_owned(),
            _ => String::new(),
        }
    }

    /// The form of the network step.
    pub fn network(&self) -> &Form {
        &self.network
    }

    /// Why it could not be done.
    pub fn trouble(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// All that was answered, in words.
    pub fn described(&self) -> Vec<String> {
        let mut words = answers::describe(&self.answers());
        // Answers know a disk by what stays the same; the one who chose it knows it by its row.
        if let Some(disk) = self.disks.chosen().filter(|_| self.installs()) {
            words.push(format!("That disk is {disk}."));
        }
        words
    }

    /// Whether a disk is installed on.
    pub fn installs(&self) -> bool {
        self.install.is_some()
    }

    fn answers(&self) -> Answers {
        let mut node = self.now.node.clone();
        node.name = self.name.clone();
        Answers {
            version: answers::VERSION,
            node,
            network: NetworkSettings {
                management: self.management.clone(),
                ..self.now.network.clone()
            },
            access: AccessSettings {
                password: self.password.clone(),
                ..self.now.access.clone()
            },
            install: self.install.clone(),
        }
    }

    /// A key was pressed.
    pub fn key(&mut self, key: Key) -> Asked {
        match self.step {
            Step::You => match self.person.key(key) {
                Turn::Stay => {}
                Turn::Back => return Asked::Leave,
                Turn::On((name, password)) => {
                    self.name = name;
                    match password {
                        Some(password) => {
                            self.step = Step::Hashing;
                            return Asked::Hash(password);
                        }
                        None => self.step = Step::Disks,
                    }
                }
            },
            Step::Disks => match self.disks.key(key) {
                Turn::Stay => {}
                Turn::Back => self.step = Step::You,
                Turn::On(install) => (self.install, self.step) = (install, Step::Network),
            },
            Step::Network => match self.network.key(key) {
                FormAsked::Nothing => {}
                FormAsked::Leave => self.step = Step::Disks,
                FormAsked::Review(management) => (self.management, self.step) = (*management, Step::Review),
            },
            Step::Review => match key {
                Key::Escape => (self.refused, self.step) = (None, Step::Network),
                Key::Enter => {
                    (self.refused, self.step) = (None, Step::Applying);
                    return Asked::Finish(Box::new(self.answers()));
                }
                _ => {}
            },
            // Neither takes long, and nothing may come between.
            Step::Hashing | Step::Applying => {}
        }
        Asked::Nothing
    }

    /// The password was hashed, or could not be.
    pub fn hashed(&mut self, hash: Result<PasswordHash, String>) {
        if self.step != Step::Hashing {
            return;
        }
        match hash {
            Ok(hash) => {
                self.password = Some(hash);
                self.person.forget();
                self.step = Step::Disks;
            }
            Err(why) => {
                self.person.not_hashed(why);
                self.step = Step::You;
            }
        }
    }

    /// It could not be done.
    pub fn refused(&mut self, why: String) {
        (self.refused, self.step) = (Some(why), Step::Review);
    }
}

/// The place so many fields further.
fn step<F: Copy + PartialEq>(fields: &[F], focus: F, by: isize) -> F {
    let at = fields
        .iter()
        .position(|field| *field == focus)
        .unwrap_or_default();
    let at = at.saturating_add_signed(by).min(fields.len().saturating_sub(1));
    fields.get(at).copied().unwrap_or(focus)
}

#[cfg(test)]
mod tests;
