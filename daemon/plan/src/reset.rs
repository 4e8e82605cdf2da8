//! Whether this machine can be made as it was before its setup.

use pocketstack_model::node::State;
use pocketstack_model::status::Installation;

/// Why it is not reset. `Display` says what to do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is nothing to reset.
    #[error("this machine keeps no state: restarting it is enough to be asked for everything again")]
    NotKept,
    /// A disk would be left half written.
    #[error("an installation to disk runs: wait until it has ended")]
    Installing,
}

/// Decides it.
///
/// # Errors
/// [`Refused`].
pub fn decide(state: &State, installation: &Installation) -> Result<(), Refused> {
    if matches!(
        installation,
        Installation::Running { .. } | Installation::Done { .. }
    ) {
        return Err(Refused::Installing);
    }
    match state {
        State::Persistent { .. } => Ok(()),
        State::Volatile => Err(Refused::NotKept),
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_model::bytes::ByteCount;

    use super::*;

    #[test]
    fn only_what_is_kept_is_reset_and_not_in_the_middle_of_an_installation() {
        let kept = State::Persistent {
            device: "/dev/sda7".to_owned(),
            size: ByteCount(1),
            used: ByteCount(0),
        };
        let failed = Installation::Failed { why: "".into() };
        let running = Installation::Running {
            step: "".into(),
            percent: 1,
        };
        assert_eq!(decide(&kept, &Installation::None), Ok(()));
        assert_eq!(decide(&kept, &failed), Ok(()));
        assert_eq!(decide(&kept, &running), Err(Refused::Installing));
        assert_eq!(
            decide(&State::Volatile, &Installation::None),
            Err(Refused::NotKept)
        );
    }
}
