//! What cases of this group wait for.

use std::time::{Duration, SystemTime};

use anyhow::{Result, bail, ensure};
use pocketstack_model::node::Overview;
use pocketstack_model::status::{Doing, Installation};
use pocketstack_tests::node::Node;
use pocketstack_tests::poll::{self, Probe};

use super::site::Running;

/// What was told of an installation while it ran.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Steps in their order, as often as another was told.
    pub steps: Vec<String>,
    /// Each percentage that was told.
    pub percents: Vec<u8>,
    /// What the machine's clock said first, and last.
    pub clock: Option<(SystemTime, SystemTime)>,
}

impl Progress {
    fn add_clock(&mut self, now: SystemTime) {
        self.clock = Some((self.clock.map_or(now, |(first, _)| first), now));
    }

    fn add(&mut self, step: &str, percent: u8) {
        if self.steps.last().is_none_or(|last| last != step) {
            self.steps.push(step.to_owned());
        }
        if self.percents.last() != Some(&percent) {
            self.percents.push(percent);
        }
    }
}

/// Waits until the machine has installed itself and restarted; hands back what it told of that.
///
/// # Errors
/// The installation fails (the node's words), tells nothing, or takes longer than `limit`.
pub fn installation(running: &Running, limit: Duration) -> Result<Progress> {
    let mut progress = Progress::default();
    poll::until("the machine to be installed and to restart", limit, || {
        if running.vm.ended()?.is_some() {
            return Ok(Probe::Done(()));
        }
        let overview = running.node.overview();
        if let Ok(overview) = &overview {
            progress.add_clock(overview.read_at.into());
        }
        Ok(Probe::NotYet(
            match overview.map(|overview| overview.installation) {
                Ok(Installation::Running { step, percent }) => {
                    progress.add(&step, percent);
                    format!("{percent} %, {step}")
                }
                Ok(Installation::Failed { why }) => bail!("the installation failed: {why}"),
                Ok(other) => format!("the API says {other:?}"),
                // The page goes before the machine does.
                Err(error) => format!("{error:#}"),
            },
        ))
    })?;
    ensure!(
        !progress.steps.is_empty(),
        "the machine restarted without having told of an installation"
    );
    Ok(progress)
}

/// Waits until everything is as configured; hands back the overview then.
///
/// # Errors
/// It is not within `limit`.
pub fn settled(node: &Node, limit: Duration) -> Result<Overview> {
    poll::until("everything to be as configured", limit, || {
        let overview = match node.overview() {
            Ok(overview) => overview,
            Err(error) => return Ok(Probe::NotYet(format!("{error:#}"))),
        };
        let off = overview.kept.iter().find(|kept| kept.doing != Doing::Nothing);
        Ok(match off {
            Some(kept) => Probe::NotYet(format!("{kept:?}")),
            None if overview.kept.is_empty() => Probe::NotYet("nothing is kept yet".into()),
            None => Probe::Done(overview),
        })
    })
}

/// Waits until the overview is as `is` says.
///
/// # Errors
/// It is not within `limit`.
pub fn overview(
    node: &Node,
    what: &str,
    limit: Duration,
    is: impl Fn(&Overview) -> bool,
) -> Result<Overview> {
    poll::until(what, limit, || {
        Ok(match node.overview() {
            Ok(overview) if is(&overview) => Probe::Done(overview),
            Ok(overview) => Probe::NotYet(format!(
                "kept: {:?}; network change: {:?}; installation: {:?}",
                overview.kept, overview.network_change, overview.installation
            )),
            Err(error) => Probe::NotYet(format!("{error:#}")),
        })
    })
}

/// Whether no installation was begun.
///
/// # Errors
/// One was; the error is what the API says of it.
pub fn nothing_is_installed(overview: &Overview) -> Result<()> {
    ensure!(
        !matches!(
            overview.installation,
            Installation::Running { .. } | Installation::Done { .. }
        ),
        "the API says of the installation: {:?}",
        overview.installation
    );
    Ok(())
}

/// Everything that is stuck, with why, as one text.
pub fn stuck(overview: &Overview) -> String {
    let why = |doing: &Doing| match doing {
        Doing::Stuck { why } => Some(why.to_string()),
        Doing::Nothing | Doing::Changing { .. } => None,
    };
    let mut all: Vec<String> = overview.kept.iter().filter_map(|kept| why(&kept.doing)).collect();
    if let Installation::Failed { why } = &overview.installation {
        all.push(why.to_string());
    }
    all.join("\n")
}

/// Whether the text holds all of these words, in capitals or not.
pub fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_once_each() {
        let mut progress = Progress::default();
        for (step, percent) in [("wipe", 0), ("wipe", 0), ("root", 10), ("root", 20)] {
            progress.add(step, percent);
        }
        assert_eq!(progress.steps, ["wipe", "root"]);
        assert_eq!(progress.percents, [0, 10, 20]);
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for seconds in [5, 6, 3] {
            progress.add_clock(at(seconds));
        }
        assert_eq!(progress.clock, Some((at(5), at(3))));
    }

    #[test]
    fn words_are_found_in_any_case() {
        assert!(says("The disk VDA is too small", &["vda", "small"]));
        assert!(!says("The disk vda", &["vda", "small"]));
    }
}
