//! Faults of pages, each of which must be noticed and told.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use pocketstack_tests::browser::Theme;

use super::Web;
use super::doing::{fails, hasty};
use crate::case::{Case, Notes};

/// The cases.
pub fn cases() -> Vec<Case<Web>> {
    vec![
        Case::new(
            "browser::noticing::who_cannot_read_or_hit_it",
            who_cannot_read_or_hit_it,
        ),
        Case::new(
            "browser::noticing::where_the_keyboard_ends",
            where_the_keyboard_ends,
        ),
        Case::new(
            "browser::noticing::what_pages_complain_about",
            what_pages_complain_about,
        ),
        Case::new(
            "browser::noticing::what_cannot_be_clicked",
            what_cannot_be_clicked,
        ),
        Case::new(
            "browser::noticing::a_failure_tells_of_the_page",
            a_failure_tells_of_the_page,
        ),
        Case::new("browser::noticing::nobody_answers", nobody_answers),
    ]
}

fn who_cannot_read_or_hit_it(web: &mut Web, notes: &mut Notes) -> Result<()> {
    let mut page = web.open("/form")?;
    for theme in Theme::ALL {
        let audit = page.check_accessibility(theme)?;
        notes.measured(&format!("rules_kept_{}", theme.name()), audit.passed);
    }
    // The audit itself is nothing that the page's policy stops.
    page.check_quiet()?;
    page.open(&web.server.url("/dim"))?;
    let rules = |theme, page: &mut pocketstack_tests::browser::Page| -> Result<Vec<String>> {
        Ok(page
            .audit(theme)?
            .violations
            .into_iter()
            .map(|found| found.rule)
            .collect())
    };
    let light = rules(Theme::Light, &mut page)?;
    ensure!(light == ["target-size"], "in the light theme: {light:?}");
    let dark = rules(Theme::Dark, &mut page)?;
    ensure!(
        dark == ["color-contrast", "target-size"],
        "in the dark theme: {dark:?}"
    );
    let error = fails(page.check_accessibility(Theme::Dark))?;
    ensure!(
        error.contains("\n    p: ") && error.contains("contrast of"),
        "{error}"
    );
    Ok(())
}

fn where_the_keyboard_ends(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let error = fails(web.open("/trap")?.check_keyboard())?;
    ensure!(
        error.contains("Tab does not reach <button#after> \"After\""),
        "{error}"
    );
    ensure!(
        error.contains("nothing shows the focus on <a#unseen> \"First\""),
        "{error}"
    );
    ensure!(!error.contains("on <input#trap>"), "{error}");
    Ok(())
}

fn what_pages_complain_about(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = web.open("/loud")?;
    let error = fails(page.check_quiet())?;
    for expected in [
        "console: it hurts 7",
        "exception: ReferenceError: nothing is not defined",
        "security: Executing inline script violates the following Content Security Policy directive",
        "network: Failed to load resource: the server responded with a status of 404",
    ] {
        ensure!(error.contains(expected), "no \"{expected}\" in: {error}");
    }
    ensure!(!error.contains("all is well"), "{error}");
    // A page that is not there says so with its status, and there is nothing else to complain about.
    page.open(&web.server.url("/nowhere"))?;
    ensure!(page.status() == Some(404), "the status is {:?}", page.status());
    page.check_quiet()
}

fn what_cannot_be_clicked(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = hasty(web, "/covered")?;
    for (selector, why) in [
        ("#below", "#below is covered by <div> \"Please wait\""),
        ("#off", "#off is disabled"),
        (
            ".two",
            ".two matches 2 elements that are shown: <button> \"One\", <button> \"Other\"",
        ),
        ("#none", "nothing matches #none"),
    ] {
        let error = fails(page.click(selector))?;
        ensure!(error.contains(why), "{error}");
    }
    let error = fails(page.click("p["))?;
    ensure!(error.contains("not a valid selector"), "{error}");
    Ok(())
}

fn a_failure_tells_of_the_page(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = hasty(web, "/form")?;
    let error = fails(page.wait_for("#name"))?;
    for expected in [
        "waited 1 s for #name to be shown, in vain".to_owned(),
        format!("\"Setup\" at {}, status 200", web.server.url("/form")),
        "text: Setup Code Size".to_owned(),
    ] {
        ensure!(error.contains(&expected), "no \"{expected}\" in: {error}");
    }
    let (_, rest) = error.split_once("picture: ").context("no picture is named")?;
    let picture = Path::new(rest.lines().next().unwrap_or_default());
    let size = picture.metadata().map(|file| file.len()).unwrap_or_default();
    ensure!(size > 0, "there is no picture at {}", picture.display());
    let error = fails(page.loads(|page| page.press("Tab")))?;
    ensure!(error.contains("the page is still the one before"), "{error}");
    Ok(())
}

fn nobody_answers(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    // Port 1 of loopback: nothing listens there.
    let error = fails(web.browser()?.open("https://127.0.0.1:1/"))?;
    ensure!(
        error.contains("chromium cannot show https://127.0.0.1:1/: net::ERR_"),
        "{error}"
    );
    Ok(())
}
