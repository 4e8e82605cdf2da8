//! Watches the clock. Setting it is systemd-timesyncd's business; what is wrong with it is told.

use std::time::Duration;

use pocketstack_host::clock::Clock;
use pocketstack_model::config::Configuration;
use pocketstack_model::words::kept as words;
use pocketstack_plan::clock::{Finding, findings, see};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{Board, Section, kept, stuck_or_nothing};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// The same while it has not been set by a time server: it may be at any moment.
const LOOK_SOON: Duration = Duration::from_secs(10);

/// Watches it.
#[derive(Debug)]
pub struct Watch<C> {
    clock: C,
    board: Board,
    /// Since when it has been seen unset, by a clock that does not jump with it.
    unset_since: Option<Instant>,
}

impl<C: Clock> Watch<C> {
    /// One that has not looked yet.
    pub fn new(clock: C, board: Board) -> Self {
        Self {
            clock,
            board,
            unset_since: None,
        }
    }

    /// Runs as long as the configuration can be heard of.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn keep(mut self, mut wanted: watch::Receiver<Configuration>) -> anyhow::Result<()> {
        loop {
            let named = !wanted.borrow_and_update().node.ntp.is_empty();
            let wait = self.look(named).await;
            if let Ok(heard) = timeout(wait, wanted.changed()).await {
                heard?;
            }
        }
    }

    /// One look; when to look again.
    async fn look(&mut self, named: bool) -> Duration {
        let clock = self.clock.look().await;
        let unset_for = if clock.synchronized {
            self.unset_since = None;
            Duration::ZERO
        } else {
            self.unset_since.get_or_insert_with(Instant::now).elapsed()
        };
        let found = findings(&clock, named, unset_for);
        let doing = stuck_or_nothing(found.iter().map(Finding::words));
        let row = kept(words::time(), words::time_wanted(), see(&clock), doing);
        self.board.put(Section::Clock, vec![row]);
        if clock.synchronized { LOOK } else { LOOK_SOON }
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_host::clock::FakeClock;
    use pocketstack_model::clock::ObservedClock;
    use pocketstack_model::status::{Doing, Kept};
    use pocketstack_plan::clock::PATIENCE;
    use time::OffsetDateTime;
    use tokio::time::sleep;

    use super::*;

    fn fake() -> FakeClock {
        let built = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        FakeClock::saying(ObservedClock {
            now: built + time::Duration::days(30),
            built: Some(built),
            hardware: None,
            synchronized: false,
            server: None,
            behind: None,
        })
    }

    fn row(board: &Board) -> Kept {
        board.read().borrow().first().cloned().expect("told")
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_is_told_and_changes_no_patience() {
        let (clock, board) = (fake(), Board::default());
        let mut wanted = Configuration::default();
        wanted.node.ntp = vec!["192.0.2.1".parse().expect("a server")];
        let wanted = watch::Sender::new(wanted);
        let mut rows = board.read();
        let watching = Watch::new(clock.clone(), board.clone()).keep(wanted.subscribe());
        let task = tokio::spawn(watching);
        rows.wait_for(|rows| !rows.is_empty()).await.expect("told");
        assert_eq!(row(&board).doing, Doing::Nothing);
        assert_eq!(row(&board).see, "not set by a time server, as none answers");

        // Years forward and back: said at once, but the servers have their five minutes all the same.
        for years in [20, -40] {
            clock.set(|clock| clock.now += time::Duration::days(years * 366));
            sleep(LOOK_SOON * 2).await;
            let Doing::Stuck { why } = row(&board).doing else {
                panic!("that cannot be right")
            };
            assert!(
                why.contains("this image was built") && !why.contains("no time server"),
                "{why}"
            );
        }
        clock.set(|clock| clock.now += time::Duration::days(20 * 366));
        sleep(LOOK_SOON * 2).await;
        assert_eq!(row(&board).doing, Doing::Nothing);
        sleep(PATIENCE).await;
        let Doing::Stuck { why } = row(&board).doing else {
            panic!("nobody has set the clock")
        };
        assert!(
            why.starts_with("no time server has set the clock for 5 minutes"),
            "{why}"
        );

        clock.set(|clock| {
            clock.synchronized = true;
            clock.server = Some("192.0.2.1".to_owned());
        });
        sleep(LOOK_SOON * 2).await;
        assert_eq!(
            (row(&board).doing, row(&board).see.as_str()),
            (Doing::Nothing, "set by 192.0.2.1")
        );
        task.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn servers_that_nobody_named_may_be_out_of_reach() {
        let (clock, board) = (fake(), Board::default());
        let wanted = watch::Sender::new(Configuration::default());
        let task = tokio::spawn(Watch::new(clock, board.clone()).keep(wanted.subscribe()));
        sleep(PATIENCE * 3).await;
        assert_eq!(row(&board).doing, Doing::Nothing);
        assert_eq!(row(&board).see, "not set by a time server, as none answers");
        task.abort();
    }
}
