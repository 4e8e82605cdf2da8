//! Installations to disk: begun, told, brought to their end, and known again by a daemon that was restarted meanwhile.

use std::sync::PoisonError;
use std::time::Duration;

use pocketstack_model::install::{InstallSettings, Then};
use pocketstack_model::status::{Begun, Installation};
use pocketstack_model::words::{Words, install as words};
use pocketstack_plan::installation::{After, after_restart, taken_along};
use tokio::time::sleep;

use super::{Control, Job, Power};

/// So long the end of an installation can be read before the machine restarts.
pub const READ_THE_END: Duration = Duration::from_secs(5);

impl Control {
    /// Starts an installation to disk of this system, with the configuration in use unless a state there is kept. How it
    /// goes on is told by [`Control::installation`].
    ///
    /// # Errors
    /// If one runs, or what is wrong with the wish, in words.
    pub async fn install(&self, settings: InstallSettings) -> Result<(), String> {
        let settled = self.0.state.lock().await.settled.clone();
        self.start_installation(Job {
            configuration: taken_along(settled, settings.existing),
            settings,
            answers: None,
        })
    }

    /// [`Control::install`] for the pages, where somebody has signed in: a node that has no password yet is installed by its
    /// setup, and a disk that will not do is told while another one can still be chosen.
    ///
    /// # Errors
    /// As [`Control::install`], and if this node is not set up.
    pub async fn install_signed_in(&self, settings: InstallSettings) -> Result<(), String> {
        if !self.0.state.lock().await.settled.is_set_up() {
            return Err(
                "nobody has set this machine up yet: choose the disk in its setup, which asks for the code on the console"
                    .to_owned(),
            );
        }
        self.0.machine.planned(settings.clone()).await?;
        self.install(settings).await
    }

    /// Starts an installation; see [`Control::install`].
    ///
    /// # Errors
    /// If one runs.
    pub fn start_installation(&self, job: Job) -> Result<(), String> {
        let free = self.0.installation.send_if_modified(|now| {
            let free = !matches!(now, Installation::Running { .. } | Installation::Done { .. });
            if free {
                *now = Installation::Running {
                    step: words::step_look(),
                    percent: 0,
                };
            }
            free
        });
        if !free {
            return Err("an installation runs already, or has just ended".to_owned());
        }
        self.awaited(None);
        tokio::spawn(self.clone().installed(job));
        Ok(())
    }

    /// The disk of this machine that was installed from answers with this SHA-256, if there is one.
    ///
    /// # Errors
    /// Why the disks cannot be looked at, in words.
    pub async fn installed_from(&self, answers: String) -> Result<Option<String>, String> {
        self.0.machine.installed_from(answers).await
    }

    /// What an earlier daemon installed from answers does not begin again by itself: they are gone, or ask for something
    /// else now. Tells how the disk is, if there was such an installation.
    pub fn not_begun_again(&self) {
        if let Some(why) = self.awaited(None) {
            self.failed(why);
        }
    }

    /// Puts what is to be told if there are no answers, and hands back what was.
    fn awaited(&self, why: Option<Words>) -> Option<Words> {
        let mut awaited = self.0.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *awaited, why)
    }

    /// Goes on with what an earlier daemon has left.
    pub(super) fn go_on_after_restart(&self) {
        match after_restart(self.0.machine.noted()) {
            After::Nothing => {}
            After::Tell(why) => self.failed(why),
            After::Await(why) => {
                self.awaited(Some(why));
            }
            After::End { disk, then } => {
                self.0.installation.send_replace(Installation::Done { disk });
                tokio::spawn(self.clone().end(then));
            }
        }
    }

    /// Says on pages and consoles why there is no installation.
    fn failed(&self, why: Words) {
        tracing::error!("installation: {why}");
        self.0.installation.send_replace(Installation::Failed { why });
    }

    fn note(&self, begun: Option<&Begun>) {
        if let Err(why) = self.0.machine.note(begun) {
            tracing::warn!(
                "if pocketstackd is restarted now it does not know how the installation is: {why}"
            );
        }
    }

    async fn installed(self, job: Job) {
        let mut begun = Begun {
            disk: job.settings.disk.clone(),
            then: job.settings.then,
            by_answers: job.answers.is_some(),
            installed: None,
        };
        self.note(Some(&begun));
        match self.0.machine.install(job, self.0.installation.clone()).await {
            Ok(disk) => {
                tracing::info!("installed on {disk}");
                begun.installed = Some(disk.clone());
                self.note(Some(&begun));
                self.0.installation.send_replace(Installation::Done { disk });
                self.end(begun.then).await;
            }
            Err(why) => {
                self.failed(why);
                self.note(None);
            }
        }
    }

    async fn end(self, then: Then) {
        sleep(READ_THE_END).await;
        let power = match then {
            Then::Restart => Power::Restart,
            Then::PowerOff => Power::Off,
        };
        if let Err(why) = self.0.machine.power(power).await {
            tracing::error!("the machine is installed, but goes on running: {why}");
        }
    }
}

#[cfg(test)]
mod tests;
