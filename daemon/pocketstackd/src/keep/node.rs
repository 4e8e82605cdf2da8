//! Name, time zone and time servers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pocketstack_host::settings::Settings;
use pocketstack_host::systemd::{Systemd, UnitName};
use pocketstack_model::config::{Configuration, NodeSettings};
use pocketstack_model::status::Kept;
use pocketstack_model::words::{Words, kept as words};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Board, Section, changing, kept, stuck_or_nothing};

/// Read by systemd-timesyncd at its start (timesyncd.conf(5)).
const TIME_SERVERS: &str = "/etc/systemd/timesyncd.conf.d/pocketstack.conf";
const TIMESYNCD: &str = "systemd-timesyncd.service";
/// Somebody else may have changed a name or a file: they are looked at so often.
const SLOW: Duration = Duration::from_secs(60);
/// After a pass that left something to do.
const RETRY: Duration = Duration::from_secs(5);

/// Keeps them, for ever.
pub struct Node<S, D> {
    settings: Arc<S>,
    systemd: D,
    board: Board,
    /// Whether systemd-timesyncd may not have read its file yet.
    untold: bool,
}

impl<S: Settings, D: Systemd> Node<S, D> {
    /// A keeper that has done nothing yet.
    pub fn new(settings: Arc<S>, systemd: D, board: Board) -> Self {
        // A daemon that was killed in between may have written without telling.
        let untold = settings.file(Path::new(TIME_SERVERS)).is_some();
        Self {
            settings,
            systemd,
            board,
            untold,
        }
    }

