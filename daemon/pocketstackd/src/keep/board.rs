//! Where everyone who keeps something tells how that goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pocketstack_model::status::{Doing, Kept};
use pocketstack_model::words::{Words, kept as said};
use time::OffsetDateTime;
use tokio::sync::watch;

/// Who tells, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What is stored.
    Configuration,
    /// The disk that holds the state beside the medium.
    State,
    /// Answers found on a volume, the stick or a server.
    Answers,
    /// Links and addresses.
    Networks,
    /// Name, time zone and time servers.
    Node,
    /// Packet filter and SSH.
    Access,
    /// Whether the time is right.
    Clock,
}

/// One list made of the newest of all sections. Clones are the same board.
#[derive(Debug, Clone)]
pub struct Board {
    sections: Arc<Mutex<BTreeMap<Section, Vec<Kept>>>>,
    all: watch::Sender<Vec<Kept>>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            sections: Arc::default(),
            all: watch::Sender::new(Vec::new()),
        }
    }
}

impl Board {
    /// The list.
    pub fn read(&self) -> watch::Receiver<Vec<Kept>> {
        self.all.subscribe()
    }

    /// Replaces what a section told. A step that goes on keeps the moment it began at.
    pub fn put(&self, section: Section, mut kept: Vec<Kept>) {
        let mut sections = self.sections.lock().unwrap_or_else(PoisonError::into_inner);
        let before = sections.remove(&section).unwrap_or_default();
        for now in &mut kept {
            let earlier = before.iter().find(|earlier| earlier.subject == now.subject);
            if let (
                Doing::Changing { since, step },
                Some(Doing::Changing {
                    since: began,
                    step: same,
                }),
            ) = (&mut now.doing, earlier.map(|earlier| &earlier.doing))
                && step == same
            {
                *since = *began;
            }
        }
        sections.insert(section, kept);
        let all: Vec<Kept> = sections.values().flatten().cloned().collect();
        self.all
            .send_if_modified(|known| (*known != all).then(|| *known = all.clone()).is_some());
    }

    /// A section of one line, stuck if there is trouble.
    pub fn trouble(&self, section: Section, subject: Words, want: Words, see: Words, trouble: Vec<Words>) {
        for why in &trouble {
            tracing::error!("{subject}: {why}");
        }
        self.put(section, vec![kept(subject, want, see, stuck_or_nothing(trouble))]);
    }
}

/// One line.
pub fn kept(subject: impl Into<Words>, want: impl Into<Words>, see: impl Into<Words>, doing: Doing) -> Kept {
    Kept {
        subject: subject.into(),
        want: want.into(),
        see: see.into(),
        doing,
    }
}

/// A step that begins now.
pub fn changing(step: impl Into<Words>) -> Doing {
    Doing::Changing {
        since: OffsetDateTime::now_utc(),
        step: step.into(),
    }
}

/// Stuck if there is trouble.
pub fn stuck_or_nothing(trouble: impl IntoIterator<Item = Words>) -> Doing {
    let why = Words::joined(trouble, said::also);
    why.map_or(Doing::Nothing, |why| Doing::Stuck { why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_shown_in_order_and_steps_keep_their_beginning() {
        let board = Board::default();
        let mut read = board.read();
        let began = OffsetDateTime::UNIX_EPOCH;
        let step = |since| Doing::Changing {
            since,
            step: "making the bridge br-mgmt".into(),
        };
        board.put(Section::Node, vec![kept("name", "a", "b", step(began))]);
        board.put(Section::Networks, vec![kept("network", "a", "b", Doing::Nothing)]);
        board.put(
            Section::Node,
            vec![kept("name", "a", "c", step(OffsetDateTime::now_utc()))],
        );
        let now = read.borrow_and_update().clone();
        let subjects: Vec<&str> = now.iter().map(|kept| kept.subject.as_str()).collect();
        assert_eq!(subjects, ["network", "name"]);
        assert_eq!((now[1].see.as_str(), &now[1].doing), ("c", &step(began)));

        board.put(Section::Networks, vec![kept("network", "a", "b", Doing::Nothing)]);
        assert!(!read.has_changed().expect("open"), "nothing has changed");
    }
}
