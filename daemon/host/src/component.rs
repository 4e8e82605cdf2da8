//! Words for what a component said.

use pocketstack_model::node::{Component, ComponentKind, Health};

/// A component that cannot do its work; `why` says what is wrong and what to do about it.
pub fn failed(kind: ComponentKind, version: Option<String>, why: impl Into<String>) -> Component {
    Component {
        kind,
        version,
        health: Health::Failed { why: why.into() },
    }
}

/// A component nobody has asked yet.
pub fn unasked(kind: ComponentKind) -> Component {
    Component {
        kind,
        version: None,
        health: Health::Checking,
    }
}
