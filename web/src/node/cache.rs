//! One question to the node controller at a time, and at most one a second, however many people look.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Candidate, InstallSettings};
use pocketstack_model::journal::{Journal, JournalFilter};
use pocketstack_model::metrics::Metrics;
use pocketstack_model::node::Overview;
use pocketstack_model::unit::{Unit, UnitAction};
use tokio::sync::{Mutex, watch};

use super::{NodeSource, NotDone, Power, Unavailable};

/// How old an answer may be shown. Short enough that nobody notices.
pub const MAX_AGE: Duration = Duration::from_secs(1);

/// A [`NodeSource`] with a short memory.
pub struct Cached {
    source: Arc<dyn NodeSource>,
    max_age: Duration,
    last: Mutex<Option<Answer>>,
}

struct Answer {
    at: Instant,
    /// Count of changes when it was asked for: a change makes an answer old at once, or the page that is
    /// fetched because of a change would show the state before it.
    changes: u64,
    overview: Result<Arc<Overview>, Unavailable>,
}

impl Cached {
    /// Remembers each answer for `max_age`, errors too.
    pub fn new(source: Arc<dyn NodeSource>, max_age: Duration) -> Self {
        Self {
            source,
            max_age,
            last: Mutex::new(None),
        }
    }

    /// The machine as it was at most `max_age` ago, and after every change that has been announced.
    pub async fn overview(&self) -> Result<Arc<Overview>, Unavailable> {
        // The lock is held over the question: those who come meanwhile wait for the one answer.
        let mut last = self.last.lock().await;
        let changes = *self.source.changes().borrow();
        if let Some(answer) = last.as_ref()
            && answer.changes == changes
            && answer.at.elapsed() < self.max_age
        {
            return answer.overview.clone();
        }
        let overview = self.source.overview().await.map(Arc::new);
        // The age counts from the end of the question. From its start, a node that is slow to fail would be asked
        // again by each of those waiting, one after the other.
        *last = Some(Answer {
            at: Instant::now(),
            changes,
            overview: overview.clone(),
        });
        overview
    }

    /// See [`NodeSource::configuration`].
    pub async fn configuration(&self) -> Result<Configuration, Unavailable> {
        self.source.configuration().await
    }

    /// See [`NodeSource::disks`].
    pub async fn disks(&self) -> Result<Vec<Candidate>, Unavailable> {
        self.source.disks().await
    }

    /// See [`NodeSource::metrics`].
    pub async fn metrics(&self) -> Result<Metrics, Unavailable> {
        self.source.metrics().await
    }

    /// See [`NodeSource::units`].
    pub async fn units(&self) -> Result<Vec<Unit>, Unavailable> {
        self.source.units().await
    }

    /// See [`NodeSource::unit_action`].
    pub async fn unit_action(&self, unit: &str, action: UnitAction) -> Result<(), NotDone> {
        self.source.unit_action(unit, action).await
    }

    /// See [`NodeSource::journal`].
    pub async fn journal(&self, filter: &JournalFilter) -> Result<Journal, NotDone> {
        self.source.journal(filter).await
    }

    /// See [`NodeSource::check_setup_code`].
    pub async fn check_setup_code(&self, code: &str) -> Result<(), NotDone> {
        self.source.check_setup_code(code).await
    }

    /// See [`NodeSource::finish_setup`]. What is remembered is old afterwards.
    pub async fn finish_setup(&self, code: &str, answers: &Answers) -> Result<Option<String>, NotDone> {
        let done = self.source.finish_setup(code, answers).await;
        *self.last.lock().await = None;
        done
    }

    /// See [`NodeSource::change_configuration`]. What is remembered is old afterwards.
    pub async fn change_configuration(&self, new: &Configuration) -> Result<Option<String>, NotDone> {
        let done = self.source.change_configuration(new).await;
        *self.last.lock().await = None;
        done
    }

    /// See [`NodeSource::confirm_network`]. What is remembered is old afterwards.
    pub async fn confirm_network(&self, code: &str) -> Result<(), NotDone> {
        let done = self.source.confirm_network(code).await;
        *self.last.lock().await = None;
        done
    }

    /// See [`NodeSource::power`].
    pub async fn power(&self, how: Power) -> Result<(), NotDone> {
        self.source.power(how).await
    }

    /// See [`NodeSource::install`]. What is remembered is old afterwards.
    pub async fn install(&self, settings: &InstallSettings) -> Result<(), NotDone> {
        let done = self.source.install(settings).await;
        *self.last.lock().await = None;
        done
    }

    /// See [`NodeSource::factory_reset`].
    pub async fn factory_reset(&self) -> Result<(), NotDone> {
        self.source.factory_reset().await
    }

    /// See [`NodeSource::changes`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.source.changes()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::node::{FakeNode, example};

    #[tokio::test]
    async fn a_hundred_clients_are_one_question() {
        let node = Arc::new(FakeNode::new(example()));
        let cached = Cached::new(node.clone(), Duration::from_secs(3600));
        let answers = join_all((0..100).map(|_| cached.overview())).await;
        assert!(
            answers
                .iter()
                .all(|answer| answer.as_ref().is_ok_and(|overview| **overview == example()))
        );
        assert_eq!(node.questions(), 1);
    }

    #[tokio::test]
    async fn a_change_is_seen_at_once() {
        let node = Arc::new(FakeNode::new(example()));
        let cached = Cached::new(node.clone(), Duration::from_secs(3600));
        cached.overview().await.expect("the node is there");
        node.change(|overview| overview.name = "renamed".to_owned());
        assert_eq!(
            cached.overview().await.expect("the node is there").name,
            "renamed"
        );
        assert_eq!(node.questions(), 2);
    }

    #[tokio::test]
    async fn an_old_answer_is_not_given_again() {
        let node = Arc::new(FakeNode::new(example()));
        let cached = Cached::new(node.clone(), Duration::ZERO);
        cached.overview().await.expect("the node is there");
        cached.overview().await.expect("the node is there");
        assert_eq!(node.questions(), 2);
    }

    #[tokio::test]
    async fn an_error_is_remembered_too_and_ends_with_the_return_of_the_node() {
        let node = Arc::new(FakeNode::new(example()));
        let cached = Cached::new(node.clone(), Duration::from_secs(3600));
        node.leave(Unavailable::NotRunning);
        assert_eq!(cached.overview().await, Err(Unavailable::NotRunning));
        assert_eq!(cached.overview().await, Err(Unavailable::NotRunning));
        assert_eq!(node.questions(), 1);
        node.come_back();
        assert!(cached.overview().await.is_ok());
    }
}
