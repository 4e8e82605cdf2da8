//! Keeps the networks: links by netlink, addresses by files for systemd-networkd.
//!
//! ```text
//!   wanted ──► files in /etc/systemd/network ──► links: look, plan, act ──► systemd-networkd reads its files anew
//!                                                                        ├► /etc/resolv.conf
//!                                                                        └► addresses: who has them, try again
//! ```
//!
//! Files come before links, so that a new bridge is known to systemd-networkd, and the telling comes last, so that
//! it finds everything there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pocketstack_host::links::NetworkLinks;
use pocketstack_host::networkd::Networkd;
use pocketstack_host::settings::Settings;
use pocketstack_model::config::Configuration;
use pocketstack_model::config::network::{NetworkSettings, Role};
use pocketstack_model::link::{LinkName, Links};
use pocketstack_model::status::{Doing, Kept};
use pocketstack_model::words::{Words, kept as said};
use pocketstack_plan::addresses;
use pocketstack_plan::addresses::missing::{Step, Trouble, Verdict};
use pocketstack_plan::network::{Finding, findings, plan, unsettled};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Board, Section, changing, kept, stuck_or_nothing, words};
use crate::notify::Notifier;
use memory::Memory;

mod memory;

/// Where systemd-networkd looks before it looks into /usr (systemd.network(5)).
const FOLDER: &str = "/etc/systemd/network";
/// What systemd-networkd knows of all links together, name servers among it (networkd writes it for its clients).
const NETWORK_STATE: &str = "/run/systemd/netif/state";
const RESOLVER: &str = "/etc/resolv.conf";

/// Changes come in bursts; a pass waits so long for the end of one.
const SETTLE: Duration = Duration::from_millis(100);
/// A pass without a reason, should an event have been lost.
const SLOW: Duration = Duration::from_secs(60);
/// A pass after one that failed. What fails makes events itself, so this is also a lower limit.
const RETRY: Duration = Duration::from_secs(2);
/// While the device manager still works on a card: it tells its end through no netlink event.
const SOON: Duration = Duration::from_millis(250);
/// A systemd-networkd that does not answer must not keep links from being mended.
const TELLING: Duration = Duration::from_secs(20);

/// Keeps them.
pub struct Networks<L, S, N> {
    links: Arc<L>,
    settings: Arc<S>,
    networkd: N,
    board: Board,
    /// Whether systemd-networkd may not have read its files yet.
    untold: bool,
    memory: Memory,
    seen: Links,
}

/// What came of one pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// What went wrong with the links, in words; empty if they are as they should be.
    pub trouble: Vec<Words>,
    /// When to look again without having heard of a change.
    pub again: Duration,
}

impl<L: NetworkLinks, S: Settings, N: Networkd> Networks<L, S, N> {
    /// A keeper that has done nothing yet.
    pub fn new(links: Arc<L>, settings: Arc<S>, networkd: N, board: Board) -> Self {
        Self {
            links,
            settings,
            networkd,
            board,
            // A daemon that was killed in between may have written without telling.
            untold: true,
            memory: Memory::default(),
            seen: Links::default(),
        }
    }

