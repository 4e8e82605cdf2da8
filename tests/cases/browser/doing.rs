//! Filling in forms, with the mouse and with the keyboard alone.

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use pocketstack_tests::browser::Page;

use super::Web;
use crate::case::{Case, Notes};

/// The cases.
pub fn cases() -> Vec<Case<Web>> {
    vec![
        Case::new(
            "browser::doing::a_form_is_filled_and_sent",
            a_form_is_filled_and_sent,
        ),
        Case::new("browser::doing::the_keyboard_is_enough", the_keyboard_is_enough),
        Case::new(
            "browser::doing::a_reload_and_the_way_back",
            a_reload_and_the_way_back,
        ),
        Case::new(
            "browser::doing::a_picture_of_all_of_the_page",
            a_picture_of_all_of_the_page,
        ),
    ]
}

fn a_form_is_filled_and_sent(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let browser = web.browser()?;
    let mut page = browser.open(&web.server.url("/form"))?;
    page.type_into("#code", "Açaí-42")?;
    page.choose("#size", "Very large")?;
    page.click("#blue")?;
    let file = web.reports.join("certificate.pem");
    fs::write(&file, "not really")?;
    page.upload("#file", &file)?;
    let chosen = page.value("#file")?;
    ensure!(
        chosen.ends_with("certificate.pem"),
        "the file field holds {chosen}"
    );
    page.click_through("#send")?;
    let sent = "code=A%C3%A7a%C3%AD-42 size=Very+large colour=blue";
    page.wait_for_text("#cookie", sent)?;
    ensure!(page.status() == Some(200), "the status is {:?}", page.status());
    ensure!(
        page.url()? == web.server.url("/hello"),
        "the page is {}",
        page.url()?
    );
    page.check_quiet()?;
    // Cookies belong to the browser: a second window has them, a second browser has not.
    browser
        .open(&web.server.url("/hello"))?
        .wait_for_text("#cookie", sent)?;
    let stranger = web.open("/hello")?.text("#cookie")?;
    ensure!(stranger.is_empty(), "another browser sends the cookie {stranger}");
    Ok(())
}

fn the_keyboard_is_enough(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = web.open("/form")?;
    page.check_keyboard()?;
    page.reload()?;
    page.tab_to("#code")?;
    page.type_text("x")?;
    page.tab_to("#size")?;
    page.press("ArrowDown")?;
    page.press("Tab")?;
    page.press("ArrowRight")?;
    ensure!(
        page.focused()? == "<input#blue> \"blue\"",
        "the focus is on {}",
        page.focused()?
    );
    page.press("Shift+Tab")?;
    ensure!(
        page.focused()?.starts_with("<select#size>"),
        "the focus is on {}",
        page.focused()?
    );
    page.tab_to("#send")?;
    page.loads(|page| page.press("Enter"))?;
    // What Tab leads into is selected, and typing replaces it.
    page.wait_for_text("#cookie", "code=x size=Middle colour=blue")?;
    let error = fails(page.tab_to("#no-such"))?;
    ensure!(error.contains("Tab does not lead to #no-such, but to"), "{error}");
    Ok(())
}

fn a_reload_and_the_way_back(web: &mut Web, _notes: &mut Notes) -> Result<()> {
    let mut page = web.open("/form")?;
    let error = fails(
        page.type_into("#code", "")
            .and_then(|()| page.value("#code"))
            .and_then(|held| {
                ensure!(!held.is_empty(), "the field is empty");
                Ok(())
            }),
    )?;
    ensure!(error == "the field is empty", "{error}");
    page.reload()?;
    ensure!(
        page.value("#code")? == "old",
        "a reload keeps {}",
        page.value("#code")?
    );
    page.open(&web.server.url("/hello"))?;
    page.click_through("a")?;
    page.wait_for("#code")?;
    page.back()?;
    ensure!(page.title()? == "Hello", "back leads to {}", page.title()?);
    Ok(())
}

fn a_picture_of_all_of_the_page(web: &mut Web, notes: &mut Notes) -> Result<()> {
    let mut page = web.open("/form")?;
    page.resize(320, 100)?;
    let path = web.reports.join("form.png");
    page.screenshot(&path)?;
    // Width and height are the first two numbers of a PNG (ISO/IEC 15948, 11.2.2).
    let png = fs::read(&path)?;
    let number = |at: usize| {
        png.get(at..at + 4)
            .map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    };
    let (width, height) = (number(16), number(20));
    ensure!(width == Some(320), "the picture is {width:?} wide");
    ensure!(
        height > Some(150),
        "the picture is {height:?} high: no more than the window"
    );
    notes.artifacts.push(path);
    Ok(())
}

/// The words of an error that must be there.
pub(super) fn fails<T>(result: Result<T>) -> Result<String> {
    match result {
        Ok(_) => bail!("it went well, and should not have"),
        Err(error) => Ok(format!("{error:#}")),
    }
}

/// A page that does not wait long for what does not come.
pub(super) fn hasty(web: &Web, path: &str) -> Result<Page> {
    let mut page = web.open(path)?;
    page.set_patience(Duration::from_secs(1));
    Ok(page)
}
