//! A node as pocketctl sees it: HTTPS with a certificate of its own, and a list of tokens.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use pocketstack_pinned::Fingerprint;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// The one password.
pub const PASSWORD: &str = "correct horse";
/// What confirms a change of the networks.
pub const CODE: &str = "ABCD2345";

/// A node that runs until the test ends.
pub struct Node {
    address: SocketAddr,
    pub fingerprint: Fingerprint,
    state: Arc<Mutex<State>>,
}

/// What the node knows.
pub struct State {
    pub configuration: Value,
    /// Tokens by name.
    pub tokens: BTreeMap<String, String>,
    pub power: Option<Value>,
    pub password: Option<Value>,
    /// Units and what they were told last.
    pub told: Vec<(String, String)>,
    /// What was asked of the journal.
    pub asked: Vec<String>,
    made: u32,
}

type Answer = (u16, Option<Value>);

impl Node {
    pub fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["node".to_owned()]).expect("a certificate");
        let der = made.cert.der().clone();
        let fingerprint = Fingerprint::of(&der);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .expect("a certificate and its key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State {
            configuration: json!({
                "version": 1,
                "node": {"name": "lab-one", "time_zone": "UTC"},
                "network": {"management": {"dns": []}},
                "access": {"password_set": true, "ssh_keys": []},
            }),
            tokens: BTreeMap::new(),
            power: None,
            password: None,
            told: Vec::new(),
            asked: Vec::new(),
            made: 0,
        }));
        let (config, shared) = (Arc::new(config), state.clone());
        thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let tls = ServerConnection::new(config.clone()).expect("TLS");
                // A client that refuses the certificate, or only looks at it, sends nothing.
                let _no_request = serve(StreamOwned::new(tls, tcp), &shared);
            }
        });
        Self {
            address,
            fingerprint,
            state,
        }
    }

    /// What is typed for it.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }
}

fn serve(stream: StreamOwned<ServerConnection, TcpStream>, state: &Mutex<State>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first)?;
    let (mut length, mut token) = (0, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").expect("a header");
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().expect("a number"),
            "authorization" => token = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.strip_prefix("/api/v1/").unwrap_or(path);
    let (status, document) =
        state
            .lock()
            .expect("not poisoned")
            .answer(method, path, token.as_deref(), &body);
    let text = document.map(|document| document.to_string()).unwrap_or_default();
    let stream = stream.get_mut();
    write!(
        stream,
        "HTTP/1.1 {status} Words\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn problem(status: u16, detail: &str) -> Answer {
    let document = json!({"type": "about:blank", "title": "Words", "status": status, "detail": detail});
    (status, Some(document))
}

impl State {
    fn answer(&mut self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
        if (method, path) == ("POST", "tokens") {
            return self.make_token(body);
        }
        if !token.is_some_and(|token| self.tokens.values().any(|known| known == token)) {
            return problem(401, "This needs a token.");
        }
        match (method, path) {
            ("GET", "configuration") => (200, Some(self.configuration.clone())),
            ("PUT", "configuration") => {
                let networks = self.configuration["network"] != body["network"];
                self.configuration = body.clone();
                (200, Some(json!({"confirm_code": networks.then_some(CODE)})))
            }
            ("POST", "network/confirm") if body["code"] == CODE => (204, None),
            ("POST", "network/confirm") => problem(403, "The code is wrong."),
            ("POST", "power") => {
                self.power = Some(body.clone());
                (202, None)
            }
            ("PUT", "access/password") => {
                self.password = Some(body.clone());
                (204, None)
            }
            ("GET", "access/ssh-keys") => (200, Some(self.configuration["access"]["ssh_keys"].clone())),
            ("PUT", "access/ssh-keys") => {
                self.configuration["access"]["ssh_keys"] = body.clone();
                (204, None)
            }
            ("GET", "tokens") => {
                let told = self.tokens.keys().map(|name| {
                    json!({"name": name, "created": "2026-11-21T16:07:10Z", "expires": "2027-02-19T16:07:10Z", "last_used": null})
                });
                (200, Some(told.collect()))
            }
            ("DELETE", path) => {
                let name = path
                    .strip_prefix("tokens/")
                    .unwrap_or_default()
                    .replace("%20", " ");
                match self.tokens.remove(&name) {
                    Some(_) => (204, None),
                    None => problem(404, "There is no token of this name."),
                }
            }
            ("POST", path) if path.starts_with("units/") => {
                let (unit, action) = path["units/".len()..].split_once('/').expect("an action");
                self.told.push((unit.to_owned(), action.to_owned()));
                (204, None)
            }
            ("GET", "units") => (
                200,
                Some(json!([
                    {"name": "libvirtd.service", "description": "Virtualization", "active": "active", "sub": "running", "at_start": "if_needed", "since": "2026-11-21T16:07:10Z", "actions": ["stop"]},
                ])),
            ),
            ("GET", path) if path.starts_with("journal?") => {
                self.asked.push(path.to_owned());
                let entry = |number: usize| json!({"cursor": format!("s=0;i={number}"), "at": "2026-11-21T16:07:10.5Z", "unit": "libvirtd.service", "priority": "warning", "text": format!("entry {number}\u{1b}")});
                // Each question after the first finds one more; the fourth finds the node gone.
                match self.asked.len() {
                    at @ 1..=3 => (200, Some(json!({"entries": [entry(at)]}))),
                    _ => problem(503, "The node controller is not running."),
                }
            }
            ("GET", "disks") => (
                200,
                Some(json!([
                    {"name": "nvme0n1", "size": 1_000_204_886_016_u64, "model": "Fast", "serial": "S5", "content": {"kind": "empty"}, "refused": null},
                    {"name": "sda", "size": 16_106_127_360_u64, "model": null, "serial": null, "content": {"kind": "foreign", "what": "ext4"}, "refused": "this machine runs from it"},
                ])),
            ),
            ("GET", path) if path.starts_with("audit?limit=") => (
                200,
                Some(json!([
                    {"at": "2026-11-21T16:07:10Z", "who": "token ci", "from": "192.0.2.1", "action": "power-off", "detail": "", "result": "refused", "why": "an installation runs"},
                ])),
            ),
            _ => problem(404, &format!("There is nothing at {path}.")),
        }
    }

    fn make_token(&mut self, body: &Value) -> Answer {
        if body["password"] != PASSWORD {
            return problem(403, "The password is wrong; type it again.");
        }
        let name = body["name"].as_str().expect("a name").to_owned();
        if self.tokens.contains_key(&name) {
            return problem(409, "A token has this name already.");
        }
        self.made += 1;
        let token = format!("pst_{}", self.made);
        self.tokens.insert(name, token.clone());
        (201, Some(json!({ "token": token })))
    }
}
