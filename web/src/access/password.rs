//! Passwords are hashed and checked one at a time.

use std::sync::Arc;

use pocketstack_model::access::{HashingError, LONGEST_PASSWORD, PasswordHash};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::secret;

/// Who waits for the one place, in tests and under attack; more are sent away.
const MOST_WAITING: usize = 16;

/// Hashing takes 19 MiB, so one is hashed at a time.
pub struct Hasher {
    place: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Too many passwords are being checked, or hashing failed; the log says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at this moment; try again in a few seconds")]
pub struct TooBusy;

impl Default for Hasher {
    fn default() -> Self {
        Self {
            place: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }
}

impl Hasher {
    /// The hash of a new password.
    ///
    /// # Errors
    /// [`TooBusy`].
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, TooBusy> {
        let salt = secret::random::<16>().map_err(|error| {
            tracing::error!("{error}");
            TooBusy
        })?;
        let password = password.to_owned();
        self.alone(move || PasswordHash::of(&password, salt)).await
    }

    /// Whether this is the password.
    ///
    /// # Errors
    /// [`TooBusy`].
    pub async fn matches(&self, password: &str, hash: &PasswordHash) -> Result<bool, TooBusy> {
        if password.len() > LONGEST_PASSWORD {
            return Ok(false);
        }
        let (password, parts) = (password.to_owned(), hash.parts().clone());
        let output = self.alone(move || parts.compute(&password)).await?;
        Ok(output.ct_eq(&hash.parts().output).into())
    }

    async fn alone<T: Send + 'static>(
        &self,
        hash: impl FnOnce() -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, TooBusy> {
        let _waiting = self.waiting.try_acquire().map_err(|_| TooBusy)?;
        // The place goes along: a client that hangs up does not make room for the next before the work is done.
        let place = self.place.clone().acquire_owned().await.map_err(|_| TooBusy)?;
        let work = spawn_blocking(move || {
            let _place = place;
            hash()
        });
        match work.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::error!("{error}");
                Err(TooBusy)
            }
            Err(error) => {
                tracing::error!("hashing a password has failed: {error}");
                Err(TooBusy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_hash_belongs_to_one_password_and_no_two_are_alike() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse").await.expect("hashed");
        assert!(String::from(hash.clone()).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(hasher.matches("correct horse", &hash).await, Ok(true));
        assert_eq!(hasher.matches("correct horse ", &hash).await, Ok(false));
        assert_eq!(hasher.matches("", &hash).await, Ok(false));
        assert_ne!(hasher.hash("correct horse").await.expect("hashed"), hash);
    }

    #[tokio::test]
    async fn a_crowd_is_sent_away() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse").await.expect("hashed");
        let answers = join_all((0..40).map(|_| hasher.matches("wrong", &hash))).await;
        let sent_away = answers.iter().filter(|answer| **answer == Err(TooBusy)).count();
        assert_eq!(sent_away, 40 - MOST_WAITING);
        assert_eq!(
            hasher.matches("wrong", &hash).await,
            Ok(false),
            "and afterwards there is room again"
        );
    }
}
