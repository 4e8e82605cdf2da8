use pocketstack_model::install::Existing;

use super::*;
use crate::control::testing::{FakeMachine, Node, answered, named, notes, on_vda, until_killed};

#[tokio::test(start_paused = true)]
async fn an_installation_ends_as_asked_and_only_one_runs() {
    let node = Node::new();
    let control = node.start();
    control.change(named("one")).await.expect("stored");
    control.install(on_vda(Then::PowerOff)).await.expect("begun");
    assert!(control.install(on_vda(Then::Restart)).await.is_err());
    assert!(control.power(Power::Restart).await.is_err(), "not in the middle");
    let mut told = control.installation();
    let done = Installation::Done {
        disk: "vda".to_owned(),
    };
    told.wait_for(|now| *now == done).await.expect("told");
    assert_eq!(node.machine.asked().power, None, "the end can be read first");
    sleep(READ_THE_END * 2).await;
    assert_eq!(node.machine.asked().power, Some(Power::Off));
    assert_eq!(node.machine.asked().jobs[0].configuration, Some(named("one")));
}

#[tokio::test(start_paused = true)]
async fn the_pages_install_only_what_is_set_up_and_on_disks_that_will_do() {
    let node = Node::new();
    let control = node.start();
    let said = control.install_signed_in(on_vda(Then::Restart)).await;
    assert!(said.is_err_and(|why| why.contains("code on the console")));
    let code = control.setup_code().borrow().expect("not set up").to_string();
    control
        .finish_setup(&code, answered("one"))
        .await
        .expect("set up");
    node.machine.asked().impossible = Some("vda is too small".to_owned());
    let said = control.install_signed_in(on_vda(Then::Restart)).await;
    assert_eq!(said, Err("vda is too small".to_owned()));
    assert_eq!(*control.installation().borrow(), Installation::None);
    node.machine.asked().impossible = None;
    control
        .install_signed_in(on_vda(Then::Restart))
        .await
        .expect("begun");
    assert!(matches!(
        *control.installation().borrow(),
        Installation::Running { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_failed_installation_says_why_and_can_be_begun_again() {
    let node = Node::new();
    let control = node.start();
    node.machine.asked().refuse = Some("vda: reading back failed; replace the disk".to_owned());
    for _ in 0..2 {
        control.install(on_vda(Then::Restart)).await.expect("begun");
        let mut told = control.installation();
        told.wait_for(|now| matches!(now, Installation::Failed { why } if why.contains("replace the disk")))
            .await
            .expect("told");
    }
    sleep(READ_THE_END * 2).await;
    assert_eq!(node.machine.asked().power, None);
}

#[tokio::test(start_paused = true)]
async fn a_kept_state_and_a_node_before_setup_get_no_configuration() {
    let node = Node::new();
    let control = node.start();
    node.machine.asked().refuse = Some("no".to_owned());
    let end = async |settings: InstallSettings| {
        control.install(settings).await.expect("begun");
        let mut told = control.installation();
        told.wait_for(|now| matches!(now, Installation::Failed { .. }))
            .await
            .expect("told");
    };
    end(on_vda(Then::Restart)).await;
    control.change(named("one")).await.expect("stored");
    end(InstallSettings {
        existing: Existing::Keep,
        ..on_vda(Then::Restart)
    })
    .await;
    let asked = node.machine.asked();
    let given: Vec<_> = asked.jobs.iter().map(|job| job.configuration.clone()).collect();
    assert_eq!(given, [None, None]);
}

/// The daemon dies while it installs.
fn killed_while_installing(node: &Node, settings: InstallSettings) {
    until_killed(async {
        let control = node.start();
        control.install(settings).await.expect("begun");
        let mut told = control.installation();
        let writing = told.wait_for(|now| matches!(now, Installation::Running { percent: 50, .. }));
        drop(writing.await.expect("told"));
    });
}

#[test]
fn an_installation_that_the_daemon_died_in_is_told_until_the_next_one() {
    let node = Node::new();
    killed_while_installing(&node, on_vda(Then::PowerOff));
    for _ in 0..2 {
        until_killed(async {
            let now = node.start().installation().borrow().clone();
            let Installation::Failed { why } = now else {
                panic!("{now:?}");
            };
            assert!(why.contains("while it installed to the disk vda: "), "{why}");
            assert!(why.ends_with("start the installation again"), "{why}");
        });
    }
    assert_eq!(node.machine.asked().power, None);
    node.machine.asked().refuse = Some("vda: reading back failed; replace the disk".to_owned());
    until_killed(async {
        let control = node.start();
        control.install(on_vda(Then::Restart)).await.expect("begun again");
        let mut told = control.installation();
        let failed = told
            .wait_for(|now| matches!(now, Installation::Failed { why } if why.contains("replace the disk")));
        drop(failed.await.expect("told"));
    });
    // The newest words were told; they are not followed by older ones.
    until_killed(async { assert_eq!(*node.start().installation().borrow(), Installation::None) });
}

#[test]
fn a_complete_installation_is_brought_to_its_end_by_the_next_daemon() {
    let node = Node::new();
    until_killed(async {
        let control = node.start();
        control.install(on_vda(Then::PowerOff)).await.expect("begun");
        let mut told = control.installation();
        let done = told.wait_for(|now| matches!(now, Installation::Done { .. }));
        drop(done.await.expect("told"));
    });
    assert_eq!(node.machine.asked().power, None);
    until_killed(async {
        let control = node.start();
        let disk = "vda".to_owned();
        assert_eq!(*control.installation().borrow(), Installation::Done { disk });
        assert!(control.install(on_vda(Then::Restart)).await.is_err(), "not again");
        sleep(READ_THE_END * 2).await;
    });
    assert_eq!(node.machine.asked().power, Some(Power::Off));
    assert_eq!(node.machine.asked().jobs.len(), 1);
}

#[test]
fn the_fake_keeps_notes() {
    notes(&FakeMachine::default());
}
