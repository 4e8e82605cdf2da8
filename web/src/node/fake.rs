//! A node controller that is only memory, for tests.

use std::sync::{Mutex, MutexGuard};

use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, DiskChoice, InstallSettings};
use pocketstack_model::journal::{Journal, JournalEntry, JournalFilter};
use pocketstack_model::metrics::Metrics;
use pocketstack_model::node::Overview;
use pocketstack_model::status::{Installation, NetworkChange};
use pocketstack_model::unit::{Active, Unit, UnitAction};
use rocket::async_trait;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::contract::{self, Machine};
use super::example::{configuration, disks, example, journal, metrics, units};
use super::{NodeSource, NotDone, Power, Unavailable};

/// The only code that confirms a change of the networks.
pub const CODE: &str = "ABCD2345";
/// The only code that sets the machine up.
pub const SETUP_CODE: &str = "K7QF-2M9X";
/// Wrong setup codes before none is looked at.
const MOST: u32 = 5;

/// Keeps an overview and a configuration, counts how often it was asked, and can be away.
pub struct FakeNode {
    state: Mutex<Inside>,
    changes: watch::Sender<u64>,
}

struct Inside {
    overview: Overview,
    configuration: Configuration,
    disks: Vec<Candidate>,
    metrics: Metrics,
    away: Option<Unavailable>,
    refuses: Option<NotDone>,
    questions: u32,
    codes: u32,
    wrong_setup_codes: u32,
    answers: Option<Answers>,
    power: Option<Power>,
    installs: Vec<InstallSettings>,
    reset: bool,
    units: Vec<Unit>,
    journal: Journal,
}

impl FakeNode {
    /// A node that is there and set up.
    pub fn new(overview: Overview) -> Self {
        Self {
            state: Mutex::new(Inside {
                overview,
                configuration: configuration(),
                disks: disks(),
                metrics: metrics(),
                away: None,
                refuses: None,
                questions: 0,
                codes: 0,
                wrong_setup_codes: 0,
                answers: None,
                power: None,
                installs: Vec::new(),
                reset: false,
                units: units(),
                journal: journal(),
            }),
            changes: watch::Sender::new(0),
        }
    }

    /// A node that nobody has set up.
    pub fn bare() -> Self {
        let node = Self::new(Overview {
            setup_needed: true,
            ..example()
        });
        node.state().configuration = Configuration::default();
        node
    }

    /// Changes the machine, and announces it.
    pub fn change(&self, how: impl FnOnce(&mut Overview)) {
        how(&mut self.state().overview);
        self.announce();
    }

    /// Gives the machine other disks.
    pub fn set_disks(&self, disks: Vec<Candidate>) {
        self.state().disks = disks;
    }

    /// From now on every question gets this error.
    pub fn leave(&self, why: Unavailable) {
        self.state().away = Some(why);
        self.announce();
    }

    /// From now on nothing is done, for this reason.
    pub fn refuse(&self, why: NotDone) {
        self.state().refuses = Some(why);
    }

    /// Ends [`FakeNode::leave`] and [`FakeNode::refuse`].
    pub fn come_back(&self) {
        let mut state = self.state();
        (state.away, state.refuses) = (None, None);
        drop(state);
        self.announce();
    }

    /// How often it was asked for the overview.
    pub fn questions(&self) -> u32 {
        self.state().questions
    }

    /// How many codes it was given for a change of the networks.
    pub fn codes(&self) -> u32 {
        self.state().codes
    }

    /// What it was set up with.
    pub fn answers(&self) -> Option<Answers> {
        self.state().answers.clone()
    }

    /// How the machine was ended.
    pub fn ended(&self) -> Option<Power> {
        self.state().power
    }

    /// What was installed apart from the setup.
    pub fn installs(&self) -> Vec<InstallSettings> {
        self.state().installs.clone()
    }

    /// Whether it restarts as it was before its setup.
    pub fn is_reset(&self) -> bool {
        self.state().reset
    }

    /// The configuration now.
    pub fn configured(&self) -> Configuration {
        self.state().configuration.clone()
    }

    /// Writes an entry into the journal.
    pub fn log(&self, entry: JournalEntry) {
        self.state().journal.entries.push(entry);
    }

    fn announce(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().expect("no test panics while it holds the lock")
    }

    /// The state, if the node is there and does things.
    fn acting(&self) -> Result<MutexGuard<'_, Inside>, NotDone> {
        let state = self.state();
        match (&state.away, &state.refuses) {
            (Some(away), _) => Err(away.clone().into()),
            (None, Some(why)) => Err(why.clone()),
            (None, None) => Ok(state),
        }
    }
}

/// What is told of an installation that was asked for.
fn begun(install: &InstallSettings) -> Installation {
    match &install.disk {
        DiskChoice::Name(name) if name == "broken" => Installation::Failed {
            why: "it cannot be written".into(),
        },
        _ => Installation::Running {
            step: "making partitions".into(),
            percent: 1,
        },
    }
}

impl Inside {
    fn check_setup_code(&mut self, code: &str) -> Result<(), NotDone> {
        if !self.overview.setup_needed {
            return Err(NotDone::NothingWaits("this machine is set up already".to_owned()));
        }
        if self.wrong_setup_codes >= MOST {
            return Err(NotDone::TooManyTries("wait a minute".to_owned()));
        }
        if code == SETUP_CODE {
            return Ok(());
        }
        self.wrong_setup_codes += 1;
        Err(NotDone::WrongCode(
            "this is not the code on the console".to_owned(),
        ))
    }

