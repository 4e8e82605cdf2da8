//! Confirming a change of the networks: what the page and the API share.
//!
//! Nobody signs in for this. The code is the proof: only who made the change was given it, and it cannot be found by
//! trying, see [`Tries`].

use pocketstack_model::status::NetworkChange;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::node::{Cached, NotConfirmed, Unavailable};

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
            Err(NotConfirmed::Unavailable(unavailable)) => Err(Refusal::Unavailable(unavailable)),
            Err(NotConfirmed::NothingWaits) => Err(Refusal::NothingWaits),
            Err(NotConfirmed::TooManyTries) => Err(Refusal::TooMany { until }),
            // No try is spent: it was not the code.
            Err(NotConfirmed::Refused(why)) => Err(Refusal::NotKept(why)),
            Err(NotConfirmed::WrongCode(why)) => {
                *wrong = Some((until, so_far + 1));
                Err(Refusal::Refused {
                    why,
                    left: MOST - so_far - 1,
                })
            }
        }
    }
}

/// A request that no page of another site has sent (Fetch Metadata, W3C). Programs other than browsers say nothing.
pub struct SameOrigin;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SameOrigin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.headers().get_one("Sec-Fetch-Site") {
            None | Some("same-origin" | "none") => Outcome::Success(Self),
            Some(_) => Outcome::Error((Status::Forbidden, ())),
        }
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
    use crate::node::{FakeNode, MAX_AGE, NO_ROOM, example};

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

    #[tokio::test]
    async fn a_change_that_cannot_be_kept_costs_no_try() {
        let node = Arc::new(FakeNode::new(example()));
        node.change(|overview| overview.network_change = unconfirmed(60));
        let (cached, tries) = (Cached::new(node.clone(), MAX_AGE), Tries::default());
        for _ in 0..=MOST {
            let refusal = tries
                .confirm(&cached, NO_ROOM)
                .await
                .expect_err("there is no room");
            assert_eq!(refusal, Refusal::NotKept("make room".to_owned()));
            assert_eq!(refusal.status(), Status::ServiceUnavailable);
        }
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
