//! What becomes of answers that were found.
//!
//! ```text
//!                          ┌─ not asked for ──► configured already: not used; else: stored and used
//!   answers, this node ──► installation
//!                          └─ asked for ──► earlier? ──► not known: look at the disks, decide again
//!                                              │         on a disk: not a second time (with only the
//!                                              │         state there, as if it was not asked for)
//!                                              └ none ─► installed
//! ```
//!
//! A node that has a configuration does not take another one from answers: what people have set since would be lost
//! each time a forgotten stick is in the machine at its start. One that was installed to disk does not install.

use pocketstack_model::answers::Answers;
use pocketstack_model::config::Configuration;
use pocketstack_model::install::{InstallSettings, What};

use crate::installation;

/// How this node is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Whether it runs from a disk it was installed on.
    pub installed: bool,
    /// Whether its state is on a disk beside the medium that it runs from.
    pub state_apart: bool,
    /// Whether it ever stored a configuration.
    pub configured: bool,
}

/// For how long answers are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looking {
    /// They could change nothing.
    Never,
    /// For a moment: they may ask for an installation, and a slow stick needs some seconds.
    Briefly,
    /// Until the node is set up, by them or by a person.
    UntilSetUp,
}

/// Decides it when the daemon starts.
pub fn looking(node: Node) -> Looking {
    match (node.configured, node.installed) {
        (true, true) => Looking::Never,
        (true, false) => Looking::Briefly,
        (false, _) => Looking::UntilSetUp,
    }
}

/// What is known of an earlier installation from the same answers, on a disk of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// Nobody has looked.
    NotKnown,
    /// There was none.
    None,
    /// On this disk, by kernel name.
    On(String),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: the node is configured already.
    NotUsed,
    /// Store this, and use it.
    Adopt(Box<Configuration>),
    /// Look whether a disk was installed from them, and decide again.
    LookAtDisks,
    /// Nothing: this disk was installed from them.
    AlreadyOn(String),
    /// Install.
    Install(Box<Install>),
}

/// An installation that answers ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// Where to, and what becomes of what is there.
    pub settings: InstallSettings,
    /// What the installed node gets.
    pub configuration: Option<Configuration>,
    /// What this one uses meanwhile, without storing it: the stick may set up other machines after this one.
    pub meanwhile: Option<Configuration>,
}

