//! Who may come in: the packet filter, and SSH for those who gave a key.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pocketstack_host::firewall::{self, Firewall};
use pocketstack_host::settings::Settings;
use pocketstack_host::ssh::{Fingerprint, HostKey};
use pocketstack_host::systemd::{Systemd, UnitName, UnitState};
use pocketstack_model::access::SshKey;
use pocketstack_model::config::Configuration;
use pocketstack_model::firewall::{Rule, Seen};
use pocketstack_model::status::{Doing, Kept};
use pocketstack_model::words::{Words, kept as said};
use pocketstack_plan::firewall::{differs, rules};
use pocketstack_plan::ssh::{self, Action, Server};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Board, Section, changing, kept, stuck_or_nothing};

/// Somebody else may have changed the rules or stopped sshd: they are looked at so often.
const SLOW: Duration = Duration::from_secs(60);
/// After a pass that left something to do.
const RETRY: Duration = Duration::from_secs(5);

/// Keeps them, for ever.
pub struct Access<F, H, S, D> {
    firewall: Arc<F>,
    host_key: Arc<H>,
    settings: Arc<S>,
    systemd: D,
    board: Board,
    /// The key of this node, once it is known to be usable: nothing but this daemon changes it.
    own: Option<Fingerprint>,
}

impl<F, H, S, D> Access<F, H, S, D>
where
    F: Firewall + 'static,
    H: HostKey + 'static,
    S: Settings,
    D: Systemd,
{
    /// A keeper that has done nothing yet.
    pub fn new(firewall: Arc<F>, host_key: Arc<H>, settings: Arc<S>, systemd: D, board: Board) -> Self {
        Self {
            firewall,
            host_key,
            settings,
            systemd,
            board,
            own: None,
        }
    }

    /// Runs as long as the configuration can be heard of.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn keep(mut self, mut wanted: watch::Receiver<Configuration>) -> anyhow::Result<()> {
        loop {
            let configuration = wanted.borrow_and_update().clone();
            let settled = self.pass(&configuration).await;
            let wait = if settled { SLOW } else { RETRY };
            if let Ok(heard) = timeout(wait, wanted.changed()).await {
                heard?;
            }
        }
    }

    /// One pass; whether nothing is left to do.
    pub async fn pass(&mut self, configuration: &Configuration) -> bool {
        let filter = self.filter(configuration).await;
        let ssh = self.ssh(&configuration.access.ssh_keys).await;
        let all = vec![filter, ssh];
        let settled = all.iter().all(|kept| kept.doing == Doing::Nothing);
        self.board.put(Section::Access, all);
        settled
    }

    async fn filter(&self, configuration: &Configuration) -> Kept {
        let wanted = rules(configuration);
        let want = open(&wanted);
        let (firewall, given) = (self.firewall.clone(), wanted.clone());
        let (see, trouble) = match spawn_blocking(move || settle(&*firewall, &given)).await {
            Ok(Ok(seen)) if differs(&wanted, &seen) => (words(&seen), Some(said::filter_differs())),
            Ok(Ok(_)) => (want.clone(), None),
            Ok(Err(error)) => (said::unknown(), Some(error.to_string().into())),
            Err(panic) => (said::unknown(), Some(panic.to_string().into())),
        };
        kept(said::packet_filter(), want, see, stuck_or_nothing(trouble))
    }

    async fn ssh(&mut self, keys: &[SshKey]) -> Kept {
        let want = match keys.len() {
            0 => said::ssh_wanted_off(),
            1 => said::ssh_wanted_for_one(),
            count => said::ssh_wanted_for(count.to_string()),
        };
        let doing = match self.ssh_steps(keys).await {
            Ok(()) => Doing::Nothing,
            Err(doing) => doing,
        };
        let see = match (&doing, &self.own) {
            (Doing::Nothing, _) if keys.is_empty() => said::ssh_off(),
            (Doing::Nothing, Some(own)) => said::ssh_on(own.to_string()),
            _ => said::unknown(),
        };
        kept(said::ssh(), want, see, doing)
    }

    /// Looks, and does what is missing; the error is what is left to do.
    async fn ssh_steps(&mut self, keys: &[SshKey]) -> Result<(), Doing> {
        let unit = UnitName::try_from(ssh::UNIT).map_err(stuck)?;
        let state = self.systemd.unit_state(&unit).await;
        // Early in a boot there is nobody to ask yet.
        let state = state.map_err(|error| changing(said::sshd_unseen(error.to_string())))?;
        if !keys.is_empty() && self.own.is_none() {
            self.own = self.host_key(|key| key.fingerprint()).await?;
        }
        let seen = ssh::Seen {
            host_key: self.own.is_some(),
            keys: self.settings.file(Path::new(ssh::KEYS_FILE)),
            server: match state {
                UnitState::Active => Server::Running,
                UnitState::Changing => Server::Changing,
                UnitState::Missing | UnitState::Masked | UnitState::Inactive | UnitState::Failed => {
                    Server::Stopped
                }
            },
        };
        for action in ssh::plan(keys, &seen) {
            match action {
                Action::RemoveKeys => self.write(None)?,
                Action::WriteKeys(text) => self.write(Some(&text))?,
                Action::Stop => self.systemd.stop(&unit).await.map_err(stuck)?,
                Action::Start => self.systemd.start(&unit).await.map_err(stuck)?,
                Action::MakeHostKey => {
                    self.host_key(HostKey::make).await?;
                    self.own = self.host_key(|key| key.fingerprint()).await?;
                }
            }
        }
        Ok(())
    }

    fn write(&self, text: Option<&str>) -> Result<(), Doing> {
        let written = self.settings.set_file(Path::new(ssh::KEYS_FILE), text);
        written.map(drop).map_err(stuck)
    }

    async fn host_key<T, E>(&self, job: impl FnOnce(&H) -> Result<T, E> + Send + 'static) -> Result<T, Doing>
    where
        T: Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let key = self.host_key.clone();
        let done = spawn_blocking(move || job(&key)).await.map_err(stuck)?;
        done.map_err(stuck)
    }
}

