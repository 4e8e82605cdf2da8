//! Every page there is: in both themes and both languages, by keyboard, without JavaScript, and how heavy it is. The
//! screens of the wizard are looked at where it is walked through.

use std::collections::{BTreeSet, VecDeque};

use anyhow::{Result, ensure};
use pocketstack_tests::access::{self, PASSWORD};
use pocketstack_tests::browser::{Kind, Page, Theme};

use super::strangers::links;
use super::words::Language;
use super::{Shared, on_the_shared};
use crate::case::{Case, Notes};
use crate::install::site::Site;

/// Where a look at all pages begins: what links lead to is found from there.
const BEGIN: [&str; 3] = ["/", "/network/confirm", "/no/such/page"];
/// Fewest pages that are found: those of the navigation and the ones above.
const FEWEST: usize = 7;
/// Most of them: further ones would be the same page with other content.
const MOST: usize = 60;
/// Most JavaScript of a page, and most that a first visit may transfer, in bytes as they are sent.
const MOST_SCRIPT: u64 = 20 << 10;
const MOST_FIRST: u64 = 80 << 10;

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    on_the_shared(
        &[
            ("everybody_can_use_each_in_english", in_english),
            ("everybody_can_use_each_in_portuguese", in_portuguese),
            ("each_is_light", each_is_light),
            ("the_keyboard_is_enough", the_keyboard_is_enough),
            ("forms_work_without_javascript", forms_work_without_javascript),
        ],
        "every_page",
    )
}

fn in_english(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    everybody_can_use_each(shared, Language::English, notes)
}

fn in_portuguese(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    everybody_can_use_each(shared, Language::Portuguese, notes)
}

fn everybody_can_use_each(shared: &mut Shared<'_>, language: Language, notes: &mut Notes) -> Result<()> {
    let mut page = shared.door(language, "/sign-in")?;
    looks_right(shared, &mut page, language, "/sign-in", notes)?;
    access::sign_in(&mut page)?;
    // All are looked at, however many are wrong.
    let mut wrong = Vec::new();
    let pages = shared.visit(&mut page, |shared, page, path| {
        if let Err(error) = looks_right(shared, page, language, path, notes) {
            wrong.push(format!("{path}: {error:#}"));
        }
    })?;
    notes.measured("pages", pages);
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

impl Shared<'_> {
    /// Goes to every page that links of others lead to, from [`BEGIN`] on; hands back which. The browser is signed in.
    fn visit(&self, page: &mut Page, mut look: impl FnMut(&Self, &mut Page, &str)) -> Result<Vec<String>> {
        let authorization = format!("Authorization: Bearer {}", self.running.node.token()?);
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut waiting: VecDeque<String> = BEGIN.map(str::to_owned).into();
        let mut pages = Vec::new();
        while let Some(path) = waiting.pop_front() {
            // The same page with another filter or of another day is the same page.
            let bare = path.split(['?', '#']).next().unwrap_or(&path).to_owned();
            if !seen.insert(bare) {
                continue;
            }
            ensure!(pages.len() < MOST, "there is no end: {pages:?}");
            // What is there to be kept as a file is no page; a connection each, as one may take longer than it is kept.
            let heard = self.wire()?.get(&path, &[&authorization])?;
            let kind = heard.header("content-type").unwrap_or_default();
            let file = heard.header("content-disposition").is_some();
            if heard.status == 200 && (file || !kind.starts_with("text/html")) {
                continue;
            }
            page.open(&self.running.node.url(&path))?;
            look(self, page, &path);
            waiting.extend(links(&page.html()?, &["href"]));
            pages.push(path);
        }
        ensure!(pages.len() >= FEWEST, "only {pages:?} were found");
        Ok(pages)
    }
}

fn looks_right(
    shared: &Shared<'_>,
    page: &mut Page,
    language: Language,
    path: &str,
    notes: &mut Notes,
) -> Result<()> {
    let tag = page.attribute("html", "lang")?;
    ensure!(tag.as_deref() == Some(language.tag()), "it is in {tag:?}");
    let file = path.trim_matches('/').replace('/', "-");
    for theme in Theme::ALL {
        page.check_accessibility(theme)?;
        let picture = format!("page.{}.{}.{file}.png", language.name(), theme.name());
        let picture = shared.reports.join(picture);
        page.screenshot(&picture)?;
        notes.artifacts.push(picture);
    }
    page.check_keyboard()?;
    let complaints = page.take_complaints()?;
    // Chromium complains of each page that comes with an error.
    let expected = page.status().is_some_and(|status| status >= 400);
    ensure!(
        complaints
            .iter()
            .all(|one| expected && one.contains("status of 4")),
        "it complains: {}",
        complaints.join("; ")
    );
    Ok(())
}

fn each_is_light(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    let mut page = shared.signed_in("/")?;
    let pages = shared.visit(&mut page, |_, _, _| {})?;
    drop(page);
    for path in &pages {
        // A browser of its own each time, led straight there by signing in: nothing is in its cache.
        let mut page = shared.door(Language::English, path)?;
        let door = page.traffic()?.bytes();
        access::sign_in(&mut page)?;
        let traffic = page.traffic()?;
        let (script, first) = (traffic.bytes_of(Kind::Script), door + traffic.bytes());
        notes.measured(&format!("script_bytes {path}"), script);
        notes.measured(&format!("first_visit_bytes {path}"), first);
        ensure!(
            script <= MOST_SCRIPT && first <= MOST_FIRST,
            "{path} has {script} bytes of JavaScript (at most {MOST_SCRIPT}); signing in and the page take {first} \
             bytes (at most {MOST_FIRST})"
        );
    }
    Ok(())
}

fn the_keyboard_is_enough(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    let mut page = shared.door(Language::English, "/sign-in")?;
    page.tab_to("#password")?;
    page.type_text(PASSWORD)?;
    page.loads(|page| page.press("Enter"))?;
    page.tab_to("nav a[href='/tokens']")?;
    page.loads(|page| page.press("Enter"))?;
    page.tab_to("#name")?;
    page.type_text("by keyboard")?;
    page.tab_to("form:has(#days) button")?;
    page.loads(|page| page.press("Enter"))?;
    page.wait_for("code.secret")?;
    page.tab_to("form[action='/sign-out'] button")?;
    page.loads(|page| page.press("Enter"))?;
    page.wait_for("#password")
}

fn forms_work_without_javascript(shared: &mut Shared<'_>, _notes: &mut Notes) -> Result<()> {
    shared.running.node.token()?;
    let mut page = shared.browser()?.blank()?;
    page.set_languages(Language::English.accepted())?;
    page.allow_scripts(false)?;
    page.open(&shared.running.node.url("/sign-in"))?;
    page.click_through("form.language button[value='pt-BR']")?;
    page.wait_for_text("h1", Language::Portuguese.say("sign-in")?)?;
    page.click_through("form.language button[value='en']")?;
    page.wait_for_text("h1", Language::English.say("sign-in")?)?;
    access::sign_in(&mut page)?;
    let name = shared.running.node.overview()?.name;
    page.wait_for_text("#name", &name)?;
    page.click_through("nav a[href='/tokens']")?;
    page.type_into("#name", "no script")?;
    page.click_through("form:has(#days) button")?;
    page.wait_for("code.secret")?;
    page.click_through("button[name=name][value='no script']")?;
    page.wait_for_text("[role=status]", Language::English.say("token-revoked")?)?;
    page.click_through("nav a[href='/power']")?;
    page.wait_for("button[name=how][value=off]")?;
    page.click_through("form[action='/sign-out'] button")?;
    page.wait_for("#password")?;
    page.check_quiet()
}
