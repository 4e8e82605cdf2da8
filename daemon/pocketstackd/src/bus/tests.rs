use std::os::unix::net::UnixStream;

use pocketstack_host::links::FakeLinks;
use pocketstack_host::root::Root;
use pocketstack_host::systemd::{UnitName, UnitState};
use pocketstack_model::bus::error;
use pocketstack_model::journal::Journal;
use pocketstack_model::node::Overview;
use pocketstack_model::status::NetworkChange;
use pocketstack_model::timekeeping::Timekeeping;
use pocketstack_model::unit::Unit;
use zbus::proxy::CacheProperties;

use super::*;
use crate::collect::Facts;
use crate::control::testing::{Node as Machine, answered, named, on_vda, set_up, with_static};
use crate::node::Status;

/// Both ends of a connection without a bus.
struct Ends {
    machine: Machine,
    control: Control,
    _served: Connection,
    client: Connection,
}

impl Ends {
    async fn new() -> Self {
        let machine = Machine::new();
        let control = machine.start();
        let node = Arc::new(Node {
            root: Root::at(machine.dir.path()),
            links: Arc::new(FakeLinks::default()),
            facts: watch::channel(Facts::default()).1,
            recent: Default::default(),
            trouble: watch::channel(None).1,
            status: Status::of(&control),
        });
        let service = Node1 {
            node,
            control: control.clone(),
        };
        let (here, there) = UnixStream::pair().expect("a pair of sockets");
        let served = Builder::unix_stream(there)
            .server(zbus::Guid::generate())
            .p2p()
            .serve_at(PATH, service)
            .build();
        let client = Builder::unix_stream(here).p2p().build();
        let (served, client) = tokio::join!(served, client);
        Self {
            machine,
            control,
            _served: served.expect("served"),
            client: client.expect("connected"),
        }
    }

    async fn call<A, T>(&self, member: &str, arguments: &A) -> std::result::Result<T, String>
    where
        A: serde::Serialize + zbus::zvariant::DynamicType,
        T: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
    {
        let answer = self.ask(member, arguments).await;
        answer.map_err(|error| error.to_string())
    }

