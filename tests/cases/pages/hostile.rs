//! What no friend would send: other hosts, far too much, far too slowly; and a session that ends while somebody types.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pocketstack_tests::access::{self, PASSWORD};

use super::words::Language;
use super::{Shared, on_the_shared};
use crate::case::{Case, Notes};
use crate::install::site::Site;

const FORM: &str = "application/x-www-form-urlencoded";
/// Clients that begin and do not go on.
const SLOW: usize = 50;
/// How long each answer to somebody else may take meanwhile, on hardware.
const PROMPT: u64 = 5;

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    on_the_shared(
        &[
            ("other_hosts_are_not_served", other_hosts_are_not_served),
            ("too_much_is_refused", too_much_is_refused),
            ("nonsense_is_no_session", nonsense_is_no_session),
            ("other_sites_can_send_nothing", other_sites_can_send_nothing),
            ("slow_clients_starve_nobody", slow_clients_starve_nobody),
            ("a_session_that_ends_loses_nothing", a_session_that_ends),
        ],
        "hostile",
    )
}

impl Shared<'_> {
    /// That the page still answers, in time.
    fn is_well(&self) -> Result<()> {
        let limit = self.running.patience(PROMPT);
        let answer = self.running.node.get("/healthz", limit)?;
        ensure!(answer.status == 200, "/healthz answers {}", answer.status);
        Ok(())
    }
}

fn other_hosts_are_not_served(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    let name = shared.running.node.overview()?.name;
    let token = format!("Authorization: Bearer {}", shared.running.node.token()?);
    let mut wire = shared.wire()?;
    for host in [
        "evil.example",
        &format!("{name}.evil.example"),
        "localhost.evil.example",
    ] {
        let host = format!("Host: {host}");
        for path in ["/", "/sign-in", "/healthz", "/api/v1/node"] {
            let heard = wire.get(path, &[&host, &token])?;
            ensure!(heard.status == 421, "{path} of {host} answers {}", heard.status);
            ensure!(!heard.body.contains(&name), "{path} of {host} names the machine");
        }
    }
    for host in [name.clone(), format!("{name}.local"), format!("{name}.local:443")] {
        let heard = wire.get("/api/v1/node", &[&format!("Host: {host}"), &token])?;
        ensure!(heard.status == 200, "{host} answers {}", heard.status);
    }
    Ok(())
}

fn too_much_is_refused(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    shared.running.node.token()?;
    let form = |kib: usize| format!("password={}", "x".repeat(kib << 10));
    let heard = shared.wire()?.post("/sign-in", FORM, &form(40))?;
    ensure!(
        heard.status == 413,
        "a form of 40 KiB is answered with {}",
        heard.status
    );
    let many = "a=b&".repeat(1000);
    let heard = shared.wire()?.post("/sign-in", FORM, &many)?;
    ensure!(
        heard.status == 413,
        "1000 fields are answered with {}",
        heard.status
    );
    let json = format!("{{\"password\":\"{}\"}}", "x".repeat(40 << 10));
    let heard = shared.wire()?.post("/api/v1/tokens", "application/json", &json)?;
    ensure!(
        heard.status == 413,
        "40 KiB of JSON are answered with {}",
        heard.status
    );

    // Where it is far more, the connection may be ended before the answer has come through.
    let far_too_much = [
        (
            "a form of 16 MiB",
            shared.wire()?.post("/sign-in", FORM, &form(16 << 10)),
        ),
        ("a header of 1 MiB", {
            let header = format!("X-Long: {}", "x".repeat(1 << 20));
            shared.wire()?.get("/sign-in", &[&header])
        }),
        ("10,000 headers", {
            let headers = vec!["X-Many: y"; 10_000];
            shared.wire()?.get("/sign-in", &headers)
        }),
        ("an address of 1 MiB", {
            let path = format!("/sign-in?to=/{}", "x".repeat(1 << 20));
            shared.wire()?.get(&path, &[])
        }),
    ];
    for (what, answer) in far_too_much {
        let said = match answer {
            Ok(heard) => {
                ensure!(
                    (400..500).contains(&heard.status),
                    "{what} is answered with {}",
                    heard.status
                );
                heard.status.to_string()
            }
            Err(why) => format!("ended: {why:#}"),
        };
        notes.measured(what, said);
        shared.is_well().with_context(|| format!("after {what}"))?;
    }
    Ok(())
}

