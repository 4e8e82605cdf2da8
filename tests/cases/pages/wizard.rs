//! The wizard, done in a browser as a person would who makes a mistake on each screen, until the machine has started from
//! its disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use pocketstack_model::node::Medium as From;
use pocketstack_tests::access::{self, PASSWORD};
use pocketstack_tests::browser::{Browser, Page, Theme};
use pocketstack_tests::disk;
use pocketstack_tests::net::Net;
use pocketstack_tests::poll::{self, Probe};
use pocketstack_tests::raw::Raw;
use pocketstack_tests::vm::{Bus, DiskSpec, Medium, Spec};

use super::boot_disc;
use super::words::Language;
use crate::case::{Case, Notes};
use crate::install::route::Route;
use crate::install::site::{DISK_BYTES, Running, Site};
use crate::install::wait;

/// Most screens, and most entries that one cannot do without, on a machine with one disk and DHCP.
const MOST_SCREENS: usize = 6;
const MOST_ENTRIES: u64 = 4;
/// A code that no console shows, because it has look-alikes in it.
const WRONG_CODE: &str = "0000-0000";
/// Fields that are needed, and that nothing stands in.
const EMPTY: &str = "main input[required][value='']:not([type=radio])";

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    let case = |language: Language| {
        Case::new(
            format!("pages::wizard::wizard_in_{}", language.name()),
            move |site: &mut Site, notes: &mut Notes| from_the_disc_to_the_disk(site, language, notes),
        )
    };
    Language::ALL.map(case).into()
}

fn from_the_disc_to_the_disk(site: &mut Site, language: Language, notes: &mut Notes) -> Result<()> {
    let name = language.name();
    let disk = disk_in_use(site, name)?;
    let target = || DiskSpec::new(disk.path(), Bus::Virtio).serial("wizard");
    let (reports, limit) = (site.reports(), site.patience(100));
    let running = site.machine(&format!("wizard.{name}"), |site, name| {
        boot_disc(site, name, Some(target()))
    })?;
    let code = code_of(running)?;
    let patience = running.patience(60);
    walk_through(&running.node.url(""), code, patience, (language, &reports), notes)?;
    let progress = wait::installation(running, limit)?;
    notes.measured("steps", &progress.steps);

    let running = site.machine(&format!("wizard.{name}.disk"), |site, machine| {
        let net = Net::up(&site.scratch(&format!("{machine}.net")))?;
        let firmware = Route::REFUSED.machine.firmware;
        let spec = Spec::new(machine, firmware, Medium::Disk).disk(target());
        site.launch(spec, net, Route::REFUSED, None)
    })?;
    notes.measured("page_from_disk_seconds", running.boot_seconds);
    is_set_up(
        running,
        (language, &machine_name(language)),
        &reports.join(format!("wizard.{name}.7-disk.png")),
    )
}

/// The setup code, when the console shows it.
pub fn code_of(running: &Running) -> Result<String> {
    poll::until("the setup code on the console", running.patience(30), || {
        Ok(match access::setup_code(running.vm.serial())? {
            Some(code) => Probe::Done(code),
            None => Probe::NotYet(running.vm.serial().tail(24)),
        })
    })
}

/// Does the wizard of the machine at this address to its end.
fn walk_through(
    base: &str,
    code: String,
    patience: Duration,
    (language, reports): (Language, &Path),
    notes: &mut Notes,
) -> Result<()> {
    let mut page = Browser::start(reports)?.with_patience(patience).blank()?;
    page.set_languages(language.accepted())?;
    page.open(&format!("{base}/"))?;
    let mut walk = Walk {
        page,
        language,
        reports: reports.to_owned(),
        base: base.to_owned(),
        code,
        screens: Vec::new(),
        entries: 0,
        pictures: Vec::new(),
    };
    let outcome = walk.walk();
    notes.artifacts.append(&mut walk.pictures);
    outcome?;
    notes.measured("screens", &walk.screens);
    notes.measured("mandatory_entries", walk.entries);
    ensure!(
        walk.screens.len() <= MOST_SCREENS && walk.entries <= MOST_ENTRIES,
        "{} screens with {} mandatory entries",
        walk.screens.len(),
        walk.entries
    );
    Ok(())
}

