//! An installation to disk: what it takes along, and what becomes of one whose daemon died in the middle.

use pocketstack_model::config::Configuration;
use pocketstack_model::install::{Existing, Then};
use pocketstack_model::status::Begun;
use pocketstack_model::words::{Words, install as words};

/// What an installation is given of the configuration in use: nothing where the state stays as it is, and nothing of
/// one that says nothing, which would make the new node count as set up.
pub fn taken_along(in_use: Configuration, existing: Existing) -> Option<Configuration> {
    said(in_use).filter(|_| existing != Existing::Keep)
}

/// A configuration that says something. Answers that say nothing of the node do not undo what is kept either.
pub fn said(configuration: Configuration) -> Option<Configuration> {
    (configuration != Configuration::default()).then_some(configuration)
}

/// What is to be done about an installation that an earlier daemon has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// There was none.
    Nothing,
    /// It is over and was never finished: this says what to do.
    Tell(Words),
    /// It begins again by itself as soon as its answers are found; this is to be told if there are none.
    Await(Words),
    /// It is complete, but the machine has not ended yet.
    End {
        /// The disk, by kernel name.
        disk: String,
        /// How it ends.
        then: Then,
    },
}

/// Decides it from what was noted.
pub fn after_restart(noted: Option<Begun>) -> After {
    let Some(begun) = noted else {
        return After::Nothing;
    };
    if let Some(disk) = begun.installed {
        return After::End {
            disk,
            then: begun.then,
        };
    }
    let disk = begun.disk.to_string();
    if begun.by_answers {
        After::Await(words::cut_off_with_answers(disk))
    } else {
        After::Tell(words::cut_off(disk))
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_model::install::DiskChoice;

    use super::*;

    fn begun() -> Begun {
        Begun {
            disk: DiskChoice::Serial("S1".to_owned()),
            then: Then::PowerOff,
            by_answers: false,
            installed: None,
        }
    }

    #[test]
    fn a_kept_state_and_one_that_says_nothing_get_no_configuration() {
        let mut named = Configuration::default();
        named.node.name = "one".parse().expect("a name");
        for (existing, given) in [
            (Existing::Refuse, Some(named.clone())),
            (Existing::Erase, Some(named.clone())),
            (Existing::Keep, None),
        ] {
            assert_eq!(taken_along(named.clone(), existing), given, "{existing:?}");
            assert_eq!(taken_along(Configuration::default(), existing), None);
        }
    }

    #[test]
    fn what_broke_off_is_told_with_the_disk_and_what_to_do() {
        assert_eq!(after_restart(None), After::Nothing);
        let After::Tell(why) = after_restart(Some(begun())) else {
            panic!("nobody begins it again");
        };
        assert_eq!(
            why,
            "pocketstackd was restarted while it installed to the disk with the serial number S1: that disk may be \
             half written and is not used until an installation on it is complete; start the installation again"
        );
    }

    #[test]
    fn answers_are_waited_for_before_anything_is_told() {
        let After::Await(why) = after_restart(Some(Begun {
            by_answers: true,
            ..begun()
        })) else {
            panic!("it begins again");
        };
        assert!(why.contains("number S1: "), "{why}");
        assert!(why.contains("plug in the medium with the answers again"), "{why}");
    }

    #[test]
    fn a_complete_one_is_brought_to_its_end() {
        for by_answers in [false, true] {
            let after = after_restart(Some(Begun {
                by_answers,
                installed: Some("vda".to_owned()),
                ..begun()
            }));
            let end = After::End {
                disk: "vda".to_owned(),
                then: Then::PowerOff,
            };
            assert_eq!(after, end);
        }
    }
}
