//! Names under which the node controller is found on the system bus.

/// Well-known bus name of the node controller, owned by `pocketstackd`.
pub const NAME: &str = "org.pocketstack.Node1";
/// Object path of this node.
pub const PATH: &str = "/org/pocketstack/Node1";
/// Interface of this node. Documents are JSON text; an error's message is fit for a person.
///
/// | member | argument | answer | who may call it |
/// |---|---|---|---|
/// | `Overview` | | a [`crate::node::Overview`] | the pages |
/// | `Configuration` | | the [`crate::config::Configuration`] in use | the pages |
/// | `ConfirmNetwork` | the code | | the pages |
/// | `Disks` | | a list of [`crate::install::Candidate`] | the pages |
/// | `ChangeConfiguration` | a [`crate::config::Configuration`] | the code, or "" if nothing has to be confirmed | root |
/// | `Install` | an [`crate::install::InstallSettings`] | | root |
/// | `Power` | "restart" or "off" | | root |
/// | `Logs` | unit or "", number of lines | lines, oldest first | root |
///
/// The signal `OverviewChanged()` is sent when something a person would notice has changed.
pub const INTERFACE: &str = "org.pocketstack.Node1";
