use pocketstack_model::install::{Content, DiskChoice, Existing};

use super::*;
use crate::console::screen::tests::Stage;
use crate::console::screen::{Change, Effect, Outcome, View};
use crate::console::testing::{CODE, disks, node};
use crate::control::SetupCode;
use crate::control::testing::answered;

/// Keys as a text: `\n` Enter, `\x1b` Escape, `\x15` empties a field.
fn keys(wizard: &mut Wizard, text: &str) -> Asked {
    let mut asked = Asked::Nothing;
    for c in text.chars() {
        assert_eq!(asked, Asked::Nothing, "before {c:?}");
        asked = wizard.key(match c {
            '\n' => Key::Enter,
            '\x1b' => Key::Escape,
            '\x15' => Key::Clear,
            c => Key::Char(c),
        });
    }
    asked
}

fn wizard_with(disks: Vec<Candidate>) -> Wizard {
    Wizard::new(Configuration::default(), Ok(disks), &node().nics)
}

/// At the disks, with a password.
fn at_the_disks(disks: Vec<Candidate>) -> Wizard {
    let mut wizard = wizard_with(disks);
    let asked = keys(&mut wizard, "\ncorrect horse\ncorrect horse\n\n");
    assert_eq!(asked, Asked::Hash(Password("correct horse".to_owned())));
    wizard.hashed(Ok(answered("any").access.password.expect("a hash")));
    assert_eq!(wizard.step(), Step::Disks);
    wizard
}

fn error(wizard: &Wizard) -> String {
    let wrong: Vec<String> = wizard
        .rows()
        .iter()
        .filter_map(|row| Some(format!("{}: {}", row.label, row.error?)))
        .collect();
    wrong.join("; ")
}

