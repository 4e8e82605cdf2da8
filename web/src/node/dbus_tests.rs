//! The adapter against a served `Node1`, peer to peer, without a bus daemon.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use zbus::object_server::SignalEmitter;
use zbus::{Guid, fdo, interface};

use super::*;
use crate::node::contract::{self, Machine, changed};
use crate::node::{FakeNode, example};

/// Other end of the connection: serves a [`FakeNode`] under the names of the contract.
#[derive(Clone)]
struct Peer {
    node: Arc<FakeNode>,
    /// What is said instead of the overview.
    answer: Arc<Mutex<Option<fdo::Result<String>>>>,
    connection: Arc<Mutex<Option<Connection>>>,
    refuses: Arc<Mutex<bool>>,
}

struct Served {
    node: Arc<FakeNode>,
    answer: Arc<Mutex<Option<fdo::Result<String>>>>,
}

/// An error as it goes over the bus: its name and words.
#[derive(Debug)]
struct Failure(&'static str, String);

impl zbus::DBusError for Failure {
    fn create_reply(&self, call: &zbus::message::Header<'_>) -> zbus::Result<zbus::Message> {
        zbus::Message::error(call, self.name()).build(&self.1)
    }

    fn name(&self) -> zbus::names::ErrorName<'_> {
        zbus::names::ErrorName::from_static_str_unchecked(self.0)
    }

    fn description(&self) -> Option<&str> {
        Some(&self.1)
    }
}

impl From<NotDone> for Failure {
    fn from(why: NotDone) -> Self {
        match why {
            NotDone::WrongCode(words) => Self(bus::error::WRONG_CODE, words),
            NotDone::TooManyTries(words) => Self(bus::error::TOO_MANY_TRIES, words),
            NotDone::NothingWaits(words) => Self(bus::error::NOTHING_WAITS, words),
            NotDone::Unconfirmed(words) => Self(bus::error::UNCONFIRMED, words),
            NotDone::NotStored(words) => Self(bus::error::NOT_STORED, words),
            NotDone::Refused(words) => Self(bus::error::REFUSED, words),
            NotDone::Unavailable(why) => Self("org.freedesktop.DBus.Error.ServiceUnknown", why.to_string()),
        }
    }
}

fn document<T: serde::Serialize>(of: Result<T, Unavailable>) -> fdo::Result<String> {
    let gone = |_| fdo::Error::ServiceUnknown("nobody is here".to_owned());
    Ok(serde_json::to_string(&of.map_err(gone)?).expect("it has a JSON form"))
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the adapter sends whole documents")
}

#[interface(name = "org.pocketstack.Node1")]
impl Served {
    async fn overview(&self) -> fdo::Result<String> {
        let answer = self.answer.lock().expect("not poisoned").clone();
        match answer {
            Some(answer) => answer,
            None => document(self.node.overview().await),
        }
    }

    async fn configuration(&self) -> fdo::Result<String> {
        document(self.node.configuration().await)
    }

    async fn disks(&self) -> fdo::Result<String> {
        document(self.node.disks().await)
    }

    async fn metrics(&self) -> fdo::Result<String> {
        document(self.node.metrics().await)
    }

    async fn units(&self) -> fdo::Result<String> {
        document(self.node.units().await)
    }

    async fn unit_action(&self, unit: &str, action: &str) -> Result<(), Failure> {
        let action = UnitAction::called(action).expect("a word of the interface");
        Ok(self.node.unit_action(unit, action).await?)
    }

    async fn journal(&self, filter: &str) -> Result<String, Failure> {
        let journal = self.node.journal(&read(filter)).await?;
        Ok(serde_json::to_string(&journal).expect("it has a JSON form"))
    }

    async fn check_setup_code(&self, code: &str) -> Result<(), Failure> {
        Ok(self.node.check_setup_code(code).await?)
    }

    async fn finish_setup(&self, code: &str, answers: &str) -> Result<String, Failure> {
        let code = self.node.finish_setup(code, &read(answers)).await?;
        Ok(code.unwrap_or_default())
    }

    async fn change_configuration(&self, new: &str) -> Result<String, Failure> {
        Ok(self
            .node
            .change_configuration(&read(new))
            .await?
            .unwrap_or_default())
    }

    async fn confirm_network(&self, code: &str) -> Result<(), Failure> {
        Ok(self.node.confirm_network(code).await?)
    }

    async fn power(&self, how: &str) -> Result<(), Failure> {
        let how = Power::called(how).expect("a word of the interface");
        Ok(self.node.power(how).await?)
    }

    async fn install(&self, settings: &str) -> Result<(), Failure> {
        Ok(self.node.install(&read(settings)).await?)
    }

    async fn factory_reset(&self) -> Result<(), Failure> {
        Ok(self.node.factory_reset().await?)
    }

    #[zbus(signal)]
    async fn overview_changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

impl Peer {
    fn new(node: FakeNode) -> Self {
        Self {
            node: Arc::new(node),
            answer: Arc::default(),
            connection: Arc::default(),
            refuses: Arc::default(),
        }
    }

    fn answering(answer: fdo::Result<String>) -> Self {
        let peer = Self::new(FakeNode::new(example()));
        *peer.answer.lock().expect("not poisoned") = Some(answer);
        peer
    }

    /// A new connection to this peer.
    async fn connect(self) -> zbus::Result<Connection> {
        if *self.refuses.lock().expect("not poisoned") {
            return Err(zbus::Error::Failure("the test refuses".to_owned()));
        }
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let served = Served {
            node: self.node.clone(),
            answer: self.answer.clone(),
        };
        let server = connection::Builder::unix_stream(theirs)
            .server(Guid::generate())
            .p2p()
            .serve_at(bus::PATH, served)
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

#[async_trait]
impl Machine for Peer {
    async fn become_like(&self, overview: Overview) {
        self.node.become_like(overview).await;
    }

    async fn leave(&self) {
        Machine::leave(&*self.node).await;
    }

    async fn refuse(&self, why: NotDone) {
        self.node.refuse(why);
    }
}

#[tokio::test]
async fn the_adapter_keeps_the_contract() {
    let peer = Peer::new(FakeNode::bare());
    let node = peer.follow();
    // The first count is the subscription: from here on nothing is missed.
    changed(&mut node.changes()).await;
    let announcing = peer.clone();
    let announcer = tokio::spawn(async move {
        let mut changes = announcing.node.changes();
        while changes.changed().await.is_ok() {
            announcing.announce().await;
        }
    });
    contract::check(&node, &peer).await;
    announcer.abort();
}

#[tokio::test]
async fn a_lost_connection_is_said_and_made_again() {
    let peer = Peer::new(FakeNode::new(example()));
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
