//! The contract of `Firewall`, kept by the fake and by the kernel, and what comes through the kernel's rules.
//!
//! The kernel is that of a network namespace. Its bridges are ends of cables here; the other ends are in a second
//! namespace, where somebody else sits and tries to connect.

mod namespace;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use namespace::inside;
use nix::sched::{CloneFlags, unshare};
use pocketstack_exec::{Cmd, run};
use pocketstack_host::firewall::{FakeFirewall, Firewall, Nft};
use pocketstack_model::config::Configuration;
use pocketstack_model::config::network::{Ipv4Settings, RoleNetwork};
use pocketstack_model::firewall::Rule;
use pocketstack_plan::firewall::{differs, rules};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me";

/// What the packet filter of a boot is until the daemon replaces it.
const AT_BOOT: &str = "../../image/rootfs/usr/lib/pocketstack/firewall.nft";

fn two_networks(ssh: bool) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.network.external = Some(RoleNetwork {
        ipv4: Ipv4Settings::Off,
        ..RoleNetwork::default()
    });
    if ssh {
        configuration.access.ssh_keys = vec![KEY.parse().expect("a key")];
    }
    configuration
}

/// Rules are there as they were given, whatever was there before, and what others change is seen.
fn contract(firewall: &impl Firewall, flush: impl Fn(), add: impl Fn(&str)) -> anyhow::Result<()> {
    let (with, without) = (rules(&two_networks(true)), rules(&two_networks(false)));
    assert!(differs(&without, &firewall.observe()?));
    for wanted in [&with, &with, &without] {
        firewall.load(wanted)?;
        let seen = firewall.observe()?;
        assert!(!differs(wanted, &seen), "{wanted:?} became {seen:?}");
    }
    assert!(differs(&with, &firewall.observe()?));
    add("somebody's own");
    let seen = firewall.observe()?;
    assert_eq!(seen.rules.last().map(String::as_str), Some("somebody's own"));
    assert!(differs(&without, &seen));
    flush();
    let seen = firewall.observe()?;
    assert!(!seen.closed && seen.rules.is_empty(), "{seen:?}");
    firewall.load(&with)?;
    assert!(!differs(&with, &firewall.observe()?));
    Ok(())
}

fn nft(arguments: &[&str]) -> anyhow::Result<()> {
    run(Cmd::new("nft").args(arguments))?;
    Ok(())
}

/// Whether this is the run in the namespace, and the kernel has nftables.
fn ready(test: &str) -> anyhow::Result<bool> {
    if !inside(test)? {
        return Ok(false);
    }
    match run(Cmd::new("nft").args(["add", "table", "inet", "trial"])) {
        Ok(_) => {}
        Err(error @ pocketstack_exec::Error::Failed { .. }) => {
            println!("SKIPPED: this kernel cannot do it ({error}); the image cases cover it");
            return Ok(false);
        }
        Err(error) => return Err(error).context("nft is part of what this test needs"),
    }
    Ok(true)
}

#[test]
fn the_fake_keeps_the_contract() -> anyhow::Result<()> {
    let fake = FakeFirewall::default();
    contract(&fake, || fake.flush(), |words| fake.add(words))
}

#[test]
fn the_kernel_keeps_the_contract() -> anyhow::Result<()> {
    if !ready("the_kernel_keeps_the_contract")? {
        return Ok(());
    }
    let chain = ["inet", "pocketstack", "input"];
    let add = |words: &str| {
        let rule = [
            "add",
            "rule",
            chain[0],
            chain[1],
            chain[2],
            "accept",
            "comment",
            &format!("\"{words}\""),
        ]
        .map(str::to_owned);
        nft(&rule.iter().map(String::as_str).collect::<Vec<_>>()).expect("added");
    };
    contract(
        &Nft,
        || nft(&["delete", "table", "inet", "pocketstack"]).expect("deleted"),
        add,
    )?;
    // The tables of others are none of its business.
    nft(&["list", "table", "inet", "trial"])
}

/// Somebody at the other end of the cables.
struct Outside {
    ask: mpsc::Sender<Job>,
    thread: Option<thread::JoinHandle<()>>,
    namespace: String,
}

/// The ports of each address that answer.
type Reached = BTreeMap<IpAddr, Vec<u16>>;

type Job = Box<dyn FnOnce() + Send>;