    /// Runs until the kernel or the configuration can no longer be heard, which is an error. The first pass makes the
    /// daemon ready: from then on a DHCP client has something to work on. `bus` only says when to try again.
    ///
    /// # Errors
    /// When one of them is gone.
    pub async fn keep<B: Send + Sync>(
        mut self,
        mut wanted: watch::Receiver<Configuration>,
        mut bus: watch::Receiver<B>,
        trouble: watch::Sender<Option<String>>,
        notifier: Arc<Notifier>,
    ) -> anyhow::Result<()> {
        let mut changes = self.links.changes();
        loop {
            changes.borrow_and_update();
            bus.borrow_and_update();
            let network = wanted.borrow_and_update().network.clone();
            let pass = self.pass(&network).await;
            let why = Words::joined(pass.trouble, said::also).map(String::from);
            trouble.send_if_modified(|known| {
                if let Some(why) = why.as_ref().filter(|_| *known != why) {
                    tracing::error!("networks: {why}");
                }
                std::mem::replace(known, why.clone()) != why
            });
            notifier.ready();
            if why.is_some() {
                // What failed makes events itself, so they are no reason to hurry; a new wish is.
                if let Ok(heard) = timeout(RETRY, wanted.changed()).await {
                    heard?;
                }
                continue;
            }
            let heard = async {
                tokio::select! {
                    heard = changes.changed() => {
                        heard.map_err(|_| anyhow::anyhow!("the kernel can no longer be heard about network links"))
                    }
                    heard = wanted.changed() => Ok(heard?),
                    heard = bus.changed() => Ok(heard?),
                }
            };
            if let Ok(heard) = timeout_at(Instant::now() + pass.again, heard).await {
                heard?;
                sleep(SETTLE).await;
            }
        }
    }

    /// Looks, plans, acts, and looks again whether all of it came true. One card that refuses does not keep the others
    /// from being used, so all actions are tried.
    pub async fn pass(&mut self, wanted: &NetworkSettings) -> Pass {
        let files = self.write_files(wanted);
        let mut trouble = Vec::new();
        let mut observed = match self.links.observe().await {
            Ok(observed) => observed,
            Err(error) => {
                return Pass {
                    trouble: vec![error.to_string().into()],
                    again: RETRY,
                };
            }
        };
        let actions = plan(wanted, &observed);
        for action in &actions {
            match self.links.act(action).await {
                Ok(()) => tracing::info!("networks: {action}"),
                Err(error) => trouble.push(error.to_string().into()),
            }
        }
        if !actions.is_empty() {
            match self.links.observe().await {
                Ok(after) => observed = after,
                Err(error) => trouble.push(error.to_string().into()),
            }
        }
        // What is left may be a change that came in between; the next pass tells.
        let left = plan(wanted, &observed);
        let told = self.tell().await;
        let resolver = self.write_resolver();
        let moving = std::mem::replace(&mut self.seen, observed) != self.seen;

        let problem = [files, told, resolver].into_iter().find_map(Result::err);
        let step = left.first().map(ToString::to_string);
        let mut verdicts = self.memory.judge(wanted, &self.seen);
        for (role, verdict) in &verdicts {
            self.help(*role, verdict.step).await;
        }
        if verdicts.values().any(|verdict| verdict.step != Step::Nothing) {
            // What was just learnt is told at once.
            verdicts = self.memory.judge(wanted, &self.seen);
        }
        let all = self.tell_board(wanted, &trouble, step, problem.as_ref(), &verdicts);
        let again = if !left.is_empty() || unsettled(&self.seen) {
            SOON
        } else if moving || problem.is_some() || !all {
            RETRY
        } else {
            let sooner = verdicts.values().filter_map(|verdict| verdict.again);
            sooner.fold(SLOW, Duration::min)
        };
        Pass { trouble, again }
    }

    /// Does what may help a network to its addresses. What cannot be done is tried again with a later pass.
    async fn help(&mut self, role: Role, step: Step) {
        let done = match step {
            Step::Nothing => Ok(()),
            Step::Ask { address, from } => {
                let bridge = LinkName::bridge(role);
                match self.links.who_has(&bridge, address, from).await {
                    Ok(by) => self.memory.heard(role, address, by),
                    // The bridge has just gone, or is off: the next pass knows.
                    Err(error) => tracing::debug!("network {role}: {error}"),
                }
                Ok(())
            }
            Step::Reconfigure => {
                self.memory.tried(role);
                self.reconfigure(role).await
            }
        };
        if let Err(why) = done {
            tracing::warn!("network {role}: {why}");
        }
    }

    async fn reconfigure(&self, role: Role) -> Result<(), Words> {
        let Some(bridge) = self.seen.named(role.bridge()) else {
            return Ok(());
        };
        tracing::info!("network {role}: systemd-networkd is told to try its addresses again");
        match timeout(TELLING, self.networkd.reconfigure(bridge.index)).await {
            Ok(done) => done.map_err(|error| error.to_string().into()),
            Err(_) => Err(late()),
        }
    }

