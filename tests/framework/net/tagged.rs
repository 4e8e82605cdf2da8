//! A VLAN's far end in user space, as the testing machine's kernel may have no VLANs.
//!
//! ```text
//!   bridge ── trunk (TAP) ══ tag removed / added ══ link (TAP, the test's address on the VLAN)
//! ```

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::thread;

use anyhow::{Context, Result};

/// IEEE 802.1Q: the type that announces a tag, behind the two MAC addresses.
const TYPE: [u8; 2] = [0x81, 0x00];
/// Length of two MAC addresses.
const ADDRESSES: usize = 12;
/// The largest frame a TAP of 1500 bytes hands out, with a tag.
const LARGEST: usize = 2048;

/// Makes both links, and threads that carry frames between them for as long as the links are there.
///
/// # Errors
/// `/dev/net/tun` cannot be used, or a name is taken.
pub(super) fn start(trunk: &str, link: &str, id: u16) -> Result<()> {
    let (trunk, link) = (tap(trunk)?, tap(link)?);
    let (from_trunk, from_link) = (trunk.try_clone()?, link.try_clone()?);
    carry(from_trunk, link, move |frame| untagged(frame, id));
    carry(from_link, trunk, move |frame| tagged(frame, id));
    Ok(())
}

fn carry(mut from: File, mut to: File, change: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) {
    thread::spawn(move || {
        let mut frame = [0; LARGEST];
        // An error is the end of the link, and of what is to be done.
        while let Ok(length) = from.read(&mut frame) {
            if let Some(changed) = change(&frame[..length]) {
                // A link that is down takes nothing, as a cable that is not plugged in.
                let _sent = to.write(&changed);
            }
        }
    });
}

/// The frame without its tag, if it has this one.
fn untagged(frame: &[u8], id: u16) -> Option<Vec<u8>> {
    let tag = frame.get(ADDRESSES..ADDRESSES + 4)?;
    // The upper four bits are priority and a drop mark.
    let number = u16::from_be_bytes([tag[2], tag[3]]) & 0x0fff;
    (tag[..2] == TYPE && number == id).then(|| [&frame[..ADDRESSES], &frame[ADDRESSES + 4..]].concat())
}

/// The frame with this tag.
fn tagged(frame: &[u8], id: u16) -> Option<Vec<u8>> {
    let (addresses, rest) = frame.split_at_checked(ADDRESSES)?;
    Some([addresses, &TYPE, &id.to_be_bytes(), rest].concat())
}

/// `struct ifreq` of netdevice(7), as far as TUNSETIFF looks at it.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// IFF_TAP and IFF_NO_PI of `linux/if_tun.h`.
const FLAGS: u16 = 0x0002 | 0x1000;

nix::ioctl_write_ptr_bad!(
    /// TUNSETIFF of `linux/if_tun.h`.
    set_interface,
    nix::request_code_write!(b'T', 202, size_of::<i32>()),
    Request
);

fn tap(name: &str) -> Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun")
        .context("/dev/net/tun cannot be opened")?;
    let mut request = Request {
        name: [0; 16],
        flags: FLAGS,
        rest: [0; 22],
    };
    // The last byte stays 0: it ends the name.
    request.name[..15]
        .iter_mut()
        .zip(name.bytes())
        .for_each(|(to, from)| *to = from);
    // SAFETY: the descriptor is open for the whole call, and the kernel only reads and writes the 40 bytes of the
    // request, which is as large as its `struct ifreq`.
    unsafe { set_interface(file.as_raw_fd(), &raw const request) }
        .with_context(|| format!("the link {name} cannot be made"))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frames_of_the_vlan_pass_and_come_back_as_they_were() {
        let frame: Vec<u8> = (0..60).collect();
        let with = tagged(&frame, 20).expect("long enough");
        assert_eq!(with[12..16], [0x81, 0x00, 0x00, 20]);
        assert_eq!(untagged(&with, 20).as_ref(), Some(&frame));
        assert_eq!(untagged(&with, 21), None);
        assert_eq!(untagged(&frame, 20), None);
        assert_eq!(tagged(&frame[..5], 20), None);
        let mut urgent = with;
        urgent[14] = 0xe0;
        assert_eq!(untagged(&urgent, 20), Some(frame));
    }

    #[test]
    fn the_request_is_as_large_as_the_kernels() {
        assert_eq!(size_of::<Request>(), 40);
    }
}
