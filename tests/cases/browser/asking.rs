//! Theme, languages, scripts, sizes: what a page is asked for with, and what comes.

use anyhow::{Result, ensure};
use pocketstack_tests::browser::{Kind, Theme};

use super::Web;
use super::pages::SCRIPT_BYTES;
use crate::case::{Case, Notes};

/// The cases.
pub fn cases() -> Vec<Case<Web>> {
    vec![
        Case::new(
            "browser::asking::theme_and_languages_reach_the_page",
            theme_and_languages_reach_the_page,
        ),
        Case::new(
            "browser::asking::without_scripts_none_runs",
            without_scripts_none_runs,
        ),
        Case::new(
            "browser::asking::what_comes_late_is_waited_for",
            what_comes_late_is_waited_for,
        ),
        Case::new(
            "browser::asking::bytes_on_the_wire_are_counted",
            bytes_on_the_wire_are_counted,
        ),
    ]
}

fn theme_and_languages_reach_the_page(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = web.browser()?.blank()?;
    page.set_languages("pt-BR,en")?;
    page.open(&web.server.url("/hello"))?;
    let languages = page.text("#languages")?;
    ensure!(
        languages.starts_with("pt-BR,en"),
        "the server was asked for {languages}"
    );
    page.set_theme(Theme::Dark)?;
    page.wait_for(".dark")?;
    page.wait_gone(".light")?;
    page.set_theme(Theme::Light)?;
    page.wait_for(".light")?;
    Ok(())
}

fn without_scripts_none_runs(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = web.browser()?.blank()?;
    page.allow_scripts(false)?;
    page.open(&web.server.url("/form"))?;
    page.type_into("#code", "plain")?;
    page.click_through("#send")?;
    page.wait_for_text("#cookie", "code=plain")?;
    let scripts = page.text("#scripts")?;
    ensure!(scripts == "no scripts", "the page says: {scripts}");
    page.check_quiet()?;
    page.allow_scripts(true)?;
    page.reload()?;
    page.wait_for_text("#scripts", "scripts run")
}

fn what_comes_late_is_waited_for(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = web.open("/late")?;
    page.wait_gone("#early")?;
    page.wait_for_text("#late", "Here it is")?;
    ensure!(page.count("p")? == 1, "{}", page.html()?);
    let id = page.attribute("p", "id")?;
    ensure!(id.as_deref() == Some("late"), "the attribute is {id:?}");
    Ok(())
}

fn bytes_on_the_wire_are_counted(web: &mut Web, notes: &mut Notes) -> Result<()> {
    let mut page = web.open("/hello")?;
    let first = page.traffic()?;
    let script = first.bytes_of(Kind::Script);
    let least = u64::try_from(SCRIPT_BYTES)?;
    ensure!(
        (least..least + 500).contains(&script),
        "a script of {least} bytes counts as {script}"
    );
    ensure!(
        first.bytes() > script + first.bytes_of(Kind::Style) && first.bytes_of(Kind::Style) > 300,
        "page and style count nothing: {first:?}"
    );
    // The icon comes at its own time, after the page has loaded.
    let requests = first.requests().iter();
    let names = requests.filter_map(|request| request.url.rsplit('/').next());
    let paths: Vec<&str> = names.filter(|name| *name != "icon.svg").collect();
    ensure!(
        paths == ["hello", "style.css", "script.js"],
        "the page loads {paths:?}"
    );
    notes.measured("first_load_bytes", first.bytes());
    // The script is in the cache now, and only what the new page loads counts.
    page.open(&web.server.url("/hello"))?;
    let again = page.traffic()?;
    ensure!(
        again.bytes_of(Kind::Script) == 0,
        "a cached script counts: {again:?}"
    );
    ensure!(again.bytes() > 0, "the page itself came for nothing: {again:?}");
    Ok(())
}