    /// Makes the files of systemd-networkd what they should be.
    fn write_files(&mut self, wanted: &NetworkSettings) -> Result<(), Words> {
        let files = addresses::files(wanted);
        // Of a role without a network of its own the file goes.
        for name in Role::ALL.map(addresses::file_name) {
            let text = files.iter().find(|file| file.name == name);
            let path = PathBuf::from(FOLDER).join(name);
            let text = text.map(|file| file.content.as_str());
            match self.settings.set_file(&path, text) {
                Ok(true) => {
                    self.untold = true;
                    self.memory.forget();
                }
                Ok(false) => {}
                Err(error) => return Err(said::addresses_not_written(error.to_string())),
            }
        }
        Ok(())
    }

    /// Has systemd-networkd read its files, if it may not have.
    async fn tell(&mut self) -> Result<(), Words> {
        if !self.untold {
            return Ok(());
        }
        match timeout(TELLING, self.networkd.reload()).await {
            Ok(Ok(())) => {
                self.untold = false;
                Ok(())
            }
            Ok(Err(error)) => Err(error.to_string().into()),
            Err(_) => Err(late()),
        }
    }

    /// There is no resolver on a node but the C library's, which reads one file (resolv.conf(5)).
    fn write_resolver(&self) -> Result<(), Words> {
        let state = self.settings.file(Path::new(NETWORK_STATE)).unwrap_or_default();
        let servers = state.lines().find_map(|line| line.strip_prefix("DNS="));
        let mut text = String::from("# Made by pocketstackd out of what the networks name.\n");
        for server in servers.unwrap_or_default().split_whitespace() {
            // Written as address, or address:port%interface#name.
            let address = server.split(['#', '%']).next().unwrap_or_default();
            if address.parse::<std::net::IpAddr>().is_ok() {
                text.push_str(&format!("nameserver {address}\n"));
            }
        }
        self.settings
            .set_file(Path::new(RESOLVER), Some(&text))
            .map(drop)
            .map_err(|error| said::resolver_not_written(error.to_string()))
    }

    /// Tells how the networks are; whether all of them are as wanted.
    fn tell_board(
        &mut self,
        wanted: &NetworkSettings,
        trouble: &[Words],
        step: Option<String>,
        problem: Option<&Words>,
        verdicts: &BTreeMap<Role, Verdict>,
    ) -> bool {
        let found = findings(wanted, &self.seen);
        let mut all = Vec::new();
        for (role, network) in wanted.roles() {
            let mut why: Vec<Words> = trouble.to_vec();
            // One of several cables that is not plugged in is seen on the page, and stops nothing.
            let stops = |finding: &&Finding| {
                finding.role() == role && !matches!(finding, Finding::NoLink { others: true, .. })
            };
            why.extend(found.iter().filter(stops).map(Finding::words));
            why.extend(problem.cloned());
            let verdict = verdicts.get(&role);
            why.extend(
                verdict
                    .iter()
                    .flat_map(|verdict| &verdict.troubles)
                    .map(Trouble::words),
            );
            let doing = match (why.is_empty(), &step) {
                (false, _) => stuck_or_nothing(why),
                (true, Some(step)) => changing(step.clone()),
                (true, None) if verdict.is_some_and(|verdict| verdict.missing) => {
                    changing(said::waiting_for_address())
                }
                (true, None) => Doing::Nothing,
            };
            all.push(kept(
                words::subject(role),
                words::want(role, network),
                words::see(role, &self.seen),
                doing,
            ));
        }
        let settled = all.iter().all(|kept: &Kept| kept.doing == Doing::Nothing);
        self.board.put(Section::Networks, all);
        settled
    }
}

fn late() -> Words {
    said::networkd_late(TELLING.as_secs())
}

#[cfg(test)]
mod tests;