/// Replaces the rules if they differ, and reads them back.
fn settle(firewall: &impl Firewall, wanted: &[Rule]) -> Result<Seen, firewall::Error> {
    let seen = firewall.observe()?;
    if !differs(wanted, &seen) {
        return Ok(seen);
    }
    tracing::info!("packet filter: {}", open(wanted));
    firewall.load(wanted)?;
    firewall.observe()
}

/// What of the rules a person asks about: who may connect to what.
fn open(rules: &[Rule]) -> Words {
    let open = rules.iter().filter_map(|rule| match rule {
        Rule::Open(service, roles) => {
            let roles = Words::joined(roles.iter().map(said::role), said::roles)?;
            Some(said::open_on(service.to_string(), roles))
        }
        _ => None,
    });
    // A node whose pages nobody reaches is none: there always is one.
    Words::joined(open, said::also).unwrap_or_else(said::unknown)
}

fn words(seen: &Seen) -> Words {
    if seen.closed {
        seen.rules.join("; ").into()
    } else {
        said::everything_open()
    }
}

fn stuck(error: impl std::fmt::Display) -> Doing {
    stuck_or_nothing([error.to_string().into()])
}

#[cfg(test)]
mod tests {
    use pocketstack_host::firewall::FakeFirewall;
    use pocketstack_host::settings::FakeSettings;
    use pocketstack_host::ssh::FakeHostKey;
    use pocketstack_host::systemd::FakeSystemd;

    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@home";

    #[derive(Default)]
    struct Machine {
        firewall: Arc<FakeFirewall>,
        host_key: Arc<FakeHostKey>,
        settings: Arc<FakeSettings>,
        systemd: FakeSystemd,
        board: Board,
    }

    impl Machine {
        fn new() -> Self {
            let machine = Self::default();
            machine.set_sshd(UnitState::Inactive);
            machine
        }

        fn set_sshd(&self, state: UnitState) {
            self.systemd
                .set(&UnitName::try_from(ssh::UNIT).expect("a name"), state);
        }

        async fn sshd(&self) -> UnitState {
            let unit = UnitName::try_from(ssh::UNIT).expect("a name");
            self.systemd.unit_state(&unit).await.expect("told")
        }

        fn keeper(&self) -> Access<FakeFirewall, FakeHostKey, FakeSettings, FakeSystemd> {
            Access::new(
                self.firewall.clone(),
                self.host_key.clone(),
                self.settings.clone(),
                self.systemd.clone(),
                self.board.clone(),
            )
        }

