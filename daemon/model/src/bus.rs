//! Names under which the node controller is found on the system bus.

/// Well-known bus name of the node controller, owned by `pocketstackd`.
pub const NAME: &str = "org.pocketstack.Node1";
/// Object path of this node.
pub const PATH: &str = "/org/pocketstack/Node1";
/// Interface with the method `Overview() -> s` (a [`crate::node::Overview`] as JSON text) and the signal
/// `OverviewChanged()`, sent when something a person would notice has changed.
pub const INTERFACE: &str = "org.pocketstack.Node1";