/// The rest with what stands there: what is to be done.
fn finish(mut wizard: Wizard) -> Answers {
    assert_eq!(wizard.step(), Step::Network, "{}", error(&wizard));
    wizard.key(Key::PageDown);
    match keys(&mut wizard, "\n\n") {
        Asked::Finish(answers) => *answers,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wrong_with_name_and_password_is_told_at_its_field() {
    for (typed, told) in [
        ("\x15Lab One\ncorrect horse\ncorrect horse\n\n", "Name: "),
        ("\nshort\nshort\n\n", "Password: the password is too short"),
        (
            "\x15adminadmin\nadminadmin\nadminadmin\n\n",
            "Password: the password is the name",
        ),
        (
            "\ncorrect horse\ncorrect house\n\n",
            "Once more: this is not the same password",
        ),
    ] {
        let mut wizard = wizard_with(disks());
        assert_eq!(keys(&mut wizard, typed), Asked::Nothing, "{typed}");
        assert_eq!(wizard.step(), Step::You);
        assert!(error(&wizard).starts_with(told), "{typed}: {}", error(&wizard));
    }
}

#[test]
fn a_password_is_neither_shown_nor_logged_and_forgotten_once_it_is_hashed() {
    let mut wizard = wizard_with(disks());
    let asked = keys(&mut wizard, "\ncorrect horse\ncorrect horse\n\n");
    assert!(!format!("{wizard:?} {:?} {asked:?}", wizard.rows()).contains("horse"));
    let Asked::Hash(Password(password)) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(password, "correct horse");
    wizard.hashed(Err("there is no memory".to_owned()));
    assert!(error(&wizard).contains("no memory"));
    keys(&mut wizard, "\n\n\n");
    wizard.hashed(Ok(answered("any").access.password.expect("a hash")));
    assert_eq!(keys(&mut wizard, "\x1b"), Asked::Nothing);
    let hidden = |row: &Row<'_>| match row.shown {
        Shown::Hidden(count) => Some(count),
        _ => None,
    };
    let counts: Vec<usize> = wizard.rows().iter().filter_map(hidden).collect();
    assert_eq!(counts, [0, 0]);
    // It is kept unless another one is typed, which is checked like the first.
    wizard.key(Key::Up);
    wizard.key(Key::Up);
    keys(&mut wizard, "short\n\n\n");
    assert_eq!(wizard.step(), Step::You);
    assert!(error(&wizard).contains("too short"), "{}", error(&wizard));
}

#[test]
fn an_empty_disk_is_installed_on_and_nothing_else_is_touched() {
    let mut wizard = at_the_disks(disks());
    keys(&mut wizard, " \n\n\n\n");
    let install = finish(wizard).install.expect("it is installed");
    assert_eq!(install.disk, DiskChoice::Serial("serial-sda".to_owned()));
    assert_eq!(
        (install.existing, install.data_disks.len()),
        (Existing::Refuse, 0)
    );
}

#[test]
fn a_disk_is_wiped_only_if_its_name_is_typed() {
    let mut wizard = at_the_disks(disks());
    // The second one; the line for its name is there since.
    keys(&mut wizard, "\n \n\n");
    assert_eq!(keys(&mut wizard, "\n\n"), Asked::Nothing);
    assert!(
        error(&wizard).contains("type the name of the disk: sdb"),
        "{}",
        error(&wizard)
    );
    keys(&mut wizard, "sda\n\n");
    assert_eq!(wizard.step(), Step::Disks);
    keys(&mut wizard, "\x15/dev/sdb\n\n");
    let install = finish(wizard).install.expect("it is installed");
    assert_eq!(install.disk, DiskChoice::Serial("serial-sdb".to_owned()));
    assert_eq!(install.existing, Existing::Erase);
}

#[test]
fn a_name_that_was_typed_for_one_disk_wipes_no_other() {
    let mut both = disks();
    both[0].content = Content::StateOfMedium;
    let mut wizard = at_the_disks(both);
    keys(&mut wizard, "\n \n\nsdb");
    // Up to the first disk, and back down to the end.
    for _ in 0..3 {
        wizard.key(Key::Up);
    }
    keys(&mut wizard, " \n\n\n\n\n");
    assert_eq!(wizard.step(), Step::Disks);
    assert!(
        error(&wizard).contains("type the name of the disk: sda"),
        "{}",
        error(&wizard)
    );
}

#[test]
fn a_pocketstack_can_be_kept() {
    let mut there = disks();
    there.truncate(1);
    there[0].content = Content::PocketStack { complete: true };
    let mut wizard = at_the_disks(there.clone());
    // The only disk is chosen already.
    keys(&mut wizard, "\n\n \n\n");
    assert_eq!(
        finish(wizard).install.expect("it is installed").existing,
        Existing::Keep
    );
    there[0].content = Content::PocketStack { complete: false };
    let wizard = at_the_disks(there);
    assert!(wizard.rows().iter().all(|row| row.label != "PocketStack"));
}

#[test]
fn without_disks_the_machine_goes_on_from_its_medium() {
    let mut wizard = Wizard::new(Configuration::default(), Err("no answer".to_owned()), &[]);
    keys(&mut wizard, "\ncorrect horse\ncorrect horse\n\n");
    wizard.hashed(Ok(answered("any").access.password.expect("a hash")));
    assert!(wizard.words().contains("no answer"));
    keys(&mut wizard, "\n\n");
    assert!(!wizard.installs());
    let answers = finish(wizard);
    assert_eq!(
        (answers.install, answers.network),
        (None, Configuration::default().network)
    );
}

#[test]
fn other_disks_are_seen_on_coming_back() {
    let mut wizard = at_the_disks(disks());
    keys(&mut wizard, " ");
    let mut less = disks();
    less.remove(0);
    wizard.again(Ok(less));
    assert_eq!(wizard.step(), Step::Disks);
    let names: Vec<&str> = wizard
        .rows()
        .iter()
        .filter_map(|row| match row.shown {
            Shown::One { name, chosen, .. } => Some((name, chosen)),
            _ => None,
        })
        .inspect(|(name, chosen)| assert_eq!(*chosen, *name == "sdb", "the only one"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["sdb", "none"]);
}

#[test]
fn the_setup_is_offered_only_where_it_is_needed_and_goes_on_where_it_was_left() {
    let mut stage = Stage::new();
    assert_eq!(stage.keys("s"), []);
    stage.setup_code = Some(SetupCode::EXAMPLE);
    let step = |stage: &Stage| match &stage.console.view {
        View::Setup(wizard) => wizard.step(),
        other => panic!("{other:?}"),
    };
    assert_eq!(stage.keys("s"), [Effect::Setup]);
    stage.done(Outcome::Setup(Default::default(), Ok(disks())));
    stage.keys("\x15lab-one\ncorrect horse\ncorrect horse\n");
    let Some(Effect::Hash(password)) = stage.key(Key::Enter) else {
        panic!("the password is hashed");
    };
    assert_eq!(password.0, "correct horse");
    let hash = answered("any").access.password.expect("a hash");
    stage.done(Outcome::Hashed(Ok(hash)));
    assert_eq!(step(&stage), Step::Disks);
    stage.keys("\x1b\x1b");
    assert!(matches!(stage.console.view, View::Status));
    assert_eq!(stage.keys("s"), [Effect::Setup]);
    stage.done(Outcome::Setup(Default::default(), Ok(disks())));
    // Name and password are still there.
    stage.key(Key::Up);
    stage.keys("\n\n\n\n");
    assert_eq!(step(&stage), Step::Disks);
    // Nothing is installed, and the networks stay.
    stage.keys("\n\n\n\n");
    assert_eq!(step(&stage), Step::Network);
    stage.key(Key::PageDown);
    stage.keys("\n");
    assert_eq!(step(&stage), Step::Review);
    let effects = stage.keys("\n");
    let [Effect::FinishSetup(answers)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(answers.node.name.to_string(), "lab-one");
    assert!(answers.access.password.is_some() && answers.install.is_none());
    assert_eq!(stage.keys("\n\x1bx"), [], "it is under way");
    stage.done(Outcome::SetUp(Err("the state partition is full".to_owned())));
    assert_eq!(step(&stage), Step::Review);
    assert_eq!(stage.keys("\n").len(), 1, "it can be tried again");
    stage.done(Outcome::SetUp(Ok(Some(CODE.to_owned()))));
    assert!(matches!(
        stage.console.view,
        View::Change(Change::Counting { .. })
    ));
    assert_eq!(stage.keys("c"), [Effect::Confirm(CODE.to_owned())]);
}

#[test]
fn the_end_of_the_setup_is_told() {
    let mut stage = Stage::new();
    stage.console.view = View::Setup(Box::new(Wizard::new(Default::default(), Ok(disks()), &[])));
    stage.done(Outcome::SetUp(Ok(None)));
    assert!(matches!(stage.console.view, View::SetUp));
    stage.keys("x\x1b");
    assert!(matches!(stage.console.view, View::Status));
}
