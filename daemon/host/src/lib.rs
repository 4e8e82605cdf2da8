//! The machine PocketStack runs on, one module per subsystem: what is there, and the few things done to it.
//!
//! No decision is made in here. Reading gives the types of `pocketstack-model`; what to do about it comes from
//! `pocketstack-plan`, and is carried out one action at a time.
//!
//! ```text
//!   module       reads or does                                         through
//!   links        links, addresses, bond and bridge, a tick per change  rtnetlink
//!                who has an address on a network                       ARP
//!   systemd      units: state, start, stop, restart, enable; power     D-Bus
//!   networkd     has systemd-networkd read its files, or try again     D-Bus
//!   clock        the time, and how systemd-timesyncd gets on           /sys, D-Bus
//!   settings     host name, time zone, files under /etc                the kernel, /etc
//!   firewall     what may come in over the network                       nft
//!   ssh          the key by which others recognise the node              ssh-keygen
//!   journal      the last lines of the log                             journalctl
//!   volumes      a small file on a volume somebody has plugged in      udev's data, mount
//!   hypervisor   versions of libvirt and its hypervisor                libvirt
//!   modules      loads a kernel module                                 modprobe
//!   kvm, drbd,   whether they can do their work                        /dev, /proc, /sys, their own programs
//!   heartbeat
//!   inventory    processors, memory, disks                             /proc, /sys, udev's data
//!   counters     how busy disks and cards are, temperatures            /proc, /sys
//!   whole        small files, whole or not at all                      the file system
//!   random       numbers that nobody can guess                         /dev/urandom
//!   boot         firmware, medium, verified root, state partition      /proc, /sys, dmsetup
//! ```
//!
//! What acts on something with state has a trait, the real adapter and a fake that keeps state, which pass the
//! same contract test (`tests/`). What only reads files takes a [`root::Root`], so that tests read a made-up tree.

pub mod boot;
pub mod clock;
pub mod component;
pub mod counters;
pub mod drbd;
pub mod firewall;
pub mod heartbeat;
pub mod hypervisor;
pub mod inventory;
pub mod journal;
pub mod kvm;
pub mod links;
pub mod modules;
pub mod mounts;
pub mod networkd;
pub mod random;
pub mod root;
pub mod settings;
pub mod ssh;
pub mod systemd;
pub mod volumes;
pub mod whole;
