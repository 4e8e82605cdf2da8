//! Whether the state that a disk holds for a machine that is started from a stick, a disc or the network is in use. The
//! initrd decides that (`daemon/initrd`), once, with the disks there are then; here it is seen whether anything is wrong
//! with it now.

use pocketstack_model::words::{Words, kept as words};

/// What is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether this machine runs from a disk it was installed on, which has its state beside its system.
    pub installed: bool,
    /// Whether the kernel command line says that such disks are to be left alone.
    pub left_alone: bool,
    /// Whether the state on one of them is in use.
    pub in_use: bool,
    /// Kernel names of the disks that hold such a state.
    pub disks: Vec<String>,
}

/// What is wrong, and what to do.
pub fn trouble(seen: &Seen) -> Option<Words> {
    if seen.installed || seen.left_alone {
        return None;
    }
    match (seen.in_use, seen.disks.as_slice()) {
        (_, []) | (true, [_]) => None,
        (false, [disk]) => Some(words::state_left(disk.as_str())),
        (true, _) => Some(words::states_none_next(named(&seen.disks)?)),
        (false, _) => Some(words::states_none_used(named(&seen.disks)?)),
    }
}

/// The disks as one; `None` if there are none.
pub fn named(disks: &[String]) -> Option<Words> {
    Words::joined(disks.iter().map(|disk| disk.as_str().into()), words::both)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(in_use: bool, disks: &[&str]) -> Seen {
        Seen {
            in_use,
            disks: disks.iter().map(|disk| (*disk).to_owned()).collect(),
            ..Seen::default()
        }
    }

    #[test]
    fn one_state_in_use_and_none_at_all_are_right() {
        assert_eq!(trouble(&seen(false, &[])), None);
        assert_eq!(trouble(&seen(true, &["vda"])), None);
    }

    #[test]
    fn a_state_that_is_there_and_not_in_use_is_told_with_what_to_do() {
        let told = trouble(&seen(false, &["vda"])).expect("told");
        assert!(told.starts_with("the state on vda is not in use: "), "{told}");
        assert!(told.contains("Restart the machine"), "{told}");
        for (in_use, words) in [
            (false, "none is in use"),
            (true, "none would be used at the next start"),
        ] {
            let told = trouble(&seen(in_use, &["vda", "vdb"])).expect("told");
            assert!(
                told.starts_with("vda and vdb each have the state") && told.contains(words),
                "{told}"
            );
        }
    }

    #[test]
    fn where_it_is_not_meant_to_be_used_nothing_is_wrong() {
        let installed = Seen {
            installed: true,
            ..seen(false, &["vda"])
        };
        let left_alone = Seen {
            left_alone: true,
            ..seen(false, &["vda", "vdb"])
        };
        assert_eq!((trouble(&installed), trouble(&left_alone)), (None, None));
    }
}
