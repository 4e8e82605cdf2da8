//! Signing in with the password, for browsers and for programs that want a token.

use std::net::IpAddr;

use super::{Access, Action, Entry, Outcome, TooBusy, Who};
use crate::node::{Cached, Unavailable};

/// Why somebody is not signed in. `Display` says what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSignedIn {
    /// Another password.
    #[error("the password is wrong; type it again")]
    Wrong,
    /// There were too many wrong ones from this address.
    #[error("too many wrong passwords came from this address; try again in {seconds} seconds")]
    Wait {
        /// Seconds from now.
        seconds: u32,
    },
    /// Too many others sign in.
    #[error(transparent)]
    TooBusy(#[from] TooBusy),
    /// There is no password yet.
    #[error("this machine is not set up yet; open /setup, with the code that its console shows")]
    NotSetUp,
    /// The node controller, which has the hash, cannot be asked.
    #[error("{why} {advice}", why = .0, advice = .0.advice())]
    Unavailable(#[from] Unavailable),
}

impl Access {
    /// Checks the password. Both ways it is recorded.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn check_password(
        &self,
        password: &str,
        from: IpAddr,
        node: &Cached,
    ) -> Result<(), NotSignedIn> {
        if let Err(wait) = self.throttle.begin(from) {
            return Err(NotSignedIn::Wait {
                seconds: wait.seconds,
            });
        }
        let checked = self.compare(password, node).await;
        match &checked {
            Ok(()) => self.throttle.right(from),
            Err(NotSignedIn::Wrong) => {
                let outcome = Outcome::Refused {
                    why: NotSignedIn::Wrong.to_string(),
                };
                self.audit
                    .record(Entry::new(&Who::Session, from, Action::SignIn, "", outcome));
            }
            Err(_) => self.throttle.undecided(from),
        }
        checked
    }

    async fn compare(&self, password: &str, node: &Cached) -> Result<(), NotSignedIn> {
        let configuration = node.configuration().await?;
        let hash = configuration.access.password.ok_or(NotSignedIn::NotSetUp)?;
        if self.hasher.matches(password, &hash).await? {
            Ok(())
        } else {
            Err(NotSignedIn::Wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Hand;
    use crate::node::{FakeNode, MAX_AGE, PASSWORD, example};

    const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[tokio::test]
    async fn a_right_password_clears_the_count_and_a_node_that_is_away_costs_nothing() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let access = Access::load(folder.path().to_owned(), None, &Hand::default().clock());
        let fake = Arc::new(FakeNode::new(example()));
        let node = Cached::new(fake.clone(), MAX_AGE);
        fake.leave(Unavailable::NotRunning);
        for _ in 0..20 {
            let away = access.check_password(PASSWORD, FROM, &node).await;
            assert_eq!(away, Err(NotSignedIn::Unavailable(Unavailable::NotRunning)));
        }
        fake.come_back();
        for _ in 0..4 {
            assert_eq!(
                access.check_password("wrong", FROM, &node).await,
                Err(NotSignedIn::Wrong)
            );
        }
        assert_eq!(access.check_password(PASSWORD, FROM, &node).await, Ok(()));
        for _ in 0..5 {
            assert_eq!(
                access.check_password("wrong", FROM, &node).await,
                Err(NotSignedIn::Wrong)
            );
        }
        let wait = access.check_password(PASSWORD, FROM, &node).await;
        assert_eq!(wait, Err(NotSignedIn::Wait { seconds: 5 }));
        assert_eq!(access.audit.last(50).len(), 9, "each wrong one is recorded");
    }

    #[tokio::test]
    async fn without_a_password_nobody_gets_in() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let access = Access::load(folder.path().to_owned(), None, &Hand::default().clock());
        let node = Cached::new(Arc::new(FakeNode::bare()), MAX_AGE);
        assert_eq!(
            access.check_password("", FROM, &node).await,
            Err(NotSignedIn::NotSetUp)
        );
    }
}
