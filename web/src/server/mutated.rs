//! Requests that were changed in thousands of small ways, sent byte by byte to a server that listens: whatever becomes of
//! them, each is answered in time with a page, a problem or a way on inside this server, and never with an error of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::testing::{self, Listening};
use crate::certificate::upload::tests::signed;
use crate::mutation::Dice;
use crate::node::{FakeNode, SETUP_CODE, example};

/// Changed requests of each test.
const ROUNDS: u32 = 800;
/// How long one may take, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(10);
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ana@laptop";

/// A request that is right, before it is changed.
#[derive(Clone, Default)]
struct Good {
    method: &'static str,
    path: Vec<u8>,
    /// Names, and values that are changed.
    headers: Vec<(&'static str, Vec<u8>)>,
    kind: Option<&'static str>,
    /// The start of the body, which stays: without it nothing behind it would be read.
    proof: String,
    body: Vec<u8>,
}

impl Good {
    fn get(path: &str) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            ..Self::default()
        }
    }

    fn form(path: &str, csrf: &str, body: &str) -> Self {
        Self {
            method: "POST",
            kind: Some("application/x-www-form-urlencoded"),
            proof: format!("csrf={csrf}&"),
            body: body.into(),
            ..Self::get(path)
        }
    }

    fn json(method: &'static str, path: &str, body: &str) -> Self {
        Self {
            method,
            kind: Some("application/json"),
            body: body.into(),
            ..Self::get(path)
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Changes one part of it, the body mostly.
    fn change(&mut self, dice: &mut Dice, other: &Self) {
        let headers = self.headers.len();
        let place = dice.below(headers + 1 + if self.body.is_empty() { 0 } else { headers + 4 });
        if let Some((name, value)) = self.headers.get_mut(place) {
            let theirs = other.headers.iter().find(|(theirs, _)| theirs == name);
            dice.change(value, theirs.map_or(&[], |(_, value)| value));
        } else if place == headers {
            dice.change(&mut self.path, &other.path);
        } else {
            dice.change(&mut self.body, &other.body);
        }
    }

    /// As it is sent. What says where the body ends comes first: it holds whatever was changed behind it.
    fn bytes(&self) -> Vec<u8> {
        let length = self.proof.len() + self.body.len();
        let mut bytes = [self.method.as_bytes(), b" ", &self.path, b" HTTP/1.1\r\n"].concat();
        bytes.extend(format!("Content-Length: {length}\r\nConnection: close\r\n").bytes());
        if let Some(kind) = self.kind {
            bytes.extend(format!("Content-Type: {kind}\r\n").bytes());
        }
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend([b"\r\n", self.proof.as_bytes(), &self.body].concat());
        bytes
    }
}

/// What came back.
struct Reply {
    status: u16,
    /// In small letters, but for the values.
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends it on a connection of its own. `None` if the connection was ended without a word.
fn ask(address: SocketAddr, bytes: &[u8]) -> Option<Reply> {
    let mut tcp = TcpStream::connect(address).expect("the server listens");
    tcp.set_read_timeout(Some(LIMIT)).expect("a limit");
    // What is not read any more once the answer is clear is no error.
    let _ = tcp.write_all(bytes);
    let (mut heard, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        match tcp.read(&mut chunk) {
            Ok(count) if count > 0 => heard.extend(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no answer in time"),
            _ => break,
        }
        // A stream of events does not end.
        if String::from_utf8_lossy(&heard).contains("event:overview-changed") {
            break;
        }
    }
    let text = String::from_utf8_lossy(&heard).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Some(Reply {
        status,
        headers: headers.collect(),
        body: body.to_owned(),
    })
}

/// What is wrong with an answer to anything at all.
fn wrong(reply: &Reply) -> Option<String> {
    let Reply { status, body, .. } = reply;
    let kind = reply.header("content-type").unwrap_or_default();
    if *status >= 500 && *status != 503 {
        return Some(format!("it is answered with {status}"));
    }
    let in_the_page = kind.starts_with("text/html") && body.contains("<script>x");
    if reply.header("x-evil").is_some() || in_the_page {
        return Some("what was sent is in the answer as it was".to_owned());
    }
    if let Some(to) = reply.header("location") {
        let inside = to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\");
        return (!inside).then(|| format!("it leads to {to}"));
    }
    // Not HTTP: refused before any of ours sees it.
    if *status == 400 && kind.is_empty() && body.is_empty() {
        return None;
    }
    if reply.header("content-security-policy").is_none() {
        return Some(format!("{status} {kind} has no policy"));
    }
    let whole = match kind.split(';').next().unwrap_or_default() {
        "text/html" => body.trim_end().ends_with("</html>"),
        "application/problem+json" => serde_json::from_str::<Value>(body).is_ok_and(|problem| {
            let told = problem["detail"].as_str().unwrap_or_default();
            problem["status"] == *status && told.len() > 10
        }),
        "application/json" => serde_json::from_str::<Value>(body).is_ok(),
        "text/event-stream" | "text/plain" | "text/css" | "text/javascript" => true,
        _ => matches!(*status, 202 | 204),
    };
    (!whole).then(|| format!("{status} {kind} is not whole: {body}"))
}

/// Sends changed requests; hands back how many of them were taken all the same.
fn rounds(test: u8, address: SocketAddr, good: &[Good]) -> u32 {
    for request in good {
        let reply = ask(address, &request.bytes()).expect("it is answered");
        assert_eq!(
            wrong(&reply),
            None,
            "{}",
            String::from_utf8_lossy(&request.bytes())
        );
        let path = String::from_utf8_lossy(&request.path);
        assert!(
            !matches!(reply.status, 400 | 401 | 404 | 405 | 421),
            "{path} is {}",
            reply.status
        );
    }
    let mut taken = 0;
    for round in 0..ROUNDS {
        let mut dice = Dice::new(test, round);
        let mut request = good[dice.below(good.len())].clone();
        let other = &good[dice.below(good.len())];
        request.change(&mut dice, other);
        let bytes = request.bytes();
        let sent = String::from_utf8_lossy(&bytes).into_owned();
        let started = Instant::now();
        let reply = ask(address, &bytes).unwrap_or_else(|| panic!("round {round} has no answer:\n{sent}"));
        let why = wrong(&reply);
        assert!(
            why.is_none(),
            "round {round}: {}\n{sent}",
            why.unwrap_or_default()
        );
        assert!(started.elapsed() < LIMIT, "round {round} takes too long:\n{sent}");
        taken += u32::from(reply.status < 400);
    }
    taken
}

/// What every request carries that a browser sends.
fn at_browser(good: Good, cookies: &str) -> Good {
    good.with("Host", "127.0.0.1")
        .with("Cookie", &format!("language=pt-BR; {cookies}"))
        .with("Accept-Language", "de-DE, pt-PT;q=0.3, en;q=0.2")
        .with("Sec-Fetch-Site", "same-origin")
}

/// What the admin sends, at a browser and with a token.
fn of_the_admin(server: &Listening) -> Vec<Good> {
    let (own, top, _) = signed(|_| {});
    // Another one's key: the one that fits would have the server end itself.
    let (_, _, key) = signed(|_| {});
    let encode = |text: &str| rocket::http::RawStr::new(text).percent_encode().to_string();
    let pem = format!(
        "action=upload&chain={}&private_key={}",
        encode(&format!("{own}{top}")),
        encode(&key)
    );
    let key = encode(KEY);
    let form = |path, body: &str| Good::form(path, &server.csrf, body);
    let pages = [
        Good::get("/"),
        Good::get("/logs?unit=ssh.service&priority=4&text=a%20b&follow=on"),
        Good::get("/sign-in?to=/logs"),
        Good::get("/network/confirm?code=ABCD2345"),
        Good::get("/events").with("Last-Event-ID", "17"),
        form("/access", &format!("action=add-key&ssh_key={key}")),
        form("/certificates", &pem),
        form("/tokens", "action=create&name=backup&days=90"),
        form(
            "/time",
            "time_zone=America%2FSao_Paulo&servers=ntp.example.org+192.0.2.1",
        ),
        form(
            "/networks/management",
            "management-ipv4=static&management-ipv4-address=192.0.2.17%2F24&management-ipv4-gateway=192.0.2.1\
             &management-ipv6=auto&management-dns=192.0.2.53&management-vlan=7&management-cards=enp1s0",
        ),
        form("/language", "language=en&back=%2Flogs"),
        // Not the name that the machine has: nothing is to happen to it.
        form("/power", "how=factory-reset&name=lab-zero"),
        form("/disks", "disk=sdb&what=state&erase=sdx"),
    ];
    let configuration = r#"{"version":1,"node":{"name":"lab-one"},"network":{},"access":{"ssh_keys":[]}}"#;
    let programs = [
        Good::get("/api/v1/journal?unit=ssh.service&priority=4&text=a&lines=5&since=2026-11-21T00:00:00Z"),
        Good::get("/api/v1/audit?limit=5"),
        Good::json("PUT", "/api/v1/configuration", configuration),
        Good::json("PUT", "/api/v1/access/ssh-keys", &format!("[\"{KEY}\"]")),
        Good::json("POST", "/api/v1/power", r#"{"how":"restart"}"#),
        Good::json("POST", "/api/v1/factory-reset", r#"{"name":"lab-zero"}"#),
        Good::json(
            "POST",
            "/api/v1/install",
            r#"{"disk":{"serial":"S1"},"data_disks":[{"path":"p"}],"mirror":false,"existing":"erase"}"#,
        ),
    ];
    let at_browser = |good| at_browser(good, &server.cookie);
    let by_program = |good: Good| {
        let authorization = format!("Bearer {}", server.token);
        good.with("Host", "lab-one.local:443")
            .with("Authorization", &authorization)
    };
    let pages = pages.into_iter().map(at_browser);
    pages.chain(programs.into_iter().map(by_program)).collect()
}

async fn in_a_thread<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(act).await.expect("no panic")
}

/// Some are taken and some are not; a change that is always one of the two tests nothing.
fn both_happen(taken: u32) {
    assert!(
        (ROUNDS / 20..ROUNDS * 19 / 20).contains(&taken),
        "{taken} of {ROUNDS} are taken"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_admin_sends_is_answered() {
    let server = testing::listening(Arc::new(FakeNode::new(example()))).await;
    let (address, good) = (server.address, of_the_admin(&server));
    both_happen(in_a_thread(move || rounds(1, address, &good)).await);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_typed_into_the_wizard_is_answered() {
    let server = testing::listening(Arc::new(FakeNode::bare())).await;
    let address = server.address;
    let begin = format!("code={SETUP_CODE}&password=a+horse+of+mine&password_again=a+horse+of+mine");
    let taken = in_a_thread(move || {
        let begun = at_browser(Good::form("/setup", "", &begin), "").bytes();
        let begun = ask(address, &begun).expect("it is answered");
        let cookie = begun
            .header("set-cookie")
            .and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.expect("the wizard has begun").to_owned();
        let page = ask(address, &at_browser(Good::get("/setup/machine"), &cookie).bytes()).expect("a page");
        let csrf = page.body.split("name=\"csrf\" value=\"").nth(1);
        let csrf = csrf.and_then(|rest| rest.split('"').next()).expect("a form");
        let steps = [
            Good::form("/setup/machine", csrf, "name=lab-1&time_zone=America%2FSao_Paulo"),
            Good::form(
                "/setup/disks",
                csrf,
                "disk=sdb&erase=sdb&data=sdc&mirror=on&existing=erase",
            ),
            Good::form(
                "/setup/network",
                csrf,
                "management-ipv4=static&management-ipv4-address=192.0.2.17%2F24&management-ipv6=auto&external=on\
                 &external-ipv4=dhcp&external-ipv6=off&external-vlan=12&management-dns=192.0.2.53",
            ),
            // Without passwords, so that nothing is hashed for a round.
            Good::form("/setup", csrf, "code=ABCD-2345&password=&password_again="),
            Good::get("/setup/review"),
        ];
        let good: Vec<Good> = steps.into_iter().map(|step| at_browser(step, &cookie)).collect();
        rounds(2, address, &good)
    });
    both_happen(taken.await);
    server.end().await;
}

/// Nothing of it is HTTP for sure: an answer, or the end of the connection; and the next one is served.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_request_end_in_time() {
    let server = testing::listening(Arc::new(FakeNode::new(example()))).await;
    let (address, good) = (server.address, of_the_admin(&server));
    in_a_thread(move || {
        for round in 0..ROUNDS / 4 {
            let mut dice = Dice::new(3, round);
            let (one, other) = (&good[dice.below(good.len())], &good[dice.below(good.len())]);
            // Cut off before its end, so that nothing is waited for.
            let mut bytes = one.bytes();
            dice.change(&mut bytes, &other.bytes());
            let mut tcp = TcpStream::connect(address).expect("the server listens");
            let _ = tcp.write_all(&bytes);
            drop(tcp);
        }
        let well = ask(address, &at_browser(Good::get("/healthz"), "").bytes()).expect("it is answered");
        assert_eq!(well.status, 200);
    })
    .await;
    server.end().await;
}
