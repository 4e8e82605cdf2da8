//! A node as others see it: over HTTPS.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pocketstack_exec::{Cmd, run};
use pocketstack_model::node::Overview;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::access::Access;
use crate::serial::Serial;

/// What a node answered to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// A node at an address. Its certificate is its own and nobody's; [`Node::fingerprint`] is what identifies it.
///
/// With its console it is asked as the admin: with a token, which is made when the first request needs it.
#[derive(Debug, Clone)]
pub struct Node {
    address: SocketAddr,
    access: Option<Arc<Access>>,
}

/// Where everybody gets an answer: no token is made for it, as the node may not be able to make one yet.
const PUBLIC: [&str; 4] = ["/healthz", "/static/", "/sign-in", "/setup"];

/// What a request says.
#[derive(Clone, Copy)]
enum Call<'a> {
    Get,
    Post(&'a Value),
}

impl Node {
    /// The node at this address, as a stranger sees it.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            access: None,
        }
    }

    /// The same node, as its admin sees it: it is set up with the code on this console if it is not, and has the test's
    /// password.
    pub fn with_console(self, console: &Serial) -> Self {
        Self {
            access: Some(Arc::new(Access::new(console.clone()))),
            ..self
        }
    }

    /// The same node at another address.
    pub fn moved_to(&self, address: SocketAddr) -> Self {
        Self {
            address,
            access: self.access.clone(),
        }
    }

    /// The same node, as a stranger sees it.
    pub fn as_stranger(&self) -> Self {
        Self::new(self.address)
    }

    /// The token that the admin's requests carry. Sets the node up if it is not.
    ///
    /// # Errors
    /// The node gives none; or it is known as a stranger sees it only.
    pub fn token(&self) -> Result<String> {
        let access = self.access.as_ref();
        let access = access.context("the console of this node is not known")?;
        access.token(self, None)
    }

    /// The header that says who asks; none for a stranger.
    ///
    /// # Errors
    /// Those of [`Node::token`].
    pub fn authorization(&self) -> Result<Option<String>> {
        match self.access {
            Some(_) => Ok(Some(format!("Authorization: Bearer {}", self.token()?))),
            None => Ok(None),
        }
    }

    /// What curl(1) must be told (`--config`) so that the node knows who asks; nothing for a stranger.
    ///
    /// # Errors
    /// Those of [`Node::token`].
    pub(crate) fn credentials(&self) -> Result<String> {
        match self.access {
            Some(_) => Ok(bearer(&self.token()?)),
            None => Ok(String::new()),
        }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// URL of a path on this node.
    pub fn url(&self, path: &str) -> String {
        // 443 is not written, as in the URL the node itself shows.
        match self.address.port() {
            443 => format!("https://{}{path}", bracketed(self.address.ip())),
            port => format!("https://{}:{port}{path}", bracketed(self.address.ip())),
        }
    }

    /// Gets a path. Redirects are followed.
    ///
    /// # Errors
    /// No answer within `limit`.
    pub fn get(&self, path: &str, limit: Duration) -> Result<Answer> {
        self.ask(path, Call::Get, limit)
    }

    /// Posts a JSON document.
    ///
    /// # Errors
    /// No answer within `limit`.
    pub fn post(&self, path: &str, document: &Value, limit: Duration) -> Result<Answer> {
        self.ask(path, Call::Post(document), limit)
    }

    /// Posts a JSON document without a token.
    ///
    /// # Errors
    /// No answer within `limit`.
    pub fn post_as_stranger(&self, path: &str, document: &Value, limit: Duration) -> Result<Answer> {
        Ok(self.send(path, Call::Post(document), None, limit)?.0)
    }

    fn ask(&self, path: &str, call: Call<'_>, limit: Duration) -> Result<Answer> {
        let public = PUBLIC.iter().any(|public| path.starts_with(public));
        let Some(access) = self.access.as_ref().filter(|_| !public) else {
            return Ok(self.send(path, call, None, limit)?.0);
        };
        let token = access.token(self, None)?;
        let (answer, known) = self.send(path, call, Some(&token), limit)?;
        if known {
            return Ok(answer);
        }
        // Its state was made anew since: the token is of a machine that is gone.
        let token = access.token(self, Some(&token))?;
        Ok(self.send(path, call, Some(&token), limit)?.0)
    }

    /// The answer, and whether the node knew who asked.
    fn send(
        &self,
        path: &str,
        call: Call<'_>,
        token: Option<&str>,
        limit: Duration,
    ) -> Result<(Answer, bool)> {
        let seconds = limit.as_secs().max(1).to_string();
        let mut config = token.map(bearer).unwrap_or_default();
        match call {
            Call::Get => config += "location\n",
            Call::Post(document) => {
                let document = document.to_string().replace('\\', "\\\\").replace('"', "\\\"");
                config +=
                    &format!("header = \"Content-Type: application/json\"\ndata-binary = \"{document}\"\n");
            }
        }
        // Token and document may be secret: they go through standard input, which no list of processes shows.
        let curl = self
            .curl(&seconds)
            .args(["--config", "-"])
            .args(["--write-out", "\n%{url_effective} %{http_code}"])
            .arg(self.url(path))
            .input(config)
            .within(limit + Duration::from_secs(5));
        let output = run(curl)?;
        split_answer(&output.text()).with_context(|| format!("{} gave no HTTP status", self.url(path)))
    }

    /// curl(1) that takes the node's certificate as it is, and goes there straight.
    fn curl(&self, seconds: &str) -> Cmd {
        Cmd::new("curl")
            .args(["--silent", "--show-error", "--insecure", "--noproxy", "*"])
            .args(["--max-time", seconds])
    }

    /// Gets a path that must be there.
    ///
    /// # Errors
    /// No answer within half a minute, or a status other than 200.
    pub fn get_ok(&self, path: &str) -> Result<String> {
        let answer = self.get(path, Duration::from_secs(30))?;
        ensure!(
            answer.status == 200,
            "{} answered {}: {}",
            self.url(path),
            answer.status,
            answer.body
        );
        Ok(answer.body)
    }

    /// The machine as the API tells it.
    ///
    /// # Errors
    /// No answer, or not the document it should be.
    pub fn overview(&self) -> Result<Overview> {
        let body = self.get_ok("/api/v1/node")?;
        serde_json::from_str(&body).with_context(|| format!("/api/v1/node is not an overview: {body}"))
    }

    /// SHA-256 of the certificate, upper case with colons, as browsers show it.
    ///
    /// # Errors
    /// No TLS connection, or no certificate.
    pub fn fingerprint(&self) -> Result<String> {
        let output = run(self
            .curl("30")
            .args(["--output", "/dev/null", "--write-out", "%{certs}"])
            .arg(self.url("/healthz")))?;
        fingerprint_of_pem(&output.text())
    }

    /// TCP ports from 1 to `last` that accept a connection, in order.
    ///
    /// # Errors
    /// It takes longer than `limit`: something drops packets where the kernel would refuse at once.
    pub fn open_ports(&self, last: u16, limit: Duration) -> Result<Vec<u16>> {
        let ip = self.address.ip();
        let deadline = Instant::now() + limit;
        // The kernel refuses closed ports at once; several at a time only hide the way there and back.
        let lanes: u16 = 16;
        let mut open = thread::scope(|scope| {
            let scan = |lane| {
                let mut open = Vec::new();
                for port in (1..=last).filter(|port| port % lanes == lane) {
                    ensure!(
                        Instant::now() < deadline,
                        "scanning {ip} is at port {port} after {} s",
                        limit.as_secs()
                    );
                    if connects(SocketAddr::new(ip, port)) {
                        open.push(port);
                    }
                }
                Ok(open)
            };
            let workers: Vec<_> = (0..lanes).map(|lane| scope.spawn(move || scan(lane))).collect();
            let mut all = Vec::new();
            for worker in workers {
                all.extend(worker.join().unwrap_or_else(|_| bail!("the scan panicked"))?);
            }
            anyhow::Ok(all)
        })?;
        open.sort_unstable();
        Ok(open)
    }
}