    /// Name and words of the error that this is answered with.
    async fn refused<A>(&self, member: &str, arguments: &A) -> (String, String)
    where
        A: serde::Serialize + zbus::zvariant::DynamicType,
    {
        match self.ask::<A, zbus::OwnedVariant>(member, arguments).await {
            Err(zbus::Error::MethodError(name, words, _)) => (name.to_string(), words.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    async fn ask<A, T>(&self, member: &str, arguments: &A) -> zbus::Result<T>
    where
        A: serde::Serialize + zbus::zvariant::DynamicType,
        T: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
    {
        let proxy: zbus::Proxy<'_> = zbus::proxy::Builder::new(&self.client)
            .destination(NAME)
            .path(PATH)
            .interface(INTERFACE)
            .cache_properties(CacheProperties::No)
            .build()
            .await
            .expect("a proxy");
        proxy.call(member, arguments).await
    }
}

#[tokio::test]
async fn a_change_of_the_networks_is_made_and_confirmed_over_dbus() {
    let ends = Ends::new().await;
    let new = with_static("192.0.2.9/24");
    let text = serde_json::to_string(&new).expect("JSON");
    let code: String = ends.call("ChangeConfiguration", &(text,)).await.expect("used");
    assert_eq!(code.len(), 8);
    let metrics: String = ends.call("Metrics", &()).await.expect("told");
    assert!(
        metrics.contains("\"interval_seconds\":5,\"cpu_busy_percent\":["),
        "{metrics}"
    );
    let overview: String = ends.call("Overview", &()).await.expect("told");
    let overview: Overview = serde_json::from_str(&overview).expect("an overview");
    assert!(matches!(
        overview.network_change,
        NetworkChange::Unconfirmed { .. }
    ));
    assert!(overview.kept.iter().any(|kept| kept.subject == "configuration"));

    let said = ends
        .call::<_, ()>("ConfirmNetwork", &("AAAAAAAA",))
        .await
        .expect_err("wrong");
    assert!(said.contains("the code is wrong"), "{said}");
    let () = ends.call("ConfirmNetwork", &(code,)).await.expect("confirmed");
    let text: String = ends.call("Configuration", &()).await.expect("told");
    assert_eq!(serde_json::from_str::<Configuration>(&text).expect("JSON"), new);
    assert!(ends.control.configured().await);
}

#[tokio::test]
async fn errors_have_names_that_say_what_to_do_next() {
    let ends = Ends::new().await;
    let text = |new: &Configuration| serde_json::to_string(new).expect("JSON");
    let new = text(&with_static("192.0.2.9/24"));
    let confirm = async |code: &str| ends.refused("ConfirmNetwork", &(code,)).await;
    assert_eq!(confirm("AAAAAAAA").await.0, error::NOTHING_WAITS);
    let (name, _) = ends.refused("ChangeConfiguration", &("{}",)).await;
    assert_eq!(name, error::INVALID_ARGS);

    let code: String = ends.call("ChangeConfiguration", &(&new,)).await.expect("used");
    let (name, words) = ends.refused("ChangeConfiguration", &(&new,)).await;
    assert_eq!(name, error::UNCONFIRMED);
    assert!(words.contains("still waits to be confirmed"), "{words}");
    // A disk that is full costs no try, and the right code is not called a wrong one.
    let fresh = ends.machine.dir.path().join("config/00000001.new");
    std::os::unix::fs::symlink("/dev/full", &fresh).expect("made");
    let (name, words) = confirm(&code).await;
    assert_eq!(name, error::NOT_STORED);
    assert!(words.contains("state partition is full"), "{words}");
    for _ in 0..5 {
        let (name, words) = confirm("AAAAAAAA").await;
        assert_eq!(name, error::WRONG_CODE);
        assert!(words.starts_with("the code is wrong"), "{words}");
    }
    assert_eq!(confirm(&code).await.0, error::TOO_MANY_TRIES);

    let settings = on_vda(pocketstack_model::install::Then::PowerOff);
    let settings = serde_json::to_string(&settings).expect("JSON");
    let () = ends.call("Install", &(&settings,)).await.expect("begun");
    assert_eq!(ends.refused("Install", &(&settings,)).await.0, error::REFUSED);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_the_reason() {
    let ends = Ends::new().await;
    for text in ["", "{}", "{\"version\":1,\"netwrok\":{}}"] {
        let said = ends
            .call::<_, String>("ChangeConfiguration", &(text,))
            .await
            .expect_err(text);
        assert!(said.contains("InvalidArgs"), "{said}");
    }
    assert_eq!(ends.control.configuration().await, Configuration::default());
    let said = ends
        .call::<_, ()>("Power", &("explode",))
        .await
        .expect_err("unknown");
    assert!(said.contains("\"restart\" or \"off\" is needed"), "{said}");
    assert_eq!(ends.machine.machine.asked().power, None);
}

#[tokio::test]
async fn everything_else_reaches_the_machine() {
    let ends = Ends::new().await;
    let text = serde_json::to_string(&named("one")).expect("JSON");
    let code: String = ends.call("ChangeConfiguration", &(text,)).await.expect("stored");
    assert_eq!(code, "");
    let disks: String = ends.call("Disks", &()).await.expect("told");
    assert_eq!(disks, "[]");
    let lines: Vec<String> = ends.call("Logs", &("", 7_u32)).await.expect("told");
    assert_eq!(lines, ["None 7"]);
    let () = ends.call("Power", &("restart",)).await.expect("begun");
    assert_eq!(ends.machine.machine.asked().power, Some(Power::Restart));

    let settings = on_vda(pocketstack_model::install::Then::PowerOff);
    let text = serde_json::to_string(&settings).expect("JSON");
    let () = ends.call("Install", &(text.clone(),)).await.expect("begun");
    let said = ends
        .call::<_, ()>("Install", &(text,))
        .await
        .expect_err("one runs");
    assert!(said.contains("an installation runs already"), "{said}");
}

#[tokio::test]
async fn a_node_is_set_up_with_its_code() {
    let ends = Ends::new().await;
    let code = ends
        .control
        .setup_code()
        .borrow()
        .expect("not set up")
        .to_string();
    let answers = serde_json::to_string(&answered("one")).expect("JSON");
    let wrong = ends.refused("CheckSetupCode", &("AAAA-AAAA",)).await;
    assert_eq!(wrong.0, error::WRONG_CODE);
    // Nonsense is nonsense only for whoever knows the code.
    assert_eq!(
        ends.refused("FinishSetup", &("AAAA-AAAA", "{")).await.0,
        error::WRONG_CODE
    );
    assert_eq!(
        ends.refused("FinishSetup", &(&code, "{")).await.0,
        error::INVALID_ARGS
    );
    let () = ends.call("CheckSetupCode", &(&code,)).await.expect("right");
    let confirm: String = ends
        .call("FinishSetup", &(&code, &answers))
        .await
        .expect("set up");
    assert_eq!(confirm, "", "the networks are as they were");
    assert_eq!(
        ends.refused("FinishSetup", &(&code, &answers)).await.0,
        error::NOTHING_WAITS
    );
    let overview: String = ends.call("Overview", &()).await.expect("told");
    assert!(!overview.contains(&code));
    let overview: Overview = serde_json::from_str(&overview).expect("an overview");
    assert!(!overview.setup_needed);
    let (name, words) = ends.refused("CheckSetupCode", &(&code,)).await;
    assert_eq!(name, error::NOTHING_WAITS);
    assert!(words.contains("sign in"), "{words}");
}

#[tokio::test]
async fn setup_codes_cannot_be_tried_through_and_the_wait_is_told() {
    let ends = Ends::new().await;
    for _ in 0..5 {
        assert_eq!(
            ends.refused("CheckSetupCode", &("AAAA-AAAA",)).await.0,
            error::WRONG_CODE
        );
    }
    let (name, words) = ends.refused("CheckSetupCode", &("AAAA-AAAA",)).await;
    assert_eq!(name, error::TOO_MANY_TRIES);
    assert!(words.contains("wait 30 s"), "{words}");
    let new = serde_json::to_string(&set_up("one")).expect("JSON");
    assert_eq!(
        ends.refused("ChangeConfiguration", &(new,)).await.0,
        error::REFUSED
    );
}

#[tokio::test]
async fn units_and_journal_are_told_and_hostile_wishes_refused() {
    let ends = Ends::new().await;
    let libvirt = UnitName::try_from("libvirtd.service").expect("a name");
    let systemd = ends.machine.machine.asked().systemd.clone();
    systemd.set(&libvirt, UnitState::Active);
    let units: String = ends.call("Units", &()).await.expect("told");
    let units: Vec<Unit> = serde_json::from_str(&units).expect("units");
    assert_eq!(units[0].name, "libvirtd.service");
    let () = ends
        .call("UnitAction", &("libvirtd.service", "restart"))
        .await
        .expect("done");
    assert_eq!(systemd.restarted(), ["libvirtd.service"]);
    let wrong = [
        ("libvirtd.service", "mask", error::INVALID_ARGS),
        ("dbus.service", "stop", error::REFUSED),
    ];
    for (unit, action, name) in wrong {
        assert_eq!(ends.refused("UnitAction", &(unit, action)).await.0, name);
    }
    let filter = "{\"unit\":\"a.service\",\"text\":\"x\",\"lines\":7}";
    let journal: String = ends.call("Journal", &(filter,)).await.expect("told");
    let journal: Journal = serde_json::from_str(&journal).expect("entries");
    assert_eq!(journal.entries[0].unit.as_deref(), Some("a.service"));
    for hostile in ["{}", "{\"lines\":5001}", "{\"lines\":1,\"after\":\"--file=/x\"}"] {
        assert_eq!(ends.refused("Journal", &(hostile,)).await.0, error::INVALID_ARGS);
    }
}

#[tokio::test]
async fn the_time_is_told_and_a_machine_without_state_not_reset() {
    let ends = Ends::new().await;
    let time: String = ends.call("Time", &()).await.expect("told");
    let time: Timekeeping = serde_json::from_str(&time).expect("a document");
    assert_eq!(
        (time.zone.to_string().as_str(), time.server.as_deref()),
        ("UTC", Some("ntp.example"))
    );
    let (name, words) = ends.refused("FactoryReset", &()).await;
    assert_eq!(name, error::REFUSED);
    assert!(words.contains("restarting it is enough"), "{words}");
    ends.machine.machine.asked().keeps_state = true;
    let () = ends.call("FactoryReset", &()).await.expect("begun");
    let asked = ends.machine.machine.asked();
    assert_eq!((asked.marked, asked.power), (true, Some(Power::Restart)));
}
