//! A network of the test's own: bridges in this network namespace, with DHCP, the time and, if wanted, network boot.
//!
//! It needs a namespace in which this process is root and nothing else lives; [`Net::up`] checks that.

mod ntp;
mod plan;
mod segment;
mod tagged;

pub use segment::Segment;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use pocketstack_exec::{Cmd, run};

use crate::artifacts::Artifacts;
use crate::node::Node;
use crate::poll::{self, Probe};
use crate::process::Helper;
use crate::vm::{Backend, NicSpec, Vm};
use ntp::TimeServer;

/// Address of the test on the main network.
pub const OWN: Ipv4Addr = Segment::Main.own();
/// Port of HTTPS, the only one a node listens on.
const HTTPS: u16 = 443;
/// The bridge's port that leads to the VLAN.
const TRUNK: &str = "ps-trunk";

/// The network. Dropping it removes the bridge and everything on it.
#[derive(Debug)]
pub struct Net {
    dir: PathBuf,
    segments: Vec<Segment>,
    taps: Vec<String>,
    /// What is served for network boot, if it is.
    tftp_root: Option<PathBuf>,
    /// Whether there is to be a DHCP server.
    dhcp: bool,
    dnsmasq: Option<Helper>,
    time: Option<TimeServer>,
    http: Option<Helper>,
}

fn ip(args: &[&str]) -> Result<()> {
    run(Cmd::new("ip").args(args)).with_context(|| format!("ip {}", args.join(" ")))?;
    Ok(())
}

impl Net {
    /// Makes the bridge, and serves DHCP and the time on it. Leases and logs are kept in `dir`.
    ///
    /// # Errors
    /// This is not a namespace of the test's own, or a program is missing or fails.
    pub fn up(dir: &Path) -> Result<Self> {
        let links = run(Cmd::new("ip").args(["-brief", "link"]))?.text();
        let foreign = plan::foreign_links(&links);
        ensure!(
            foreign.is_empty(),
            "this network namespace has other links ({}): start the cases in one of their own, with \
             ./just test-image",
            foreign.join(", ")
        );
        fs::create_dir_all(dir)?;
        // Made first, so that whatever is there already is removed again if a later step fails.
        let mut net = Self {
            dir: dir.canonicalize()?,
            segments: Vec::new(),
            taps: Vec::new(),
            tftp_root: None,
            dhcp: true,
            dnsmasq: None,
            time: None,
            http: None,
        };
        net.serve_time(true)?;
        net.add(Segment::Main)?;
        Ok(net)
    }

    /// Makes another network, with DHCP. One that is there stays.
    ///
    /// # Errors
    /// A program is missing or fails.
    pub fn add(&mut self, segment: Segment) -> Result<()> {
        if self.segments.contains(&segment) {
            return Ok(());
        }
        let link = segment.link();
        self.segments.push(segment);
        match segment.vlan() {
            Some((below, id)) => {
                tagged::start(TRUNK, link, id)?;
                ip(&["link", "set", TRUNK, "master", below.link()])?;
                ip(&["link", "set", TRUNK, "up"])?;
            }
            // No delay before a port forwards: there is no loop here to find with spanning tree.
            None => ip(&[
                "link",
                "add",
                link,
                "type",
                "bridge",
                "forward_delay",
                "0",
                "stp_state",
                "0",
            ])?,
        }
        ip(&["addr", "add", &format!("{}/24", segment.own()), "dev", link])?;
        ip(&["link", "set", link, "up"])?;
        self.start_dnsmasq()
    }

