//! A whole console on a pseudoterminal: what a person presses and sees.
//!
//! Real time passes in here, as the kernel's terminals know no other: a lone Escape is known after 100 ms, and news are
//! drawn once in a second. Nothing else is waited for but what the console does.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread;

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::ttyname;
use pocketstack_host::systemd::Power;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::console::testing::FakeNode;
use crate::control::SetupCode;

/// So long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Collects what is drawn, until the console's end is closed.
fn collect(mut screen: File) -> watch::Sender<String> {
    let drawn = watch::Sender::new(String::new());
    let into = drawn.clone();
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = screen.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..read]);
            into.send_modify(|drawn| drawn.push_str(&text));
        }
    });
    drawn
}

/// Waits for a text among what is drawn; all up to its end counts as looked at.
async fn seen(drawn: &watch::Sender<String>, text: &str) {
    let mut news = drawn.subscribe();
    let found = timeout(PATIENCE, news.wait_for(|drawn| drawn.contains(text))).await;
    let Ok(Ok(_)) = found.map(|found| found.map(drop)) else {
        panic!("{text:?} is not seen in {:?}", drawn.borrow());
    };
    drawn.send_modify(|drawn| {
        let end = drawn.find(text).map_or(0, |at| at + text.len());
        drawn.drain(..end);
    });
}

/// What a node tells, and who makes its certificate.
fn news(node: &FakeNode) -> (watch::Sender<Option<Fingerprint>>, News) {
    let (sender, certificate) = watch::channel(None);
    let news = News {
        seen: node.seen(),
        certificate,
        setup_code: node.setup_code(),
    };
    (sender, news)
}

/// A terminal with a person in front of it.
struct Person {
    /// The person's end.
    near: File,
    /// The console's end, held open so that what was set stays.
    far: OwnedFd,
    /// All that was drawn, and not looked at yet.
    drawn: watch::Sender<String>,
    node: Arc<FakeNode>,
    console: JoinHandle<anyhow::Result<()>>,
    _certificate: watch::Sender<Option<Fingerprint>>,
}

impl Person {
    fn sits_down() -> Self {
        let pair = openpty(None, None).expect("a pseudoterminal");
        let path = ttyname(&pair.slave).expect("it has a name");
        let near = File::from(pair.master);
        let drawn = collect(near.try_clone().expect("one more"));
        let node = Arc::new(FakeNode::new());
        let (certificate, news) = news(&node);
        let console = tokio::spawn(run(path, news, node.clone()));
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

    async fn sees(&self, text: &str) {
        seen(&self.drawn, text).await;
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
async fn a_machine_is_set_up_at_its_console() {
    let mut person = Person::sits_down();
    person.sees("[P] power").await;
    person.node.needs_setup(SetupCode::EXAMPLE);
    person.sees("ABCD-2345").await;
    person.presses("s");
    person.sees("1 of 4").await;
    person.presses("\x15lab-one\rcorrect horse\rcorrect horse\r\r");
    person.sees("2 of 4").await;
    person.presses(" \r\r\r\r");
    person.sees("3 of 4").await;
    person.presses("\x1b[6~\r");
    person.sees("[Enter] install and finish").await;
    person.presses("\r");
    person.sees("[N] network").await;
    let answers = person.node.answers().expect("it is set up");
    assert_eq!(answers.node.name.to_string(), "lab-one");
    let hash = answers.access.password.expect("a password");
    assert_eq!(
        hash.parts().compute("correct horse").as_ref(),
        Ok(&hash.parts().output)
    );
    assert!(answers.install.is_some());
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
    let mut person = Person::sits_down();
    assert!(person.line_mode());
    person.sees("[P] power").await;
    assert!(!person.line_mode());
    person.console.abort();
    let ended = timeout(PATIENCE, &mut person.console).await.expect("it ends");
    assert!(ended.expect_err("aborted").is_cancelled());
    assert!(person.line_mode(), "it is put back");
}

#[tokio::test]
async fn a_console_that_is_not_there_is_no_error() {
    let node = Arc::new(FakeNode::new());
    let (_certificate, news) = news(&node);
    let none = "/nonexistent/tty".into();
    run(none, news, node.clone()).await.expect("it ends");
}

#[tokio::test]
async fn what_is_no_terminal_is_drawn_on_and_gives_no_keys() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("console");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
    // Open for both, so that neither end waits for the other to be there.
    let pipe = File::options().read(true).write(true).open(&path).expect("open");
    let drawn = collect(pipe);
    let node = Arc::new(FakeNode::new());
    let (_certificate, news) = news(&node);
    let console = tokio::spawn(run(path, news, node.clone()));
    seen(&drawn, "https://192.0.2.10/").await;
    seen(&drawn, "[P] power").await;
    console.abort();
}
