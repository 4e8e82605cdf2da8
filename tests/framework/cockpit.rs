//! Cockpit's web server, as Debian packages it, to measure the pages beside: `cockpit-ws` alone, which speaks TLS itself and
//! serves its login page to everybody without systemd, a bus or accounts (cockpit-ws(8)).

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pocketstack_exec::{Cmd, run};

use crate::net::OWN;
use crate::node::Node;
use crate::poll::{self, Probe};
use crate::process::{Helper, installed};

const PROGRAM: &str = "/usr/lib/cockpit/cockpit-ws";
/// Its own port, as it is without being told another.
const PORT: u16 = 9090;

/// The server; it is ended when this is dropped.
#[derive(Debug)]
pub struct Cockpit {
    _server: Helper,
    node: Node,
}

impl Cockpit {
    /// Where everybody gets the login page.
    pub const LOGIN: &'static str = "/";

    /// Whether it is installed here.
    pub fn is_installed() -> bool {
        installed(PROGRAM)
    }

    /// What it says of its version.
    ///
    /// # Errors
    /// It is not installed.
    pub fn version() -> Result<String> {
        let said = run(Cmd::new(PROGRAM).arg("--version"))?.text();
        let version = said.lines().find_map(|line| line.strip_prefix("Version: "));
        Ok(version
            .with_context(|| format!("{PROGRAM} says: {said}"))?
            .to_owned())
    }

    /// Starts it on the test's network, which must be up; its certificate and log are kept in `dir`.
    ///
    /// # Errors
    /// It is not installed, or does not answer.
    pub fn start(dir: &Path) -> Result<Self> {
        let certificates = dir.join("cockpit/ws-certs.d");
        fs::create_dir_all(&certificates)
            .with_context(|| format!("cannot make {}", certificates.display()))?;
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        fs::write(certificates.join("0-test.cert"), pair.cert.pem())?;
        fs::write(certificates.join("0-test.key"), pair.signing_key.serialize_pem())?;
        let log = dir.join("cockpit.log");
        let args = [
            format!("XDG_CONFIG_DIRS={}", dir.display()),
            PROGRAM.to_owned(),
            format!("--address={OWN}"),
            format!("--port={PORT}"),
        ];
        let server = Helper::start("env", &args, dir, &log)?;
        let node = Node::new(SocketAddr::new(IpAddr::V4(OWN), PORT));
        poll::until("the login page of Cockpit", Duration::from_secs(20), || {
            if let Some(end) = server.ended()? {
                let said = fs::read_to_string(&log).unwrap_or_default();
                bail!("{end}: {}", said.trim());
            }
            Ok(match node.get(Self::LOGIN, Duration::from_secs(5)) {
                Ok(answer) if answer.status == 200 => Probe::Done(()),
                Ok(answer) => Probe::NotYet(format!("it answers {}", answer.status)),
                Err(why) => Probe::NotYet(format!("{why:#}")),
            })
        })?;
        Ok(Self {
            _server: server,
            node,
        })
    }

    /// Where it is, as a stranger sees it.
    pub fn node(&self) -> &Node {
        &self.node
    }
}
