//! Confirming a change of the networks: what the page and the API share.
//!
//! Besides being signed in it takes the code: it proves that who made the change reaches this machine over the new networks.

use pocketstack_model::status::NetworkChange;
use rocket::http::Status;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::node::{Cached, NotDone, Unavailable};

/// Wrong codes that are passed on for one change.
const MOST: u8 = 5;
/// Longest code that is passed on; real ones are far shorter.
const LONGEST: usize = 64;

/// Why a change was not confirmed. `Display` says what is wrong and what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, or it is over.
    #[error("No change of the networks waits to be confirmed. If one was taken back, make it again.")]
    NothingWaits,
    /// Nothing that could be a code.
    #[error("Type the code that was given when the change was made.")]
    NoCode,
    /// It is not the code.
    #[error("The change was not confirmed: {why}. {}", tries(*.left))]
    Refused {
        /// Its words.
        why: String,
        /// How many more codes are passed on.
        left: u8,
    },
    /// The change cannot be kept, whatever the code.
    #[error("The change was not confirmed: {0}. The code can be given again until the change is taken back.")]
    NotKept(String),
    /// There were too many wrong codes.
    #[error("Too many wrong codes were given. The change is taken back by itself; make it again then.")]
    TooMany {
        /// When it is taken back.
        until: OffsetDateTime,
    },
    /// The node controller could not be asked.
    #[error("{why} {advice}", why = .0, advice = .0.advice())]
    Unavailable(Unavailable),
}

fn tries(left: u8) -> String {
    match left {
        0 => "No more tries are left for this change.".to_owned(),
        1 => "1 more try is left.".to_owned(),
        left => format!("{left} more tries are left."),
    }
}

impl Refusal {
    /// The status that says the same.
    pub fn status(&self) -> Status {
        match self {
            Self::NothingWaits => Status::Conflict,
            Self::NoCode => Status::UnprocessableEntity,
            Self::Refused { .. } => Status::Forbidden,
            Self::TooMany { .. } => Status::TooManyRequests,
            Self::NotKept(_) | Self::Unavailable(_) => Status::ServiceUnavailable,
        }
    }

    /// In how many seconds it is worth coming back, where only time helps.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooMany { until } => {
                let left = (*until - OffsetDateTime::now_utc()).whole_seconds() + 1;
                Some(u32::try_from(left).unwrap_or(1).max(1))
            }
            Self::Unavailable(_) => Some(crate::page::RETRY_AFTER),
            _ => None,
        }
    }
}

/// Counts the wrong codes for a change, which is known by its end.
#[derive(Default)]
pub struct Tries(Mutex<Option<(OffsetDateTime, u8)>>);

impl Tries {
    /// Keeps the change that the code belongs to.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn confirm(&self, node: &Cached, code: &str) -> Result<(), Refusal> {
        let code = code.trim();
        if code.is_empty() || code.len() > LONGEST {
            return Err(Refusal::NoCode);
        }
        // Held over the question: of many at the same time only so many are passed on.
        let mut wrong = self.0.lock().await;
        let overview = node.overview().await.map_err(Refusal::Unavailable)?;
        let NetworkChange::Unconfirmed { until } = overview.network_change else {
            return Err(Refusal::NothingWaits);
        };
        let so_far = match *wrong {
            Some((of, count)) if of == until => count,
            _ => 0,
        };
        if so_far >= MOST {
            return Err(Refusal::TooMany { until });
        }
        match node.confirm_network(code).await {
            Ok(()) => Ok(()),
            Err(NotDone::Unavailable(unavailable)) => Err(Refusal::Unavailable(unavailable)),
            Err(NotDone::NothingWaits(_)) => Err(Refusal::NothingWaits),
            Err(NotDone::TooManyTries(_)) => Err(Refusal::TooMany { until }),
            Err(NotDone::WrongCode(why)) => {
                *wrong = Some((until, so_far + 1));
                Err(Refusal::Refused {
                    why,
                    left: MOST - so_far - 1,
                })
            }
            // No try is spent: it was not the code.
            Err(refused) => Err(Refusal::NotKept(refused.to_string())),
        }
    }
}

/// The code of a change that was made on a page: the admin, who may have had to sign in anew at the new address, need not
/// type it there. It is known by the end of its change; the code of one made elsewhere is typed.
#[derive(Default)]
pub struct Made(std::sync::Mutex<Option<(OffsetDateTime, String)>>);

