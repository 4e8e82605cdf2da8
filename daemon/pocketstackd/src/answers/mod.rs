//! Answers: a node is set up, and installed, without a person.
//!
//! ```text
//!   kernel command line ─┐                        ┌─ configuration ──► stored, if none ever was
//!   volume POCKETSTACK ──┼─► found ──► parsed ──► ┤
//!   stick's POCKETBOOT ──┘    │                   └─ install ──► only when this system is not installed itself,
//!                             └ wrong: nothing is changed,          and no disk was installed from the same answers
//!                               pages and consoles say why
//! ```
//!
//! What becomes of them is decided in `pocketstack_plan::answers`; here they are found, and what was decided is done.

mod cmdline;
mod find;

pub use find::{Places, fetch};

use std::time::Duration;

use pocketstack_host::boot::is_apart;
use pocketstack_host::mounts::mounts;
use pocketstack_host::systemd::Systemd;
use pocketstack_host::volumes::Volumes;
use pocketstack_model::answers::{Answers, describe};
use pocketstack_model::status::{Doing, Installation};
use pocketstack_model::words::{Words, kept as words};
use pocketstack_plan::answers::{self as plan, Decision, Earlier, Install, Looking};
use tokio::time::{Instant, sleep};

use crate::control::{Control, Job};
use crate::keep::{Board, Section, changing, kept, stuck_or_nothing};
use find::{Found, Missed};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two looks once there are answers that a person may change.
const RARELY: Duration = Duration::from_secs(15);
/// How long [`Looking::Briefly`] is.
const SHORT: Duration = Duration::from_secs(30);

/// Looks for answers and uses them.
pub struct Following<V, D> {
    /// Where they may be.
    pub places: Places<V, D>,
    /// Who uses them.
    pub control: Control,
    /// Where it is told.
    pub board: Board,
}

/// Whether the looking goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// These answers are dealt with; others may come.
    Others,
    /// The same again.
    Again,
    /// No more.
    End,
}

impl<V: Volumes + 'static, D: Systemd> Following<V, D> {
    /// Runs until there is nothing more to be asked of answers.
    ///
    /// # Errors
    /// None; a task of the daemon has this form.
    pub async fn follow(self) -> anyhow::Result<()> {
        let root = &self.places.root;
        let node = plan::Node {
            installed: self.places.medium.is_installed(root),
            state_apart: is_apart(root, &mounts(root)),
            configured: self.control.configured().await,
        };
        let looking = plan::looking(node);
        if looking == Looking::Never {
            return Ok(());
        }
        self.places.settle().await;
        let until = (looking == Looking::Briefly).then(|| Instant::now() + SHORT);
        let mut dealt_with = None;
        loop {
            if self.installing() {
                sleep(PAUSE).await;
                continue;
            }
            match self.places.look().await {
                Ok(Some(found)) => {
                    let sum = found.sha256();
                    if dealt_with.as_ref() != Some(&sum) {
                        match self.take(&found, &sum, node).await {
                            Next::End => return Ok(()),
                            Next::Others => dealt_with = Some(sum),
                            Next::Again => {}
                        }
                    }
                }
                Ok(None) => {
                    dealt_with = None;
                    self.board.put(Section::Answers, Vec::new());
                    self.control.not_begun_again();
                }
                Err(Missed::Wrong(why)) => {
                    self.tell(words::answers_unreadable(), stuck_or_nothing([why.into()]))
                }
                Err(Missed::NotYet(why)) => {
                    self.tell(words::answers_none(), changing(words::answers_awaited(why)));
                }
            }
            let late = until.is_some_and(|until| Instant::now() >= until);
            let set_up = looking == Looking::UntilSetUp && self.control.configured().await;
            if (late || set_up) && dealt_with.is_none() {
                self.board.put(Section::Answers, Vec::new());
                return Ok(());
            }
            sleep(if dealt_with.is_some() { RARELY } else { PAUSE }).await;
        }
    }

    fn installing(&self) -> bool {
        let installation = self.control.installation();
        let now = installation.borrow();
        matches!(*now, Installation::Running { .. } | Installation::Done { .. })
    }

    fn tell(&self, see: impl Into<Words>, doing: Doing) {
        let now = kept(words::answers(), words::answers_wanted(), see, doing);
        let board = self.board.read();
        if !board.borrow().contains(&now)
            && let Doing::Stuck { why } = &now.doing
        {
            tracing::error!("answers: {why}");
        }
        self.board.put(Section::Answers, vec![now]);
    }

    /// Does with answers what was decided about them.
    async fn take(&self, found: &Found, sum: &str, node: plan::Node) -> Next {
        let stuck = |why: Words| self.tell(found.from.as_str(), stuck_or_nothing([why]));
        let answers = match Answers::parse(&found.text) {
            Ok(answers) => answers,
            Err(error) => {
                stuck(words::answers_wrong(found.from.as_str(), error.to_string()));
                return Next::Others;
            }
        };
        for line in describe(&answers) {
            tracing::info!("{}: {line}", found.from);
        }
        let node = plan::Node {
            configured: self.control.configured().await,
            ..node
        };
        self.act(found, sum, &answers, node).await.unwrap_or_else(|why| {
            stuck(why.into());
            Next::Again
        })
    }

    async fn act(
        &self,
        found: &Found,
        sum: &str,
        answers: &Answers,
        node: plan::Node,
    ) -> Result<Next, String> {
        let mut earlier = Earlier::NotKnown;
        loop {
            let decision = plan::decide(answers.clone(), node, earlier);
            if matches!(decision, Decision::NotUsed | Decision::Adopt(_)) {
                self.control.not_begun_again();
            }
            match decision {
                Decision::NotUsed => {
                    let see = words::answers_unused(found.from.as_str());
                    tracing::info!("answers: {see}");
                    self.tell(see, Doing::Nothing);
                    return Ok(Next::End);
                }
                Decision::Adopt(configuration) => {
                    let adopted = self.control.adopt(*configuration, true).await;
                    adopted.map_err(|error| error.to_string())?;
                    self.tell(words::answers_used(found.from.as_str()), Doing::Nothing);
                    return Ok(Next::End);
                }
                Decision::LookAtDisks => {
                    let disk = self.control.installed_from(sum.to_owned()).await?;
                    earlier = disk.map_or(Earlier::None, Earlier::On);
                }
                Decision::AlreadyOn(disk) => {
                    let why = words::answers_installed(disk);
                    self.tell(found.from.as_str(), stuck_or_nothing([why]));
                    return Ok(Next::Others);
                }
                Decision::Install(install) => return self.install(found, sum, *install).await,
            }
        }
    }

    async fn install(&self, found: &Found, sum: &str, install: Install) -> Result<Next, String> {
        if let Some(meanwhile) = install.meanwhile {
            let adopted = self.control.adopt(meanwhile, false).await;
            adopted.map_err(|error| error.to_string())?;
        }
        self.tell(found.from.as_str(), changing(words::answers_installing()));
        self.control.start_installation(Job {
            settings: install.settings,
            configuration: install.configuration,
            answers: Some(sum.to_owned()),
        })?;
        Ok(Next::Others)
    }
}

#[cfg(test)]
mod tests;
