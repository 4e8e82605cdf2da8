//! The API of one node.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pocketstack_pinned::{Fingerprint, agent};
use serde::Deserialize;
use serde_json::Value;
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::{Agent, Body};

/// From connecting to the last byte of an answer.
const LIMIT: Duration = Duration::from_secs(30);
/// Largest answer; the log of a thousand lines is the longest.
const LARGEST: u64 = 8 << 20;
/// Largest file; a support bundle is a few hundred kilobytes.
const LARGEST_FILE: u64 = 256 << 20;

/// A node that is talked to.
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<String>,
}

/// What a node says when it has not done something (RFC 9457). `Display` is what it says to a person.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// The status of the answer.
    pub status: StatusCode,
    /// What is wrong and what to do.
    pub detail: String,
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Client {
    /// For the node at `url` with this certificate. Nothing is sent yet.
    pub fn new(url: &str, fingerprint: Fingerprint, token: Option<String>) -> Result<Self> {
        Ok(Self {
            agent: agent(fingerprint, LIMIT)?,
            url: url.to_owned(),
            token,
        })
    }

    /// Reads a document.
    pub fn get(&self, path: &str) -> Result<Value> {
        let request = self.request(Method::GET, path).body(())?;
        self.answer(self.agent.run(request))
    }

    /// Deletes what is at the path.
    pub fn delete(&self, path: &str) -> Result<Value> {
        let request = self.request(Method::DELETE, path).body(())?;
        self.answer(self.agent.run(request))
    }

    /// Sends a document.
    pub fn post(&self, path: &str, document: &Value) -> Result<Value> {
        self.send(Method::POST, path, document)
    }

    /// Puts a document in the place of the one that is there.
    pub fn put(&self, path: &str, document: &Value) -> Result<Value> {
        self.send(Method::PUT, path, document)
    }

    /// Copies a file of the node.
    pub fn download(&self, path: &str, to: &mut dyn Write) -> Result<()> {
        let request = self.request(Method::GET, path).body(())?;
        let answer = self.agent.run(request);
        if !answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
            return self.answer(answer).map(drop);
        }
        let mut answer = answer.with_context(|| format!("{} cannot be reached", self.url))?;
        let mut body = answer.body_mut().with_config().limit(LARGEST_FILE).reader();
        io::copy(&mut body, to).with_context(|| format!("the answer of {} broke off", self.url))?;
        Ok(())
    }

    fn send(&self, method: Method, path: &str, document: &Value) -> Result<Value> {
        let request = self
            .request(method, path)
            .header("Content-Type", "application/json")
            .body(document.to_string())?;
        self.answer(self.agent.run(request))
    }

    fn request(&self, method: Method, path: &str) -> ureq::http::request::Builder {
        let builder = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1/{path}", self.url))
            .header("Accept", "application/json");
        match &self.token {
            Some(token) => builder.header("Authorization", format!("Bearer {token}")),
            None => builder,
        }
    }

    /// The document of an answer; null of one without.
    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Value> {
        let mut answer = answer.with_context(|| format!("{} cannot be reached", self.url))?;
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_string();
        let text = text.with_context(|| format!("the answer of {} cannot be read", self.url))?;
        let status = answer.status();
        if !status.is_success() {
            let problem = serde_json::from_str::<Problem>(&text);
            let mut detail = match problem {
                Ok(problem) => problem.detail,
                Err(_) => format!("{} answers {status}", self.url),
            };
            if status == StatusCode::UNAUTHORIZED {
                let why = match self.token {
                    Some(_) => "The node does not know the token (any more).",
                    None => "There is no token.",
                };
                detail = format!("{why} Run \"pocketctl login\", or set POCKETSTACK_TOKEN.");
            }
            bail!(Refused { status, detail });
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("the answer of {} is no JSON", self.url))
    }
}

/// A text as one segment of a path (RFC 3986).
pub fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The address of a node as somebody types it, as the beginning of a URL.
pub fn url(address: &str) -> Result<String> {
    let rest = address.strip_prefix("https://").unwrap_or(address);
    let rest = rest.trim_end_matches('/');
    let url = match rest.parse::<std::net::Ipv6Addr>() {
        Ok(bare) => format!("https://[{bare}]"),
        Err(_) => format!("https://{rest}"),
    };
    let fits = url.parse::<ureq::http::Uri>().is_ok_and(|uri| {
        uri.authority().is_some_and(|to| !to.as_str().contains('@'))
            && uri.path() == "/"
            && uri.query().is_none()
    });
    if !fits || rest.contains("://") {
        bail!(
            "{address:?} is no address of a node: one such as 192.0.2.17, node.example.org or https://[2001:db8::17]:443 is needed"
        );
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_they_are_typed() {
        for (typed, meant) in [
            ("192.0.2.17", "https://192.0.2.17"),
            ("https://node.example.org/", "https://node.example.org"),
            ("2001:db8::17", "https://[2001:db8::17]"),
            ("[2001:db8::17]:8443", "https://[2001:db8::17]:8443"),
        ] {
            assert_eq!(url(typed).ok().as_deref(), Some(meant));
        }
        for wrong in ["", "http://192.0.2.17", "a b", "a/b", "a?b", "admin@192.0.2.17"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_one_segment_whatever_is_in_it() {
        assert_eq!(segment("ci-1.x"), "ci-1.x");
        assert_eq!(segment("a/b ?é"), "a%2Fb%20%3F%C3%A9");
    }
}