        fn keys(&self) -> Option<String> {
            self.settings.file(Path::new(ssh::KEYS_FILE))
        }

        fn rules(&self) -> String {
            words(&self.firewall.observe().expect("told")).to_string()
        }

        fn told(&self, subject: &str) -> Kept {
            let read = self.board.read();
            let all = read.borrow();
            let line = all.iter().find(|kept| kept.subject == subject);
            line.cloned().expect("told")
        }
    }

    fn with_key() -> Configuration {
        let mut configuration = Configuration::default();
        configuration.access.ssh_keys = vec![KEY.parse().expect("a key")];
        configuration
    }

    #[tokio::test]
    async fn a_node_without_keys_has_its_pages_and_nothing_else() {
        let machine = Machine::new();
        let mut keeper = machine.keeper();
        for _ in 0..2 {
            assert!(keeper.pass(&Configuration::default()).await);
        }
        assert_eq!(machine.firewall.loads(), 1);
        assert!(machine.rules().contains("HTTPS on management") && !machine.rules().contains("SSH"));
        assert_eq!(machine.sshd().await, UnitState::Inactive);
        assert_eq!((machine.keys(), machine.host_key.made()), (None, 0));
        assert_eq!(machine.told("SSH").see, "off");
        assert_eq!(machine.told("packet filter").see, "HTTPS on management");
    }

    #[tokio::test]
    async fn a_key_opens_the_door_and_its_end_closes_it() {
        let machine = Machine::new();
        let mut keeper = machine.keeper();
        assert!(keeper.pass(&with_key()).await);
        assert!(machine.rules().contains("SSH on management"));
        assert!(machine.keys().expect("written").contains(KEY));
        assert_eq!(machine.sshd().await, UnitState::Active);
        assert_eq!(machine.told("SSH").see, "on, host key SHA256:fake1");

        assert!(keeper.pass(&Configuration::default()).await);
        assert!(!machine.rules().contains("SSH"));
        assert_eq!(
            (machine.keys(), machine.sshd().await),
            (None, UnitState::Inactive)
        );

        // The next daemon finds the host key that is there.
        assert!(machine.keeper().pass(&with_key()).await);
        assert_eq!(machine.host_key.made(), 1);
    }

    #[tokio::test]
    async fn what_others_change_is_put_right() {
        let machine = Machine::new();
        let mut keeper = machine.keeper();
        keeper.pass(&with_key()).await;
        let right = machine.rules();
        machine.firewall.add("all is welcome");
        assert!(keeper.pass(&with_key()).await);
        assert_eq!(machine.rules(), right);
        machine.firewall.flush();
        machine.set_sshd(UnitState::Failed);
        machine.settings.put(ssh::KEYS_FILE, "somebody else's\n");
        assert!(keeper.pass(&with_key()).await);
        assert_eq!(
            (machine.rules(), machine.sshd().await),
            (right, UnitState::Active)
        );
        assert!(!machine.keys().expect("written").contains("somebody"));
    }

    #[tokio::test]
    async fn what_does_not_work_is_told_and_tried_again() {
        let machine = Machine::new();
        machine.firewall.lose_nft(true);
        machine.host_key.lose_keygen(true);
        let mut keeper = machine.keeper();
        assert!(!keeper.pass(&with_key()).await);
        for (subject, said) in [
            ("packet filter", "cannot start nft"),
            ("SSH", "cannot start ssh-keygen"),
        ] {
            let Doing::Stuck { why } = machine.told(subject).doing else {
                panic!("it cannot be done")
            };
            assert!(why.contains(said), "{why}");
        }
        assert_ne!(machine.sshd().await, UnitState::Active);
        machine.firewall.lose_nft(false);
        machine.host_key.lose_keygen(false);
        machine.set_sshd(UnitState::Masked);
        assert!(!keeper.pass(&with_key()).await);
        assert_eq!(machine.told("packet filter").doing, Doing::Nothing);
        assert!(matches!(machine.told("SSH").doing, Doing::Stuck { .. }));
        machine.set_sshd(UnitState::Inactive);
        assert!(keeper.pass(&with_key()).await);
    }
}