/// A disk with somebody's data on it.
pub fn disk_in_use(site: &Site, name: &str) -> Result<Raw> {
    let (folder, old) = (site.scratch("somebodys"), site.scratch("somebodys.ext4"));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("thesis.txt"), "the only copy")?;
    disk::ext4_from_folder(&folder, &old, 64, "data")?;
    let disk = Raw::copy_of(&old, &site.scratch(&format!("wizard.{name}.raw")))?;
    fs::File::options()
        .write(true)
        .open(disk.path())?
        .set_len(DISK_BYTES)?;
    Ok(disk)
}

/// Name that is typed.
fn machine_name(language: Language) -> String {
    format!("lab-{}", language.name())
}

/// That a machine runs from its disk under this name, and lets the admin in; takes a picture of its page.
pub fn is_set_up(running: &mut Running, (language, name): (Language, &str), picture: &Path) -> Result<()> {
    let overview = wait::settled(&running.node, running.patience(60))?;
    ensure!(
        overview.name == name && overview.boot.medium == From::Disk,
        "{} was started from {:?}",
        overview.name,
        overview.boot.medium
    );
    ensure!(!overview.setup_needed, "it is to be set up once more");
    let folder = picture.parent().context("a picture is in a folder")?;
    let browser = Browser::start(folder)?.with_patience(running.patience(30));
    let mut page = browser.blank()?;
    page.set_languages(language.accepted())?;
    page.open(&running.node.url("/"))?;
    access::sign_in(&mut page)?;
    page.wait_for_text("h1", &overview.name)?;
    page.check_quiet()?;
    page.screenshot(picture)
}

/// The wizard in a browser, with what was counted on the way.
struct Walk {
    page: Page,
    language: Language,
    reports: PathBuf,
    /// Address that all paths are below.
    base: String,
    code: String,
    screens: Vec<String>,
    entries: u64,
    pictures: Vec<PathBuf>,
}

impl Walk {
    fn walk(&mut self) -> Result<()> {
        self.password()?;
        self.machine()?;
        let disk = self.disk()?;
        self.network()?;
        self.review(&disk)?;
        self.comes_to("/setup/progress", "setup-progress")?;
        self.page.wait_for("#progress progress")?;
        self.picture("running")
    }

    fn password(&mut self) -> Result<()> {
        self.comes_to("/setup", "setup-welcome")?;
        self.types(&[
            ("#code", WRONG_CODE),
            ("#password", "short"),
            ("#password_again", "short"),
        ])?;
        self.is_refused("password", "password-short")?;
        ensure!(
            self.page.value("#code")? == WRONG_CODE,
            "what was typed is gone after another field was wrong"
        );
        self.types(&[("#password", PASSWORD), ("#password_again", "something else")])?;
        self.is_refused("password_again", "password-differs")?;
        self.types(&[("#password", PASSWORD), ("#password_again", PASSWORD)])?;
        self.is_refused("code", "setup-wrong-code")?;
        let code = self.code.clone();
        self.types(&[
            ("#code", &code),
            ("#password", PASSWORD),
            ("#password_again", PASSWORD),
        ])?;
        self.next()
    }

    fn machine(&mut self) -> Result<()> {
        self.comes_to("/setup/machine", "setup-machine")?;
        self.types(&[("#name", "Lab 1")])?;
        self.is_refused("name", "setup-name-wrong")?;
        self.is_kept("#name", "Lab 1")?;
        // Back and forth: the code was right, and no password means the same one.
        self.back("/setup")?;
        let begun = self.language.say("setup-begun")?;
        self.page.wait_for_text("main .note", begun)?;
        self.next()?;
        self.is_kept("#name", "Lab 1")?;
        let name = machine_name(self.language);
        self.types(&[("#name", &name)])?;
        self.next()
    }

    /// Hands back the name of the only disk.
    fn disk(&mut self) -> Result<String> {
        self.comes_to("/setup/disks", "setup-disks")?;
        let disk = self.page.attribute("input[name=disk]:checked", "value")?;
        let disk = disk.context("the only disk is not chosen from the start")?;
        // No attribute says that it is needed: it depends on the disk.
        self.entries += 1;
        self.types(&[("#erase", "sdx")])?;
        self.is_refused("erase", "setup-erase-wrong")?;
        self.is_kept("#erase", "sdx")?;
        self.back("/setup/machine")?;
        self.next()?;
        self.is_kept("#erase", "sdx")?;
        self.types(&[("#erase", &disk)])?;
        self.next()?;
        Ok(disk)
    }

