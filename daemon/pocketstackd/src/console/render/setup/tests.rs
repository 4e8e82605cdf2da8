use crate::console::keys::Key;
use crate::console::render::screen;
use crate::console::render::tests::{shown, status, world};
use crate::console::screen::{Console, Effect, Outcome, World};
use crate::console::testing::{disks, node};
use crate::control::SetupCode;
use crate::control::testing::answered;

#[test]
fn a_node_that_is_not_set_up_shows_its_code() {
    let overview = node();
    let world = World {
        setup_code: Some(SetupCode::EXAMPLE),
        ..world(&overview)
    };
    let shown = status(&world);
    assert!(shown.contains("  Setup code: ABCD-2345\n"), "{shown}");
    assert!(
        shown.ends_with("\n[S] set up  [N] network  [L] log  [P] power\n"),
        "{shown}"
    );
}

#[test]
fn the_setup_in_text_mode() {
    let overview = node();
    let world = World {
        setup_code: Some(SetupCode::EXAMPLE),
        ..world(&overview)
    };
    let mut console = Console::new();
    assert_eq!(console.key(Key::Char('s'), &world), Some(Effect::Setup));
    assert!(shown(&console, &world).contains("the disks are looked at"));
    console.done(Outcome::Setup(Default::default(), Ok(disks())), &world);
    for c in "\ncorrect horse\ncorrect hor\n\n".chars() {
        let key = if c == '\n' { Key::Enter } else { Key::Char(c) };
        assert_eq!(console.key(key, &world), None);
    }
    let expected = "\
Setup, 1 of 4: this machine                                         node-1a2b3c
-------------------------------------------------------------------------------
This machine becomes the first one of a new cloud. The password of admin opens
its page; it is not shown while it is typed, and has at least 10 characters.

  Name          [pocketstack]
  Password      [*************]
> Once more     []
                ! this is not the same password; type both once more
  [ Next ]

[Up] [Down] move  [Space] choose  [Ctrl-U] empty  [Enter] next  [Esc] leave
";
    assert_eq!(shown(&console, &world), expected);
    assert_eq!(screen(&console, &world).cursor, Some((7, 17)));
    for c in "correct horse\n\n".chars() {
        let key = if c == '\n' { Key::Enter } else { Key::Char(c) };
        console.key(key, &world);
    }
    let hash = answered("any").access.password.expect("a hash");
    console.done(Outcome::Hashed(Ok(hash)), &world);
    for key in [
        Key::Down,
        Key::Char(' '),
        Key::Down,
        Key::Down,
        Key::Down,
        Key::Enter,
    ] {
        console.key(key, &world);
    }
    let expected = "\
Setup, 2 of 4: disks                                                node-1a2b3c
-------------------------------------------------------------------------------
On which disk shall PocketStack be? Space chooses.

  ( ) sda        64.0 GiB, QEMU HARDDISK: empty
  (*) sdb        64.0 GiB, QEMU HARDDISK: ext4 \"data\"
  ( ) none       install nothing and go on from this medium
> Wipe the disk []
                ! to wipe all that is on it, type the name of the disk: sdb
  [ Next ]

[Up] [Down] move  [Space] choose  [Ctrl-U] empty  [Enter] next  [Esc] leave
";
    assert_eq!(shown(&console, &world), expected);
    for c in "sdb\n\n".chars() {
        let key = if c == '\n' { Key::Enter } else { Key::Char(c) };
        console.key(key, &world);
    }
    assert!(shown(&console, &world).starts_with("Setup, 3 of 4: management network"));
    console.key(Key::PageDown, &world);
    console.key(Key::Enter, &world);
    let review = shown(&console, &world);
    assert!(review.contains("The machine is called pocketstack."), "{review}");
    assert!(review.contains("The password of admin is set"), "{review}");
    assert!(
        review.ends_with("[Enter] install and finish  [Esc] back\n"),
        "{review}"
    );
    assert!(matches!(
        console.key(Key::Enter, &world),
        Some(Effect::FinishSetup(_))
    ));
    console.done(Outcome::SetUp(Err("sdb is too small".to_owned())), &world);
    assert!(shown(&console, &world).contains("NOT POSSIBLE: sdb is too small"));
}
