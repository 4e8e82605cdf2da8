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
//! A node that has a configuration does not take another one from answers: what people have set since would be lost
//! each time a forgotten stick is in the machine at its start.

mod cmdline;
mod find;

pub use find::{Places, fetch};

use std::time::Duration;

use pocketstack_host::inventory::partition_name;
use pocketstack_host::root::Root;
use pocketstack_host::systemd::Systemd;
use pocketstack_host::volumes::Volumes;
use pocketstack_model::answers::{Answers, describe};
use pocketstack_model::status::{Doing, Installation};
use tokio::time::{Instant, sleep};

use crate::control::{Control, Job};
use crate::keep::{Board, Section, changing, kept, stuck_or_nothing};
use find::{Found, Missed};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two looks once there are answers that a person may change.
const RARELY: Duration = Duration::from_secs(15);
/// A configured node looks this long for answers that ask for an installation: a slow stick needs some seconds.
const SHORT: Duration = Duration::from_secs(30);
/// Partition that only an installed disk has.
const INSTALLED: &str = "pocketstack-lvm";

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
        let installed = runs_installed(&self.places.root, self.places.medium.disk.as_deref());
        let configured = self.control.configured().await;
        if installed && configured {
            return Ok(());
        }
        self.places.settle().await;
        let until = configured.then(|| Instant::now() + SHORT);
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
                        match self.take(&found, &sum, installed).await {
                            Next::End => return Ok(()),
                            Next::Others => dealt_with = Some(sum),
                            Next::Again => {}
                        }
                    }
                }
                Ok(None) => {
                    dealt_with = None;
                    self.board.put(Section::Answers, Vec::new());
                }
                Err(Missed::Wrong(why)) => self.tell("none that can be read", stuck_or_nothing(&[why])),
                Err(Missed::NotYet(why)) => {
                    self.tell(
                        "none yet",
                        changing(format!("trying again every few seconds: {why}")),
                    );
                }
            }
            let late = until.is_some_and(|until| Instant::now() >= until);
            let set_up = !configured && self.control.configured().await;
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

    fn tell(&self, see: &str, doing: Doing) {
        let now = kept("answers", "this node set up by them", see, doing);
        let board = self.board.read();
        if !board.borrow().contains(&now)
            && let Doing::Stuck { why } = &now.doing
        {
            tracing::error!("answers: {why}");
        }
        self.board.put(Section::Answers, vec![now]);
    }

    async fn take(&self, found: &Found, sum: &str, installed: bool) -> Next {
        let stuck = |why: String| stuck_or_nothing(&[why]);
        let answers = match Answers::parse(&found.text) {
            Ok(answers) => answers,
            Err(error) => {
                let why = format!("{}: {error}; nothing was changed", found.from);
                self.tell(&found.from, stuck(why));
                return Next::Others;
            }
        };
        for line in describe(&answers) {
            tracing::info!("{}: {line}", found.from);
        }
        let configured = self.control.configured().await;
        let configuration = answers.configuration();
        let install = answers.install.filter(|_| !installed);
        let Some(settings) = install else {
            if configured {
                tracing::info!("{}: not used, as this node is configured already", found.from);
                self.tell(
                    &format!("{}; not used, as this node is configured already", found.from),
                    Doing::Nothing,
                );
                return Next::End;
            }
            return match self.control.adopt(configuration, true).await {
                Ok(()) => {
                    self.tell(&format!("{}, used", found.from), Doing::Nothing);
                    Next::End
                }
                Err(error) => {
                    self.tell(&found.from, stuck(error.to_string()));
                    Next::Again
                }
            };
        };
        match self.control.installed_from(sum.to_owned()).await {
            Ok(Some(disk)) => {
                let why = format!(
                    "this machine was already installed from these answers, on {disk}: take the medium out and restart it"
                );
                self.tell(&found.from, stuck(why));
                return Next::Others;
            }
            Ok(None) => {}
            Err(why) => {
                self.tell(&found.from, stuck(why));
                return Next::Again;
            }
        }
        // The stick may set up other machines after this one, so it does not keep the configuration itself.
        if !configured && let Err(error) = self.control.adopt(configuration.clone(), false).await {
            self.tell(&found.from, stuck(error.to_string()));
            return Next::Again;
        }
        self.tell(&found.from, changing("installing"));
        let job = Job {
            settings,
            configuration: Job::configuration(configuration),
            answers: Some(sum.to_owned()),
        };
        match self.control.start_installation(job) {
            Ok(()) => Next::Others,
            Err(why) => {
                self.tell(&found.from, stuck(why));
                Next::Again
            }
        }
    }
}

/// Whether the disk this system runs from was installed, and is no stick that a person has written.
fn runs_installed(root: &Root, disk: Option<&str>) -> bool {
    let Some(disk) = disk else { return false };
    root.names(format!("/sys/class/block/{disk}"))
        .into_iter()
        .filter(|name| name.starts_with(disk))
        .filter_map(|part| partition_name(root, format!("/sys/class/block/{disk}/{part}")))
        .any(|name| name == INSTALLED)
}

#[cfg(test)]
mod tests;
