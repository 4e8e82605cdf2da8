//! A machine that can be talked to.

use std::time::Duration;

use anyhow::Result;
use pocketstack_tests::answers::Server;
use pocketstack_tests::dbus::Bus as Node1;
use pocketstack_tests::net::Net;
use pocketstack_tests::node::Node;
use pocketstack_tests::shell::Shell;
use pocketstack_tests::vm::Vm;

/// A machine whose page answers.
pub struct Running {
    pub vm: Vm,
    pub node: Node,
    /// From the start of QEMU until the page answered, in seconds.
    pub boot_seconds: f64,
    /// Its cables; they go with the machine.
    pub net: Net,
    /// Serves the answers, if they are not on a disk.
    _server: Option<Server>,
}

impl Running {
    /// A machine whose page was found.
    pub fn new(vm: Vm, net: Net, node: Node) -> Self {
        Self {
            boot_seconds: vm.started().elapsed().as_secs_f64(),
            vm,
            node,
            net,
            _server: None,
        }
    }

    /// The same machine with the server of its answers.
    pub fn with(mut self, server: Option<Server>) -> Self {
        self._server = server;
        self
    }

    /// How long something may take that takes this long on hardware.
    pub fn patience(&self, seconds: u64) -> Duration {
        self.vm.accel().patience(Duration::from_secs(seconds))
    }

    /// The machine's root shell, when it answers.
    pub fn shell(&mut self) -> Result<&mut Shell> {
        let limit = self.patience(30);
        let shell = self.vm.shell()?;
        shell.ready(limit)?;
        Ok(shell)
    }

    /// The node controller, as root.
    pub fn node1(&mut self) -> Result<Node1<'_>> {
        Ok(Node1::new(self.shell()?))
    }
}