fn nonsense_is_no_session(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    shared.running.node.token()?;
    let mut wire = shared.wire()?;
    let long = "A".repeat(4000);
    for value in ["", "x", "%00%ff", "\"; Path=/", &long] {
        let cookie = format!("Cookie: __Host-session={value}; language={value}; __Host-setup={value}");
        let heard = wire.get("/tokens", &[&cookie])?;
        ensure!(
            heard.status == 303,
            "a cookie of {value:.20} is answered with {}",
            heard.status
        );
        for scheme in ["Bearer", "Basic", "bearer pst_"] {
            let authorization = format!("Authorization: {scheme} {value}");
            let heard = wire.get("/api/v1/node", &[&authorization])?;
            ensure!(
                heard.status == 401,
                "{scheme} {value:.20} is answered with {}",
                heard.status
            );
        }
    }
    Ok(())
}

fn other_sites_can_send_nothing(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    shared.running.node.token()?;
    let body = format!("password={}", PASSWORD.replace(' ', "+"));
    let kind = format!("Content-Type: {FORM}");
    let length = format!("Content-Length: {}", body.len());
    let mut wire = shared.wire()?;
    for (origin, status) in [
        ("Origin: https://evil.example", 403),
        ("Sec-Fetch-Site: cross-site", 403),
        ("Sec-Fetch-Site: same-origin", 303),
    ] {
        let head = wire.head("POST", "/sign-in", &[&kind, &length, origin]);
        wire.say(format!("{head}\r\n{body}").as_bytes())?;
        let heard = wire.hear()?;
        ensure!(
            heard.status == status,
            "{origin} is answered with {}",
            heard.status
        );
        let cookie = heard.header("set-cookie").unwrap_or_default();
        ensure!(
            (status == 303) == cookie.starts_with("__Host-session="),
            "{origin} gets the cookie {cookie}"
        );
    }
    Ok(())
}

fn slow_clients_starve_nobody(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    shared.running.node.token()?;
    let address = shared.running.node.address();
    // Kept to the end, each at another point of what it does not finish.
    let mut silent = Vec::new();
    let mut half = Vec::new();
    for number in 0..SLOW {
        if number % 3 == 0 {
            silent.push(TcpStream::connect_timeout(
                &address,
                shared.running.patience(PROMPT),
            )?);
            continue;
        }
        let mut wire = shared.wire()?;
        let body = format!("Content-Type: {FORM}");
        let start = match number % 3 {
            1 => "GET / HTTP/1.1\r\nHost: ".to_owned(),
            _ => wire.head("POST", "/sign-in", &[&body, "Content-Length: 1000"]) + "\r\np",
        };
        wire.say(start.as_bytes())?;
        half.push(wire);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..10 {
        for path in ["/", "/api/v1/node", "/healthz"] {
            let started = Instant::now();
            let answer = shared.running.node.get(path, shared.running.patience(PROMPT))?;
            ensure!(answer.status == 200, "{path} answers {} meanwhile", answer.status);
            slowest = slowest.max(started.elapsed());
        }
    }
    notes.measured("slowest_answer_seconds", slowest.as_secs_f64());
    ensure!(silent.len() + half.len() == SLOW, "some clients went away");
    drop((silent, half));
    shared.is_well()
}

fn a_session_that_ends(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    const TYPED: &str = "typed before the end";
    shared.running.node.token()?;
    let browser = shared.browser()?;
    let mut page = browser.blank()?;
    page.set_languages(Language::English.accepted())?;
    page.open(&shared.running.node.url("/tokens"))?;
    access::sign_in(&mut page)?;
    page.type_into("#name", TYPED)?;
    // In another window of the same browser.
    let mut other = browser.open(&shared.running.node.url("/"))?;
    other.click_through("form[action='/sign-out'] button")?;
    page.click_through("form:has(#days) button")?;
    page.wait_for_text("main", Language::English.say("sign-in-carried")?)?;
    access::give_password(&mut page)?;
    page.wait_for_text("h1", Language::English.say("resend-title")?)?;
    page.click_through("main form[action='/tokens'] button")?;
    page.wait_for("code.secret")?;
    let tokens = shared.running.node.get_ok("/api/v1/tokens")?;
    ensure!(tokens.contains(TYPED), "there is no token of this name: {tokens}");
    Ok(())
}