    /// Runs as long as the configuration can be heard of.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn keep(mut self, mut wanted: watch::Receiver<Configuration>) -> anyhow::Result<()> {
        loop {
            let node = wanted.borrow_and_update().node.clone();
            let settled = self.pass(&node).await;
            let wait = if settled { SLOW } else { RETRY };
            if let Ok(heard) = timeout(wait, wanted.changed()).await {
                heard?;
            }
        }
    }

    /// One pass; whether nothing is left to do.
    pub async fn pass(&mut self, node: &NodeSettings) -> bool {
        let name = self.name(node);
        let zone = self.zone(node);
        let servers = self.servers(node).await;
        let all = vec![name, zone, servers];
        let settled = all
            .iter()
            .all(|kept| kept.doing == pocketstack_model::status::Doing::Nothing);
        self.board.put(Section::Node, all);
        settled
    }

    fn name(&self, node: &NodeSettings) -> Kept {
        let trouble = self.settings.set_host_name(&node.name).err();
        let seen = self
            .settings
            .host_name()
            .unwrap_or_else(|error| error.to_string());
        let doing = stuck_or_nothing(trouble.map(|error| error.to_string().into()));
        kept(words::name(), node.name.to_string(), seen, doing)
    }

    fn zone(&self, node: &NodeSettings) -> Kept {
        let trouble = self.settings.set_time_zone(&node.time_zone).err();
        let seen = self.settings.time_zone().unwrap_or_else(|| "UTC".to_owned());
        let doing = stuck_or_nothing(trouble.map(|error| error.to_string().into()));
        kept(words::time_zone(), node.time_zone.to_string(), seen, doing)
    }

    async fn servers(&mut self, node: &NodeSettings) -> Kept {
        let named: Vec<String> = node.ntp.iter().map(ToString::to_string).collect();
        let text = (!named.is_empty()).then(|| format!("[Time]\nNTP={}\n", named.join(" ")));
        let path = Path::new(TIME_SERVERS);
        let mut doing = stuck_or_nothing([]);
        match self.settings.set_file(path, text.as_deref()) {
            Ok(changed) => {
                self.untold |= changed;
                if self.untold {
                    match self.tell().await {
                        Ok(()) => self.untold = false,
                        Err(why) => doing = changing(words::timesyncd_untold(why)),
                    }
                }
            }
            Err(error) => doing = stuck_or_nothing([error.to_string().into()]),
        }
        let shown = |servers: &str| match servers {
            "" => words::time_servers_given(),
            servers => Words::from(servers),
        };
        let seen = self.settings.file(path);
        let seen = seen.as_deref().and_then(|text| text.trim().rsplit_once("NTP="));
        kept(
            words::time_servers(),
            shown(&named.join(" ")),
            shown(seen.map_or("", |(_, servers)| servers)),
            doing,
        )
    }

    /// One that does not run reads its file when it starts.
    async fn tell(&self) -> Result<(), String> {
        let unit = UnitName::try_from(TIMESYNCD).map_err(|error| error.to_string())?;
        self.systemd
            .restart_if_running(&unit)
            .await
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_host::settings::FakeSettings;
    use pocketstack_host::systemd::{FakeSystemd, UnitState};
    use pocketstack_model::status::Doing;

    use super::*;

    struct Machine {
        settings: Arc<FakeSettings>,
        systemd: FakeSystemd,
        board: Board,
    }

    impl Machine {
        fn new() -> Self {
            let machine = Self {
                settings: Arc::default(),
                systemd: FakeSystemd::default(),
                board: Board::default(),
            };
            machine.timesyncd(UnitState::Active);
            machine
        }

        fn timesyncd(&self, state: UnitState) {
            self.systemd
                .set(&UnitName::try_from(TIMESYNCD).expect("a name"), state);
        }

        fn keeper(&self) -> Node<FakeSettings, FakeSystemd> {
            Node::new(self.settings.clone(), self.systemd.clone(), self.board.clone())
        }

        fn told(&self, subject: &str) -> Kept {
            let read = self.board.read();
            let all = read.borrow();
            all.iter()
                .find(|kept| kept.subject == subject)
                .cloned()
                .expect("told")
        }
    }

    fn node(zone: &str, ntp: &[&str]) -> NodeSettings {
        NodeSettings {
            name: "node-7".parse().expect("a name"),
            time_zone: zone.parse().expect("well formed"),
            ntp: ntp
                .iter()
                .map(|server| server.parse().expect("a server"))
                .collect(),
        }
    }

    #[tokio::test]
    async fn all_is_set_and_timesyncd_told_once() {
        let machine = Machine::new();
        let mut keeper = machine.keeper();
        let wanted = node("Europe/Lisbon", &["192.0.2.1", "ntp.example"]);
        for _ in 0..3 {
            assert!(keeper.pass(&wanted).await);
        }
        assert_eq!(machine.settings.host_name().expect("read"), "node-7");
        assert_eq!(machine.settings.time_zone().as_deref(), Some("Europe/Lisbon"));
        assert_eq!(machine.systemd.restarted(), [TIMESYNCD]);
        assert_eq!(machine.told("time servers").see, "192.0.2.1 ntp.example");

        // Back to none: the file goes, and systemd-timesyncd is told again.
        assert!(keeper.pass(&node("UTC", &[])).await);
        assert_eq!(machine.settings.file(Path::new(TIME_SERVERS)), None);
        assert_eq!(machine.systemd.restarted(), [TIMESYNCD, TIMESYNCD]);
    }

    #[tokio::test]
    async fn a_daemon_killed_before_telling_tells_after_its_start() {
        let machine = Machine::new();
        machine
            .settings
            .set_file(Path::new(TIME_SERVERS), Some("[Time]\nNTP=192.0.2.1\n"))
            .expect("written");
        assert!(machine.keeper().pass(&node("UTC", &["192.0.2.1"])).await);
        assert_eq!(machine.systemd.restarted(), [TIMESYNCD]);
    }

    #[tokio::test]
    async fn what_does_not_work_is_told_and_the_rest_is_done() {
        let machine = Machine::new();
        machine.timesyncd(UnitState::Masked);
        let mut keeper = machine.keeper();
        let wanted = node("Mars/Olympus", &["192.0.2.1"]);
        assert!(!keeper.pass(&wanted).await);
        assert!(matches!(
            machine.told("time servers").doing,
            Doing::Changing { .. }
        ));
        let Doing::Stuck { why } = machine.told("time zone").doing else {
            panic!("there is no such zone")
        };
        assert!(why.starts_with("there is no time zone Mars/Olympus"), "{why}");
        assert_eq!(machine.told("name").doing, Doing::Nothing);

        machine.timesyncd(UnitState::Active);
        keeper.pass(&wanted).await;
        assert_eq!(machine.systemd.restarted(), [TIMESYNCD]);
        assert_eq!(machine.told("time servers").doing, Doing::Nothing);

        machine.settings.refuse(true);
        let mut other = node("UTC", &["192.0.2.1"]);
        other.name = "other".parse().expect("a name");
        assert!(!keeper.pass(&other).await);
        assert!(matches!(machine.told("name").doing, Doing::Stuck { .. }));
    }
}
