//! Telling wired network cards from everything else, out of what sysfs says about a link.

use pocketstack_model::link::Card;
use pocketstack_model::mac::MacAddress;

use crate::root::Root;

/// The card behind an Ethernet link, or `None` for anything that is no wired card of this machine. Its largest MTU is
/// not in sysfs.
///
pub fn card(root: &Root, name: &str, index: u32, permanent_mac: MacAddress) -> Option<Card> {
    if !is_card(root, name) {
        return None;
    }
    let folder = format!("/sys/class/net/{name}");
    let mbps = root
        .text(format!("{folder}/speed"))
        .and_then(|speed| speed.parse::<i64>().ok());
    Some(Card {
        permanent_mac,
        driver: root.link_name(format!("{folder}/device/driver")),
        // Drivers that do not know say -1, or its 32 bits without sign.
        mbps: mbps
            .filter(|mbps| (1..i64::from(u32::MAX)).contains(mbps))
            .and_then(|mbps| mbps.try_into().ok()),
        largest_mtu: None,
        // Without a device manager, as in a container, nobody will rename anything.
        settled: !root.exists("/run/udev/control") || root.exists(format!("/run/udev/data/n{index}")),
    })
}

/// Whether the link of this name is a wired card.
///
/// A card has a `device` in sysfs, which bridges, tunnels and what VMs are attached to have not. Left out are
/// wireless cards; virtual functions (`device/physfn`), which are meant for guests; and the representors of those
/// (`phys_port_name` such as `pf0vf3`, see `networking/representors.rst`), which lead to a guest, not to a cable.
pub fn is_card(root: &Root, name: &str) -> bool {
    let folder = format!("/sys/class/net/{name}");
    let has = |file: &str| root.exists(format!("{folder}/{file}"));
    let port = root.text(format!("{folder}/phys_port_name"));
    has("device")
        && !has("wireless")
        && !has("phy80211")
        && !has("device/physfn")
        && !port.is_some_and(|port| is_representor(&port))
}

/// `pf0vf1` and `pf0sf1`, also behind the number of a controller (`c1pf0vf1`). `p0` is a real port.
fn is_representor(port: &str) -> bool {
    port.contains("pf") && (port.contains("vf") || port.contains("sf"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::testing::tree;

    fn seen(files: &[(&str, &str)]) -> Option<Card> {
        let (_dir, root) = tree(files);
        let mac = "52:54:00:00:00:01".parse().expect("a MAC address");
        card(&root, "x0", 7, mac)
    }

    const DEVICE: (&str, &str) = ("sys/class/net/x0/device/vendor", "0x8086\n");

    #[test]
    fn a_card_has_a_device_and_a_bridge_has_none() {
        let found = seen(&[DEVICE, ("sys/class/net/x0/speed", "1000\n")]).expect("a card");
        assert_eq!(found.mbps, Some(1000));
        assert!(found.settled);
        assert_eq!(seen(&[("sys/class/net/x0/bridge/stp_state", "0\n")]), None);
    }

    #[test]
    fn wireless_virtual_functions_and_representors_are_left_out() {
        assert_eq!(seen(&[DEVICE, ("sys/class/net/x0/phy80211/index", "0\n")]), None);
        assert_eq!(
            seen(&[DEVICE, ("sys/class/net/x0/device/physfn/vendor", "0x8086\n")]),
            None
        );
        assert_eq!(
            seen(&[DEVICE, ("sys/class/net/x0/phys_port_name", "pf0vf3\n")]),
            None
        );
        assert!(seen(&[DEVICE, ("sys/class/net/x0/phys_port_name", "p0\n")]).is_some());
    }

    #[test]
    fn an_unknown_speed_is_not_a_number() {
        for unknown in ["-1\n", "4294967295\n", "0\n"] {
            let found = seen(&[DEVICE, ("sys/class/net/x0/speed", unknown)]).expect("a card");
            assert_eq!(found.mbps, None, "{unknown:?}");
        }
    }

    #[test]
    fn a_card_settles_when_the_device_manager_has_its_data() {
        let control = ("run/udev/control", "");
        assert!(!seen(&[DEVICE, control]).expect("a card").settled);
        assert!(
            seen(&[DEVICE, control, ("run/udev/data/n7", "")])
                .expect("a card")
                .settled
        );
    }
}
