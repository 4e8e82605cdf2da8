//! Certificates that are brought: wrong ones, which change nothing, and a right one; and a clock that jumps meanwhile.

use anyhow::{Context, Result, ensure};
use pocketstack_tests::access::{self, PASSWORD};
use pocketstack_tests::browser::Page;
use pocketstack_tests::node::fingerprint_of_pem;
use pocketstack_tests::poll::{self, Probe};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::words::Language;
use super::{Shared, on_the_shared};
use crate::case::{Case, Notes};
use crate::install::site::Site;

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    on_the_shared(
        &[
            ("wrong_ones_change_nothing", wrong_ones),
            ("a_right_one_is_used_and_nobody_is_signed_out", a_right_one),
            ("a_jump_of_the_clock_signs_nobody_out", a_jump),
        ],
        "certificates",
    )
}

/// A certificate for this name and its key, as PEM; signed by itself, which nobody has to be for the machine to use it.
fn made(name: &str, until: i32) -> Result<(String, String)> {
    let mut wanted = CertificateParams::new([name.to_owned()])?;
    (wanted.not_before, wanted.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
    let key = KeyPair::generate()?;
    Ok((wanted.self_signed(&key)?.pem(), key.serialize_pem()))
}

fn upload(page: &mut Page, certificate: &str, key: &str) -> Result<()> {
    page.type_into("#chain", certificate)?;
    page.type_into("#private_key", key)?;
    page.click_through("form:has(#chain) button.main")
}

fn wrong_ones(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    let language = Language::English;
    let (good, key) = made("lab.example.org", 2090)?;
    let (expired, its_key) = made("lab.example.org", 2021)?;
    let half = good.get(..good.len() / 2).context("PEM is ASCII")?;
    let mut page = shared.signed_in("/certificates")?;
    let before = shared.running.node.fingerprint()?;
    for (certificate, key, field, why) in [
        (
            good.as_str(),
            its_key.as_str(),
            "private_key",
            "certificate-mismatch",
        ),
        (&expired, &its_key, "chain", "certificate-expired"),
        (half, &key, "chain", "certificate-damaged"),
        ("not a certificate", &key, "chain", "certificate-missing"),
        (&good, "not a key", "private_key", "certificate-no-key"),
    ] {
        upload(&mut page, certificate, key)?;
        page.wait_for_text(&format!("#{field}-trouble"), language.say(why)?)
            .with_context(|| format!("a certificate of which {why} is to be said"))?;
        ensure!(
            page.value("#private_key")?.is_empty(),
            "the key comes back with the page"
        );
    }
    let picture = shared.reports.join("certificates.wrong.png");
    page.screenshot(&picture)?;
    notes.artifacts.push(picture);
    let after = shared.running.node.fingerprint()?;
    ensure!(before == after, "it was {before} and is {after}");
    Ok(())
}

fn a_right_one(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    let (certificate, key) = made("lab.example.org", 2090)?;
    let expected = fingerprint_of_pem(&certificate)?;
    let mut page = shared.signed_in("/certificates")?;
    upload(&mut page, &certificate, &key)?;
    page.wait_for_text("[role=status]", Language::English.say("certificate-replaced")?)?;
    let limit = shared.running.patience(60);
    poll::until("the new certificate to be served", limit, || {
        Ok(match shared.running.node.fingerprint() {
            Ok(now) if now == expected => Probe::Done(()),
            Ok(now) => Probe::NotYet(format!("{now} is served, not {expected}")),
            Err(why) => Probe::NotYet(format!("{why:#}")),
        })
    })?;
    page.open(&shared.running.node.url("/certificates"))?;
    page.wait_for("form[action='/sign-out']")?;
    page.wait_for_text("main", &expected)?;
    // Names of the new one are names of this machine from now on, and others are still none.
    for (host, status) in [("lab.example.org", 200), ("other.example.org", 421)] {
        let heard = shared.wire()?.get("/healthz", &[&format!("Host: {host}")])?;
        ensure!(heard.status == status, "{host} is answered with {}", heard.status);
    }
    Ok(())
}

fn a_jump(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    let mut page = shared.signed_in("/certificates")?;
    for jump in ["+1 day", "-2 days", "+1 day"] {
        shared.running.shell()?.check(&format!("date --set='{jump}'"))?;
        page.reload()?;
        page.wait_for("form[action='/sign-out']")
            .with_context(|| format!("after a jump of {jump}"))?;
        // Who comes now is let in, and one wrong password keeps nobody out.
        let mut other = shared.browser()?.open(&shared.running.node.url("/sign-in"))?;
        other.type_into("#password", "not the password")?;
        other.click_through("main button[type=submit]")?;
        other.type_into("#password", PASSWORD)?;
        other.click_through("main button[type=submit]")?;
        other
            .wait_for("form[action='/sign-out']")
            .with_context(|| format!("signing in after a jump of {jump}"))?;
        // And out: a session does not come back by the clock.
        other.click_through("form[action='/sign-out'] button")?;
        other.open(&shared.running.node.url("/tokens"))?;
        other.wait_for("#password")?;
    }
    page.click_through("form[action='/sign-out'] button")?;
    access::sign_in(&mut page)
}
