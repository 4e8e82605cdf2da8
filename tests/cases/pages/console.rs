//! The wizard on the serial console, as somebody does it who has no second computer; and an installation that breaks off.

use anyhow::{Context, Result, ensure};
use pocketstack_model::status::Installation;
use pocketstack_tests::access::PASSWORD;
use pocketstack_tests::keyboard::Keyboard;
use pocketstack_tests::keyboard::keys::{CLEAR, ENTER, PAGE_DOWN, REDRAW};
use pocketstack_tests::net::Net;
use pocketstack_tests::serial::{Mark, words};
use pocketstack_tests::vm::{Bus, DiskSpec, Medium, Spec};
use serde_json::json;

use super::boot_disc;
use super::wizard::{disk_in_use, is_set_up};
use super::words::Language;
use crate::case::{Case, Notes};
use crate::install::route::Route;
use crate::install::site::{Running, Site};
use crate::install::wait;

/// So far an installation is when its daemon is killed: it writes to the disk.
const BEGUN: u8 = 5;
/// Serial number of the disk.
const SERIAL: &str = "wizard";
/// The line where the name of a disk is typed that is wiped.
const WIPE: &str = "Wipe the disk";

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    vec![
        Case::new("pages::wizard_on_the_serial_console", on_the_console),
        Case::new("pages::wizard_and_a_killed_installation", after_a_kill),
    ]
}

fn target(site: &Site, name: &str) -> Result<DiskSpec> {
    let disk = disk_in_use(site, name)?;
    Ok(DiskSpec::new(disk.path(), Bus::Virtio).serial(SERIAL))
}

fn on_the_console(site: &mut Site, notes: &mut Notes) -> Result<()> {
    const NAME: &str = "lab-console";
    let target = target(site, "console")?;
    let (reports, limit) = (site.reports(), site.patience(100));
    let running = site.machine("wizard.console", |site, name| {
        boot_disc(site, name, Some(target.clone()))
    })?;
    ensure!(
        does_the_wizard(running, NAME)?,
        "nobody's consent to wipe the disk was asked for"
    );
    let progress = wait::installation(running, limit)?;
    notes.measured("steps", &progress.steps);

    let running = site.machine("wizard.console.disk", |site, machine| {
        let net = Net::up(&site.scratch(&format!("{machine}.net")))?;
        let spec = Spec::new(machine, Route::REFUSED.machine.firmware, Medium::Disk).disk(target);
        site.launch(spec, net, Route::REFUSED, None)
    })?;
    let picture = reports.join("wizard.console.disk.png");
    is_set_up(running, (Language::English, NAME), &picture)?;
    notes.artifacts.push(picture);
    Ok(())
}

fn after_a_kill(site: &mut Site, notes: &mut Notes) -> Result<()> {
    let target = target(site, "killed")?;
    let limit = site.patience(100);
    let running = site.machine("wizard.killed", |site, name| boot_disc(site, name, Some(target)))?;
    // Ready before it is needed: the installation does not wait.
    running.shell()?;
    does_the_wizard(running, "lab-killed")?;
    wait::overview(
        &running.node,
        "the installation to write to the disk",
        limit,
        |overview| matches!(overview.installation, Installation::Running { percent, .. } if percent >= BEGUN),
    )?;
    let shell = running.shell()?;
    shell.check("systemctl kill --kill-whom=main --signal=KILL pocketstackd.service")?;

    let overview = wait::overview(
        &running.node,
        "the installation to be told as broken off",
        limit,
        |overview| matches!(overview.installation, Installation::Failed { .. }),
    )?;
    let said = wait::stuck(&overview);
    notes.measured("said", &said);
    ensure!(
        wait::says(&said, &["pocketstackd was restarted", "half written", "again"]),
        "of the installation that broke off is said: {said}"
    );
    let page = running.node.get_ok("/")?;
    let failed = Language::English.say("installation-failed")?;
    ensure!(
        page.contains(failed),
        "the page does not say that it has failed: {page}"
    );

    // What is on the disk now is no obstacle.
    let again = json!({ "disk": { "serial": SERIAL }, "existing": "erase" });
    let answer = running.node.post("/api/v1/install", &again, limit)?;
    ensure!(
        answer.status == 202,
        "starting it again is answered with {}: {}",
        answer.status,
        answer.body
    );
    let progress = wait::installation(running, limit)?;
    notes.measured("steps", &progress.steps);
    Ok(())
}

/// Does the wizard on the console to its end, with something wrong on the first two screens; whether the name of the
/// disk had to be typed.
fn does_the_wizard(running: &Running, name: &str) -> Result<bool> {
    let mut console = Console {
        keyboard: running.vm.keyboard()?,
        running,
    };
    running
        .vm
        .wait_for_phrase(Mark::default(), "[S] set up", running.patience(60))?;
    console.shows(&["s"], "Setup, 1 of 4: this machine")?;
    let begin = running.vm.serial().mark()?;
    console.shows(
        &[
            CLEAR,
            name,
            ENTER,
            PASSWORD,
            ENTER,
            "something else",
            ENTER,
            ENTER,
        ],
        "this is not the same password; type both once more",
    )?;
    console.shows(&[PASSWORD, ENTER, ENTER], "Setup, 2 of 4: disks")?;

    // All of it: what stays from the screen before is not painted again.
    let screen = console.shows(&[REDRAW], "[Esc] leave")?;
    let chosen = screen
        .split_once("(*) ")
        .and_then(|(_, rest)| rest.split(' ').next());
    let disk = chosen
        .context("the only disk is not chosen from the start")?
        .to_owned();
    let wiped = screen.contains(WIPE);
    if wiped {
        console.shows(
            &[ENTER, ENTER, "sdx", ENTER, ENTER],
            &format!("type the name of the disk: {disk}"),
        )?;
    }
    let consent: &[&str] = if wiped {
        &[CLEAR, &disk, ENTER, ENTER]
    } else {
        &[ENTER, ENTER, ENTER]
    };
    console.shows(consent, "Setup, 3 of 4: management network")?;
    console.shows(&[PAGE_DOWN, ENTER], "Setup, 4 of 4: review")?;
    let review = console.shows(&[REDRAW], "[Enter] install and finish")?;
    for named in [name, disk.as_str()] {
        ensure!(
            review.contains(named),
            "the review does not name {named}: {review}"
        );
    }
    // Nothing is left to be said: the screen of the machine shows how it goes.
    console.shows(&[ENTER], "Installing [")?;
    let said = running.vm.serial().since(begin)?;
    ensure!(!said.contains(PASSWORD), "the console shows the password");
    Ok(wiped)
}

struct Console<'a> {
    keyboard: Keyboard,
    running: &'a Running,
}

impl Console<'_> {
    /// Types this, and waits for a phrase; hands back all that was painted since.
    fn shows(&mut self, typed: &[&str], phrase: &str) -> Result<String> {
        let vm = &self.running.vm;
        let mark = vm.serial().mark()?;
        self.keyboard.types(&typed.concat())?;
        vm.wait_for_phrase(mark, phrase, self.running.patience(30))?;
        Ok(words(&vm.serial().since(mark)?))
    }
}
