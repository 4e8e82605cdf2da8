//! What somebody reaches who has neither password nor token: before the machine is set up, and afterwards.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Shared, on_the_shared};
use crate::case::{Case, Notes};
use crate::install::site::Site;

/// Where a crawl begins: what there is (`web/src/page`, `web/src/api`), and what attackers try first.
const KNOWN: [&str; 51] = [
    "/",
    "/access",
    "/audit",
    "/certificates",
    "/certificates/ca.pem",
    "/disks",
    "/networks/management",
    "/events",
    "/healthz",
    "/logs",
    "/logs?unit=ssh.service",
    "/misdirected-request",
    "/network/confirm",
    "/network/confirm?code=ABCD2345",
    "/networks",
    "/performance",
    "/power",
    "/services",
    "/setup",
    "/setup/machine",
    "/setup/disks",
    "/setup/network",
    "/setup/review",
    "/setup/progress",
    "/sign-in",
    "/sign-in?to=//evil.example/",
    "/sign-out",
    "/time",
    "/tokens",
    "/api",
    "/api/v1",
    "/api/v1/audit",
    "/api/v1/network/confirm",
    "/api/v1/node",
    "/api/v1/setup",
    "/api/v1/access/ssh-keys",
    "/api/v1/configuration",
    "/api/v1/disks",
    "/api/v1/factory-reset",
    "/api/v1/install",
    "/api/v1/journal",
    "/api/v1/metrics",
    "/api/v1/openapi.json",
    "/api/v1/units",
    "/api/v1/tokens",
    "/static/",
    "/static/../sign-in",
    "/static/%2e%2e/%2e%2e/etc/shadow",
    "/.git/config",
    "/.well-known/security.txt",
    "/metrics",
];
/// Most addresses that a crawl may come to.
const MOST: usize = 200;

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    on_the_shared(
        &[
            ("before_setup_they_reach_only_the_wizard", before_setup),
            ("afterwards_they_reach_only_the_way_to_sign_in", afterwards),
        ],
        "strangers",
    )
}

fn before_setup(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    let door = shared.crawl("/setup", notes)?;
    ensure!(
        door == "/setup",
        "the machine was set up by another case before: it leads to {door}"
    );
    shared.only_https_is_open(notes)
}

fn afterwards(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    shared.running.node.token()?;
    shared.crawl("/sign-in", notes)?;
    shared.only_https_is_open(notes)
}

impl Shared<'_> {
    /// Follows every link, and checks that nothing is shown but what is for everybody; where one is led from `/`.
    fn crawl(&mut self, door: &str, notes: &mut Notes) -> Result<String> {
        let mut wire = self.wire()?;
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let mut waiting: VecDeque<String> = KNOWN.map(str::to_owned).into();
        let mut wrong = Vec::new();
        while let Some(path) = waiting.pop_front() {
            if found.contains_key(&path) {
                continue;
            }
            ensure!(found.len() < MOST, "there is no end: {found:?}");
            let heard = wire.get(&path, &[])?;
            let to = heard.header("location").unwrap_or_default().to_owned();
            if !is_allowed(&path, heard.status, &to, door) {
                wrong.push(format!("{path}: {} {to}", heard.status));
            }
            if heard
                .header("content-type")
                .is_some_and(|kind| kind.contains("html"))
            {
                waiting.extend(links(&heard.body, &["href", "src", "action"]));
            }
            waiting.extend(to.starts_with('/').then(|| to.clone()));
            found.insert(path, format!("{} {to}", heard.status));
        }
        notes.measured("crawled", &found);
        ensure!(
            wrong.is_empty(),
            "a stranger is answered otherwise than by being led to {door}: {}",
            wrong.join(", ")
        );
        let led = found.get("/").and_then(|said| said.split(' ').nth(1));
        Ok(led.unwrap_or_default().to_owned())
    }

    fn only_https_is_open(&mut self, notes: &mut Notes) -> Result<()> {
        let started = Instant::now();
        let open = self.running.node.open_ports(u16::MAX, Duration::from_secs(300))?;
        notes.measured("scan_of_all_ports_seconds", started.elapsed().as_secs_f64());
        ensure!(open == [443], "these TCP ports accept connections: {open:?}");
        Ok(())
    }
}

/// Whether a stranger may be answered so.
fn is_allowed(path: &str, status: u16, to: &str, door: &str) -> bool {
    let bare = path.split('?').next().unwrap_or(path);
    match status {
        200 => bare == door || bare == "/healthz" || bare.starts_with("/static/"),
        // The way to the door, with the place to come back to.
        303 if door != "/setup" && bare == "/setup" => to == "/",
        303 => to == door || to.starts_with(&format!("{door}?to=")),
        401 => bare.starts_with("/api"),
        421 => bare == "/misdirected-request",
        400 | 404 | 405 => true,
        _ => false,
    }
}

/// Addresses on this server that a page names in these attributes.
pub fn links(html: &str, attributes: &[&str]) -> Vec<String> {
    let named = attributes.iter().flat_map(|attribute| {
        let before = format!("{attribute}=\"");
        let rests = html.split(before.as_str()).skip(1);
        rests.map(str::to_owned).collect::<Vec<_>>()
    });
    let addresses = named.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
    addresses
        .filter(|address| address.starts_with('/'))
        .map(|address| address.replace("&amp;", "&").replace("&#38;", "&"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_whatever_names_them() {
        let html =
            r##"<a href="/a?b=1&amp;c">x</a><a href="#content"><form action="/f"><img src="/static/i.svg">"##;
        assert_eq!(
            links(html, &["href", "src", "action"]),
            ["/a?b=1&c", "/static/i.svg", "/f"]
        );
        assert_eq!(links(html, &["href"]), ["/a?b=1&c"]);
    }

    #[test]
    fn only_the_door_and_what_it_needs_is_allowed() {
        assert!(is_allowed("/sign-in?to=/x", 200, "", "/sign-in"));
        assert!(is_allowed("/tokens", 303, "/sign-in?to=/tokens", "/sign-in"));
        assert!(is_allowed("/api/v1/node", 401, "", "/setup"));
        assert!(!is_allowed("/tokens", 200, "", "/sign-in"));
        assert!(!is_allowed("/tokens", 303, "https://evil.example/", "/sign-in"));
        assert!(!is_allowed("/sign-in", 200, "", "/setup"));
        assert!(!is_allowed("/tokens", 500, "", "/sign-in"));
    }
}