impl Made {
    /// Remembers the code of the change that waits now, and forgets the one before.
    pub fn remember(&self, change: &NetworkChange, code: &str) {
        *self.lock() = match change {
            NetworkChange::Unconfirmed { until } => Some((*until, code.to_owned())),
            NetworkChange::None | NetworkChange::Reverted { .. } => None,
        };
    }

    /// The code for this change, if it was made on a page.
    pub fn code(&self, change: &NetworkChange) -> Option<String> {
        let made = self.lock();
        let (of, code) = made.as_ref()?;
        matches!(change, NetworkChange::Unconfirmed { until } if until == of).then(|| code.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(OffsetDateTime, String)>> {
        // What is in there is right after each statement.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What the tests of page and API share.
#[cfg(test)]
pub mod testing {
    use super::*;

    pub use crate::node::CODE;

    /// A change that is taken back in so many seconds.
    pub fn unconfirmed(seconds: i64) -> NetworkChange {
        NetworkChange::Unconfirmed {
            until: OffsetDateTime::now_utc() + time::Duration::seconds(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::join_all;

    use super::testing::{CODE, unconfirmed};
    use super::*;
    use crate::node::{FakeNode, MAX_AGE, example};

    #[tokio::test]
    async fn a_crowd_gets_no_more_tries_than_one() {
        let node = Arc::new(FakeNode::new(example()));
        node.change(|overview| overview.network_change = unconfirmed(60));
        let (cached, tries) = (Cached::new(node.clone(), MAX_AGE), Tries::default());
        let answers = join_all((0..50).map(|_| tries.confirm(&cached, "WRNG2345"))).await;
        let refused = |answer: &&Result<(), Refusal>| matches!(answer, Err(Refusal::Refused { .. }));
        assert_eq!(answers.iter().filter(refused).count(), usize::from(MOST));
        assert_eq!(node.codes(), u32::from(MOST));
        assert!(matches!(
            tries.confirm(&cached, CODE).await,
            Err(Refusal::TooMany { .. })
        ));

        // The next change has its own tries.
        node.change(|overview| overview.network_change = unconfirmed(120));
        assert_eq!(tries.confirm(&cached, CODE).await, Ok(()));
    }

    #[test]
    fn a_code_is_remembered_for_its_own_change_alone() {
        let (one, other) = (unconfirmed(60), unconfirmed(90));
        let made = Made::default();
        assert_eq!(made.code(&one), None);
        made.remember(&one, CODE);
        assert_eq!(made.code(&one).as_deref(), Some(CODE));
        assert_eq!(made.code(&other), None, "made elsewhere");
        assert_eq!(made.code(&NetworkChange::None), None);
        made.remember(&NetworkChange::None, CODE);
        assert_eq!(made.code(&one), None);
    }

    #[tokio::test]
    async fn a_change_that_cannot_be_kept_costs_no_try() {
        let node = Arc::new(FakeNode::new(example()));
        node.change(|overview| overview.network_change = unconfirmed(60));
        let (cached, tries) = (Cached::new(node.clone(), MAX_AGE), Tries::default());
        node.refuse(NotDone::NotStored("make room".to_owned()));
        for _ in 0..=MOST {
            let refusal = tries.confirm(&cached, CODE).await.expect_err("there is no room");
            assert_eq!(refusal, Refusal::NotKept("make room".to_owned()));
            assert_eq!(refusal.status(), Status::ServiceUnavailable);
        }
        node.come_back();
        assert_eq!(tries.confirm(&cached, CODE).await, Ok(()));
    }

    #[tokio::test]
    async fn a_node_that_is_away_costs_no_try() {
        let node = Arc::new(FakeNode::new(example()));
        let (cached, tries) = (Cached::new(node.clone(), MAX_AGE), Tries::default());
        node.change(|overview| overview.network_change = unconfirmed(60));
        node.leave(Unavailable::NotRunning);
        for _ in 0..=MOST {
            assert_eq!(
                tries.confirm(&cached, CODE).await,
                Err(Refusal::Unavailable(Unavailable::NotRunning))
            );
        }
        node.come_back();
        assert_eq!(tries.confirm(&cached, CODE).await, Ok(()));
    }
}
