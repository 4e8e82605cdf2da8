//! Waiting on a condition: the one place with a pause in it.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// What one look at a condition gave.
#[derive(Debug)]
pub enum Probe<T> {
    /// It holds, and this came out of it.
    Done(T),
    /// Not yet, for this reason; the reason is in the error if time runs out.
    NotYet(String),
}

/// Pause between two looks. Short against everything that is waited for, long against the cost of a look.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks again and again until the condition holds, and at least once.
///
/// # Errors
/// The probe's own error at once (nothing more to wait for), or, after `limit`, what was waited for and why it
/// did not hold the last time.
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Result<Probe<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        match probe()? {
            Probe::Done(value) => return Ok(value),
            Probe::NotYet(reason) if Instant::now() >= deadline => {
                bail!("waited {} s for {what}, in vain: {reason}", limit.as_secs())
            }
            Probe::NotYet(_) => thread::sleep(PAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_until_it_holds() {
        let mut looks = 0;
        let found = until("the third look", Duration::from_secs(10), || {
            looks += 1;
            Ok(if looks == 3 {
                Probe::Done(looks)
            } else {
                Probe::NotYet("too early".into())
            })
        });
        assert_eq!(found.expect("it holds in the end"), 3);
    }

    #[test]
    fn says_what_was_waited_for_and_why_not() {
        let error = until::<()>("rain", Duration::ZERO, || Ok(Probe::NotYet("blue sky".into())));
        assert_eq!(
            error.expect_err("no rain").to_string(),
            "waited 0 s for rain, in vain: blue sky"
        );
    }

    #[test]
    fn an_error_ends_the_wait_at_once() {
        let started = Instant::now();
        let result = until::<()>("x", Duration::from_secs(60), || bail!("the machine is gone"));
        assert_eq!(result.expect_err("error").to_string(), "the machine is gone");
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