    fn here<T: Clone>(&self, what: &T) -> Result<T, Unavailable> {
        match &self.away {
            Some(why) => Err(why.clone()),
            None => Ok(what.clone()),
        }
    }
}

#[async_trait]
impl NodeSource for FakeNode {
    async fn overview(&self) -> Result<Overview, Unavailable> {
        // A real question gives way to other tasks; without this no test could see two questions meet.
        tokio::task::yield_now().await;
        let mut state = self.state();
        state.questions += 1;
        state.here(&state.overview)
    }

    async fn configuration(&self) -> Result<Configuration, Unavailable> {
        let state = self.state();
        state.here(&state.configuration)
    }

    async fn disks(&self) -> Result<Vec<Candidate>, Unavailable> {
        let state = self.state();
        state.here(&state.disks)
    }

    async fn metrics(&self) -> Result<Metrics, Unavailable> {
        let state = self.state();
        state.here(&state.metrics)
    }

    async fn units(&self) -> Result<Vec<Unit>, Unavailable> {
        let state = self.state();
        state.here(&state.units)
    }

    async fn unit_action(&self, unit: &str, action: UnitAction) -> Result<(), NotDone> {
        let mut state = self.acting()?;
        let known = state.units.iter_mut().find(|known| known.name == unit);
        let Some(known) = known.filter(|known| known.actions.contains(&action)) else {
            return Err(NotDone::Refused(format!("{unit} is not to be touched")));
        };
        (known.active, known.actions) = match action {
            UnitAction::Stop => (Active::Inactive, vec![UnitAction::Start]),
            _ => (Active::Active, vec![UnitAction::Stop, UnitAction::Restart]),
        };
        Ok(())
    }

    async fn journal(&self, filter: &JournalFilter) -> Result<Journal, NotDone> {
        let mut journal = self.acting()?.journal.clone();
        journal.entries.retain(|entry| {
            (filter.unit.is_none() || entry.unit == filter.unit)
                && filter.priority.is_none_or(|least| entry.priority <= least)
                && filter.text.as_ref().is_none_or(|text| entry.text.contains(text))
        });
        let most = usize::try_from(filter.lines).unwrap_or(usize::MAX);
        journal
            .entries
            .drain(..journal.entries.len().saturating_sub(most));
        Ok(journal)
    }

    async fn check_setup_code(&self, code: &str) -> Result<(), NotDone> {
        self.acting()?.check_setup_code(code)
    }

    async fn finish_setup(&self, code: &str, answers: &Answers) -> Result<Option<String>, NotDone> {
        let mut state = self.acting()?;
        state.check_setup_code(code)?;
        let networks_change = answers.install.is_none() && state.configuration.network != answers.network;
        if networks_change {
            state.overview.network_change = NetworkChange::Unconfirmed {
                until: OffsetDateTime::now_utc() + time::Duration::seconds(60),
            };
        }
        state.configuration = answers.configuration();
        state.overview.setup_needed = !state.configuration.is_set_up();
        state.overview.name = answers.node.name.to_string();
        if let Some(install) = &answers.install {
            state.overview.installation = begun(install);
        }
        state.answers = Some(answers.clone());
        drop(state);
        self.announce();
        Ok(networks_change.then(|| CODE.to_owned()))
    }

    async fn change_configuration(&self, new: &Configuration) -> Result<Option<String>, NotDone> {
        let mut state = self.acting()?;
        let networks_change = state.configuration.network != new.network;
        state.configuration = new.clone();
        if networks_change {
            state.overview.network_change = NetworkChange::Unconfirmed {
                until: OffsetDateTime::now_utc() + time::Duration::seconds(60),
            };
        }
        drop(state);
        self.announce();
        Ok(networks_change.then(|| CODE.to_owned()))
    }

    async fn confirm_network(&self, code: &str) -> Result<(), NotDone> {
        self.state().codes += 1;
        let mut state = self.acting()?;
        if code != CODE {
            return Err(NotDone::WrongCode("the code is wrong".to_owned()));
        }
        state.overview.network_change = NetworkChange::None;
        drop(state);
        self.announce();
        Ok(())
    }

    async fn power(&self, how: Power) -> Result<(), NotDone> {
        self.acting()?.power = Some(how);
        Ok(())
    }

    async fn install(&self, settings: &InstallSettings) -> Result<(), NotDone> {
        let mut state = self.acting()?;
        if state.overview.setup_needed {
            return Err(NotDone::Refused("this machine is not set up yet".to_owned()));
        }
        if matches!(state.overview.installation, Installation::Running { .. }) {
            return Err(NotDone::Refused("an installation runs already".to_owned()));
        }
        state.overview.installation = begun(settings);
        state.installs.push(settings.clone());
        drop(state);
        self.announce();
        Ok(())
    }

    async fn factory_reset(&self) -> Result<(), NotDone> {
        self.acting()?.reset = true;
        Ok(())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[async_trait]
impl Machine for FakeNode {
    async fn become_like(&self, overview: Overview) {
        self.state().away = None;
        self.change(|current| *current = overview);
    }

    async fn leave(&self) {
        self.leave(Unavailable::NotRunning);
    }

    async fn refuse(&self, why: NotDone) {
        FakeNode::refuse(self, why);
    }
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let node = FakeNode::bare();
    contract::check(&node, &node).await;
}
