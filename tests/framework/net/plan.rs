//! Configuration of the network's servers, and the scripts for network boot. Pure.

use std::net::Ipv4Addr;
use std::path::Path;

use super::{OWN, Segment};

/// Links of a namespace that are not there in every new one, out of `ip -brief link`.
pub(super) fn foreign_links(brief: &str) -> Vec<&str> {
    // Tunnel modules put an inactive fallback device into every namespace.
    let usual = [
        "lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0",
    ];
    brief
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(|name| name.split('@').next().unwrap_or(name))
        .filter(|name| !usual.contains(name))
        .collect()
}

/// A MAC address out of QEMU's range, locally administered.
pub(super) fn mac(index: usize) -> String {
    format!("52:54:00:77:00:{:02x}", index + 1)
}

/// dnsmasq(8): DHCP on each segment, which names the test as time server, and with `tftp_root` network boot in the usual three steps.
pub(super) fn dnsmasq(segments: &[Segment], leases: &Path, tftp_root: Option<&Path>) -> String {
    let mut lines = vec![
        // DNS off; nothing of the host's configuration.
        "port=0".to_owned(),
        "no-resolv".into(),
        "no-hosts".into(),
        "user=root".into(),
        "log-dhcp".into(),
        "log-facility=-".into(),
        "bind-interfaces".into(),
        "dhcp-authoritative".into(),
        // Nobody else is on this network: no ping before an address is offered.
        "no-ping".into(),
        format!("dhcp-leasefile={}", leases.display()),
        // 0.0.0.0 stands for dnsmasq's own address on the network of the client.
        "dhcp-option=option:ntp-server,0.0.0.0".into(),
    ];
    for segment in segments {
        let [a, b, c, _] = segment.own().octets();
        lines.push(format!("interface={}", segment.link()));
        lines.push(format!(
            "dhcp-range={a}.{b}.{c}.100,{a}.{b}.{c}.200,255.255.255.0,1h"
        ));
    }
    if let Some(root) = tftp_root {
        lines.extend([
            "enable-tftp".into(),
            format!("tftp-root={}", root.display()),
            // Client architectures of RFC 4578, section 2.1, with its erratum: 7 and 9 are UEFI on x86-64.
            "dhcp-match=set:efi64,option:client-arch,7".into(),
            "dhcp-match=set:efi64,option:client-arch,9".into(),
            // iPXE gives itself away with its own option.
            "dhcp-match=set:ipxe,175".into(),
            "dhcp-boot=tag:!ipxe,tag:!efi64,undionly.kpxe".into(),
            "dhcp-boot=tag:!ipxe,tag:efi64,ipxe.efi".into(),
            "dhcp-boot=tag:ipxe,tag:!efi64,first.ipxe".into(),
            format!("dhcp-boot=tag:ipxe,tag:efi64,http://{OWN}/boot.ipxe"),
        ]);
    }
    lines.join("\n") + "\n"
}

/// What iPXE on BIOS gets first. QEMU's cards have iPXE as their ROM, which would skip the `undionly.kpxe` that
/// is to be tested; the ROM has a driver of its own for the card, and only `undionly.kpxe` uses the ROM's.
pub(super) fn first_script() -> String {
    format!(
        "#!ipxe\n\
         iseq ${{net0/chip}} undionly && goto boot || echo The ROM of the card hands over to undionly.kpxe\n\
         chain tftp://{OWN}/undionly.kpxe\n\
         :boot\n\
         chain http://{OWN}/boot.ipxe\n"
    )
}

/// The boot script with more words on the kernel's command line; `None` if it starts no kernel.
pub(super) fn with_words(script: &str, words: &str) -> Option<String> {
    script.lines().find(|line| line.starts_with("kernel "))?;
    let add = |line: &str| match line.starts_with("kernel ") {
        true => format!("{line} {words}\n"),
        false => format!("{line}\n"),
    };
    Some(script.lines().map(add).collect())
}

/// Addresses in a lease file: time, MAC, address, name, client id per line.
pub(super) fn leases(file: &str) -> Vec<Ipv4Addr> {
    file.lines()
        .filter_map(|line| line.split_whitespace().nth(2)?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_namespace_has_nothing_foreign() {
        assert!(foreign_links("lo UNKNOWN 00:00 <LOOPBACK>\nsit0@NONE DOWN 0.0.0.0 <NOARP>\n").is_empty());
        assert_eq!(foreign_links("lo UNKNOWN x\neth0@if7 UP 02:42 <UP>\n"), ["eth0"]);
    }

    #[test]
    fn network_boot_is_only_offered_when_asked_for() {
        let plain = dnsmasq(&[Segment::Main], Path::new("/l"), None);
        assert!(
            plain.contains("interface=ps-test0\n") && !plain.contains("tftp") && !plain.contains("dhcp-boot")
        );
        let pxe = dnsmasq(&[Segment::Main], Path::new("/l"), Some(Path::new("/pxe")));
        assert!(pxe.contains("tftp-root=/pxe\n") && pxe.contains("http://10.77.0.1/boot.ipxe\n"));
    }

    #[test]
    fn each_segment_has_its_own_addresses() {
        let conf = dnsmasq(&[Segment::Main, Segment::Second], Path::new("/l"), None);
        assert!(
            conf.contains("interface=ps-test0\ndhcp-range=10.77.0.100,10.77.0.200,"),
            "{conf}"
        );
        assert!(
            conf.contains("interface=ps-test1\ndhcp-range=10.78.0.100,10.78.0.200,"),
            "{conf}"
        );
    }

    #[test]
    fn words_are_added_to_the_kernel_and_nothing_else() {
        let script = "#!ipxe\nkernel vmlinuz initrd=initrd.magic ro\ninitrd initrd\nboot\n";
        assert_eq!(
            with_words(script, "a=b").as_deref(),
            Some("#!ipxe\nkernel vmlinuz initrd=initrd.magic ro a=b\ninitrd initrd\nboot\n")
        );
        assert_eq!(with_words("#!ipxe\nshell\n", "a=b"), None);
    }

    #[test]
    fn leases_are_read() {
        let file = "1763700000 52:54:00:77:00:01 10.77.0.131 node ff:00\n1 52:54:00:77:00:02 10.77.0.5 * *\nduid 00\n";
        assert_eq!(
            leases(file),
            [Ipv4Addr::new(10, 77, 0, 131), Ipv4Addr::new(10, 77, 0, 5)]
        );
    }
}