impl Outside {
    fn new() -> anyhow::Result<Self> {
        let (ask, asked) = mpsc::channel::<Job>();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            // Only this thread moves, and with it the programs that it starts.
            let moved = unshare(CloneFlags::CLONE_NEWNET);
            let at = format!(
                "/proc/{}/task/{}/ns/net",
                std::process::id(),
                nix::unistd::gettid()
            );
            if tell.send(moved.map(|()| at)).is_ok() {
                asked.into_iter().for_each(|job| job());
            }
        });
        let namespace = told.recv()??;
        Ok(Self {
            ask,
            thread: Some(thread),
            namespace,
        })
    }

    /// Does something out there.
    fn do_there<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
        let (tell, told) = mpsc::channel();
        let sent = self.ask.send(Box::new(move || drop(tell.send(job()))));
        sent.ok().context("nobody is out there any more")?;
        Ok(told.recv()?)
    }

    /// A cable from a link here to one out there, with an address at each end.
    fn cable(&self, link: &str, addresses: &[(&'static str, &'static str)]) -> anyhow::Result<()> {
        let other = format!("p-{link}");
        ip(&["link", "add", link, "type", "veth", "peer", "name", &other])?;
        ip(&["link", "set", &other, "netns", &self.namespace])?;
        for (here, _) in addresses {
            ip(&["address", "add", here, "dev", link, "nodad"])?;
        }
        ip(&["link", "set", link, "up"])?;
        let there: Vec<&'static str> = addresses.iter().map(|(_, there)| *there).collect();
        self.do_there(move || {
            for address in there {
                ip(&["address", "add", address, "dev", &other, "nodad"])?;
            }
            ip(&["link", "set", &other, "up"])
        })?
    }

    /// Which of these answer when somebody out there connects.
    fn reached(&self, addresses: &[IpAddr], ports: &[u16]) -> anyhow::Result<Reached> {
        let (addresses, ports) = (addresses.to_vec(), ports.to_vec());
        self.do_there(move || {
            // All at once: what is dropped takes its time. Threads are where the one that starts them is.
            let tries = addresses
                .iter()
                .flat_map(|address| ports.iter().map(|port| (*address, *port)));
            let tries: Vec<_> = tries
                .map(|(address, port)| (address, port, thread::spawn(move || connects(address, port))))
                .collect();
            let mut reached: Reached = addresses.iter().map(|address| (*address, Vec::new())).collect();
            for (address, port, tried) in tries {
                if tried.join().unwrap_or_default() {
                    reached.entry(address).or_default().push(port);
                }
            }
            reached
        })
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.ask = mpsc::channel().0;
        if let Some(thread) = self.thread.take() {
            assert!(
                thread.join().is_ok() || thread::panicking(),
                "the other side broke"
            );
        }
    }
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    run(Cmd::new("ip").args(arguments))?;
    Ok(())
}

/// Whether somebody answers; refused and dropped are the same here.
fn connects(address: IpAddr, port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::new(address, port), Duration::from_secs(2)).is_ok()
}

#[test]
fn only_what_is_named_comes_in() -> anyhow::Result<()> {
    if !ready("only_what_is_named_comes_in")? {
        return Ok(());
    }
    ip(&["link", "set", "lo", "up"])?;
    let outside = Outside::new()?;
    outside.cable(
        "br-mgmt",
        &[
            ("192.0.2.1/24", "192.0.2.2/24"),
            ("2001:db8:1::1/64", "2001:db8:1::2/64"),
        ],
    )?;
    outside.cable("br-ext", &[("198.51.100.1/24", "198.51.100.2/24")])?;
    outside.cable("br-bmc", &[("203.0.113.1/24", "203.0.113.2/24")])?;
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let all = ["192.0.2.1", "2001:db8:1::1", "198.51.100.1", "203.0.113.1"].map(address);
    let ports = [22, 443, 9999];
    let mut listeners = Vec::new();
    for port in ports {
        listeners.push(TcpListener::bind(("::", port))?);
    }
    let expect = |reached: &[&[u16]]| -> Reached {
        all.into_iter()
            .zip(reached.iter().map(|ports| ports.to_vec()))
            .collect()
    };

    // Without rules all are reached, so it is the rules that keep anybody out below.
    assert_eq!(
        outside.reached(&all, &ports)?,
        expect(&[&ports, &ports, &ports, &ports])
    );

    nft(&[
        "-f",
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(AT_BOOT)
            .to_str()
            .context("text")?,
    ])?;
    let seen = Nft.observe()?;
    assert!(
        seen.closed && seen.rules == [Rule::Itself.to_string()],
        "{seen:?}"
    );
    assert_eq!(outside.reached(&all, &ports)?, expect(&[&[], &[], &[], &[]]));
    assert!(
        connects(address("127.0.0.1"), 9999),
        "the machine does not reach itself"
    );

    // Neighbours as well are known by the rules alone from here on.
    Nft.load(&rules(&two_networks(true)))?;
    ip(&["neighbour", "flush", "all"])?;
    assert_eq!(
        outside.reached(&all, &ports)?,
        expect(&[&[22, 443], &[22, 443], &[443], &[]])
    );

    Nft.load(&rules(&two_networks(false)))?;
    assert_eq!(
        outside.reached(&all, &ports)?,
        expect(&[&[443], &[443], &[443], &[]])
    );

    // Answers to what this machine asks for come in, on whatever network.
    let other = outside.do_there(|| TcpListener::bind(("203.0.113.2", 9999)))??;
    assert!(connects(address("203.0.113.2"), 9999));
    drop(other);
    Ok(())
}
