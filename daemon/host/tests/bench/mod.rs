//! Two machines to try links on: one made up, one real.

use std::cell::RefCell;
use std::future::Future;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::Context;
use pocketstack_exec::{Cmd, Running, run, spawn};
use pocketstack_host::links::{FakeLinks, NetworkLinks, Rtnetlink};
use pocketstack_host::root::Root;
use pocketstack_model::link::LinkName;
use pocketstack_model::mac::MacAddress;
use pocketstack_model::node::Address;

/// A machine whose cards can be put in and pulled out.
pub trait Bench {
    /// Its links.
    fn links(&self) -> &impl NetworkLinks;
    /// Puts in a card with a cable that leads somewhere.
    fn plug_in(&self, name: &LinkName, mac: MacAddress) -> impl Future<Output = anyhow::Result<()>>;
    /// Pulls it out.
    fn pull_out(&self, name: &LinkName) -> impl Future<Output = anyhow::Result<()>>;
    /// Starts a VM with a network card: what it is attached to appears on the host.
    fn start_vm(&self, tap: &LinkName, mac: MacAddress) -> impl Future<Output = anyhow::Result<()>>;
    /// Gives a link an address.
    fn add_address(&self, name: &LinkName, address: Address) -> impl Future<Output = anyhow::Result<()>>;
    /// The one other machine is at the end of the card's cable, and has this address or, from now on, none.
    fn neighbour(
        &self,
        card: &LinkName,
        mac: MacAddress,
        address: Option<Ipv4Addr>,
    ) -> impl Future<Output = anyhow::Result<()>>;
}

/// Made up.
#[derive(Debug, Default)]
pub struct FakeBench(FakeLinks);

impl Bench for FakeBench {
    fn links(&self) -> &impl NetworkLinks {
        &self.0
    }

    async fn plug_in(&self, name: &LinkName, mac: MacAddress) -> anyhow::Result<()> {
        self.0.plug_in(name, mac);
        Ok(())
    }

    async fn pull_out(&self, name: &LinkName) -> anyhow::Result<()> {
        self.0.pull_out(name);
        Ok(())
    }

    async fn start_vm(&self, tap: &LinkName, mac: MacAddress) -> anyhow::Result<()> {
        self.0.start_vm(tap, mac);
        Ok(())
    }

    async fn add_address(&self, name: &LinkName, address: Address) -> anyhow::Result<()> {
        self.0.add_address(name, address);
        Ok(())
    }

    async fn neighbour(
        &self,
        _card: &LinkName,
        mac: MacAddress,
        address: Option<Ipv4Addr>,
    ) -> anyhow::Result<()> {
        match address {
            Some(address) => self.0.set_neighbour(address, mac),
            None => self.0.forget_neighbours(),
        }
        Ok(())
    }
}

/// The kernel, in the network namespace the test runs in. Set up with ip(8), which is somebody else's program: what
/// it makes, the adapter must read right.
pub struct KernelBench {
    sysfs: tempfile::TempDir,
    links: Rtnetlink,
    /// A program that only lives, in a network namespace of its own.
    neighbour: RefCell<Option<Running>>,
}

impl KernelBench {
    pub fn new() -> anyhow::Result<Self> {
        let sysfs = tempfile::tempdir()?;
        let links = Rtnetlink::open(Root::at(sysfs.path()))?;
        Ok(Self {
            sysfs,
            links,
            neighbour: RefCell::default(),
        })
    }

    /// Process id of the other machine, which is started for that.
    fn neighbour_id(&self) -> anyhow::Result<String> {
        let mut neighbour = self.neighbour.borrow_mut();
        let id = match neighbour.as_ref() {
            Some(running) => running.id(),
            None => {
                let alone = Cmd::new("unshare").args(["--net", "--", "sleep", "infinity"]);
                neighbour.insert(spawn(alone)?).id()
            }
        };
        let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net"));
        let id = id.to_string();
        while namespace(&id)? == namespace("self")? {
            std::thread::yield_now();
        }
        Ok(id)
    }

    fn card(&self, name: &LinkName) -> std::path::PathBuf {
        self.sysfs
            .path()
            .join(Path::new("sys/class/net"))
            .join(name.as_str())
    }
}

fn ip(args: &[&str]) -> anyhow::Result<()> {
    run(Cmd::new("ip").args(args)).map(|_| ()).context(args.join(" "))
}

impl Bench for KernelBench {
    fn links(&self) -> &impl NetworkLinks {
        &self.links
    }

    async fn plug_in(&self, name: &LinkName, mac: MacAddress) -> anyhow::Result<()> {
        std::fs::create_dir_all(self.card(name).join("device"))?;
        let (name, peer, mac) = (name.as_str(), format!("p-{name}"), mac.to_string());
        ip(&[
            "link", "add", "name", name, "address", &mac, "type", "veth", "peer", "name", &peer,
        ])?;
        ip(&["link", "set", &peer, "up"])
    }

    async fn pull_out(&self, name: &LinkName) -> anyhow::Result<()> {
        std::fs::remove_dir_all(self.card(name))?;
        ip(&["link", "del", name.as_str()])
    }

    async fn start_vm(&self, tap: &LinkName, mac: MacAddress) -> anyhow::Result<()> {
        let (name, inside, mac) = (tap.as_str(), format!("p-{tap}"), mac.to_string());
        ip(&[
            "link", "add", "name", name, "address", &mac, "type", "veth", "peer", "name", &inside,
        ])?;
        ip(&["link", "set", name, "up"])?;
        ip(&["link", "set", &inside, "up"])
    }

    async fn add_address(&self, name: &LinkName, address: Address) -> anyhow::Result<()> {
        ip(&[
            "address",
            "add",
            &format!("{}/{}", address.address, address.prefix),
            "dev",
            name.as_str(),
        ])
    }

    async fn neighbour(
        &self,
        card: &LinkName,
        mac: MacAddress,
        address: Option<Ipv4Addr>,
    ) -> anyhow::Result<()> {
        let (id, end) = (self.neighbour_id()?, format!("p-{card}"));
        let there = |args: &[&str]| -> anyhow::Result<()> {
            let enter = Cmd::new("nsenter").args(["--target", &id, "--net", "--", "ip"]);
            run(enter.args(args)).map(|_| ()).context(args.join(" "))
        };
        let Some(address) = address else {
            return there(&["address", "flush", "dev", &end]);
        };
        // The cable's other end may be over there already.
        if self.links.observe().await?.named(&end).is_some() {
            ip(&["link", "set", &end, "netns", &id])?;
        }
        there(&["link", "set", &end, "address", &mac.to_string(), "up"])?;
        there(&["address", "replace", &format!("{address}/24"), "dev", &end])
    }
}
