//! A whole console on a pseudoterminal: what a person presses and sees.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::thread;

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::ttyname;
use pocketstack_host::systemd::Power;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::console::testing::FakeNode;

/// A terminal with a person in front of it.
struct Person {
    /// The person's end.
    near: File,
    /// The console's end, held open so that what was set stays.
    far: OwnedFd,
    /// All that was drawn, and not looked at yet.
    drawn: Arc<Mutex<String>>,
    node: Arc<FakeNode>,
    console: JoinHandle<anyhow::Result<()>>,
    _certificate: watch::Sender<Option<Fingerprint>>,
}

impl Person {
    fn sits_down() -> Self {
        let pair = openpty(None, None).expect("a pseudoterminal");
        let path = ttyname(&pair.slave).expect("it has a name");
        let near = File::from(pair.master);
        let drawn = Arc::new(Mutex::new(String::new()));
        let (mut screen, into) = (near.try_clone().expect("one more"), drawn.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..read]);
                into.lock().expect("not poisoned").push_str(&text);
            }
        });
        let node = Arc::new(FakeNode::new());
        let (certificate, known) = watch::channel(None);
        let console = tokio::spawn(run(path, node.seen(), known, node.clone()));
        Self {
            near,
            far: pair.slave,
            drawn,
            node,
            console,
            _certificate: certificate,
        }
    }

    fn presses(&mut self, keys: &str) {
        self.near.write_all(keys.as_bytes()).expect("keys are taken");
    }

    /// Waits for a text; all up to its end counts as looked at.
    async fn sees(&self, text: &str) {
        let seen = async {
            loop {
                {
                    let mut drawn = self.drawn.lock().expect("not poisoned");
                    if let Some(at) = drawn.find(text) {
                        drawn.drain(..at + text.len());
                        return;
                    }
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(Duration::from_secs(20), seen).await.is_err() {
            panic!("{text:?} is not seen in {:?}", self.drawn.lock());
        }
    }

    fn line_mode(&self) -> bool {
        let settings = tcgetattr(&self.far).expect("it is a terminal");
        settings
            .local_flags
            .contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }
}

#[tokio::test]
async fn a_card_is_chosen_and_the_change_kept() {
    let mut person = Person::sits_down();
    person.sees("https://192.0.2.10/").await;
    person.sees("[P] power").await;
    person.presses("n");
    person.sees("> [ ] enp1s0").await;
    person.presses(" ");
    person.sees("> [x] enp1s0").await;
    // Page Down to the end, on to the review, and on.
    person.presses("\x1b[6~\r");
    person.sees("enp1s0").await;
    person.sees("[Enter] use these settings").await;
    person.presses("\r");
    person.sees("Otherwise they are taken back in ").await;
    assert_eq!(
        person.node.now().network.management.cards,
        ["enp1s0".parse().expect("a card")]
    );
    person.presses("c");
    person.sees("The new network settings are kept.").await;
    person.presses("\r");
    person.sees("https://192.0.2.10/").await;
}

#[tokio::test]
async fn a_change_that_nobody_keeps_is_counted_down_and_its_end_told() {
    let mut person = Person::sits_down();
    person.presses("n");
    person.sees("> [ ] enp1s0").await;
    person.presses(" \x1b[6~\r");
    person.sees("[Enter] use these settings").await;
    person.presses("\r");
    person.sees("taken back in 5").await;
    person.sees("taken back in 5").await;
    person.node.expire();
    person.sees("as they were before: nobody confirmed it").await;
}

#[tokio::test]
async fn what_is_refused_is_told_where_it_was_asked() {
    let mut person = Person::sits_down();
    person.sees("[P] power").await;
    person.node.refuse("an installation runs");
    person.presses("pry");
    person.sees("That was not possible.").await;
    person.sees("an installation runs").await;
    assert_eq!(person.node.power_used(), None);
    // Escape on its own.
    person.presses("\x1b");
    person.sees("[P] power").await;
    person.presses("l");
    person.sees("The log cannot be read: an installation runs").await;
}

#[tokio::test]
async fn power_and_log_do_as_they_say() {
    let mut person = Person::sits_down();
    person.sees("[P] power").await;
    person.presses("l");
    person.sees("Log of pocketstackd: 181 to 200 of 200").await;
    person.sees("pocketstackd.service: line 200").await;
    person.presses("f");
    person.sees("everything: line 200").await;
    person.presses("\x1b[5~");
    person.sees("Log of everything: 161 to 180 of 200").await;
    person.presses("\x1b");
    person.sees("[P] power").await;
    person.presses("po");
    person.sees("Switch this machine off now?").await;
    person.presses("y");
    person.sees("The machine is being switched off.").await;
    assert_eq!(person.node.power_used(), Some(Power::Off));
}

#[tokio::test]
async fn everything_is_drawn_anew_on_request() {
    let mut person = Person::sits_down();
    person.sees("[P] power").await;
    person.presses("\x0c");
    person.sees("\x1b[2J").await;
    person.sees("[P] power").await;
}

#[tokio::test]
async fn the_terminal_is_put_back_as_it_was() {
    let person = Person::sits_down();
    assert!(person.line_mode());
    person.sees("[P] power").await;
    assert!(!person.line_mode());
    person.console.abort();
    timeout(Duration::from_secs(10), async {
        while !person.line_mode() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it is put back");
}

#[tokio::test]
async fn a_console_that_is_not_there_is_no_error() {
    let node = Arc::new(FakeNode::new());
    let (_certificate, known) = watch::channel(None);
    let none = "/nonexistent/tty".into();
    run(none, node.seen(), known, node.clone())
        .await
        .expect("it ends");
}

#[tokio::test]
async fn a_file_is_drawn_on_and_gives_no_keys() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("console");
    File::create(&path).expect("made");
    let node = Arc::new(FakeNode::new());
    let (_certificate, known) = watch::channel(None);
    let console = tokio::spawn(run(path.clone(), node.seen(), known, node.clone()));
    let drawn = async {
        while !std::fs::read_to_string(&path).is_ok_and(|text| text.contains("https://192.0.2.10/")) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), drawn)
        .await
        .expect("it is drawn");
    console.abort();
}
