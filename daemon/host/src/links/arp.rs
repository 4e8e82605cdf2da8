//! Who has an IPv4 address on a link's network: the question of RFC 826, asked as RFC 5227 says.
//!
//! The kernel's own neighbour table is no help here: it asks from whatever address this machine has, be it of another
//! network, and machines leave such questions unanswered.

use std::io::{self, ErrorKind, IoSlice};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::libc;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, SockaddrLike, bind, recv, sendmsg, socket,
};
use pocketstack_model::link::LinkIndex;
use pocketstack_model::mac::MacAddress;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, timeout_at};

/// How often it is asked, and how long each time is waited for an answer. Neighbours answer within a millisecond; a
/// frame can be lost.
const QUESTIONS: u32 = 3;
const WAIT: Duration = Duration::from_millis(400);

/// Hardware type Ethernet, protocol IPv4, lengths of their addresses.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];
const LENGTH: usize = 28;
const REQUEST: [u8; 2] = [0, 1];

/// Asks on the link's network who has `address`; `None` if nobody says so. `from` is an own address that is in use, if
/// there is one: without, the question is one that no neighbour learns anything from (RFC 5227 section 1.1).
pub async fn who_has(
    (index, mac): (LinkIndex, MacAddress),
    address: Ipv4Addr,
    from: Option<Ipv4Addr>,
) -> io::Result<Option<MacAddress>> {
    // Without a protocol it hears nothing until it is bound to ARP and this link.
    let socket = socket(
        AddressFamily::Packet,
        SockType::Datagram,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    let everybody = link_address(index)?;
    bind(socket.as_raw_fd(), &everybody)?;
    // SAFETY: the socket stays open, and its descriptor the same, as long as `AsyncFd` owns it.
    let socket = unsafe { AsyncFd::register(socket) }?;
    for _ in 0..QUESTIONS {
        let question = question(mac, address, from);
        sendmsg(
            socket.get_ref().as_raw_fd(),
            &[IoSlice::new(&question)],
            &[],
            MsgFlags::empty(),
            Some(&everybody),
        )?;
        let until = Instant::now() + WAIT;
        while let Ok(heard) = timeout_at(until, next(&socket)).await {
            let told = owner(&heard?, address);
            if told.is_some_and(|told| told != mac) {
                return Ok(told);
            }
        }
    }
    Ok(None)
}

/// All machines on the link, for ARP (packet(7)).
fn link_address(index: LinkIndex) -> io::Result<LinkAddr> {
    let number = |error| io::Error::new(ErrorKind::InvalidInput, error);
    let address = libc::sockaddr_ll {
        sll_family: libc::sa_family_t::try_from(libc::AF_PACKET).map_err(number)?,
        sll_protocol: u16::try_from(libc::ETH_P_ARP).map_err(number)?.to_be(),
        sll_ifindex: i32::try_from(index.0).map_err(number)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 6,
        sll_addr: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0],
    };
    let length = libc::socklen_t::try_from(size_of_val(&address)).map_err(number)?;
    // SAFETY: the pointer is to a whole, aligned sockaddr_ll of that length, which is copied before it ends to live.
    // nix has no other way to make one.
    let address = unsafe { LinkAddr::from_raw((&raw const address).cast(), Some(length)) };
    address.ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))
}

async fn next(socket: &AsyncFd<OwnedFd>) -> io::Result<Vec<u8>> {
    let mut bytes = [0; LENGTH];
    loop {
        let mut ready = socket.readable().await?;
        let heard = ready.try_io(|socket| {
            recv(socket.as_raw_fd(), &mut bytes, MsgFlags::empty()).map_err(io::Error::from)
        });
        if let Ok(length) = heard {
            return Ok(bytes[..length?].to_vec());
        }
    }
}

fn question(mac: MacAddress, address: Ipv4Addr, from: Option<Ipv4Addr>) -> Vec<u8> {
    let sender = from.unwrap_or(Ipv4Addr::UNSPECIFIED).octets();
    [
        &ETHERNET_IPV4[..],
        &REQUEST,
        &mac.bytes(),
        &sender,
        &[0; 6],
        &address.octets(),
    ]
    .concat()
}

/// Who says here that the address is theirs, be it in an answer, in a question of their own, or unasked.
fn owner(packet: &[u8], address: Ipv4Addr) -> Option<MacAddress> {
    let rest = packet.strip_prefix(&ETHERNET_IPV4)?.get(2..)?;
    let (mac, rest) = rest.split_at_checked(6)?;
    let own = rest.starts_with(&address.octets()) && rest.len() >= 14;
    MacAddress::try_from(mac).ok().filter(|_| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> MacAddress {
        MacAddress::try_from([0x52, 0x54, 0, 0, 0, last].as_slice()).expect("a MAC address")
    }

    #[test]
    fn only_who_says_that_the_address_is_theirs_is_an_owner() {
        let (mine, other) = (Ipv4Addr::new(192, 0, 2, 10), Ipv4Addr::new(192, 0, 2, 1));
        // A question about it, as from another machine that wants it too, says nothing of who has it.
        let probe = question(mac(7), mine, None);
        assert_eq!(probe.len(), LENGTH);
        assert_eq!(owner(&probe, mine), None);
        assert_eq!(owner(&question(mac(7), other, Some(mine)), mine), Some(mac(7)));
        assert_eq!(owner(&question(mac(7), other, Some(mine)), other), None);

        let mut answer = question(mac(7), other, Some(mine));
        answer[7] = 2;
        assert_eq!(owner(&answer, mine), Some(mac(7)));
        for cut in 0..LENGTH {
            assert_eq!(owner(&answer[..cut], mine), None, "{cut} bytes");
        }
        // Not Ethernet, and a sender that is a group.
        let (mut other_type, mut group) = (answer.clone(), answer);
        other_type[1] = 6;
        group[8] |= 1;
        assert_eq!((owner(&other_type, mine), owner(&group, mine)), (None, None));
    }
}
