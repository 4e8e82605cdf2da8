//! The adapter against a served `Node1`, peer to peer, without a bus daemon.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use zbus::object_server::SignalEmitter;
use zbus::{Guid, interface};

use super::*;
use crate::node::contract::{self, Machine, changed};
use crate::node::example;

/// Other end of the connection: serves what it holds, under the names of the contract.
#[derive(Clone, Default)]
struct Peer {
    answer: Arc<Mutex<Option<fdo::Result<String>>>>,
    connection: Arc<Mutex<Option<Connection>>>,
    refuses: Arc<Mutex<bool>>,
}

/// The node controller's own errors, as it names them.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.pocketstack.Error")]
enum NodeError {
    WrongCode(String),
    TooManyTries(String),
    NothingWaits(String),
    NotStored(String),
}

/// An error of D-Bus itself, or one of the node controller.
#[derive(Debug)]
enum Refusal {
    Bus(fdo::Error),
    Node(NodeError),
}

impl Refusal {
    fn inner(&self) -> &dyn zbus::DBusError {
        match self {
            Self::Bus(error) => error,
            Self::Node(error) => error,
        }
    }
}

impl zbus::DBusError for Refusal {
    fn create_reply(&self, call: &zbus::message::Header<'_>) -> zbus::Result<zbus::Message> {
        self.inner().create_reply(call)
    }

    fn name(&self) -> zbus::names::ErrorName<'_> {
        self.inner().name()
    }

    fn description(&self) -> Option<&str> {
        self.inner().description()
    }
}

struct Served(Arc<Mutex<Option<fdo::Result<String>>>>);

#[interface(name = "org.pocketstack.Node1")]
impl Served {
    async fn overview(&self) -> fdo::Result<String> {
        let answer = self.0.lock().expect("not poisoned").clone();
        match answer {
            Some(answer) => answer,
            None => Err(fdo::Error::ServiceUnknown("nobody is here".to_owned())),
        }
    }

    async fn confirm_network(&self, code: &str) -> Result<(), Refusal> {
        let wrong = match self.overview().await {
            Err(away) => return Err(Refusal::Bus(away)),
            Ok(_) => match code {
                contract::CODE => return Ok(()),
                contract::NO_ROOM => NodeError::NotStored("make room".to_owned()),
                contract::TOO_LATE => NodeError::NothingWaits("too late".to_owned()),
                contract::TOO_OFTEN => NodeError::TooManyTries("too often".to_owned()),
                _ => NodeError::WrongCode("the code is wrong".to_owned()),
            },
        };
        Err(Refusal::Node(wrong))
    }

    #[zbus(signal)]
    async fn overview_changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

impl Peer {
    fn answering(answer: fdo::Result<String>) -> Self {
        let peer = Self::default();
        peer.answer(answer);
        peer
    }

    fn answer(&self, answer: fdo::Result<String>) {
        *self.answer.lock().expect("not poisoned") = Some(answer);
    }

    /// A new connection to this peer.
    async fn connect(self) -> zbus::Result<Connection> {
        if *self.refuses.lock().expect("not poisoned") {
            return Err(zbus::Error::Failure("the test refuses".to_owned()));
        }
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let server = connection::Builder::unix_stream(theirs)
            .server(Guid::generate())
            .p2p()
            .serve_at(bus::PATH, Served(self.answer.clone()))
            .build();
        let client = connection::Builder::unix_stream(ours).p2p().build();
        let (server, client) = tokio::try_join!(server, client)?;
        *self.connection.lock().expect("not poisoned") = Some(server);
        Ok(client)
    }

    fn follow(&self) -> DbusNode {
        let peer = self.clone();
        DbusNode::start(move || peer.clone().connect())
    }

    fn connection(&self) -> Connection {
        self.connection
            .lock()
            .expect("not poisoned")
            .clone()
            .expect("connected before")
    }

    async fn announce(&self) {
        let emitter = SignalEmitter::new(&self.connection(), bus::PATH)
            .expect("a valid path")
            .into_owned();
        Served::overview_changed(&emitter).await.expect("it is sent");
    }

    async fn hang_up(&self) {
        let connection = self
            .connection
            .lock()
            .expect("not poisoned")
            .take()
            .expect("connected before");
        connection.close().await.expect("it closes");
    }
}

fn example_text() -> String {
    serde_json::to_string(&example()).expect("it has a JSON form")
}

#[async_trait]
impl Machine for Peer {
    async fn become_like(&self, overview: Overview) {
        self.answer(Ok(serde_json::to_string(&overview).expect("it has a JSON form")));
        self.announce().await;
    }

    async fn leave(&self) {
        self.answer(Err(fdo::Error::ServiceUnknown("nobody is here".to_owned())));
        self.announce().await;
    }
}

#[tokio::test]
async fn the_adapter_keeps_the_contract() {
    let peer = Peer::answering(Ok(example_text()));
    let node = peer.follow();
    // The first count is the subscription: from here on nothing is missed.
    changed(&mut node.changes()).await;
    contract::check(&node, &peer).await;
}

#[tokio::test]
async fn a_lost_connection_is_said_and_made_again() {
    let peer = Peer::answering(Ok(example_text()));
    let node = peer.follow();
    let mut changes = node.changes();
    changed(&mut changes).await;

    *peer.refuses.lock().expect("not poisoned") = true;
    peer.hang_up().await;
    changed(&mut changes).await;
    assert!(matches!(node.overview().await, Err(Unavailable::NoBus(_))));

    *peer.refuses.lock().expect("not poisoned") = false;
    while node.overview().await.is_err() {
        changed(&mut changes).await;
    }
    assert_eq!(node.overview().await, Ok(example()));
}

#[tokio::test]
async fn each_refusal_has_its_own_reason() {
    let ask = |answer| async move { Peer::answering(answer).follow().overview().await };

    let unknown = fdo::Error::ServiceUnknown("The name is not activatable".to_owned());
    assert_eq!(ask(Err(unknown)).await, Err(Unavailable::NotRunning));

    let denied = fdo::Error::AccessDenied("Rejected send message.".to_owned());
    assert_eq!(
        ask(Err(denied)).await,
        Err(Unavailable::Refused("Rejected send message".to_owned()))
    );

    let failed = fdo::Error::Failed("/proc/meminfo cannot be read".to_owned());
    assert_eq!(
        ask(Err(failed)).await,
        Err(Unavailable::Failed("/proc/meminfo cannot be read".to_owned()))
    );

    assert!(matches!(
        ask(Ok("{}".to_owned())).await,
        Err(Unavailable::Unreadable(_))
    ));
}

#[tokio::test]
async fn without_a_bus_the_reason_is_given_at_once() {
    let node = DbusNode::start(|| connect(Some("unix:path=/nonexistent/bus".to_owned())));
    assert!(matches!(node.overview().await, Err(Unavailable::NoBus(_))));
}
