//! One console at work: keys, news and the passing of time go in, drawings and effects come out.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pocketstack_host::random;
use pocketstack_model::access::PasswordHash;
use pocketstack_model::node::Overview;
use pocketstack_model::status::NetworkChange;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::actions::Actions;
use super::certificate::Fingerprint;
use super::keys::{Key, Keys};
use super::paint::{Screen, paint};
use super::render;
use super::screen::log::LINES;
use super::screen::setup::Password;
use super::screen::{Console, Effect, Outcome, World};
use super::terminal::Terminal;
use crate::control::SetupCode;

/// News are never drawn twice within this time. Keys are answered at once.
const AT_MOST: Duration = Duration::from_secs(1);
/// Everything is drawn anew after this time: for whoever has just connected, or had it scribbled over by the kernel.
const AT_LEAST: Duration = Duration::from_secs(60);
/// Escape is a key of its own if nothing follows it for so long. At 9600 baud a byte takes one millisecond.
const ESCAPE: Duration = Duration::from_millis(100);

/// What a console shows as it becomes known.
#[derive(Debug, Clone)]
pub struct News {
    /// The node.
    pub seen: watch::Receiver<Option<Arc<Overview>>>,
    /// Fingerprint of the page's certificate.
    pub certificate: watch::Receiver<Option<Fingerprint>>,
    /// Code that sets the node up, as long as it is not.
    pub setup_code: watch::Receiver<Option<SetupCode>>,
}

/// Shows the node's page on one console for ever and does what is asked there; ends at once if there is none at
/// this path.
///
/// # Errors
/// The daemon's other parts are gone.
pub async fn run(path: PathBuf, news: News, actions: Arc<dyn Actions>) -> anyhow::Result<()> {
    let News {
        mut seen,
        mut certificate,
        mut setup_code,
    } = news;
    let terminal = match Terminal::open(&path) {
        Ok(terminal) => terminal,
        Err(why) => {
            tracing::info!("nothing is shown on {}: {why}", path.display());
            return Ok(());
        }
    };
    let mut session = Session::new(terminal, actions);
    seen.mark_changed();
    setup_code.mark_changed();
    loop {
        if let Err(error) = session.draw() {
            tracing::warn!("{} can no longer be drawn on: {error}", path.display());
            return Ok(());
        }
        let next = session.next();
        tokio::select! {
            heard = seen.changed() => {
                heard?;
                let overview = seen.borrow_and_update().clone();
                session.news(overview);
            }
            heard = certificate.changed() => {
                heard?;
                session.fingerprint = *certificate.borrow_and_update();
                session.soon();
            }
            heard = setup_code.changed() => {
                heard?;
                session.setup_code = *setup_code.borrow_and_update();
                session.soon();
            }
            bytes = session.terminal.read(), if session.reading => match bytes {
                Ok(bytes) => {
                    let keys = session.keys.feed(&bytes);
                    session.press(&keys);
                }
                Err(error) => {
                    tracing::warn!("{} gives no more keys: {error}", path.display());
                    session.reading = false;
                }
            },
            () = sleep(ESCAPE), if session.keys.begun() => {
                let key = session.keys.end();
                session.press(key.as_slice());
            }
            Some(outcome) = session.effects.join_next() => {
                session.done(outcome.context("what a console was asked to do broke off")?);
            }
            written = written(&mut session.writing) => {
                session.writing = None;
                if let Err(error) = written {
                    tracing::warn!("{} can no longer be drawn on: {error}", path.display());
                    return Ok(());
                }
            }
            () = sleep_until(next) => {}
        }
    }
}

/// The end of the drawing that is under way; for ever if there is none.
async fn written(writing: &mut Option<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    match writing {
        Some(writing) => writing.await.map_err(io::Error::other)?,
        None => std::future::pending().await,
    }
}

struct Session {
    terminal: Terminal,
    reading: bool,
    actions: Arc<dyn Actions>,
    console: Console,
    keys: Keys,
    effects: JoinSet<Outcome>,
    overview: Option<Arc<Overview>>,
    fingerprint: Option<Fingerprint>,
    setup_code: Option<SetupCode>,
    /// End of an unconfirmed change by the node's clock, and by one that nobody sets.
    countdown: Option<(OffsetDateTime, Instant)>,
    /// What the terminal shows, or will when `writing` ends.
    shown: Option<Screen>,
    writing: Option<JoinHandle<io::Result<()>>>,
    drawn_at: Instant,
    /// When to draw.
    due: Option<Instant>,
    /// When to draw everything anew.
    anew: Instant,
}