    /// Starts or ends the DHCP server, on all networks. Leases that were given stay.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn serve_dhcp(&mut self, on: bool) -> Result<()> {
        self.dhcp = on;
        self.dnsmasq = None;
        self.start_dnsmasq()
    }

    /// Starts or ends the time server, which DHCP names.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn serve_time(&mut self, on: bool) -> Result<()> {
        self.time = None;
        if on {
            self.time = Some(TimeServer::start(ntp::PORT)?);
        }
        Ok(())
    }

    /// Takes an address on a network that is there, as another machine would that has it already.
    ///
    /// # Errors
    /// It is taken.
    pub fn take(&mut self, segment: Segment, address: Ipv4Addr) -> Result<()> {
        ip(&["addr", "add", &format!("{address}/32"), "dev", segment.link()])
    }

    /// Gives the address back that was taken.
    ///
    /// # Errors
    /// It was not taken.
    pub fn give_back(&mut self, segment: Segment, address: Ipv4Addr) -> Result<()> {
        ip(&["addr", "del", &format!("{address}/32"), "dev", segment.link()])
    }

    /// MAC address of the test on a network that is there.
    ///
    /// # Errors
    /// `ip` does not tell it.
    pub fn mac(&self, segment: Segment) -> Result<String> {
        let brief = run(Cmd::new("ip").args(["-brief", "link", "show", "dev", segment.link()]))?.text();
        let mac = brief.split_whitespace().nth(2);
        Ok(mac.with_context(|| format!("ip says: {brief}"))?.to_owned())
    }

    fn start_dnsmasq(&mut self) -> Result<()> {
        if !self.dhcp {
            return Ok(());
        }
        let conf = self.dir.join("dnsmasq.conf");
        let content = plan::dnsmasq(&self.segments, &self.lease_file(), self.tftp_root.as_deref());
        fs::write(&conf, content)?;
        self.dnsmasq = None;
        let args = [
            "--keep-in-foreground".to_owned(),
            format!("--conf-file={}", conf.display()),
        ];
        self.dnsmasq = Some(Helper::start(
            "dnsmasq",
            &args,
            &self.dir,
            &self.dir.join("dnsmasq.log"),
        )?);
        Ok(())
    }

    fn lease_file(&self) -> PathBuf {
        self.dir.join("leases")
    }

    /// Serves network boot: iPXE over TFTP, all else over HTTP, every file as the builder has made it.
    ///
    /// # Errors
    /// A program is missing, or a file is.
    pub fn serve_pxe(&mut self, artifacts: &Artifacts) -> Result<()> {
        self.serve_pxe_with(artifacts, None)
    }

    /// [`Net::serve_pxe`] with more words on the kernel command line, as whoever runs the server would add them.
    ///
    /// # Errors
    /// As [`Net::serve_pxe`].
    pub fn serve_pxe_with(&mut self, artifacts: &Artifacts, words: Option<&str>) -> Result<()> {
        let pxe = &artifacts.pxe;
        let root = self.dir.join("pxe");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir(&root)?;
        for name in &artifacts.pxe_files {
            symlink(pxe.join(name), root.join(name))?;
        }
        if let Some(words) = words {
            let script = fs::read_to_string(pxe.join("boot.ipxe"))?;
            let script = plan::with_words(&script, words);
            let script = script.context("boot.ipxe starts no kernel")?;
            fs::remove_file(root.join("boot.ipxe"))?;
            fs::write(root.join("boot.ipxe"), script)?;
        }
        fs::write(root.join("first.ipxe"), plan::first_script())?;
        self.tftp_root = Some(root.clone());
        self.start_dnsmasq()?;
        let args = [
            "httpd",
            "-f",
            "-v",
            "-p",
            &format!("{OWN}:80"),
            "-h",
            &root.display().to_string(),
        ];
        let args = args.map(str::to_owned);
        self.http = Some(Helper::start(
            "busybox",
            &args,
            &self.dir,
            &self.dir.join("http.log"),
        )?);
        Ok(())
    }

    /// A new tap on the bridge of a segment, which is made if it is not there.
    fn tap(&mut self, segment: Segment) -> Result<String> {
        self.add(segment)?;
        let tap = format!("ps-tap{}", self.taps.len());
        ip(&["tuntap", "add", "dev", &tap, "mode", "tap"])?;
        self.taps.push(tap.clone());
        ip(&["link", "set", &tap, "master", segment.link(), "up"])?;
        Ok(tap)
    }

    /// A new network card on the main network, with a MAC address that nothing else here has.
    ///
    /// # Errors
    /// `/dev/net/tun` is missing, or this process is not root here.
    pub fn nic(&mut self) -> Result<NicSpec> {
        self.nic_on(Segment::Main)
    }

    /// A new network card on one of the networks, which is made if it is not there.
    ///
    /// # Errors
    /// As [`Net::nic`].
    pub fn nic_on(&mut self, segment: Segment) -> Result<NicSpec> {
        let mac = plan::mac(self.taps.len());
        Ok(NicSpec::new(mac, Backend::Tap(self.tap(segment)?)))
    }

    /// Addresses that are leased now.
    ///
    /// # Errors
    /// The lease file cannot be read.
    pub fn leases(&self) -> Result<Vec<Ipv4Addr>> {
        let file = self.lease_file();
        if !file.exists() {
            return Ok(Vec::new());
        }
        Ok(plan::leases(&fs::read_to_string(file)?))
    }

    /// Whether dnsmasq has sent this file of the network boot to the end.
    ///
    /// # Errors
    /// Its log cannot be read.
    pub fn sent_over_tftp(&self, name: &str) -> Result<bool> {
        let log = fs::read_to_string(self.dir.join("dnsmasq.log"))?;
        Ok(log.lines().any(|line| {
            line.contains("-tftp[") && line.contains(": sent ") && line.contains(&format!("/{name} to "))
        }))
    }

    /// Waits until `/healthz` of a node on this network answers.
    ///
    /// # Errors
    /// None does within `limit`, or the machine is gone.
    pub fn find_node(&self, vm: &Vm, limit: Duration) -> Result<Node> {
        self.find_node_at(vm, &[], limit)
    }

    /// [`Net::find_node`] of a node that may also have one of these addresses, which nobody has leased to it.
    ///
    /// # Errors
    /// As [`Net::find_node`].
    pub fn find_node_at(&self, vm: &Vm, fixed: &[Ipv4Addr], limit: Duration) -> Result<Node> {
        poll::until(&format!("the page of {}", vm.name()), limit, || {
            vm.must_run()?;
            let mut leases = self.leases()?;
            leases.extend(fixed);
            for address in &leases {
                let node = Node::new(SocketAddr::new(IpAddr::V4(*address), HTTPS));
                if node
                    .get("/healthz", Duration::from_secs(2))
                    .is_ok_and(|answer| answer.status == 200)
                {
                    return Ok(Probe::Done(node.with_console(vm.serial())));
                }
            }
            let last = vm.serial().tail(1);
            Ok(Probe::NotYet(format!(
                "nothing answers on {leases:?}; the console's last line: {last}"
            )))
        })
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.http = None;
        self.dnsmasq = None;
        self.time = None;
        let segments = self.segments.iter().rev().map(|segment| segment.link());
        for link in self
            .taps
            .iter()
            .map(String::as_str)
            .chain([TRUNK])
            .chain(segments)
        {
            // Already gone is as good: the namespace ends with the run anyway.
            let _gone = ip(&["link", "delete", link]);
        }
    }
}
