//! The files that tell systemd-networkd which addresses the bridges get (systemd.network(5), systemd 257).
//!
//! Making the links is [`crate::network`]'s business; networkd only matches the bridges by name. A file for the
//! management network is in the image as well, so that a node without a configuration gets an address: what is
//! generated for the default settings says the same, under the same name, and replaces it.
//!
//! Where several networks have a router, packets to everywhere else leave by the external network while it has one,
//! else by the management network, and by the BMC network only if it is given a router by hand and no other has one.

pub mod missing;

use std::fmt::{Display, Write as _};

use pocketstack_model::config::names::Mtu;
use pocketstack_model::config::network::{Ipv4Settings, Ipv6Settings, NetworkSettings, Role, RoleNetwork};

/// A file for `/etc/systemd/network`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkFile {
    /// Its name in that folder.
    pub name: String,
    /// Its text.
    pub content: String,
}

/// Name of the role's file. Files of roles without a network of their own are to be removed.
pub const fn file_name(role: Role) -> &'static str {
    match role {
        Role::Management => "20-management.network",
        Role::External => "30-external.network",
        Role::Bmc => "40-bmc.network",
    }
}

/// One file for each role that has a network of its own.
pub fn files(settings: &NetworkSettings) -> Vec<NetworkFile> {
    settings
        .roles()
        .map(|(role, network)| NetworkFile {
            name: file_name(role).to_owned(),
            content: content(role, network),
        })
        .collect()
}

/// How good the role's way to everywhere else is: the lowest number wins. 1024 is networkd's own for DHCP.
fn metric(role: Role) -> u32 {
    match role {
        Role::External => 256,
        Role::Management => 1024,
        Role::Bmc => 4096,
    }
}

/// The same for routers of high, medium and low preference that advertise themselves (RFC 4191), where it is not
/// networkd's own 512:1024:2048.
fn advertised_metric(role: Role) -> Option<&'static str> {
    (role == Role::External).then_some("128:256:384")
}

fn content(role: Role, network: &RoleNetwork) -> String {
    let dhcp4 = network.ipv4 == Ipv4Settings::Dhcp;
    let auto6 = network.ipv6 == Ipv6Settings::Auto;
    let (closed, external) = (role == Role::Bmc, role == Role::External);
    let mut file = File::default();
    file.section("Match");
    file.set("Name", role.bridge());

    file.section("Network");
    file.set(
        "DHCP",
        match (dhcp4, auto6) {
            (true, true) => "yes",
            (true, false) => "ipv4",
            // Started only where router advertisements say so.
            (false, true) => "ipv6",
            (false, false) => "no",
        },
    );
    file.set("IPv6AcceptRA", if auto6 { "yes" } else { "no" });
    file.set("LinkLocalAddressing", "ipv6");
    file.set("LLMNR", "no");
    file.set("MulticastDNS", "no");
    // Without a cable the bridge stays as it is.
    file.set("ConfigureWithoutCarrier", "no");
    file.set("IgnoreCarrierLoss", "3s");
    for server in &network.dns {
        file.set("DNS", server);
    }
    addresses(&mut file, network, metric(role));

    if dhcp4 {
        file.section("DHCPv4");
        file.set("ClientIdentifier", "mac");
        file.set("UseDomains", "no");
        learn_nothing(
            &mut file,
            closed,
            &["UseGateway", "UseRoutes", "UseDNS", "UseNTP"],
        );
        if external {
            file.set("RouteMetric", metric(role));
        }
    }
    if auto6 && (closed || external) {
        file.section("IPv6AcceptRA");
        learn_nothing(&mut file, closed, &["UseGateway", "UseRoutePrefix", "UseDNS"]);
        if let Some(metric) = advertised_metric(role) {
            file.set("RouteMetric", metric);
        }
    }
    if auto6 && closed {
        file.section("DHCPv6");
        learn_nothing(&mut file, closed, &["UseDNS", "UseNTP"]);
    }

    file.section("Link");
    file.set("RequiredForOnline", "no");
    if network.mtu != Mtu::default() {
        file.set("MTUBytes", network.mtu);
    }
    file.text
}

/// Power control needs the neighbours only: what its network offers besides an address stays unused.
fn learn_nothing(file: &mut File, closed: bool, keys: &[&str]) {
    for key in keys.iter().filter(|_| closed) {
        file.set(key, "no");
    }
}

/// Addresses and routers that are set by hand.
fn addresses(file: &mut File, network: &RoleNetwork, metric: u32) {
    if let Ipv4Settings::Static { address, gateway } = &network.ipv4 {
        file.section("Address");
        file.set("Address", address);
        // RFC 5227: where another machine has the address already, it is not taken. IPv6 does so by itself.
        file.set("DuplicateAddressDetection", "ipv4");
        route(file, gateway.as_ref(), metric);
    }
    if let Ipv6Settings::Static { address, gateway } = &network.ipv6 {
        file.section("Address");
        file.set("Address", address);
        route(file, gateway.as_ref(), metric);
    }
}

fn route(file: &mut File, gateway: Option<&impl Display>, metric: u32) {
    if let Some(gateway) = gateway {
        file.section("Route");
        file.set("Gateway", gateway);
        file.set("Metric", metric);
    }
}

struct File {
    text: String,
}

impl Default for File {
    fn default() -> Self {
        Self {
            text: "# Made by pocketstackd from the configuration of this node, at each start and change.\n"
                .to_owned(),
        }
    }
}

impl File {
    fn section(&mut self, name: &str) {
        if self.text.contains('[') {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "[{name}]");
    }

    fn set(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.text, "{key}={value}");
    }
}

#[cfg(test)]
mod tests;
