//! What may come in over the network: everything is dropped but what is named here (nft(8), chain "input").
//!
//! ```text
//!   loopback, answers ─────────────────► taken, whatever the network
//!   IPv4 and IPv6 errors, echo,
//!   neighbours, multicast groups ──────► taken (RFC 4890: without them IPv6 does not work)
//!   DHCP answers ──────────────────────► taken where an address is had by DHCP
//!   443 ───────────────────────────────► taken on the management and the external network
//!   22  ───────────────────────────────► taken on the management network, if there are keys for SSH
//!   other TCP ─────────────────────────► refused and counted
//!   all else ──────────────────────────► dropped and counted
//! ```
//!
//! TCP is refused, not dropped: whoever types http:// or mistakes the port is told at once instead of after two
//! minutes. It tells nobody more than that there is a machine, which the pages tell as well.
//!
//! Nothing is logged: any network is full of broadcasts that nobody here asked for, and ten lines a minute of them
//! bury what matters. The counters say whether there are any, `nft monitor trace` which.
//!
//! Packets of guests are frames on a bridge. They never come by here: this is about what is for the node itself.

use pocketstack_model::config::Configuration;
use pocketstack_model::config::network::{Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork};
use pocketstack_model::firewall::{Roles, Rule, Seen, Service};

/// Networks that the pages are on. One that is absent has no bridge, and its part is the management network's.
const PAGES: [Role; 2] = [Role::Management, Role::External];
/// Networks that SSH is on.
const SSH: [Role; 1] = [Role::Management];

/// The rules for a configuration. The default one is that of a node that nobody has set up.
pub fn rules(configuration: &Configuration) -> Vec<Rule> {
    let network = &configuration.network;
    let mut rules = vec![
        Rule::Itself,
        Rule::Answers,
        Rule::Strays,
        Rule::Icmp4,
        Rule::Icmp6,
        Rule::Neighbours,
        Rule::Groups,
    ];
    let dhcp4 = having(network, |network| network.ipv4 == Ipv4Settings::Dhcp);
    // Router advertisements may send the node there.
    let dhcp6 = having(network, |network| network.ipv6 == Ipv6Settings::Auto);
    rules.extend(dhcp4.map(Rule::Dhcp4));
    rules.extend(dhcp6.map(Rule::Dhcp6));
    rules.extend(on(network, &PAGES).map(|roles| Rule::Open(Service::Pages, roles)));
    if !configuration.access.ssh_keys.is_empty() {
        rules.extend(on(network, &SSH).map(|roles| Rule::Open(Service::Ssh, roles)));
    }
    rules.extend([Rule::Refuse, Rule::Rest]);
    rules
}

fn having(network: &NetworkSettings, so: impl Fn(&RoleNetwork) -> bool) -> Option<Roles> {
    let roles = network.roles().filter(|(_, network)| so(network));
    Roles::of(roles.map(|(role, _)| role))
}

fn on(network: &NetworkSettings, among: &[Role]) -> Option<Roles> {
    let roles = network.roles().map(|(role, _)| role);
    Roles::of(roles.filter(|role| among.contains(role)))
}

/// Whether the kernel's rules are to be replaced, all at once, by these.
pub fn differs(rules: &[Rule], seen: &Seen) -> bool {
    !seen.closed
        || !rules
            .iter()
            .map(ToString::to_string)
            .eq(seen.rules.iter().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me";

    /// What others may begin, in words, without what every node takes.
    fn open(configuration: &Configuration) -> Vec<String> {
        let rules = rules(configuration);
        assert_eq!(rules[0], Rule::Itself);
        assert_eq!(rules.last(), Some(&Rule::Rest));
        let own = |rule: &&Rule| matches!(rule, Rule::Dhcp4(_) | Rule::Dhcp6(_) | Rule::Open(..));
        rules.iter().filter(own).map(ToString::to_string).collect()
    }

    fn with_key(mut configuration: Configuration) -> Configuration {
        configuration.access.ssh_keys = vec![KEY.parse().expect("a key")];
        configuration
    }

    fn three_networks() -> Configuration {
        let mut configuration = Configuration::default();
        configuration.network.management.ipv6 = Ipv6Settings::Off;
        configuration.network.external = Some(RoleNetwork {
            ipv4: Ipv4Settings::Off,
            ..RoleNetwork::default()
        });
        configuration.network.bmc = Some(RoleNetwork::default());
        configuration
    }

    #[test]
    fn a_node_that_nobody_has_set_up_has_only_its_pages_open() {
        let expected = [
            "DHCP on management",
            "DHCPv6 on management",
            "HTTPS on management",
        ];
        assert_eq!(open(&Configuration::default()), expected);
    }

    #[test]
    fn each_network_has_what_it_is_for() {
        let pages = [
            "DHCP on management, bmc",
            "DHCPv6 on external, bmc",
            "HTTPS on management, external",
        ];
        assert_eq!(open(&three_networks()), pages);
        let with_ssh = open(&with_key(three_networks()));
        assert_eq!(with_ssh[..3], pages);
        assert_eq!(with_ssh[3..], ["SSH on management"]);
    }

    #[test]
    fn static_addresses_need_no_dhcp() {
        let mut configuration = with_key(Configuration::default());
        configuration.network.management.ipv4 = Ipv4Settings::Static {
            address: "192.0.2.1/24".parse().expect("an address"),
            gateway: None,
        };
        configuration.network.management.ipv6 = Ipv6Settings::Off;
        assert_eq!(open(&configuration), ["HTTPS on management", "SSH on management"]);
    }

    #[test]
    fn rules_are_replaced_when_any_differs() {
        let rules = rules(&three_networks());
        let right = Seen {
            closed: true,
            rules: rules.iter().map(ToString::to_string).collect(),
        };
        assert!(!differs(&rules, &right));
        let changed = |change: fn(&mut Seen)| {
            let mut seen = right.clone();
            change(&mut seen);
            differs(&rules, &seen)
        };
        assert!(differs(&rules, &Seen::default()), "no table at all");
        assert!(changed(|seen| seen.closed = false));
        assert!(changed(|seen| seen.rules.swap(3, 4)));
        assert!(changed(|seen| seen.rules.insert(0, String::new())));
        assert!(changed(|seen| drop(seen.rules.pop())));
    }
}
