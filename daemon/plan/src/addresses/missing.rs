//! Addresses that a bridge should have and does not, why that may be, and what is done about it.
//!
//! ```text
//!   set by hand, not there ──ask who has it──► another machine ──► said, asked again every 20 s
//!                                 └──────────► nobody ──► systemd-networkd is told again, every minute at most
//!   by DHCP, not there     ──► said; systemd-networkd goes on asking by itself
//!   there, with a router   ──ask for the router──► silent three times ──► said
//! ```
//!
//! Systemd-networkd drops an address that another machine has, and never tries again by itself (RFC 5227 leaves that to
//! whoever configured it).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pocketstack_model::config::network::{Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork};
use pocketstack_model::link::{LinkName, Links, ObservedLink};
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;
use pocketstack_model::words::{Words, kept as words};

use crate::network;

/// So long an address may take before it is said to be missing: DHCP asks again after 4, 8 and 16 seconds
/// (RFC 2131 section 4.1), and the search for another machine with a static one takes up to 7 (RFC 5227).
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How often somebody is asked for, while that matters.
const ASK: Duration = Duration::from_secs(20);
/// How often a router is asked for that has answered.
const ASK_RARELY: Duration = Duration::from_secs(60);
/// A router is silent that was asked for so often in a row: switches take half a minute to let a new port talk.
const SILENCES: u32 = 3;
/// Systemd-networkd is told again no sooner than this. It drops what else is on the bridge meanwhile.
const TRY: Duration = Duration::from_secs(60);
/// The same where nobody can say whether it helps.
const TRY_RARELY: Duration = Duration::from_secs(300);

/// What is known of a role's network besides what links tell. Times are by a clock that never jumps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// For how long an address has been missing.
    pub missing_for: Duration,
    /// The address that DHCP gave last.
    pub lease: Option<Address>,
    /// The newest answer to [`Step::Ask`].
    pub answer: Option<Answer>,
    /// How long ago [`Step::Reconfigure`] was done last.
    pub tried: Option<Duration>,
}

/// Who has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The address that was asked for.
    pub about: Ipv4Addr,
    /// Who has it; `None` if nobody answered.
    pub by: Option<MacAddress>,
    /// How long ago that was.
    pub ago: Duration,
    /// How often in a row nobody answered.
    pub silences: u32,
}

/// What to do about it. Each is safe to be left out or repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    #[default]
    Nothing,
    /// Ask on the bridge's network who has this address.
    Ask {
        /// The address.
        address: Ipv4Addr,
        /// Own address to ask from; `None` while there is none that is known to be nobody else's.
        from: Option<Ipv4Addr>,
    },
    /// Have systemd-networkd set up the bridge's addresses anew.
    Reconfigure,
}

/// How it is, and what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether an address is missing, be it for a moment.
    pub missing: bool,
    /// What is wrong by now. Empty while what is missing may still come.
    pub troubles: Vec<Trouble>,
    /// What to do.
    pub step: Step,
    /// When to look again without having heard of a change, if that matters.
    pub again: Option<Duration>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// DHCP gives no address.
    NoDhcp {
        /// The bridge.
        bridge: LinkName,
        /// The cards under it.
        cards: Vec<LinkName>,
        /// The address that DHCP gave before.
        lost: Option<Address>,
        /// Whether others reach this machine by another address.
        reachable: bool,
    },
    /// An address that was set by hand is another machine's.
    Taken {
        /// The bridge.
        bridge: LinkName,
        /// The address.
        address: Ipv4Addr,
        /// The other machine.
        by: MacAddress,
    },
    /// An address that was set by hand is not in use, and nobody knows why.
    Unused {
        /// The bridge.
        bridge: LinkName,
        /// The address.
        address: IpAddr,
        /// Whether it was found that no other machine has it.
        free: bool,
    },
    /// The router does not answer.
    SilentRouter {
        /// The bridge.
        bridge: LinkName,
        /// The router.
        gateway: Ipv4Addr,
        /// This machine's address in its network.
        address: String,
    },
}

impl Trouble {
    /// What is wrong, and what a person can do.
    pub fn words(&self) -> Words {
        match self {
            Self::NoDhcp {
                bridge,
                cards,
                lost,
                reachable,
            } => {
                let on = with_cards(bridge, cards);
                let trouble = match lost {
                    Some(lost) => words::dhcp_lost(lost.address.to_string(), on),
                    None => words::no_dhcp(on),
                };
                if *reachable {
                    words::also(trouble, words::ipv6_meanwhile())
                } else {
                    trouble
                }
            }
            Self::Taken { bridge, address, by } => {
                words::address_taken(address.to_string(), bridge.as_str(), by.to_string())
            }
            Self::Unused {
                bridge,
                address,
                free: true,
            } => words::address_unused_free(address.to_string(), bridge.as_str()),
            Self::Unused { bridge, address, .. } => {
                words::address_unused(address.to_string(), bridge.as_str())
            }
            Self::SilentRouter {
                bridge,
                gateway,
                address,
            } => words::silent_router(gateway.to_string(), bridge.as_str(), address.as_str()),
        }
    }
}

