//! The Chrome DevTools Protocol: commands, their replies and events as JSON over a WebSocket
//! (<https://chromedevtools.github.io/devtools-protocol/>).

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket, client::client_with_config};

/// A connection to one target: the browser itself, or one page.
#[derive(Debug)]
pub(super) struct Connection {
    socket: WebSocket<TcpStream>,
    /// Number of the command that is sent next.
    next: u64,
    events: Vec<Event>,
}

/// Something that happened in the target.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// `Domain.event`.
    pub method: String,
    /// What belongs to it.
    pub params: Value,
}

/// What came of a command.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    /// It was done, with this result.
    Done(Value),
    /// It was not, in Chromium's words.
    Refused(String),
}

impl Reply {
    /// The result of a command that is never refused without a fault.
    pub fn done(self, method: &str) -> Result<Value> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused(why) => bail!("chromium refused {method}: {why}"),
        }
    }
}

/// How long the first answer may take; nothing has to be loaded for it.
const GREETING: Duration = Duration::from_secs(30);

impl Connection {
    /// Connects to the target at this path of the debugging port.
    pub fn open(address: SocketAddr, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("no chromium at {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(GREETING))?;
        // A picture of a long page is one frame, and larger than what a server on the internet should accept.
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = client_with_config(format!("ws://{address}{path}"), stream, Some(config))
            .map_err(|error| anyhow::anyhow!("chromium does not speak WebSocket at {path}: {error}"))?;
        Ok(Self {
            socket,
            next: 1,
            events: Vec::new(),
        })
    }

    /// Sends a command and waits for its reply. Events that come in between are kept.
    pub fn call(&mut self, method: &str, params: &Value, limit: Duration) -> Result<Reply> {
        let id = self.send(method, params)?;
        let deadline = Instant::now() + limit;
        loop {
            let Some(message) = self.read(deadline)? else {
                bail!("chromium did not answer {method} within {} s", limit.as_secs())
            };
            if message["id"] == id {
                return Ok(reply(&message));
            }
            self.keep(message)?;
        }
    }

    /// Waits until an event comes, or `deadline`; whether one came.
    pub fn wait(&mut self, deadline: Instant) -> Result<bool> {
        match self.read(deadline)? {
            Some(message) => self.keep(message).map(|()| true),
            None => Ok(false),
        }
    }

    /// The events since the last call, oldest first.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn send(&mut self, method: &str, params: &Value) -> Result<u64> {
        let id = self.next;
        self.next += 1;
        let command = json!({ "id": id, "method": method, "params": params });
        self.socket
            .send(Message::text(command.to_string()))
            .with_context(|| format!("chromium has ended; {method} was not sent"))?;
        Ok(id)
    }

    /// Keeps an event; the reply to a command that nobody waits for any more is dropped.
    fn keep(&mut self, mut message: Value) -> Result<()> {
        let Some(method) = message["method"].as_str().map(str::to_owned) else {
            return Ok(());
        };
        if method == "Page.javascriptDialogOpening" {
            // A page with an open dialog answers nothing else.
            self.send("Page.handleJavaScriptDialog", &json!({ "accept": true }))?;
        }
        self.events.push(Event {
            method,
            params: message["params"].take(),
        });
        Ok(())
    }

    /// The next message, or `None` at `deadline`.
    fn read(&mut self, deadline: Instant) -> Result<Option<Value>> {
        loop {
            // Zero would mean no limit to the kernel.
            let left = deadline.saturating_duration_since(Instant::now());
            let left = left.max(Duration::from_millis(1));
            self.socket.get_ref().set_read_timeout(Some(left))?;
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let message = serde_json::from_str(text.as_str());
                    return message
                        .map(Some)
                        .with_context(|| format!("chromium said: {text}"));
                }
                Ok(Message::Close(_)) => bail!("chromium closed the connection: page or browser has ended"),
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error).context("the connection to chromium is lost; it has ended"),
            }
        }
    }
}

fn reply(message: &Value) -> Reply {
    match message.get("error") {
        Some(error) => Reply::Refused(error["message"].as_str().unwrap_or("no reason given").to_owned()),
        None => Reply::Done(message["result"].clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread::{self, JoinHandle};

    /// A page that counts what was typed, refuses what it does not know, and is silent when told so. Says how many keys
    /// came, and whether its dialog was answered.
    fn fake_page() -> (SocketAddr, JoinHandle<(u64, bool)>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("bound");
        let page = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            let mut socket = tungstenite::accept(stream).expect("a WebSocket");
            let (mut keys, mut answered) = (0, false);
            while let Ok(message) = socket.read() {
                let Message::Text(text) = message else { break };
                let command: Value = serde_json::from_str(text.as_str()).expect("JSON");
                let id = &command["id"];
                let answers = match command["method"].as_str() {
                    Some("Input.dispatchKeyEvent") => {
                        keys += 1;
                        vec![
                            json!({ "method": "Page.javascriptDialogOpening", "params": { "message": "sure?" } }),
                            json!({ "id": id, "result": { "keys": keys } }),
                        ]
                    }
                    Some("Page.handleJavaScriptDialog") => {
                        answered = command["params"]["accept"] == true;
                        vec![json!({ "id": id, "result": {} })]
                    }
                    Some("Page.freeze") => vec![],
                    Some(other) => vec![json!({ "id": id, "error": { "message": format!("no {other}") } })],
                    None => break,
                };
                for answer in answers {
                    socket.send(Message::text(answer.to_string())).expect("sent");
                }
            }
            (keys, answered)
        });
        (address, page)
    }

    #[test]
    fn commands_are_answered_and_events_kept_in_order() {
        let limit = Duration::from_secs(30);
        let (address, page) = fake_page();
        let mut connection = Connection::open(address, "/devtools/page/1").expect("connected");
        let key = json!({ "type": "keyDown" });
        let done = connection
            .call("Input.dispatchKeyEvent", &key, limit)
            .expect("answered");
        assert_eq!(done, Reply::Done(json!({ "keys": 1 })));
        let refused = connection.call("No.such", &json!({}), limit).expect("answered");
        assert_eq!(refused, Reply::Refused("no No.such".into()));
        assert_eq!(
            refused.done("No.such").expect_err("refused").to_string(),
            "chromium refused No.such: no No.such"
        );
        let events = connection.take_events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].params["message"], "sure?");
        assert!(connection.take_events().is_empty());
        drop(connection);
        assert_eq!(page.join().expect("no panic"), (1, true));
    }

    #[test]
    fn a_page_that_does_not_answer_is_no_endless_wait() {
        let (address, _page) = fake_page();
        let mut connection = Connection::open(address, "/").expect("connected");
        let error = connection.call("Page.freeze", &json!({}), Duration::from_millis(50));
        let error = error.expect_err("silence").to_string();
        assert!(
            error.starts_with("chromium did not answer Page.freeze"),
            "{error}"
        );
        assert!(!connection.wait(Instant::now()).expect("still connected"));
    }

    #[test]
    fn a_browser_that_has_ended_is_named() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("bound");
        let browser = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            drop(tungstenite::accept(stream).expect("a WebSocket"));
        });
        let mut connection = Connection::open(address, "/").expect("connected");
        browser.join().expect("no panic");
        let error = connection.call("Page.enable", &json!({}), Duration::from_secs(30));
        let error = format!("{:#}", error.expect_err("gone"));
        assert!(error.contains("has ended"), "{error}");
    }
}
