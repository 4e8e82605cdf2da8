//! The real adapter: nft(8).

use std::time::Duration;

use pocketstack_exec::{Cmd, run};
use pocketstack_model::firewall::{Rule, Seen};

use super::{Error, Firewall, listing, script};

/// The kernel of this machine's network namespace.
#[derive(Debug, Clone, Copy)]
pub struct Nft;

impl Firewall for Nft {
    fn observe(&self) -> Result<Seen, Error> {
        // All tables of the family: asking for one that is not there would be an error like any other.
        let listed = run(nft().args(["--json", "list", "ruleset", "inet"])).map_err(Error::Read)?;
        listing::read(&listed.stdout).map_err(Error::Listing)
    }

    fn load(&self, rules: &[Rule]) -> Result<(), Error> {
        run(nft().args(["--file", "-"]).input(script::script(rules)))
            .map(drop)
            .map_err(Error::Load)
    }
}

fn nft() -> Cmd {
    Cmd::new("nft").within(Duration::from_secs(30))
}