impl Session {
    fn new(terminal: Terminal, actions: Arc<dyn Actions>) -> Self {
        let now = Instant::now();
        Self {
            terminal,
            reading: true,
            actions,
            console: Console::new(),
            keys: Keys::default(),
            effects: JoinSet::new(),
            overview: None,
            fingerprint: None,
            setup_code: None,
            countdown: None,
            shown: None,
            writing: None,
            drawn_at: now,
            due: Some(now),
            anew: now + AT_LEAST,
        }
    }

    /// When something is to be done even if nothing happens.
    fn next(&self) -> Instant {
        match self.due {
            // What is under way ends by itself.
            Some(due) if self.writing.is_none() => due.min(self.anew),
            _ => self.anew,
        }
    }

    /// Draws within the limit for news.
    fn soon(&mut self) {
        let at = (self.drawn_at + AT_MOST).max(Instant::now());
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    fn now(&mut self) {
        self.due = Some(Instant::now());
    }

    fn news(&mut self, overview: Option<Arc<Overview>>) {
        self.overview = overview;
        let Some(overview) = &self.overview else {
            return;
        };
        self.console.heard(overview);
        self.countdown = match overview.network_change {
            NetworkChange::Unconfirmed { until } => match self.countdown {
                Some((known, end)) if known == until => Some((known, end)),
                _ => {
                    let left = (until - OffsetDateTime::now_utc()).try_into().unwrap_or_default();
                    Some((until, Instant::now() + left))
                }
            },
            _ => None,
        };
        self.soon();
    }

    fn press(&mut self, keys: &[Key]) {
        let Some(overview) = self.overview.clone() else {
            return;
        };
        for key in keys {
            if *key == Key::Redraw {
                self.shown = None;
                continue;
            }
            let world = self.world(&overview);
            if let Some(effect) = self.console.key(*key, &world) {
                let actions = self.actions.clone();
                self.effects.spawn(perform(actions, effect));
            }
        }
        self.now();
    }

    fn done(&mut self, outcome: Outcome) {
        if let Some(overview) = self.overview.clone() {
            let world = self.world(&overview);
            self.console.done(outcome, &world);
        }
        self.now();
    }

    fn world<'a>(&self, overview: &'a Overview) -> World<'a> {
        World {
            overview,
            fingerprint: self.fingerprint,
            setup_code: self.setup_code,
            left: self
                .countdown
                .map(|(_, end)| end.saturating_duration_since(Instant::now())),
            height: self.terminal.height(),
        }
    }

    /// Draws if it is time to and the last drawing has ended.
    fn draw(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if now >= self.anew {
            (self.shown, self.anew, self.due) = (None, now + AT_LEAST, Some(now));
        }
        let Some(overview) = self.overview.clone() else {
            self.due = None;
            return Ok(());
        };
        if self.writing.is_some() || self.due.is_none_or(|due| due > now) {
            return Ok(());
        }
        let screen = render::screen(&self.console, &self.world(&overview));
        let text = paint(self.shown.as_ref(), &screen);
        self.shown = Some(screen);
        // Seconds are counted down where they are shown.
        self.due = self.countdown.map(|_| now + AT_MOST);
        if !text.is_empty() {
            self.drawn_at = now;
            let terminal = self.terminal.screen();
            // A serial line with nobody at the other end may take its time.
            let write = move || (&*terminal).write_all(text.as_bytes());
            self.writing = Some(tokio::task::spawn_blocking(write));
        }
        Ok(())
    }
}

async fn perform(actions: Arc<dyn Actions>, effect: Effect) -> Outcome {
    match effect {
        Effect::Configuration => Outcome::Configuration(Box::new(actions.configuration().await)),
        Effect::Change(management) => {
            // Read anew, so that what others have changed meanwhile stays changed.
            let mut configuration = actions.configuration().await;
            configuration.network.management = *management;
            Outcome::Changed(actions.change(configuration).await)
        }
        Effect::Confirm(code) => Outcome::Confirmed(actions.confirm(code).await),
        Effect::Power(what) => Outcome::Power(actions.power(what).await),
        Effect::Log(filter) => Outcome::Log(filter, actions.log(filter.unit(), LINES).await),
        Effect::Setup => {
            let (now, disks) = tokio::join!(actions.configuration(), actions.disks());
            Outcome::Setup(Box::new(now), disks)
        }
        Effect::Hash(Password(password)) => Outcome::Hashed(hash(password).await),
        Effect::FinishSetup(answers) => Outcome::SetUp(actions.finish_setup(*answers).await),
    }
}

/// Takes memory and time, so it is done beside the daemon's thread.
async fn hash(password: String) -> Result<PasswordHash, String> {
    let work = move || {
        let salt = random::bytes().map_err(|error| format!("there are no random numbers: {error}"))?;
        PasswordHash::of(&password, salt).map_err(|error| error.to_string())
    };
    let hashed = tokio::task::spawn_blocking(work).await;
    hashed.map_err(|error| error.to_string())?
}

#[cfg(test)]
mod tests;
