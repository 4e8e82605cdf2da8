//! What answers would do, in words.

use std::fmt;

use super::Answers;
use crate::access::{ACCOUNT, AccessSettings};
use crate::config::names::{Mtu, TimeServer};
use crate::config::network::{BondPolicy, Ipv4Settings, Ipv6Settings, Role, RoleNetwork};
use crate::config::problem::repeated;
use crate::install::{DiskChoice, Existing, InstallSettings, Then, What};

/// What a machine that is given these answers does, one sentence or two in each line.
pub fn describe(answers: &Answers) -> Vec<String> {
    let node = &answers.node;
    let mut lines = vec![
        format!("The machine is called {}.", node.name),
        format!(
            "Its time zone is {}; it takes the time from {}.",
            node.time_zone,
            time_servers(&node.ntp)
        ),
    ];
    for role in Role::ALL {
        let network = answers.network.roles().find(|(each, _)| *each == role);
        lines.push(match network {
            Some((_, network)) => format!("{}: {}.", title(role), words(role, network)),
            None => format!("{}: none of its own, it is the management network.", title(role)),
        });
    }
    lines.push(access(&answers.access));
    match &answers.install {
        Some(install) => installation(install, &mut lines),
        None => lines.push(
            "Nothing is installed and no disk is wiped: the machine runs from the medium it was started from."
                .to_owned(),
        ),
    }
    lines
}

/// The hash is nobody's business, and the keys are known by their owners' names.
fn access(access: &AccessSettings) -> String {
    let password = match access.password {
        Some(_) => format!("The password of {ACCOUNT} is set"),
        None => "No password is set, so the setup wizard asks for one, with the code that the console shows"
            .to_owned(),
    };
    let keys = match access.ssh_keys.as_slice() {
        [] => "SSH is off".to_owned(),
        [_] => "SSH is open to 1 key".to_owned(),
        keys => format!("SSH is open to {} keys", keys.len()),
    };
    format!("{password}; {keys}.")
}

fn time_servers(servers: &[TimeServer]) -> String {
    if servers.is_empty() {
        "Debian's time servers".to_owned()
    } else {
        list(servers)
    }
}

const fn title(role: Role) -> &'static str {
    match role {
        Role::Management => "Management network",
        Role::External => "External network",
        Role::Bmc => "BMC network",
    }
}

fn words(role: Role, network: &RoleNetwork) -> String {
    let vlan = match network.vlan {
        Some(vlan) => format!("VLAN {vlan}"),
        None => "no VLAN".to_owned(),
    };
    let mut parts = vec![cards(role, network), vlan];
    parts.push(match &network.ipv4 {
        Ipv4Settings::Dhcp => "IPv4 by DHCP".to_owned(),
        Ipv4Settings::Off => "no IPv4".to_owned(),
        Ipv4Settings::Static { address, gateway } => set("IPv4", address, gateway.as_ref()),
    });
    parts.push(match &network.ipv6 {
        Ipv6Settings::Auto => "IPv6 by router advertisements".to_owned(),
        Ipv6Settings::Off => "no IPv6".to_owned(),
        Ipv6Settings::Static { address, gateway } => set("IPv6", address, gateway.as_ref()),
    });
    if !network.dns.is_empty() {
        parts.push(format!("name servers {}", list(&network.dns)));
    }
    if network.mtu != Mtu::default() {
        parts.push(format!("packets of up to {} bytes", network.mtu));
    }
    parts.join("; ")
}

fn cards(role: Role, network: &RoleNetwork) -> String {
    let cards = match (network.cards.as_slice(), role) {
        ([], Role::Management) => "all wired network cards that no other network names".to_owned(),
        // In the bond that is told there.
        ([], _) => return "the management network's cards".to_owned(),
        ([card], _) => return format!("the network card {card}"),
        (cards, _) => format!("the network cards {}", list(cards)),
    };
    let bond = match network.bond {
        BondPolicy::ActiveBackup => "one at a time, the next if it fails",
        BondPolicy::Lacp => "together by LACP, for which the switch must be set up",
    };
    format!("{cards} ({bond})")
}

fn set(family: &str, address: &impl fmt::Display, gateway: Option<&impl fmt::Display>) -> String {
    match gateway {
        Some(gateway) => format!("{family} address {address} with the router {gateway}"),
        None => format!("{family} address {address} without a router"),
    }
}

fn installation(install: &InstallSettings, lines: &mut Vec<String>) {
    let disk = &install.disk;
    let data = &install.data_disks;
    let put = match install.what {
        What::System => "PocketStack is installed",
        What::State => "the state of the machine is put",
    };
    lines.push(match install.existing {
        Existing::Refuse => format!(
            "If nothing is on {disk}, {put} on it. If anything is, nothing is changed and the machine says so."
        ),
        Existing::Keep => format!(
            "The PocketStack on {disk} is written anew; its state and volumes stay. If anything else is on it, nothing is changed and the machine says so."
        ),
        Existing::Erase => {
            format!("Everything on {disk} is wiped, and {put} on it.")
        }
    });
    if !data.is_empty() {
        let disks = list(data);
        lines.push(match install.existing {
            Existing::Refuse => format!("Volumes are also put on {disks}, under the same condition."),
            Existing::Keep => format!("The volumes on {disks} stay as well."),
            Existing::Erase => format!("Everything on {disks} is wiped as well, and volumes are put there."),
        });
    }
    if install.mirror {
        lines.push("Each volume is kept on two disks.".to_owned());
    }
    if install.what == What::State {
        lines.push(
            "No system is installed: the machine goes on being started from a stick, a disc or the network."
                .to_owned(),
        );
    }
    lines.push(match (install.then, install.what) {
        (Then::Restart, What::System) => "Afterwards the machine restarts from that disk.".to_owned(),
        (Then::Restart, What::State) => "Afterwards the machine restarts.".to_owned(),
        (Then::PowerOff, _) => "Afterwards the machine is switched off.".to_owned(),
    });
}

/// "a", "a and b", "a, b and c".
fn list<T: fmt::Display>(items: &[T]) -> String {
    let words: Vec<String> = items.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// The disk as a person tells it from others.
impl fmt::Display for DiskChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(serial) => write!(f, "the disk with the serial number {}", repeated(serial)),
            Self::Name(name) => write!(f, "the disk {}", repeated(name)),
            Self::Path(path) => write!(f, "the disk at {}", repeated(path)),
        }
    }
}
