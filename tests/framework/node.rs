//! A node as others see it: over HTTPS.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pocketstack_exec::{Cmd, run};
use pocketstack_model::node::Overview;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What a node answered to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// A node at an address. Its certificate is its own and nobody's; [`Node::fingerprint`] is what identifies it.
#[derive(Debug, Clone)]
pub struct Node {
    address: SocketAddr,
}

impl Node {
    /// The node at this address.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
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
        self.ask(path, limit, |curl| curl.arg("--location"))
    }

    /// Posts a JSON document.
    ///
    /// # Errors
    /// No answer within `limit`.
    pub fn post(&self, path: &str, document: &Value, limit: Duration) -> Result<Answer> {
        // The document may hold a code: it goes through standard input, which no list of processes shows.
        self.ask(path, limit, |curl| {
            curl.args(["--header", "Content-Type: application/json"])
                .args(["--data-binary", "@-"])
                .input(document.to_string())
        })
    }

    fn ask(&self, path: &str, limit: Duration, how: impl FnOnce(Cmd) -> Cmd) -> Result<Answer> {
        let seconds = limit.as_secs().max(1).to_string();
        let curl = self
            .curl(&seconds)
            .args(["--write-out", "\n%{http_code}"])
            .arg(self.url(path))
            .within(limit + Duration::from_secs(5));
        let output = run(how(curl))?;
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

fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

fn split_answer(said: &str) -> Option<Answer> {
    let (body, status) = said.rsplit_once('\n')?;
    // curl writes 000 when there was no answer.
    let status = status.trim().parse().ok().filter(|status| *status >= 100)?;
    Some(Answer {
        status,
        body: body.to_owned(),
    })
}

/// SHA-256 of the first certificate in a PEM text, as [`Node::fingerprint`] has it.
pub(crate) fn fingerprint_of_pem(said: &str) -> Result<String> {
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
    fn status_and_body_are_told_apart() {
        assert_eq!(
            split_answer("a\nb\n200"),
            Some(Answer {
                status: 200,
                body: "a\nb".into()
            })
        );
        assert_eq!(
            split_answer("\n404"),
            Some(Answer {
                status: 404,
                body: String::new()
            })
        );
        assert_eq!(split_answer("\n000"), None);
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
