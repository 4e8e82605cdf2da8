//! Of what is kept as configured: what it is, what is wanted and seen, what is done, and what is wrong.

use super::{Arg, Message, Words, messages};
use crate::config::network::Role;

messages! {
    also(first, second) = "{first}; {second}";
    list(first, rest) = "{first}, {rest}";
    both(first, second) = "{first} and {second}";
    unknown() = "unknown";

    role_management() = "management";
    role_external() = "external";
    role_bmc() = "BMC";
    network(role) = "network {role}";
    network_on(bridge, cards) = "{bridge} on {cards}";
    cards_all_other() = "all other cards";
    cards_of_management() = "the cards of the management network";
    with_lacp(network) = "{network} (LACP)";
    vlan(number) = "VLAN {number}";
    mtu(bytes) = "MTU {bytes}";
    ipv4_by_dhcp() = "IPv4 by DHCP";
    ipv6_by_router() = "IPv6 by router advertisements";
    bridge_missing(bridge) = "no {bridge}";
    bridge_with(bridge, addresses) = "{bridge} with {addresses}";
    no_address() = "no address";
    no_link() = "no link";
    waiting_for_address() = "waiting for an address";
    link_removed(link) = "removing {link}";
    link_detached(link) = "taking {link} out of what it is a port of";
    link_set_down(link) = "switching {link} off";
    link_set_up(link) = "switching {link} on";
    bond_added(link) = "making the bond {link}";
    bridge_added(link) = "making the bridge {link}";
    vlan_added(link, vlan, lower) = "making {link} for VLAN {vlan} of {lower}";
    stp_stopped(link) = "switching the spanning tree protocol of {link} off";
    mac_set(link, mac) = "giving {link} the address {mac}";
    mtu_set(link, mtu) = "giving {link} an MTU of {mtu}";
    link_attached(link, master) = "making {link} a port of {master}";
    networkd_late(seconds) = "systemd-networkd did not take the new addresses within {seconds} s";
    addresses_not_written(error) = "addresses: {error}";
    resolver_not_written(error) = "name servers: {error}";

    no_card(role) = "no wired network card is left for the {role} network: put one in, or name one that other networks do not use";
    card_missing(card, role) = "the card {card} of the {role} network is not in this machine: put it in, or name another one";
    not_wired(link, role) = "{link}, which the {role} network is to use, is no wired network card: name a card";
    no_link_some(cards, role) = "no link on {cards} of the {role} network, which works over its other cards: check the cable";
    no_link_all(cards, role) = "no link on {cards}, so the {role} network reaches nobody: check the cable";
    small_mtu(card, role, largest, wanted) = "{card} of the {role} network carries packets of at most {largest} bytes, not {wanted}: set a smaller MTU, or name another card";
    card_shared(card, role, with) = "{card} of the {role} network is used by the {with} network together with other cards: give both the same cards, or cards of their own";
    same_vlan(role, with, vlan) = "the {role} and {with} networks both want VLAN {vlan} of the same cards: give one of them another VLAN, or cards of its own";
    same_without_vlan(role, with) = "the {role} and {with} networks both want the same cards without a VLAN: give one of them a VLAN, or cards of its own";

    bridge_of_card(bridge, card) = "{bridge} (card {card})";
    bridge_of_cards(bridge, cards) = "{bridge} (cards {cards})";
    no_dhcp(bridge) = "no DHCP server answers on {bridge}: check the cable and the server, or press N on the console to set an address by hand";
    dhcp_lost(address, bridge) = "the address {address} that DHCP gave {bridge} is lost, and no DHCP server answers any more: check the cable and the server, or press N on the console to set an address by hand";
    ipv6_meanwhile() = "IPv6 works meanwhile";
    address_taken(address, bridge, by) = "{address} is in use by another machine on {bridge}, the one with the MAC address {by}: give one of the two another address (N on the console); this node takes it as soon as it is free";
    address_unused_free(address, bridge) = "{address} is not in use on {bridge}, although no other machine answers to it: it is tried again every minute; the log (L on the console) says more";
    address_unused(address, bridge) = "{address} is not in use on {bridge}: another machine may have this address already; take it from there, or set another one here (N on the console)";
    silent_router(gateway, bridge, address) = "the router {gateway} does not answer on {bridge}, so {address} reaches only its own network: check that the router is on, and that address, prefix length and gateway are right (N on the console)";

    name() = "name";
    time_zone() = "time zone";
    time_servers() = "time servers";
    time_servers_given() = "those of the network or of Debian";
    timesyncd_untold(why) = "telling systemd-timesyncd: {why}";

    time() = "time";
    time_wanted() = "as time servers say";
    clock_before_image(now, built) = "the clock says {now}, which is before this image was built ({built}): set the clock in the machine's firmware setup, or let it reach a time server";
    clock_long_after_image(now, built) = "the clock says {now}, which is more than ten years after this image was built ({built}): set the clock in the machine's firmware setup, or let it reach a time server";
    clock_hardware(says) = "the clock that goes on while the machine is switched off says {says}: set it in the machine's firmware setup, and if it forgets that, change the battery on the mainboard";
    clock_silent(minutes) = "no time server has set the clock for {minutes} minutes: check the names of the time servers, and that they are reached (UDP port 123)";
    clock_silent_off(minutes, off) = "no time server has set the clock for {minutes} minutes, and it is {off}: check the names of the time servers, and that they are reached (UDP port 123)";
    clock_behind(span) = "{span} behind";
    clock_ahead(span) = "{span} ahead";
    days(days) = "{days} days";
    clock_set_by(server) = "set by {server}";
    clock_set() = "set by a time server since the start";
    clock_off(server, off) = "not set by a time server yet; {server} says it is {off}";
    clock_asking(server) = "not set by a time server; {server} is being asked";
    clock_no_answer() = "not set by a time server, as none answers";

    packet_filter() = "packet filter";
    open_on(service, roles) = "{service} on {roles}";
    roles(first, rest) = "{first}, {rest}";
    everything_open() = "everything comes in";
    filter_differs() = "the kernel has other rules than it was given; `nft list ruleset` shows them";
    ssh() = "SSH";
    ssh_wanted_off() = "off, as no key is given";
    ssh_wanted_for_one() = "on, for 1 key";
    ssh_wanted_for(keys) = "on, for {keys} keys";
    ssh_off() = "off";
    ssh_on(key) = "on, host key {key}";
    sshd_unseen(error) = "looking at sshd: {error}";

    configuration() = "configuration";
    configuration_newest() = "the newest one stored";
    generation(number) = "generation {number}";
    change_cut_off() = "the node (or its daemon) restarted before it was confirmed";
    change_unconfirmed(seconds) = "nobody confirmed it within {seconds} seconds";

    answers() = "answers";
    answers_wanted() = "this node set up by them";
    answers_unreadable() = "none that can be read";
    answers_none() = "none yet";
    answers_awaited(why) = "trying again every few seconds: {why}";
    answers_wrong(from, error) = "{from}: {error}; nothing was changed";
    answers_unused(from) = "{from}; not used, as this node is configured already";
    answers_used(from) = "{from}, used";
    answers_installing() = "installing";
    answers_installed(disk) = "this machine was already installed from these answers, on {disk}: take the medium out and restart it";

    state_partition() = "state partition";
    state_room() = "room for settings and logs";
    state_used(percent) = "{percent} % used";
    state_full(percent, size) = "{percent} % of its {size} are used, so changes of the settings may not be stored any more: remove what is not needed under /var (images, old logs), or install to a larger disk and keep the settings";
    state() = "state";
    state_apart() = "kept on a disk beside the medium";
    state_in_use() = "in use";
    state_not_in_use(disks) = "on {disks}, not in use";
    state_left(disk) = "the state on {disk} is not in use: when this machine started, {disk} was not there yet or could not be read; what is set now is not kept there. Restart the machine, and see the log if that does not help";
    states_none_next(disks) = "{disks} each have the state of a machine that is started from a medium, and none would be used at the next start: take out all of these disks but one, and restart the machine";
    states_none_used(disks) = "{disks} each have the state of a machine that is started from a medium, and none is in use: take out all of these disks but one, and restart the machine";
}

/// What a role's network is called.
pub fn role(role: Role) -> Words {
    match role {
        Role::Management => role_management(),
        Role::External => role_external(),
        Role::Bmc => role_bmc(),
    }
}
