//! Many clients at once, and how well the part that faces the network is shut in.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use pocketstack_tests::load;

use super::{Shared, on_the_shared};
use crate::case::{Case, Notes};
use crate::install::site::Site;

/// What they read.
pub const PATHS: [&str; 2] = ["/", "/api/v1/node"];
/// How many.
pub const CLIENTS: usize = 100;
/// Most exposure, of 10, as systemd-analyze(1) counts it.
const MOST_EXPOSURE: f64 = 2.5;

/// The cases.
pub fn cases() -> Vec<Case<Site>> {
    on_the_shared(
        &[
            ("a_hundred_clients_get_no_error", a_hundred_clients),
            ("the_pages_are_shut_in", the_pages_are_shut_in),
        ],
        "many",
    )
}

fn a_hundred_clients(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    let (node, limit) = (&shared.running.node, shared.running.patience(30));
    let load = load::read(node, CLIENTS, &PATHS, Duration::from_secs(10), limit)?;
    notes.measured("load", &load);
    let limit = shared.running.patience(30);
    shared.running.shell()?.all_units_run(limit)
}

fn the_pages_are_shut_in(shared: &mut Shared<'_>, notes: &mut Notes) -> Result<()> {
    let shell = shared.running.shell()?;
    let said = shell.check("systemd-analyze security --no-pager pocketstack-web.service")?;
    let exposure = exposure_in(&said).with_context(|| format!("systemd-analyze says: {said}"))?;
    notes.measured("exposure", exposure);
    ensure!(
        exposure <= MOST_EXPOSURE,
        "the exposure of pocketstack-web is {exposure}, at most {MOST_EXPOSURE} is fine: {said}"
    );
    Ok(())
}

/// The number in "→ Overall exposure level for pocketstack-web.service: 1.4 OK 🙂".
fn exposure_in(said: &str) -> Option<f64> {
    let line = said
        .lines()
        .find(|line| line.contains("Overall exposure level"))?;
    line.rsplit(": ").next()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::exposure_in;

    #[test]
    fn the_exposure_is_read() {
        let said = "✓ User= ...\n\n→ Overall exposure level for pocketstack-web.service: 1.4 OK :-)\n";
        assert_eq!(exposure_in(said), Some(1.4));
        assert_eq!(exposure_in("nothing"), None);
    }
}