/// Decides about these answers.
pub fn decide(answers: Answers, node: Node, earlier: Earlier) -> Decision {
    let configuration = answers.configuration();
    let without = |configuration| match node.configured {
        true => Decision::NotUsed,
        false => Decision::Adopt(Box::new(configuration)),
    };
    // What is asked for and there already is not asked for; it may have been by answers that were changed since.
    let there = |wish: &InstallSettings| node.installed || node.state_apart && wish.what == What::State;
    let Some(settings) = answers.install.filter(|wish| !there(wish)) else {
        return without(configuration);
    };
    match earlier {
        Earlier::NotKnown => Decision::LookAtDisks,
        // That machine is meant to go on being started from its medium.
        Earlier::On(_) if settings.what == What::State => without(configuration),
        Earlier::On(disk) => Decision::AlreadyOn(disk),
        Earlier::None => Decision::Install(Box::new(Install {
            settings,
            meanwhile: (!node.configured).then(|| configuration.clone()),
            configuration: installation::said(configuration),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETUP: &str = "version = 1\n[node]\nname = \"one\"\n";
    const INSTALL: &str = "version = 1\n[node]\nname = \"one\"\n[install]\ndisk = { name = \"vda\" }\n";
    const BARE: &str = "version = 1\n[install]\ndisk = { name = \"vda\" }\n";

    const FRESH: Node = Node {
        installed: false,
        state_apart: false,
        configured: false,
    };
    const CONFIGURED: Node = Node {
        installed: false,
        state_apart: false,
        configured: true,
    };
    const INSTALLED: Node = Node {
        installed: true,
        state_apart: false,
        configured: false,
    };
    const BOTH: Node = Node {
        installed: true,
        state_apart: false,
        configured: true,
    };

    fn answers(text: &str) -> Answers {
        Answers::parse(text).expect("good answers")
    }

    fn one() -> Configuration {
        answers(SETUP).configuration()
    }

    #[test]
    fn answers_are_looked_for_as_long_as_they_could_change_something() {
        assert_eq!(looking(FRESH), Looking::UntilSetUp);
        assert_eq!(looking(INSTALLED), Looking::UntilSetUp);
        assert_eq!(looking(CONFIGURED), Looking::Briefly);
        assert_eq!(looking(BOTH), Looking::Never);
    }

    #[test]
    fn a_configuration_is_taken_only_by_a_node_that_has_none() {
        for (node, decision) in [
            (FRESH, Decision::Adopt(Box::new(one()))),
            (INSTALLED, Decision::Adopt(Box::new(one()))),
            (CONFIGURED, Decision::NotUsed),
            (BOTH, Decision::NotUsed),
        ] {
            assert_eq!(
                decide(answers(SETUP), node, Earlier::NotKnown),
                decision,
                "{node:?}"
            );
        }
    }

    #[test]
    fn an_installed_node_takes_the_configuration_and_does_not_install() {
        let decision = decide(answers(INSTALL), INSTALLED, Earlier::NotKnown);
        assert_eq!(decision, Decision::Adopt(Box::new(one())));
        assert_eq!(
            decide(answers(INSTALL), BOTH, Earlier::NotKnown),
            Decision::NotUsed
        );
    }

    #[test]
    fn nothing_is_installed_before_the_disks_were_looked_at_nor_twice() {
        for node in [FRESH, CONFIGURED] {
            let decided = |earlier| decide(answers(INSTALL), node, earlier);
            assert_eq!(decided(Earlier::NotKnown), Decision::LookAtDisks);
            let disk = "vda".to_owned();
            assert_eq!(decided(Earlier::On(disk.clone())), Decision::AlreadyOn(disk));
            assert!(matches!(decided(Earlier::None), Decision::Install(_)));
        }
    }

    #[test]
    fn a_machine_with_only_its_state_on_a_disk_goes_on_from_its_medium() {
        let mut answers = answers(INSTALL);
        if let Some(install) = &mut answers.install {
            install.what = What::State;
        }
        let earlier = || Earlier::On("vda".to_owned());
        assert_eq!(decide(answers.clone(), CONFIGURED, earlier()), Decision::NotUsed);
        assert_eq!(
            decide(answers.clone(), FRESH, earlier()),
            Decision::Adopt(Box::new(one()))
        );
        assert!(matches!(
            decide(answers, FRESH, Earlier::None),
            Decision::Install(_)
        ));
    }

    #[test]
    fn a_state_that_is_in_use_is_not_made_again_by_answers_that_were_changed() {
        let mut wish = answers(INSTALL);
        let apart = Node {
            state_apart: true,
            ..CONFIGURED
        };
        // A system may follow it.
        assert_eq!(
            decide(wish.clone(), apart, Earlier::NotKnown),
            Decision::LookAtDisks
        );
        if let Some(install) = &mut wish.install {
            install.what = What::State;
        }
        assert_eq!(decide(wish.clone(), apart, Earlier::NotKnown), Decision::NotUsed);
        assert_eq!(decide(wish, CONFIGURED, Earlier::NotKnown), Decision::LookAtDisks);
    }

    #[test]
    fn the_installed_node_gets_what_the_answers_say() {
        let install = |text: &str, node| match decide(answers(text), node, Earlier::None) {
            Decision::Install(install) => *install,
            other => panic!("{other:?}"),
        };
        let fresh = install(INSTALL, FRESH);
        assert_eq!(Some(&fresh.settings), answers(INSTALL).install.as_ref());
        assert_eq!(fresh.configuration, Some(one()));
        assert_eq!(fresh.meanwhile, Some(one()));
        // What a person has set stays in use on this one.
        assert_eq!(install(INSTALL, CONFIGURED).meanwhile, None);
        assert_eq!(install(INSTALL, CONFIGURED).configuration, Some(one()));
        // Answers that say nothing of the node leave it to its setup.
        assert_eq!(install(BARE, FRESH).configuration, None);
    }
}
