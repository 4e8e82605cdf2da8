//! What the tests of the routes share.

use rocket::http::{ContentType, CookieJar};
use rocket::local::asynchronous::{LocalRequest, LocalResponse};
use rocket::{State, get, routes};
use tempfile::TempDir;

pub use rocket::local::asynchronous::Client;

use super::*;
use crate::access::{NewToken, Sessions};
use crate::clock::Hand;
use crate::node::{FakeNode, example};

/// Signs in without a password, which would cost each test the time of hashing it.
#[get("/test/sign-in")]
fn sign_in(access: &State<Access>, cookies: &CookieJar<'_>) -> String {
    let cookie = access.sessions.open().expect("a session");
    let session = access.sessions.find(&cookie, true).expect("it is open");
    cookies.add(Sessions::cookie(cookie));
    session.csrf
}

/// A client of the whole server that is signed in, and the node behind it.
pub async fn client() -> (Client, Arc<FakeNode>) {
    let node = Arc::new(FakeNode::new(example()));
    (client_with(node.clone(), |rocket| rocket).await, node)
}

/// The same with something added to the server.
pub async fn client_with(node: Arc<FakeNode>, more: impl FnOnce(Rocket<Build>) -> Rocket<Build>) -> Client {
    let client = stranger_to(node, Hand::default().clock(), more).await;
    csrf(&client).await;
    client
}

/// A client that is not signed in.
pub async fn stranger() -> (Client, Arc<FakeNode>) {
    let node = Arc::new(FakeNode::new(example()));
    let client = stranger_to(node.clone(), Hand::default().clock(), |rocket| rocket).await;
    (client, node)
}

/// A client of a machine that nobody has set up.
pub async fn unset() -> (Client, Arc<FakeNode>) {
    let node = Arc::new(FakeNode::bare());
    let client = stranger_to(node.clone(), Hand::default().clock(), |rocket| rocket).await;
    (client, node)
}

/// A client that is not signed in, with its own clock and something added to the server.
pub async fn stranger_to(
    node: Arc<FakeNode>,
    clock: Clock,
    more: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
) -> Client {
    // The local client speaks no TLS, so the pair is never read; but with TLS configured Rocket adds the header
    // that must not be there.
    let rocket = more(together(config(unlistened(), &no_pair()), node, clock));
    Client::tracked(rocket)
        .await
        .expect("the server can be put together")
}

fn no_pair() -> Pair {
    Pair {
        certificate: String::new(),
        key: String::new(),
        fingerprint: String::new(),
        names: Vec::new(),
    }
}

/// Any free port.
fn unlistened() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The whole server with folders of its own, and a way to sign in.
fn together(config: Config, node: Arc<dyn NodeSource>, clock: Clock) -> Rocket<Build> {
    let folder = TempDir::new().expect("a temporary folder");
    let kept = Kept {
        state: folder.path().to_owned(),
        runtime: Some(folder.path().to_owned()),
        names: vec!["in-the-certificate.example.org".to_owned()],
        clock,
    };
    build(config, node, kept)
        .mount("/", routes![sign_in])
        .manage(folder)
}

/// A server that listens, without TLS, and what somebody needs who is signed in.
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    /// The cookie of a session, as browsers send it.
    pub cookie: String,
    /// What forms of the session carry.
    pub csrf: String,
    /// A token for the API.
    pub token: String,
    shutdown: rocket::Shutdown,
    task: tokio::task::JoinHandle<()>,
}

impl Listening {
    /// Ends it; whatever it was asked, it must not have ended before.
    pub async fn end(self) {
        assert!(!self.task.is_finished(), "the server has ended by itself");
        self.shutdown.notify();
        self.task.await.expect("it does not panic");
    }
}

/// Starts the whole server on a port of this machine.
pub async fn listening(node: Arc<FakeNode>) -> Listening {
    let config = Config {
        tls: None,
        log_level: LogLevel::Off,
        ..config(unlistened(), &no_pair())
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let rocket = together(config, node, Hand::default().clock());
    let rocket = rocket.attach(AdHoc::on_liftoff("address", move |rocket| {
        let known = (rocket.config().port, rocket.shutdown());
        let tell = tell.lock().expect("nobody panics").take().expect("once");
        tell.send(known).expect("somebody waits for it");
        Box::pin(async {})
    }));
    let access: &Access = rocket.state().expect("it is managed");
    let cookie = access.sessions.open().expect("a session");
    let session = access.sessions.find(&cookie, true).expect("it is open");
    let token = access.tokens.create(&NewToken::new("test", "1").expect("a name"));
    let token = token.expect("made");
    let task = tokio::spawn(async {
        rocket.launch().await.expect("it ends when it is told to");
    });
    let (port, shutdown) = told.await.expect("it listens");
    Listening {
        address: SocketAddr::new(unlistened().ip(), port),
        cookie: format!("{}={cookie}", crate::access::COOKIE),
        csrf: session.csrf,
        token,
        shutdown,
        task,
    }
}

/// Signs in anew, and gives what forms of the session carry.
pub async fn csrf(client: &Client) -> String {
    let response = client.get("/test/sign-in").dispatch().await;
    response.into_string().await.expect("it has a body")
}

/// A token for the API.
pub fn bearer(client: &Client) -> rocket::http::Header<'static> {
    let access: &Access = client.rocket().state().expect("it is managed");
    let name = format!("test {}", access.tokens.list().len());
    let new = NewToken::new(&name, "1").expect("a name");
    let token = access.tokens.create(&new).expect("made");
    rocket::http::Header::new("Authorization", format!("Bearer {token}"))
}

/// Text of a page.
pub async fn text(response: LocalResponse<'_>) -> String {
    response.into_string().await.unwrap_or_default()
}

/// The request with a host, as the server takes it from the header or, in HTTP/2, from the address.
pub fn with_host<'c>(mut request: LocalRequest<'c>, host: &'static str) -> LocalRequest<'c> {
    let parsed = rocket::http::uri::Host::parse(host).expect("a host");
    request.inner_mut().set_host(parsed);
    request
}

/// Sends a form.
pub async fn post<'c>(client: &'c Client, path: &'c str, fields: &[(&str, &str)]) -> LocalResponse<'c> {
    let encode = |text: &str| rocket::http::RawStr::new(text).percent_encode().to_string();
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    client
        .post(path)
        .header(ContentType::Form)
        .body(body.join("&"))
        .dispatch()
        .await
}

/// Checks that a response is a whole problem document and that its detail contains `part`.
pub async fn problem(response: LocalResponse<'_>, status: u16, part: &str) {
    assert_eq!(response.status().code, status);
    assert_eq!(
        response.content_type(),
        Some(ContentType::new("application", "problem+json"))
    );
    assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"));
    let title = response.status().reason_lossy();
    let text = response.into_string().await.expect("it has a body");
    let body: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(
        (&body["type"], &body["title"]),
        (&"about:blank".into(), &title.into())
    );
    assert_eq!(body["status"], status);
    assert!(
        body["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains(part)),
        "{body}"
    );
}
