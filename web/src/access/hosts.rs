//! Names this machine answers to. A page of somebody else's name that resolves to this machine's address (DNS rebinding)
//! would be of one origin with these pages; so other names are not served (RFC 9110 section 15.5.20).

use std::net::{IpAddr, Ipv6Addr};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{Method, Status};
use rocket::request::Request;
use rocket::{Data, Route, async_trait, get, routes};

use crate::node::Cached;

/// The names in the certificate; those of the machine itself are asked for.
pub struct KnownHosts {
    certificate: Vec<String>,
}

/// The route that other names end up at, for `/`.
pub fn misdirected() -> Vec<Route> {
    routes![refuse]
}

#[get("/misdirected-request")]
fn refuse() -> Status {
    Status::MisdirectedRequest
}

impl KnownHosts {
    /// With the names of the certificate in use.
    pub fn new(certificate: Vec<String>) -> Self {
        Self { certificate }
    }

    /// Whether it is known without asking.
    fn fixed(&self, host: &str) -> bool {
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let literal = match address {
            Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
            None => host.parse::<IpAddr>().is_ok(),
        };
        literal || host == "localhost" || self.certificate.iter().any(|name| covers(name, host))
    }
}

/// Whether a name of a certificate, maybe with a star as its first label, is for this host (RFC 6125 section 6.4.3).
fn covers(name: &str, host: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
        None => name == host,
    }
}

/// The host alone, in lower case, without the dot that a whole name may end with.
fn host(request: &Request<'_>) -> Option<String> {
    let host = request.host()?.domain().as_str();
    Some(host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase())
}

#[async_trait]
impl Fairing for KnownHosts {
    fn info(&self) -> Info {
        Info {
            name: "known hosts",
            kind: Kind::Request,
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let Some(host) = host(request) else {
            // Only HTTP/1.0 has no host, and no browser speaks it. One that cannot be read is another matter.
            if request.headers().contains("Host") {
                send_away(request);
            }
            return;
        };
        if self.fixed(&host) {
            return;
        }
        let name = match request.rocket().state::<Cached>() {
            Some(node) => node
                .overview()
                .await
                .ok()
                .map(|overview| overview.name.to_ascii_lowercase()),
            None => None,
        };
        let ours = name.is_some_and(|name| host == name || host == format!("{name}.local"));
        if !ours {
            send_away(request);
        }
    }
}

fn send_away(request: &mut Request<'_>) {
    request.set_method(Method::Get);
    request.set_uri(rocket::uri!(refuse()));
}

#[cfg(test)]
mod tests {
    use rocket::http::Header;

    use super::*;
    use crate::server::testing;

    #[test]
    fn names_of_the_certificate_may_have_a_star() {
        assert!(covers("lab.example.org", "lab.example.org"));
        assert!(covers("*.Example.org", "lab.example.org"));
        for host in [
            "example.org",
            "a.lab.example.org",
            ".example.org",
            "labexample.org",
        ] {
            assert!(!covers("*.example.org", host), "{host}");
        }
    }

    #[tokio::test]
    async fn other_names_are_sent_away_whatever_they_ask_for() {
        let (client, node) = testing::client().await;
        let ask = async |path: &'static str, host: &'static str| {
            let response = testing::with_host(client.get(path), host).dispatch().await;
            response.status().code
        };
        for host in [
            "192.0.2.17",
            "203.0.113.9:8443",
            "[2001:db8::17]",
            "[2001:db8::17]:443",
            "localhost",
            "lab-one",
            "LAB-ONE.local",
            "lab-one.local:443",
            "in-the-certificate.example.org",
        ] {
            assert_eq!(ask("/", host).await, 200, "{host}");
        }
        for host in [
            "evil.example",
            "lab-one.evil.example",
            "lab-two",
            "lab-one.local.evil.example",
        ] {
            for path in ["/", "/api/v1/node", "/healthz", "/static/live.js", "/sign-in"] {
                assert_eq!(ask(path, host).await, 421, "{host} {path}");
            }
            let post = testing::with_host(client.post("/sign-in"), host).dispatch().await;
            assert_eq!(post.status().code, 421);
            let html = post.into_string().await.expect("it has a body");
            assert!(html.contains("This machine is not known by this name"), "{html}");
        }
        node.change(|overview| overview.name = "lab-two".to_owned());
        assert_eq!(ask("/", "lab-two").await, 200);
        node.leave(crate::node::Unavailable::NotRunning);
        assert_eq!(
            ask("/healthz", "192.0.2.17").await,
            503,
            "an address needs no answer of the node"
        );
        // The server takes a host that it cannot read for none.
        let unreadable = client
            .get("/healthz")
            .header(Header::new("Host", "lab one"))
            .dispatch()
            .await;
        assert_eq!(unreadable.status(), Status::MisdirectedRequest);
    }
}
