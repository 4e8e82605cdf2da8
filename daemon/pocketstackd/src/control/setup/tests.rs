use std::time::Duration;

use pocketstack_model::config::Configuration;
use pocketstack_model::install::Then as AtTheEnd;
use pocketstack_model::status::NetworkChange;
use tokio::time::advance;

use super::*;
use crate::control::testing::{Node, answered, named, on_vda, set_up, with_static};

fn code(control: &Control) -> String {
    control
        .setup_code()
        .borrow()
        .expect("it is not set up")
        .to_string()
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_not_set_up_has_a_code_and_each_start_another_one() {
    let node = Node::new();
    let control = node.start();
    control.change(named("one")).await.expect("a name is no setup");
    let first = code(&control);
    assert!(control.check_setup_code(&first.to_lowercase()).is_ok());
    assert_ne!(code(&node.start()), first);

    let done = control.finish_setup(&first, answered("two")).await;
    assert!(matches!(done, Ok(None)), "{done:?}");
    assert_eq!(*control.setup_code().borrow(), None);
    assert_eq!(control.configuration().await, answered("two").configuration());
    assert!(matches!(control.check_setup_code(&first), Err(SetupError::SetUp)));
    let again = control.finish_setup_at_console(answered("three")).await;
    assert!(matches!(again, Err(SetupError::SetUp)), "{again:?}");
    // It is stored.
    let later = node.start();
    assert_eq!(*later.setup_code().borrow(), None);
    assert_eq!(later.configuration().await, answered("two").configuration());
}

#[tokio::test(start_paused = true)]
async fn codes_cannot_be_tried_through() {
    let node = Node::new();
    let control = node.start();
    let right = code(&control);
    for _ in 0..5 {
        let wrong = control.finish_setup("AAAA-AAAA", answered("one")).await;
        assert!(matches!(wrong, Err(SetupError::WrongCode)), "{wrong:?}");
    }
    let wait = match control.check_setup_code(&right) {
        Err(SetupError::TooManyTries { seconds }) => seconds,
        other => panic!("{other:?}"),
    };
    assert!((30..=31).contains(&wait), "{wait}");
    assert!(!control.configuration().await.is_set_up());
    // The console is not kept from it; but first the waiting is over.
    advance(Duration::from_secs(wait)).await;
    assert!(control.check_setup_code("AAAA-AAAA").is_err());
    let waiting = control.check_setup_code(&right);
    assert!(
        matches!(waiting, Err(SetupError::TooManyTries { seconds: 60..=61 })),
        "{waiting:?}"
    );
    control
        .finish_setup_at_console(answered("one"))
        .await
        .expect("set up");
}

#[tokio::test(start_paused = true)]
async fn other_networks_wait_to_be_confirmed_and_the_password_stays_without_them() {
    let node = Node::new();
    let control = node.start();
    let mut answers = answered("one");
    answers.network = with_static("192.0.2.9/24").network;
    let done = control.finish_setup(&code(&control), answers.clone()).await;
    let confirm = done.expect("set up").expect("the networks change");
    assert_eq!(control.configuration().await, answers.configuration());
    let mut told = control.network_change();
    told.wait_for(|now| matches!(now, NetworkChange::Reverted { .. }))
        .await
        .expect("told");
    assert_eq!(control.configuration().await, answered("one").configuration());
    assert!(control.confirm(&confirm).await.is_err());

    let code = control.change(answers.configuration()).await.expect("used");
    control.confirm(&code.expect("again")).await.expect("confirmed");
    assert_eq!(node.start().configuration().await, answers.configuration());
}

#[tokio::test(start_paused = true)]
async fn an_installation_is_begun_and_whoever_began_it_stays_signed_in() {
    let node = Node::new();
    let control = node.start();
    let mut answers = answered("one");
    answers.network = with_static("192.0.2.9/24").network;
    answers.install = Some(on_vda(AtTheEnd::PowerOff));
    // A disk that will not do changes nothing.
    node.machine.asked().impossible = Some("vda is too small: choose another disk".to_owned());
    let refused = control.finish_setup_at_console(answers.clone()).await;
    assert!(
        matches!(&refused, Err(SetupError::Impossible(why)) if why.contains("too small")),
        "{refused:?}"
    );
    assert_eq!(control.configuration().await, Configuration::default());
    node.machine.asked().impossible = None;

    let done = control.finish_setup_at_console(answers.clone()).await;
    assert!(matches!(done, Ok(None)), "{done:?}");
    let here = control.configuration().await;
    assert_eq!(here.access, answers.access);
    assert_eq!(
        here.network,
        Configuration::default().network,
        "it is reached as before"
    );
    let mut told = control.installation();
    told.wait_for(|now| matches!(now, Installation::Done { .. }))
        .await
        .expect("told");
    let asked = node.machine.asked();
    assert_eq!(asked.jobs[0].configuration, Some(answers.configuration()));
    assert_eq!(Some(&asked.jobs[0].settings), answers.install.as_ref());
}

#[tokio::test(start_paused = true)]
async fn an_installation_that_runs_is_not_set_up_over() {
    let node = Node::new();
    let control = node.start();
    control.install(on_vda(AtTheEnd::Restart)).await.expect("begun");
    let refused = control.finish_setup_at_console(answered("one")).await;
    assert!(matches!(refused, Err(SetupError::Impossible(_))), "{refused:?}");
    assert!(!control.configuration().await.is_set_up());
}

#[tokio::test(start_paused = true)]
async fn a_password_comes_with_the_setup_and_goes_with_nothing_less_than_a_reset() {
    let node = Node::new();
    let control = node.start();
    let early = control.change(set_up("one")).await;
    assert!(
        matches!(early, Err(ChangeError::Setup(Refused::NotSetUp))),
        "{early:?}"
    );
    let without = Answers {
        access: Default::default(),
        ..answered("one")
    };
    let refused = control.finish_setup_at_console(without).await;
    assert!(
        matches!(refused, Err(SetupError::Answers(Refused::NoPassword))),
        "{refused:?}"
    );
    control
        .finish_setup_at_console(answered("one"))
        .await
        .expect("set up");
    let late = control.change(named("one")).await;
    assert!(
        matches!(late, Err(ChangeError::Setup(Refused::NoPassword))),
        "{late:?}"
    );
    control.change(set_up("two")).await.expect("stored");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_leaves_the_node_to_its_setup() {
    let node = Node::new();
    let control = node.start();
    let fresh = node.dir.path().join("config/00000001.new");
    std::os::unix::fs::symlink("/dev/full", &fresh).expect("made");
    let refused = control.finish_setup_at_console(answered("one")).await;
    assert!(
        matches!(refused, Err(SetupError::Change(ChangeError::Store(_)))),
        "{refused:?}"
    );
    assert!(control.setup_code().borrow().is_some());
    control
        .finish_setup_at_console(answered("one"))
        .await
        .expect("set up");
}