fn connects(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
}

/// The line for curl that carries a token.
fn bearer(token: &str) -> String {
    format!("header = \"Authorization: Bearer {token}\"\n")
}

fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The answer in what curl has said, and whether it is not just the way to the door.
fn split_answer(said: &str) -> Option<(Answer, bool)> {
    let (body, rest) = said.rsplit_once('\n')?;
    let (url, status) = rest.trim().rsplit_once(' ')?;
    // curl writes 000 when there was no answer.
    let status = status.parse().ok().filter(|status| *status >= 100)?;
    let (_, path) = url.split_once("://")?.1.split_once('/')?;
    let door = status == 401 || path.starts_with("sign-in") || path.starts_with("setup");
    let answer = Answer {
        status,
        body: body.to_owned(),
    };
    Some((answer, !door))
}

/// SHA-256 of the first certificate in a PEM text, as [`Node::fingerprint`] has it.
pub fn fingerprint_of_pem(said: &str) -> Result<String> {
    let (_, rest) = said
        .split_once("-----BEGIN CERTIFICATE-----")
        .context("the node showed no certificate")?;
    let (base64, _) = rest
        .split_once("-----END CERTIFICATE-----")
        .context("the certificate is cut off")?;
    let compact: String = base64.split_whitespace().collect();
    let der = BASE64_STANDARD
        .decode(compact)
        .context("the certificate is not valid base64")?;
    Ok(Sha256::digest(&der)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn status_and_body_are_told_apart_and_the_door_is_known() {
        let split = |said| split_answer(said).map(|(answer, known)| (answer.status, answer.body, known));
        assert_eq!(split("a\nb\nhttps://n/x 200"), Some((200, "a\nb".into(), true)));
        assert_eq!(split("\nhttps://n/ 404"), Some((404, String::new(), true)));
        assert_eq!(split("\nhttps://n/api 401"), Some((401, String::new(), false)));
        assert_eq!(
            split("p\nhttps://n/sign-in?to=/x 200"),
            Some((200, "p".into(), false))
        );
        assert_eq!(split("\nhttps://n/ 000"), None);
    }

    #[test]
    fn the_fingerprint_is_of_the_der_form() {
        let pem = "Subject:x\n-----BEGIN CERTIFICATE-----\nYW\nJj\n-----END CERTIFICATE-----\n";
        // SHA-256 of "abc", FIPS 180-2, appendix B.1.
        assert!(
            fingerprint_of_pem(pem)
                .expect("a certificate")
                .starts_with("BA:78:16:BF:8F:01:CF:EA")
        );
        assert!(fingerprint_of_pem("").is_err());
    }

    #[test]
    fn the_scan_finds_what_listens_and_nothing_else() {
        // A low port, so that the scan is short: the test's own network may refuse it without root.
        let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) else {
            return;
        };
        let port = listener.local_addr().expect("bound").port();
        let node = Node::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 443));
        let scan = || node.open_ports(port, Duration::from_secs(60)).expect("in time");
        let open = scan();
        assert!(open.contains(&port), "{port} is not in {open:?}");
        drop(listener);
        assert!(!scan().contains(&port));
    }

    #[test]
    fn the_usual_port_is_not_written() {
        let at = |port| Node::new(SocketAddr::new(Ipv4Addr::new(10, 0, 0, 1).into(), port)).url("/x");
        assert_eq!(at(443), "https://10.0.0.1/x");
        assert_eq!(at(8443), "https://10.0.0.1:8443/x");
    }
}
