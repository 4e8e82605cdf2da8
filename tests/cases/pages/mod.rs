//! The group `pages`: a person sets a machine up and signs in; nobody else gets anywhere; everybody can use every page.
//!
//! ```text
//!   disc + disk that is in use ──► wizard_in_english, wizard_in_portuguese ──► the disk, set up as it was typed
//!   disc + disk that is in use ──► wizard_on_the_serial_console ──► the same; and again after a killed pocketstackd
//!   disc ──► one machine ─┬─ two_browsers  both in the wizard, which neither of them ends
//!                         ├─ strangers   before and after it is set up: crawl, port scan
//!                         ├─ every_page  axe-core, keyboard, without JavaScript, how heavy
//!                         ├─ hostile     hosts, sizes, slow clients, a session that ends in the middle of a form
//!                         ├─ certificates  wrong ones, a right one, and a clock that jumps
//!                         ├─ many        100 clients
//!                         └─ ssh         last: a port more is open from then on
//! ```

mod certificates;
mod console;
mod every_page;
mod hostile;
pub mod many;
mod ssh;
mod strangers;
mod two_browsers;
mod wizard;
mod words;

use std::path::PathBuf;

use anyhow::Result;
use pocketstack_tests::access;
use pocketstack_tests::browser::{Browser, Page};
use pocketstack_tests::net::Net;
use pocketstack_tests::vm::{DiskSpec, Medium, Spec};
use pocketstack_tests::wire::Wire;

use crate::case::{Case, Notes};
use crate::install::route::Route;
use crate::install::site::{Running, Site};
use words::Language;

/// All cases, those of one machine next to each other.
pub fn cases() -> Vec<Case<Site>> {
    let mut cases = wizard::cases();
    cases.extend(console::cases());
    // First on the machine that is shared: they look at it before anybody has set it up.
    cases.extend(two_browsers::cases());
    cases.extend(strangers::cases());
    cases.extend(every_page::cases());
    cases.extend(hostile::cases());
    cases.extend(certificates::cases());
    cases.extend(many::cases());
    cases.extend(ssh::cases());
    cases
}

/// A case on the machine that is shared.
type Body = fn(&mut Shared<'_>, &mut Notes) -> Result<()>;

/// The machine that is shared, and where pictures go.
struct Shared<'a> {
    running: &'a mut Running,
    reports: PathBuf,
}

impl Shared<'_> {
    /// A browser without cookies that has nothing loaded yet.
    fn browser(&self) -> Result<Browser> {
        Ok(Browser::start(&self.reports)?.with_patience(self.running.patience(30)))
    }

    /// A new connection to the page, to speak HTTP over byte by byte.
    fn wire(&self) -> Result<Wire> {
        Wire::open(&self.running.node, self.running.patience(20))
    }

    /// A window of a new browser, of who reads this language, at this page: asked to sign in first.
    fn door(&self, language: Language, path: &str) -> Result<Page> {
        self.running.node.token()?;
        let mut page = self.browser()?.blank()?;
        page.set_languages(language.accepted())?;
        page.open(&self.running.node.url(path))?;
        Ok(page)
    }

    /// The same, signed in.
    fn signed_in(&self, path: &str) -> Result<Page> {
        let mut page = self.door(Language::English, path)?;
        access::sign_in(&mut page)?;
        Ok(page)
    }
}

/// Cases on the machine that is shared.
fn on_the_shared(bodies: &[(&str, Body)], group: &str) -> Vec<Case<Site>> {
    let case = |(name, body): &(&str, Body)| {
        let body = *body;
        Case::new(
            format!("pages::{group}::{name}"),
            move |site: &mut Site, notes: &mut Notes| {
                let reports = site.reports();
                let running = site.machine("shared", |site, name| boot_disc(site, name, None))?;
                body(&mut Shared { running, reports }, notes)
            },
        )
    };
    bodies.iter().map(case).collect()
}

/// A machine started from the disc, with no answers, so that it waits for somebody to set it up.
pub fn boot_disc(site: &mut Site, name: &str, disk: Option<DiskSpec>) -> Result<Running> {
    let route = Route::REFUSED;
    let net = Net::up(&site.scratch(&format!("{name}.net")))?;
    let disc = Medium::Cd(site.artifacts.iso.clone());
    let spec = Spec::new(name, route.machine.firmware, disc);
    let spec = disk.into_iter().fold(spec, Spec::disk);
    site.launch(spec, net, route, None)
}
