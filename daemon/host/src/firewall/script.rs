//! The rules in nft's own language. Nothing in here is text from outside: networks are roles, services are ours.

use pocketstack_model::firewall::{Roles, Rule, Service};

use super::TABLE;

/// All of the table, as one transaction. Adding before deleting makes deleting work whether or not it was there.
pub(super) fn script(rules: &[Rule]) -> String {
    let mut input = String::new();
    for rule in rules {
        input.push_str(&format!("        {} comment \"{rule}\"\n", statement(rule)));
    }
    format!(
        "add table inet {TABLE}\n\
         delete table inet {TABLE}\n\
         table inet {TABLE} {{\n    \
             chain input {{\n        \
                 type filter hook input priority filter; policy drop;\n\
         {input}    \
             }}\n    \
             chain forward {{\n        \
                 type filter hook forward priority filter; policy drop;\n    \
             }}\n\
         }}\n"
    )
}

fn statement(rule: &Rule) -> String {
    match rule {
        Rule::Itself => "iifname \"lo\" accept".to_owned(),
        Rule::Answers => "ct state { established, related } accept".to_owned(),
        Rule::Strays => "ct state invalid drop".to_owned(),
        Rule::Icmp4 => "icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept".to_owned(),
        Rule::Icmp6 => {
            "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept"
                .to_owned()
        }
        // Those of RFC 4890 section 4.4.1 that Linux answers as a host. A hop limit of 255 says that no router has passed
        // it on (RFC 4861 section 7.1).
        Rule::Neighbours => {
            "ip6 hoplimit 255 icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept".to_owned()
        }
        // From link-local addresses only (RFC 3810 section 5).
        Rule::Groups => {
            "ip6 saddr fe80::/10 icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept"
                .to_owned()
        }
        Rule::Dhcp4(roles) => format!("{} udp sport 67 udp dport 68 accept", from(roles)),
        Rule::Dhcp6(roles) => format!("{} ip6 saddr fe80::/10 udp dport 546 accept", from(roles)),
        Rule::Open(service, roles) => format!("{} tcp dport {} accept", from(roles), port(*service)),
        Rule::Refuse => "meta l4proto tcp counter reject with tcp reset".to_owned(),
        Rule::Rest => "counter drop".to_owned(),
    }
}

/// By name, so that it does not matter whether a bridge is there already.
fn from(roles: &Roles) -> String {
    let names: Vec<String> = roles
        .iter()
        .map(|role| format!("\"{}\"", role.bridge()))
        .collect();
    format!("iifname {{ {} }}", names.join(", "))
}

fn port(service: Service) -> u16 {
    match service {
        Service::Pages => 443,
        Service::Ssh => 22,
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_model::config::network::Role;

    use super::*;

    #[test]
    fn the_table_is_written_as_it_is_documented() {
        let both = Roles::of([Role::External, Role::Management]).expect("two");
        let one = Roles::of([Role::Management]).expect("one");
        let rules = [
            Rule::Itself,
            Rule::Dhcp4(both.clone()),
            Rule::Dhcp6(one.clone()),
            Rule::Open(Service::Pages, both),
            Rule::Open(Service::Ssh, one),
            Rule::Refuse,
            Rule::Rest,
        ];
        let expected = r#"add table inet pocketstack
delete table inet pocketstack
table inet pocketstack {
    chain input {
        type filter hook input priority filter; policy drop;
        iifname "lo" accept comment "the machine itself"
        iifname { "br-mgmt", "br-ext" } udp sport 67 udp dport 68 accept comment "DHCP on management, external"
        iifname { "br-mgmt" } ip6 saddr fe80::/10 udp dport 546 accept comment "DHCPv6 on management"
        iifname { "br-mgmt", "br-ext" } tcp dport 443 accept comment "HTTPS on management, external"
        iifname { "br-mgmt" } tcp dport 22 accept comment "SSH on management"
        meta l4proto tcp counter reject with tcp reset comment "refuse other TCP"
        counter drop comment "drop all else"
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
    }
}
"#;
        assert_eq!(script(&rules), expected);
    }
}
