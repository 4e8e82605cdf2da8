use pocketstack_host::links::FakeLinks;
use pocketstack_host::networkd::FakeNetworkd;
use pocketstack_host::settings::FakeSettings;
use pocketstack_model::config::network::{Ipv4Settings, RoleNetwork};
use pocketstack_model::link::LinkName;
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;
use pocketstack_plan::addresses::missing::PATIENCE;
use tokio::task::JoinHandle;

use super::*;

fn name(text: &str) -> LinkName {
    LinkName::try_from(text).expect("a name")
}

fn address(text: &str, prefix: u8) -> Address {
    Address {
        address: text.parse().expect("an address"),
        prefix,
    }
}

fn mac(number: u8) -> MacAddress {
    MacAddress::try_from([0, 0x1b, 0x21, 0, 0, number].as_slice()).expect("a MAC address")
}

/// A machine whose daemon can be started and killed.
#[derive(Default)]
struct Machine {
    links: Arc<FakeLinks>,
    settings: Arc<FakeSettings>,
    networkd: FakeNetworkd,
    board: Board,
}

impl Machine {
    fn plug_in(&self, card: &str, number: u8) {
        self.links.plug_in(&name(card), mac(number));
    }

    fn keeper(&self) -> Networks<FakeLinks, FakeSettings, FakeNetworkd> {
        Networks::new(
            self.links.clone(),
            self.settings.clone(),
            self.networkd.clone(),
            self.board.clone(),
        )
    }

    fn start(
        &self,
        wanted: &watch::Sender<Configuration>,
    ) -> (JoinHandle<anyhow::Result<()>>, watch::Receiver<Option<String>>) {
        let (trouble_in, trouble) = watch::channel(None);
        let task = self.keeper().keep(
            wanted.subscribe(),
            // The sender is leaked with the test: a closed channel would end the keeper.
            Box::leak(Box::new(watch::Sender::new(()))).subscribe(),
            trouble_in,
            Arc::new(Notifier::from_environment()),
        );
        (tokio::spawn(task), trouble)
    }

    async fn port_of_bond(&self, card: &str) -> bool {
        let now = self.links.observe().await.expect("observed");
        let bond = now.named("bond-mgmt").map(|bond| bond.index);
        bond.is_some() && now.named(card).is_some_and(|card| card.master == bond && card.up)
    }

    async fn until_port(&self, card: &str) {
        let mut changes = self.links.changes();
        let joined = async {
            while !self.port_of_bond(card).await {
                changes.changed().await.expect("the machine is there");
            }
        };
        timeout(Duration::from_secs(30), joined)
            .await
            .expect("the card joins");
    }

    fn doing(&self, subject: &str) -> Doing {
        let read = self.board.read();
        let all = read.borrow();
        all.iter()
            .find(|kept| kept.subject == subject)
            .map(|kept| kept.doing.clone())
            .expect("told")
    }

    fn stuck(&self, subject: &str) -> String {
        match self.doing(subject) {
            Doing::Stuck { why } => why.to_string(),
            other => panic!("{other:?}"),
        }
    }

    async fn converged(&self, wanted: &NetworkSettings) -> bool {
        let now = self.links.observe().await.expect("observed");
        let files = addresses::files(wanted);
        let right = Role::ALL.map(addresses::file_name).iter().all(|name| {
            let text = self.settings.file(&PathBuf::from(FOLDER).join(name));
            let file = files.iter().find(|file| file.name == *name);
            text.as_deref() == file.map(|file| file.content.as_str())
        });
        right && plan(wanted, &now).is_empty()
    }
}

/// The external network on a VLAN of the management network's cards.
fn with_external() -> NetworkSettings {
    let mut wanted = NetworkSettings::default();
    let mut external = RoleNetwork {
        vlan: Some(20.try_into().expect("a VLAN")),
        ..RoleNetwork::default()
    };
    external.ipv4 = Ipv4Settings::Static {
        address: "192.0.2.9/24".parse().expect("an address"),
        gateway: None,
    };
    wanted.external = Some(external);
    wanted
}

