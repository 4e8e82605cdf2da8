//! What is remembered of each network between two passes: only since when something is so, and what others answered.
//! A daemon that starts anew has forgotten it and finds out again.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use pocketstack_model::config::network::{NetworkSettings, Role};
use pocketstack_model::link::Links;
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;
use pocketstack_plan::addresses::missing::{Answer, Known, Verdict, judge, lease};
use tokio::time::Instant;

/// What is remembered of all of them.
#[derive(Debug, Default)]
pub struct Memory(BTreeMap<Role, Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    missing_since: Option<Instant>,
    lease: Option<Address>,
    answer: Option<Heard>,
    tried: Option<Instant>,
}

#[derive(Debug)]
struct Heard {
    about: Ipv4Addr,
    by: Option<MacAddress>,
    at: Instant,
    silences: u32,
}

impl Memory {
    /// Looks at the addresses of all roles, and remembers what is so since now. Roles without a network are forgotten.
    pub fn judge(&mut self, wanted: &NetworkSettings, seen: &Links) -> BTreeMap<Role, Verdict> {
        self.0
            .retain(|role, _| wanted.roles().any(|(kept, _)| kept == *role));
        let judged = wanted.roles().map(|(role, network)| {
            let remembered = self.0.entry(role).or_default();
            if let Some(bridge) = seen.named(role.bridge()) {
                remembered.lease = lease(network, bridge).or(remembered.lease);
            }
            let mut verdict = judge(wanted, role, seen, &remembered.known());
            if !verdict.missing {
                remembered.missing_since = None;
            } else if remembered.missing_since.is_none() {
                remembered.missing_since = Some(Instant::now());
                verdict = judge(wanted, role, seen, &remembered.known());
            }
            (role, verdict)
        });
        judged.collect()
    }

    /// Somebody answered the question who has an address, or nobody did.
    pub fn heard(&mut self, role: Role, about: Ipv4Addr, by: Option<MacAddress>) {
        let remembered = self.0.entry(role).or_default();
        let before = remembered.answer.as_ref().filter(|heard| heard.about == about);
        let silences = match by {
            Some(_) => 0,
            None => before.map_or(0, |heard| heard.silences).saturating_add(1),
        };
        remembered.answer = Some(Heard {
            about,
            by,
            at: Instant::now(),
            silences,
        });
    }

    /// systemd-networkd was told to try again.
    pub fn tried(&mut self, role: Role) {
        self.0.entry(role).or_default().tried = Some(Instant::now());
    }

    /// The networks are others than before: what was tried and asked for them counts no more.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

impl Remembered {
    fn known(&self) -> Known {
        let ago = |at: Instant| at.elapsed();
        Known {
            missing_for: self.missing_since.map_or(Duration::ZERO, ago),
            lease: self.lease,
            answer: self.answer.as_ref().map(|heard| Answer {
                about: heard.about,
                by: heard.by,
                ago: ago(heard.at),
                silences: heard.silences,
            }),
            tried: self.tried.map(ago),
        }
    }
}
