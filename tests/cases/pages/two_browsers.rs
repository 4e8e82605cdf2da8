//! Two people in the wizard at the same time, before the machine is set up.

use anyhow::{Result, ensure};
use pocketstack_tests::access::PASSWORD;
use pocketstack_tests::browser::Page;

use super::wizard::code_of;
use super::words::Language;
use super::{Shared, on_the_shared};
use crate::case::{Case, Notes};
use crate::install::site::Site;

const NAME: &str = "lab-of-two";

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    on_the_shared(
        &[("the_second_is_told_and_takes_over", taken_over)],
        "two_browsers",
    )
}

fn taken_over(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    let language = Language::English;
    let (told, code) = (language.begins("setup-other")?, code_of(shared.running)?);
    let begin = |page: &mut Page, code: &str| {
        for (field, text) in [
            ("#code", code),
            ("#password", PASSWORD),
            ("#password_again", PASSWORD),
        ] {
            page.type_into(field, text)?;
        }
        page.click_through("main form button.main")
    };
    let mut first = shared.wizard(language)?;
    ensure!(!first.text("main")?.contains(told), "nobody else is there yet");
    begin(&mut first, &code)?;
    first.type_into("#name", NAME)?;
    first.click_through("main form button.main")?;
    shared.is_at(&mut first, "/setup/disks")?;

    // Looking alone takes nothing away from the first, and neither does a wrong code.
    let mut second = shared.wizard(language)?;
    second.wait_for_text("main .banner", told)?;
    let picture = shared.reports.join("wizard.second-browser.png");
    second.screenshot(&picture)?;
    notes.artifacts.push(picture);
    begin(&mut second, "0000-0000")?;
    second.wait_for_text("#code-trouble", language.say("setup-wrong-code")?)?;
    first.reload()?;
    shared.is_at(&mut first, "/setup/disks")?;

    // The code takes it over, with all that was typed.
    begin(&mut second, &code)?;
    shared.is_at(&mut second, "/setup/machine")?;
    let name = second.value("#name")?;
    ensure!(
        name == NAME,
        "the first has typed {NAME}, and the second finds {name}"
    );

    // The first is told with what it does next, whatever that is.
    first.click_through("main form button.main")?;
    shared.is_at(&mut first, "/setup")?;
    first.wait_for_text("main .banner", told)?;
    let overview = shared
        .running
        .node
        .as_stranger()
        .get("/", shared.running.patience(20))?;
    ensure!(
        overview.body.contains(language.say("setup-welcome")?),
        "the machine is set up, though nobody has come to the end"
    );
    Ok(())
}

impl Shared<'_> {
    /// A new browser at the start of the wizard.
    fn wizard(&self, language: Language) -> Result<Page> {
        let mut page = self.browser()?.blank()?;
        page.set_languages(language.accepted())?;
        page.open(&self.running.node.url("/setup"))?;
        Ok(page)
    }

    fn is_at(&self, page: &mut Page, path: &str) -> Result<()> {
        let (url, wanted) = (page.url()?, self.running.node.url(path));
        ensure!(url == wanted, "not {wanted}, but {url}");
        Ok(())
    }
}