fn configuration(network: NetworkSettings) -> Configuration {
    Configuration {
        network,
        ..Configuration::default()
    }
}

#[tokio::test(start_paused = true)]
async fn cards_join_at_the_start_later_and_after_trouble() {
    let machine = Machine::default();
    machine.plug_in("enp1s0", 1);
    let wanted = watch::Sender::new(Configuration::default());
    let (task, mut trouble) = machine.start(&wanted);
    machine.until_port("enp1s0").await;

    machine.links.fail_after(Some(0));
    machine.plug_in("enp2s0", 2);
    trouble
        .wait_for(Option::is_some)
        .await
        .expect("the trouble is told");
    assert!(!machine.port_of_bond("enp2s0").await);
    assert!(!machine.stuck("network management").is_empty());

    machine.links.fail_after(None);
    machine.until_port("enp2s0").await;
    trouble
        .wait_for(Option::is_none)
        .await
        .expect("the trouble is over");
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn files_follow_the_wish_and_networkd_is_told_once_for_each() {
    let machine = Machine::default();
    machine.plug_in("enp1s0", 1);
    let mut keeper = machine.keeper();
    for _ in 0..3 {
        keeper.pass(&NetworkSettings::default()).await;
    }
    assert_eq!(machine.networkd.reloads(), 1);
    for _ in 0..3 {
        keeper.pass(&with_external()).await;
    }
    assert_eq!(machine.networkd.reloads(), 2);
    assert!(machine.converged(&with_external()).await);
    keeper.pass(&NetworkSettings::default()).await;
    assert_eq!(machine.networkd.reloads(), 3);
    assert!(machine.converged(&NetworkSettings::default()).await);
    assert!(
        machine
            .links
            .observe()
            .await
            .expect("observed")
            .named("br-ext")
            .is_none()
    );

    // One that refuses is told again until it does not.
    machine.networkd.refuse(true);
    keeper.pass(&with_external()).await;
    assert!(machine.stuck("network external").contains("Failed to reload"));
    machine.networkd.refuse(false);
    keeper.pass(&with_external()).await;
    assert_eq!(machine.networkd.reloads(), 4);
}

/// A keeper that has made these networks, with a link on both bridges.
async fn kept(
    machine: &Machine,
    wanted: &NetworkSettings,
) -> Networks<FakeLinks, FakeSettings, FakeNetworkd> {
    machine.plug_in("enp1s0", 1);
    let mut keeper = machine.keeper();
    for _ in 0..3 {
        keeper.pass(wanted).await;
    }
    for bridge in ["br-mgmt", "br-ext"] {
        machine.links.set_carrier(&name(bridge), true);
    }
    keeper
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_told_when_it_has_had_its_time() {
    let machine = Machine::default();
    let wanted = with_external();
    let mut keeper = kept(&machine, &wanted).await;
    keeper.pass(&wanted).await;
    assert!(matches!(
        machine.doing("network external"),
        Doing::Changing { .. }
    ));
    sleep(PATIENCE).await;
    let pass = keeper.pass(&wanted).await;
    assert_eq!(pass.trouble, [""; 0]);
    let said = machine.stuck("network management");
    assert!(
        said.starts_with("no DHCP server answers on br-mgmt (card enp1s0): check the cable"),
        "{said}"
    );
    assert!(!machine.stuck("network external").is_empty());

    machine
        .links
        .add_address(&name("br-ext"), address("192.0.2.9", 24));
    let leased = address("198.51.100.7", 24);
    machine.links.add_address(&name("br-mgmt"), leased);
    keeper.pass(&wanted).await;
    assert_eq!(machine.doing("network external"), Doing::Nothing);
    assert_eq!(machine.doing("network management"), Doing::Nothing);

    // The server goes, and in time the lease; a server that is back is enough.
    machine.links.drop_address(&name("br-mgmt"), leased);
    keeper.pass(&wanted).await;
    sleep(PATIENCE).await;
    keeper.pass(&wanted).await;
    let said = machine.stuck("network management");
    assert!(
        said.starts_with("the address 198.51.100.7 that DHCP gave br-mgmt (card enp1s0) is lost"),
        "{said}"
    );
    machine.links.add_address(&name("br-mgmt"), leased);
    keeper.pass(&wanted).await;
    assert_eq!(machine.doing("network management"), Doing::Nothing);
}

#[tokio::test(start_paused = true)]
async fn an_address_of_another_machine_is_told_and_taken_when_that_lets_go() {
    let machine = Machine::default();
    let wanted = with_external();
    machine.links.set_neighbour([192, 0, 2, 9].into(), mac(99));
    let mut keeper = kept(&machine, &wanted).await;
    keeper.pass(&wanted).await;
    sleep(PATIENCE).await;
    // For as long as the other one is there, nothing is tried.
    for _ in 0..60 {
        keeper.pass(&wanted).await;
        let said = machine.stuck("network external");
        assert!(
            said.contains("192.0.2.9 is in use by another machine on br-ext")
                && said.contains("00:1b:21:00:00:63"),
            "{said}"
        );
        sleep(RETRY).await;
    }
    assert_eq!(machine.networkd.reconfigured(), []);

    machine.links.forget_neighbours();
    let bridge = machine.links.observe().await.expect("observed");
    let bridge = bridge.named("br-ext").expect("made").index;
    let tried = |count: usize| vec![bridge; count];
    // One that does not come for another reason is tried every minute, not with every pass.
    for _ in 0..90 {
        keeper.pass(&wanted).await;
        sleep(RETRY).await;
    }
    assert_eq!(machine.networkd.reconfigured(), tried(3));
    machine
        .links
        .add_address(&name("br-ext"), address("192.0.2.9", 24));
    for _ in 0..60 {
        keeper.pass(&wanted).await;
        sleep(RETRY).await;
    }
    assert_eq!(machine.networkd.reconfigured(), tried(3));
    assert_eq!(machine.doing("network external"), Doing::Nothing);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_stays_silent_is_told_and_nothing_else_suffers() {
    let machine = Machine::default();
    let mut wanted = with_external();
    let router = [192, 0, 2, 1].into();
    if let Some(external) = &mut wanted.external {
        external.ipv4 = Ipv4Settings::Static {
            address: "192.0.2.9/24".parse().expect("an address"),
            gateway: Some(router),
        };
    }
    let mut keeper = kept(&machine, &wanted).await;
    machine
        .links
        .add_address(&name("br-ext"), address("192.0.2.9", 24));
    machine
        .links
        .add_address(&name("br-mgmt"), address("198.51.100.7", 24));
    keeper.pass(&wanted).await;
    assert_eq!(machine.doing("network external"), Doing::Nothing);
    for _ in 0..30 {
        sleep(RETRY).await;
        keeper.pass(&wanted).await;
    }
    let said = machine.stuck("network external");
    assert!(
        said.starts_with("the router 192.0.2.1 does not answer on br-ext"),
        "{said}"
    );
    assert_eq!(machine.doing("network management"), Doing::Nothing);
    assert_eq!(machine.networkd.reconfigured(), []);

    machine.links.set_neighbour(router, mac(98));
    for _ in 0..15 {
        sleep(RETRY).await;
        keeper.pass(&wanted).await;
    }
    assert_eq!(machine.doing("network external"), Doing::Nothing);
}

/// A hundred cards come and go, as when udev finds a whole chassis, and some steps fail meanwhile.
#[tokio::test(start_paused = true)]
async fn a_storm_of_cards_takes_few_passes_and_leaves_nothing_over() {
    let machine = Machine::default();
    let wanted = watch::Sender::new(Configuration::default());
    let (task, _trouble) = machine.start(&wanted);
    let card = |number: u8| format!("card{number}");
    let began = Instant::now();
    let mut dice = Dice(7);
    for round in 0..3 {
        for number in 1..=100 {
            machine.plug_in(&card(number), number);
            machine.links.refuse((0..3).map(|_| dice.roll(9) == 0));
            // On the virtual clock, which stands still for no one: events are spread over the passes.
            sleep(Duration::from_millis(dice.roll(30))).await;
        }
        let stay = if round == 2 { 3 } else { 0 };
        for number in (stay + 1)..=100 {
            machine.links.pull_out(&name(&card(number)));
            sleep(Duration::from_millis(dice.roll(30))).await;
        }
    }
    let storm = began.elapsed();
    let passes = machine.links.observations();
    // Each looks twice, and waits for the end of a burst first.
    let most = 2 * (usize::try_from(storm.as_millis() / SETTLE.as_millis()).expect("few") + 2);
    assert!(
        (4..=most).contains(&passes),
        "{passes} looks in {storm:?}, at most {most}"
    );

    for number in 1..=3 {
        machine.until_port(&card(number)).await;
    }
    sleep(RETRY * 2).await;
    assert!(machine.converged(&NetworkSettings::default()).await);
    let end = machine.links.observe().await.expect("observed");
    let mut names: Vec<String> = end.links.iter().map(|link| link.name.to_string()).collect();
    names.sort_unstable();
    assert_eq!(names, ["bond-mgmt", "br-mgmt", "card1", "card2", "card3"]);
    let written = machine.settings.files();
    assert_eq!(written.len(), 2, "{written:?}");

    // Nothing keeps it busy afterwards but the address that nobody gives.
    let before = machine.links.observations();
    let quiet = Duration::from_secs(600);
    sleep(quiet).await;
    let looks = machine.links.observations() - before;
    let most = 2 * usize::try_from(quiet.as_millis() / RETRY.as_millis()).expect("few");
    assert!(looks <= most, "{looks} looks in {quiet:?}");
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn name_servers_are_those_the_networks_name() {
    let machine = Machine::default();
    machine.plug_in("enp1s0", 1);
    machine.settings.put(
        NETWORK_STATE,
        "OPER_STATE=routable\nDNS=192.0.2.53 2001:db8::53 fe80::1%3 nonsense\nNTP=192.0.2.1\n",
    );
    machine.keeper().pass(&NetworkSettings::default()).await;
    assert_eq!(
        machine.settings.file(Path::new(RESOLVER)).as_deref(),
        Some(
            "# Made by pocketstackd out of what the networks name.\n\
             nameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver fe80::1\n"
        )
    );
}

/// A small generator of its own: the order must be the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_killed_anywhere_converges_after_its_start() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let machine = Machine::default();
        machine.plug_in("enp1s0", 1);
        let wanted = watch::Sender::new(Configuration::default());
        for round in 0..6 {
            let (task, _trouble) = machine.start(&wanted);
            let wish = if dice.roll(2) == 0 {
                NetworkSettings::default()
            } else {
                with_external()
            };
            if dice.roll(3) == 0 {
                machine.plug_in(&format!("enp{}s0", round + 2), round + 2);
            }
            machine.networkd.refuse(dice.roll(4) == 0);
            // From here on every action fails, as for a process that is killed between two of them.
            machine
                .links
                .fail_after((dice.roll(2) == 0).then(|| dice.roll(12) as usize));
            wanted.send_replace(configuration(wish));
            for _ in 0..dice.roll(40) {
                tokio::task::yield_now().await;
            }
            if dice.roll(2) == 0 {
                // On the virtual clock: it is killed somewhere between two passes.
                sleep(Duration::from_millis(dice.roll(5000))).await;
            }
            task.abort();
            let _killed = task.await;
        }
        machine.links.fail_after(None);
        machine.networkd.refuse(false);
        let before = machine.networkd.reloads();
        let wish = wanted.borrow().network.clone();
        let (task, _trouble) = machine.start(&wanted);
        let settled = async {
            while !machine.converged(&wish).await || machine.networkd.reloads() == before {
                // On the virtual clock, as nothing tells of the last of the two.
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(120), settled)
            .await
            .unwrap_or_else(|_| panic!("seed {seed} does not converge"));
        task.abort();
    }
}
