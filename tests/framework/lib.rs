//! What the image cases, the demo and the boot benchmark are made of: virtual machines that boot the real
//! image, networks that can be cut, and clients that look at a node from outside.
//!
//! ```text
//!   case ──► Vm::launch ──► qemu-system-x86_64 ─┬─ ttyS0 ──► serial.log ──► Serial (wait_for)
//!     │                                         │         ◄── Keyboard (types)
//!     │                                         ├─ ttyS1 ◄─► Shell (run, check)
//!     │                                         ├─ QMP   ◄─► Qmp (set_link, device_add, screendump)
//!     │                                         ├─ disk  ──► log of writes ──► Record (cut)
//!     │                                         └─ tap ─┐
//!     └──► Net ── bridge, dnsmasq (DHCP, TFTP), time, busybox httpd ─┘
//!              └── Node (curl) and Browser (chromium) reach the machine over the same bridge
//! ```
//!
//! There are no tasks and no channels here. A case is a sequence of steps on the main thread. Of the other threads one
//! waits for SIGINT, SIGTERM and SIGHUP and ends every program that was started ([`process`]); those of [`net`] tell
//! the time and carry the frames of a VLAN; that of a [`keyboard`] throws away what the log has as well.
//! Whatever has to be waited for is waited for through [`poll`], with a deadline and the last reason.
//!
//! Everything this crate starts by name (QEMU, dnsmasq, chromium, ip ...) is expected in `PATH`; `./just`
//! starts it inside the testbed, a Debian root of its own, for that reason.

pub mod accel;
pub mod access;
pub mod answers;
pub mod artifacts;
pub mod browser;
pub mod cockpit;
pub mod dbus;
pub mod disk;
pub mod gpt;
pub mod guest;
pub mod keyboard;
pub mod live;
pub mod load;
pub mod net;
pub mod node;
pub mod poll;
pub mod power;
pub mod process;
pub mod qmp;
pub mod raw;
pub mod report;
pub mod serial;
pub mod shell;
pub mod vm;
pub mod wire;
