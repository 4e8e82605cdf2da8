use std::os::unix::net::UnixStream;

use pocketstack_host::links::FakeLinks;
use pocketstack_host::root::Root;
use pocketstack_model::bus::error;
use pocketstack_model::node::Overview;
use pocketstack_model::status::NetworkChange;
use zbus::proxy::CacheProperties;

use super::*;
use crate::collect::Facts;
use crate::control::testing::{Node as Machine, named, on_vda, with_static};
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