fn with_cards(bridge: &LinkName, cards: &[LinkName]) -> Words {
    let names: Vec<&str> = cards.iter().map(LinkName::as_str).collect();
    match names.as_slice() {
        [] => bridge.as_str().into(),
        [one] => words::bridge_of_card(bridge.as_str(), *one),
        several => words::bridge_of_cards(bridge.as_str(), several.join(", ")),
    }
}

/// The address that the bridge has by DHCP now.
pub fn lease(network: &RoleNetwork, bridge: &ObservedLink) -> Option<Address> {
    (network.ipv4 == Ipv4Settings::Dhcp)
        .then(|| bridge.reachable_addresses().into_iter().next())
        .flatten()
        .filter(|found| found.address.is_ipv4())
}

/// How the addresses of a role are. A bridge without link is not asked for any.
pub fn judge(settings: &NetworkSettings, role: Role, observed: &Links, known: &Known) -> Verdict {
    let network = settings.roles().find(|(this, _)| *this == role);
    let bridge = observed.named(role.bridge()).filter(|bridge| bridge.carrier);
    let (Some((_, network)), Some(bridge)) = (network, bridge) else {
        return Verdict::default();
    };
    let mut verdict = Verdict::default();
    match &network.ipv4 {
        Ipv4Settings::Static { address, gateway } => {
            if !has(bridge, address.address.into()) {
                static4(bridge, address.address, known, &mut verdict);
            } else if let Some(gateway) = gateway {
                router(
                    bridge,
                    *gateway,
                    (address.address, address.to_string()),
                    known,
                    &mut verdict,
                );
            }
        }
        Ipv4Settings::Dhcp if lease(network, bridge).is_none() => {
            verdict.missing = true;
            if known.missing_for >= PATIENCE {
                verdict.troubles.push(Trouble::NoDhcp {
                    bridge: bridge.name.clone(),
                    cards: network::cards(settings, observed, role),
                    lost: known.lease,
                    reachable: !bridge.reachable_addresses().is_empty(),
                });
            }
        }
        Ipv4Settings::Dhcp | Ipv4Settings::Off => {}
    }
    if let Ipv6Settings::Static { address, .. } = &network.ipv6
        && !has(bridge, address.address.into())
    {
        verdict.missing = true;
        if known.missing_for >= PATIENCE {
            verdict.troubles.push(Trouble::Unused {
                bridge: bridge.name.clone(),
                address: address.address.into(),
                free: false,
            });
            // An IPv4 address that was set by hand would be gone for the seconds of its search for another machine.
            let disturbs = matches!(network.ipv4, Ipv4Settings::Static { .. });
            if !disturbs && known.tried.is_none_or(|tried| tried >= TRY_RARELY) {
                verdict.step = Step::Reconfigure;
            }
        }
    }
    verdict
}

fn has(bridge: &ObservedLink, address: IpAddr) -> bool {
    bridge.addresses.iter().any(|found| found.address == address)
}

fn static4(bridge: &ObservedLink, address: Ipv4Addr, known: &Known, verdict: &mut Verdict) {
    verdict.missing = true;
    if known.missing_for < PATIENCE {
        return;
    }
    let name = bridge.name.clone();
    let answer = known.answer.filter(|answer| answer.about == address);
    verdict.troubles.push(match answer.and_then(|answer| answer.by) {
        Some(by) => Trouble::Taken {
            bridge: name,
            address,
            by,
        },
        None => Trouble::Unused {
            bridge: name,
            address: address.into(),
            free: answer.is_some(),
        },
    });
    verdict.step = match answer.filter(|answer| answer.ago < ASK) {
        None => Step::Ask { address, from: None },
        Some(Answer { by: None, .. }) if known.tried.is_none_or(|tried| tried >= TRY) => Step::Reconfigure,
        Some(_) => Step::Nothing,
    };
}

fn router(
    bridge: &ObservedLink,
    gateway: Ipv4Addr,
    (own, address): (Ipv4Addr, String),
    known: &Known,
    verdict: &mut Verdict,
) {
    let answer = known.answer.filter(|answer| answer.about == gateway);
    let silences = answer.map_or(0, |answer| answer.silences);
    if silences >= SILENCES {
        verdict.troubles.push(Trouble::SilentRouter {
            bridge: bridge.name.clone(),
            gateway,
            address,
        });
    }
    let pause = if silences == 0 { ASK_RARELY } else { ASK };
    if answer.is_none_or(|answer| answer.ago >= pause) {
        verdict.step = Step::Ask {
            address: gateway,
            from: Some(own),
        };
    }
    verdict.again = Some(pause);
}

#[cfg(test)]
mod tests;
