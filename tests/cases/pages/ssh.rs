//! SSH is off until somebody has given a key, lets in whoever has it and nobody else, and is off again without one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use pocketstack_exec::{Cmd, Error, run};
use pocketstack_tests::poll::{self, Probe};

use super::words::Language;
use super::{Shared, on_the_shared};
use crate::case::{Case, Notes};
use crate::install::site::Site;

/// The rule that lets SSH in, and those that are always there (docs/security.md).
const SSH_RULE: &str = "iifname \"br-mgmt\" tcp dport 22 accept";
const RULES: [&str; 4] = [
    "policy drop",
    "tcp dport 443 accept",
    "reject with tcp reset",
    "counter packets",
];

/// The case; of several, each would need the ones before.
pub fn cases() -> Vec<Case<Site>> {
    on_the_shared(&[("a_key_opens_it_and_nothing_else_does", a_key_opens_it)], "ssh")
}

fn a_key_opens_it(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    shared.running.node.token()?;
    shared.rules(false)?;
    shared.ports(&[443])?;
    let folder = tempfile::tempdir()?;
    let (ours, other) = (
        key(&folder.path().join("ours"))?,
        key(&folder.path().join("other"))?,
    );

    let mut page = shared.signed_in("/access")?;
    let text = fs::read_to_string(ours.with_extension("pub"))?;
    let private = fs::read_to_string(&ours)?;
    page.type_into("#ssh_key", &private.replace('\n', " "))?;
    page.click_through("form:has(#ssh_key) button.main")?;
    page.wait_for_text("#ssh_key-trouble", Language::English.say("access-key-private")?)?;
    page.type_into("#ssh_key", text.trim())?;
    page.click_through("form:has(#ssh_key) button.main")?;
    page.wait_for_text("[role=status]", Language::English.say("access-key-added")?)?;
    let picture = shared.reports.join("access-with-a-key.png");
    page.screenshot(&picture)?;
    notes.artifacts.push(picture);

    shared.waits_for_ssh(true)?;
    shared.rules(true)?;
    shared.ports(&[22, 443])?;
    let name = shared.running.node.overview()?.name;
    let said = shared.ssh("root", &ours, &[], "hostname");
    let said = said.context("with the key")?;
    ensure!(said.trim() == name, "with the key it says: {said}");
    for (what, account, identity, options) in [
        ("another key", "root", &other, &[][..]),
        ("no key", "root", &other, &["-o", "PubkeyAuthentication=no"][..]),
        ("another account", "admin", &ours, &[][..]),
    ] {
        let why = match shared.ssh(account, identity, options, "true") {
            Ok(said) => bail!("{what} is let in: {said}"),
            Err(error) => format!("{error:#}"),
        };
        // The list of ways that are left: a password is none of them.
        ensure!(
            why.contains("Permission denied (publickey)"),
            "{what} is refused otherwise: {why}"
        );
    }

    page.click_through("button[name=fingerprint]")?;
    page.wait_for_text("[role=status]", Language::English.say("access-key-removed")?)?;
    shared.waits_for_ssh(false)?;
    shared.rules(false)?;
    shared.ports(&[443])
}

/// A new pair; hands back where the private half is.
fn key(path: &Path) -> Result<PathBuf> {
    run(Cmd::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test@pages", "-f"])
        .arg(path))?;
    Ok(path.to_owned())
}

impl Shared<'_> {
    fn ports(&self, expected: &[u16]) -> Result<()> {
        let limit = Duration::from_secs(300);
        let open = self.running.node.open_ports(u16::MAX, limit)?;
        ensure!(open == expected, "{open:?} are open, not {expected:?}");
        Ok(())
    }

    fn waits_for_ssh(&self, open: bool) -> Result<()> {
        let what = if open { "SSH to be open" } else { "SSH to be shut" };
        poll::until(what, self.running.patience(60), || {
            let ports = self.running.node.open_ports(22, Duration::from_secs(60))?;
            Ok(match ports.contains(&22) == open {
                true => Probe::Done(()),
                false => Probe::NotYet(format!("open ports up to 22: {ports:?}")),
            })
        })
    }

    /// That the packet filter has the rules it should, seen from inside.
    fn rules(&mut self, ssh: bool) -> Result<()> {
        let table = self.running.shell()?.check("nft list table inet pocketstack")?;
        for rule in RULES {
            ensure!(table.contains(rule), "there is no rule \"{rule}\": {table}");
        }
        ensure!(
            table.contains(SSH_RULE) == ssh,
            "the rule for SSH is {}: {table}",
            if ssh { "missing" } else { "there" }
        );
        Ok(())
    }

    /// Runs a command over SSH with one key and nothing else to offer. The words of ssh(1) are in the error.
    fn ssh(&self, account: &str, identity: &Path, more: &[&str], command: &str) -> Result<String, Error> {
        let options = [
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
        ];
        let ssh = Cmd::new("ssh")
            .args(["-F", "none", "-l", account, "-i"])
            .arg(identity)
            .args(options.iter().flat_map(|option| ["-o", option]))
            .args(more)
            .arg(self.running.node.address().ip().to_string())
            .arg(command)
            .within(self.running.patience(60));
        Ok(run(ssh)?.text())
    }
}