    fn network(&mut self) -> Result<()> {
        const ADDRESS: &str = "#management-ipv4-address";
        let way = |way| format!("input[name=management-ipv4][value={way}]");
        self.comes_to("/setup/network", "setup-network")?;
        self.page.click(&way("static"))?;
        self.types(&[(ADDRESS, "10.77.0.300/24")])?;
        self.is_refused("management-ipv4-address", "setup-ipv4-wrong")?;
        self.is_kept(ADDRESS, "10.77.0.300/24")?;
        self.back("/setup/disks")?;
        self.next()?;
        self.is_kept(ADDRESS, "10.77.0.300/24")?;
        self.page.click(&way("dhcp"))?;
        self.types(&[(ADDRESS, "")])?;
        self.next()
    }

    fn review(&mut self, disk: &str) -> Result<()> {
        self.comes_to("/setup/review", "setup-review")?;
        for named in [machine_name(self.language).as_str(), disk] {
            self.page.wait_for_text("main", named)?;
        }
        self.page
            .wait_for_text("main .warning", self.language.say("setup-erases")?)?;
        // From here, too, one may go back to any screen.
        self.page.click_through("section.part a[href='/setup/machine']")?;
        let name = machine_name(self.language);
        self.is_kept("#name", &name)?;
        for _ in ["machine", "disks", "network"] {
            self.next()?;
        }
        self.is_at("/setup/review")?;
        self.next()
    }

    /// A screen that one comes to for the first time: counted, loaded anew, looked at in both themes, with the keyboard.
    fn comes_to(&mut self, path: &str, title: &str) -> Result<()> {
        let title = self.language.say(title)?;
        self.is_at(path)?;
        self.screens.push(path.to_owned());
        self.entries += self.page.count(EMPTY)?;
        self.page.reload()?;
        self.is_at(path)?;
        self.page.wait_for_text("h1", title)?;
        let tag = self.page.attribute("html", "lang")?;
        ensure!(
            tag.as_deref() == Some(self.language.tag()),
            "{path} is in {tag:?}"
        );
        for theme in Theme::ALL {
            self.page.check_accessibility(theme)?;
        }
        self.page.check_keyboard()?;
        self.page.check_quiet()?;
        self.picture("first")
    }

    fn picture(&mut self, when: &str) -> Result<()> {
        let (number, name) = (self.screens.len(), self.language.name());
        let path = self.reports.join(format!("wizard.{name}.{number}-{when}.png"));
        self.page.screenshot(&path)?;
        self.pictures.push(path);
        Ok(())
    }

    fn is_at(&mut self, path: &str) -> Result<()> {
        let url = self.page.url()?;
        ensure!(url == format!("{}{path}", self.base), "not {path}, but {url}");
        Ok(())
    }

    fn types(&mut self, entries: &[(&str, &str)]) -> Result<()> {
        entries
            .iter()
            .try_for_each(|(field, text)| self.page.type_into(field, text))
    }

    fn next(&mut self) -> Result<()> {
        self.page.click_through("main form button.main")
    }

    fn back(&mut self, path: &str) -> Result<()> {
        self.page
            .click_through(&format!("main .buttons a[href='{path}']"))?;
        self.is_at(path)
    }

    /// Sends what is wrong: it is said at the field, and everybody can read it.
    fn is_refused(&mut self, field: &str, why: &str) -> Result<()> {
        self.next()?;
        let why = self.language.say(why)?;
        self.page.wait_for_text(&format!("#{field}-trouble"), why)?;
        let invalid = self.page.attribute(&format!("#{field}"), "aria-invalid")?;
        ensure!(
            invalid.as_deref() == Some("true"),
            "{field} is not marked as wrong"
        );
        self.page.check_accessibility(Theme::Light)?;
        self.picture(&format!("{field}-{}", self.pictures.len()))?;
        // Chromium complains of each page with such a status.
        let complaints = self.page.take_complaints()?;
        let others: Vec<String> = complaints
            .into_iter()
            .filter(|one| !one.contains("status of 422") && !one.contains("status of 403"))
            .collect();
        ensure!(others.is_empty(), "the page complains: {}", others.join("; "));
        Ok(())
    }

    /// Loads the screen anew: what was typed is still there.
    fn is_kept(&mut self, field: &str, typed: &str) -> Result<()> {
        let url = self.page.url()?;
        self.page.open(&url)?;
        let value = self.page.value(field)?;
        ensure!(
            value == typed,
            "{field} holds \"{value}\" after loading {url} anew"
        );
        Ok(())
    }
}
