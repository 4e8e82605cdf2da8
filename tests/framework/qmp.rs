//! QEMU's machine protocol: one JSON object per line (QEMU, docs/interop/qmp-spec.rst).

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// A connection in command mode.
#[derive(Debug)]
pub struct Qmp {
    reader: BufReader<UnixStream>,
    events: Vec<Value>,
}

/// One line from QEMU.
#[derive(Debug, PartialEq)]
enum Message {
    Greeting,
    Return(Value),
    Refused { class: String, why: String },
    Event(Value),
}

fn message(line: &str) -> Result<Message> {
    let value: Value = serde_json::from_str(line).with_context(|| format!("QEMU said, over QMP: {line}"))?;
    if value.get("QMP").is_some() {
        return Ok(Message::Greeting);
    }
    if let Some(result) = value.get("return") {
        return Ok(Message::Return(result.clone()));
    }
    if let Some(error) = value.get("error") {
        let text = |key| {
            error
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        return Ok(Message::Refused {
            class: text("class"),
            why: text("desc"),
        });
    }
    if value.get("event").is_some() {
        return Ok(Message::Event(value));
    }
    bail!("QEMU said something over QMP that is none of its kinds of message: {line}")
}

impl Qmp {
    /// Connects and leaves the negotiation mode.
    ///
    /// # Errors
    /// The socket cannot be reached, or it is not QMP that answers.
    pub fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).with_context(|| format!("{}", socket.display()))?;
        Self::over(stream)
    }

    fn over(stream: UnixStream) -> Result<Self> {
        // A frozen QEMU must not freeze the case as well.
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut qmp = Self {
            reader: BufReader::new(stream),
            events: Vec::new(),
        };
        match qmp.read()? {
            Message::Greeting => {}
            other => bail!("QEMU greeted with {other:?}"),
        }
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    fn read(&mut self) -> Result<Message> {
        let mut line = String::new();
        let count = self
            .reader
            .read_line(&mut line)
            .context("no answer from QEMU over QMP")?;
        if count == 0 {
            bail!("QEMU closed the QMP connection; it has ended");
        }
        message(&line)
    }

    /// Runs one command and hands back what it returned. Events that come in between are kept.
    ///
    /// # Errors
    /// QEMU refuses the command (its words), or the connection is lost.
    pub fn execute(&mut self, command: &str, arguments: &Value) -> Result<Value> {
        let mut line = json!({ "execute": command, "arguments": arguments }).to_string();
        line.push('\n');
        self.reader.get_mut().write_all(line.as_bytes())?;
        loop {
            match self.read()? {
                Message::Return(value) => return Ok(value),
                Message::Refused { class, why } => bail!("QEMU refused {command}: {why} ({class})"),
                Message::Event(event) => self.events.push(event),
                Message::Greeting => bail!("QEMU greeted twice"),
            }
        }
    }

    /// Names of the events that have come since the last call, oldest first.
    pub fn take_events(&mut self) -> Vec<String> {
        let events = std::mem::take(&mut self.events);
        events
            .iter()
            .filter_map(|event| event["event"].as_str().map(str::to_owned))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::thread::{self, JoinHandle};

    const GREETING: &str = r#"{"QMP": {"version": {"qemu": {"major": 10}}, "capabilities": ["oob"]}}"#;

    /// A QEMU with one card, whose link can be set: it says so with an event before the return, as QEMU may.
    fn fake_qemu(stream: UnixStream) -> JoinHandle<BTreeMap<String, bool>> {
        thread::spawn(move || {
            let mut links = BTreeMap::from([("nic0".to_owned(), true)]);
            let mut out = stream.try_clone().expect("a clone");
            writeln!(out, "{GREETING}").expect("written");
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { break };
                let command: Value = serde_json::from_str(&line).expect("JSON");
                let name = command["arguments"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let answer = match command["execute"].as_str() {
                    Some("qmp_capabilities") => json!({ "return": {} }),
                    Some("set_link") if links.contains_key(&name) => {
                        links.insert(name, command["arguments"]["up"] == true);
                        writeln!(out, "{}", json!({ "event": "NIC_RX_FILTER_CHANGED", "data": {} }))
                            .expect("written");
                        json!({ "return": {} })
                    }
                    Some("set_link") => json!({ "error": {
                        "class": "DeviceNotFound", "desc": format!("Device '{name}' not found") } }),
                    other => json!({ "error": { "class": "CommandNotFound", "desc": format!("{other:?}") } }),
                };
                writeln!(out, "{answer}").expect("written");
            }
            links
        })
    }

    #[test]
    fn commands_change_the_machine_and_events_are_kept() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let qemu = fake_qemu(theirs);
        let mut qmp = Qmp::over(ours).expect("greeted");
        qmp.execute("set_link", &json!({ "name": "nic0", "up": false }))
            .expect("accepted");
        assert_eq!(qmp.take_events(), ["NIC_RX_FILTER_CHANGED"]);
        assert!(qmp.take_events().is_empty());
        drop(qmp);
        assert!(!qemu.join().expect("no panic")["nic0"]);
    }

    #[test]
    fn a_refusal_is_told_in_qemus_words() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let _qemu = fake_qemu(theirs);
        let mut qmp = Qmp::over(ours).expect("greeted");
        let error = qmp
            .execute("set_link", &json!({ "name": "nic9", "up": false }))
            .expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "QEMU refused set_link: Device 'nic9' not found (DeviceNotFound)"
        );
    }

    #[test]
    fn what_is_not_qmp_is_refused() {
        assert!(message("login:").is_err());
        assert!(message("{}").is_err());
        assert_eq!(
            message(r#"{"return": 5, "id": 1}"#).expect("valid"),
            Message::Return(json!(5))
        );
    }

    #[test]
    fn a_closed_connection_is_no_endless_wait() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        drop(theirs);
        let error = Qmp::over(ours).expect_err("nobody there").to_string();
        assert!(error.contains("it has ended"), "{error}");
    }
}
