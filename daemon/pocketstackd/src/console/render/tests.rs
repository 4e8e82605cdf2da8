use pocketstack_model::node::{Link, Management, Medium, Overview, State, Units};
use pocketstack_model::status::{Doing, Installation, Kept, NetworkChange};
use time::OffsetDateTime;

use super::*;
use crate::console::certificate::{Fingerprint, fingerprint};
use crate::console::keys::Key;
use crate::console::screen::log::Filter;
use crate::console::screen::{Effect, Outcome};
use crate::console::testing::{CODE, node};

pub fn world(overview: &Overview) -> World<'_> {
    World {
        overview,
        fingerprint: None,
        setup_code: None,
        left: None,
        height: LEAST,
    }
}

fn known() -> Fingerprint {
    let pem = b"-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    fingerprint(pem).expect("a certificate")
}

/// The screen as text, without the code and the blank lines above the keys.
pub fn shown(console: &Console, world: &World<'_>) -> String {
    let screen = screen(console, world);
    assert_eq!(screen.lines.len(), world.height);
    let (keys, lines) = screen.lines.split_last().expect("it has lines");
    let mut text = without_code(lines);
    text.truncate(text.trim_end().len());
    format!("{text}\n\n{keys}\n")
}

fn without_code(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        // The code stands between the two settings of colours, and is 29 characters wide for this address.
        let line = match line.split_once("\x1b[30;47m") {
            Some((_, rest)) => {
                let (code, rest) = rest.split_once("\x1b[0m").expect("colours are set back");
                assert_eq!(code.chars().count(), 29);
                format!("[code]{rest}")
            }
            None => line.clone(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

pub fn status(world: &World<'_>) -> String {
    shown(&Console::new(), world)
}

#[test]
fn a_node_with_an_address() {
    let overview = node();
    let world = World {
        fingerprint: Some(known()),
        ..world(&overview)
    };
    let expected = "\
PocketStack 0.1.0                                                   node-1a2b3c
-------------------------------------------------------------------------------
[code]  Open this page in a browser:
[code]  https://192.0.2.10/
[code]  https://[2001:db8::10]/
[code]  Certificate fingerprint (SHA-256):
[code]  BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23
[code]  B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD
[code]
[code]  KVM        working  API 12
[code]  libvirt    checking 11.3.0 (QEMU 10.0.2)
[code]  DRBD       ready    8.4.11 (drbd-utils 9.22.0)
[code]  Heartbeat  FAILED: heartbeat.service has failed;
[code]             `journalctl -u heartbeat` says why
[code]  System     from disk, verified; state is kept
[code]  Units      none failed
[code]  enp1s0     up, 1000 Mbit/s  52:54:00:00:00:01
                               enp2s0     NO LINK  52:54:00:00:00:02

[N] network  [L] log  [P] power
";
    assert_eq!(status(&world), expected);
}

/// A node of which nothing but its page is worth a line.
fn bare() -> Overview {
    let mut node = node();
    node.management = Management::NoLink {
        bridge: "br-mgmt".to_owned(),
    };
    node.components.clear();
    node.nics.truncate(1);
    node.nics[0].link = Link::Down;
    node
}

#[test]
fn a_node_without_a_cable_says_what_to_do() {
    let mut node = bare();
    node.units = Units::Known {
        failed: vec!["a.service".to_owned(), "b.mount".to_owned()],
    };
    node.boot.state = State::Volatile;
    node.boot.medium = Medium::Iso;
    let expected = "\
PocketStack 0.1.0                                                   node-1a2b3c
-------------------------------------------------------------------------------
No page: no network card has a link. Plug in a cable.

System     from ISO, verified; state is lost at a restart
Units      FAILED: a.service, b.mount
enp1s0     NO LINK  52:54:00:00:00:01

[N] network  [L] log  [P] power
";
    assert_eq!(status(&world(&node)), expected);
}

#[test]
fn what_is_not_as_configured_and_what_goes_on_is_shown() {
    let mut node = bare();
    let kept = |subject: &str, doing| Kept {
        subject: subject.into(),
        want: "bond-mgmt over enp1s0".into(),
        see: "no bond".into(),
        doing,
    };
    node.kept = vec![
        kept("name", Doing::Nothing),
        kept(
            "network management",
            Doing::Changing {
                since: OffsetDateTime::from_unix_timestamp(3661).expect("in range"),
                step: "making the bond bond-mgmt".into(),
            },
        ),
        kept(
            "time",
            Doing::Stuck {
                why: "there is no time zone Mars/Phobos".into(),
            },
        ),
    ];
    node.installation = Installation::Running {
        step: "writing the system".into(),
        percent: 52,
    };
    node.network_change = NetworkChange::Reverted {
        at: OffsetDateTime::from_unix_timestamp(3600).expect("in range"),
        why: "nobody confirmed it within 60 seconds".into(),
    };
    let expected = "\
PocketStack 0.1.0                                                   node-1a2b3c
-------------------------------------------------------------------------------
Installing [##########..........]  52 %
writing the system

New network settings were taken back at 01:00:00 UTC: nobody confirmed it
within 60 seconds

No page: no network card has a link. Plug in a cable.

network management
  want bond-mgmt over enp1s0
  see no bond
  doing: making the bond bond-mgmt (since 01:01:01 UTC)
time
  want bond-mgmt over enp1s0
  see no bond
  STUCK: there is no time zone Mars/Phobos
System     from disk, verified; state is kept
Units      none failed
enp1s0     NO LINK  52:54:00:00:00:01

[N] network  [L] log  [P] power
";
    assert_eq!(status(&world(&node)), expected);
}

#[test]
fn the_end_of_an_installation_is_told_in_words() {
    let mut node = bare();
    let mut told = |installation, percent: &str| {
        node.installation = installation;
        assert!(status(&world(&node)).contains(percent), "{percent}");
    };
    told(
        Installation::Failed {
            why: "sda cannot be written".into(),
        },
        "\nInstallation FAILED: sda cannot be written\n",
    );
    told(
        Installation::Done {
            disk: "sda".to_owned(),
        },
        "\nInstalled on sda. ",
    );
    for (percent, bar) in [
        (0, "[....................]   0 %"),
        (4, "[....................]   4 %"),
        (99, "[###################.]  99 %"),
        (100, "[####################] 100 %"),
        (255, "[####################] 100 %"),
    ] {
        let step = String::new();
        told(
            Installation::Running {
                step: step.into(),
                percent,
            },
            bar,
        );
    }
}

#[test]
fn what_does_not_fit_is_said_to_be_left_out() {
    let mut node = bare();
    let card = node.nics[0].clone();
    node.nics = vec![card; 40];
    let shown = status(&world(&node));
    assert!(shown.contains("(25 more lines: the page shows all)"), "{shown}");
    let tall = World {
        height: 60,
        ..world(&node)
    };
    assert!(!status(&tall).contains("more lines"));
}

#[test]
fn nothing_that_was_read_controls_the_terminal_and_no_line_is_too_long() {
    const EVIL: &str = "evil\x1b[2J\u{202e}\r\n\x07";
    let evil = || format!("{EVIL}{}", "y".repeat(300));
    let mut node = node();
    node.name = evil();
    node.version = evil();
    node.units = Units::Known { failed: vec![evil()] };
    node.nics[0].name = evil();
    node.nics[0].mac = evil();
    node.nics[1].name = EVIL.to_owned();
    node.kept = vec![Kept {
        subject: evil().into(),
        want: evil().into(),
        see: evil().into(),
        doing: Doing::Stuck { why: evil().into() },
    }];
    for installation in [
        Installation::Failed { why: evil().into() },
        Installation::Done { disk: evil() },
        Installation::Running {
            step: evil().into(),
            percent: 1,
        },
    ] {
        node.installation = installation;
        clean(&Console::new(), &node);
    }
    node.installation = Installation::None;

    let mut console = Console::new();
    press(&mut console, "l", &node);
    console.done(Outcome::Log(Filter::Daemon, Ok(vec![evil()])), &world(&node));
    clean(&console, &node);
    console.done(Outcome::Log(Filter::Daemon, Err(evil())), &world(&node));
    clean(&console, &node);
    console.done(Outcome::Power(Err(evil())), &world(&node));
    clean(&console, &node);
    console.done(Outcome::Changed(Err(evil())), &world(&node));
    clean(&console, &node);
    console.key(Key::Escape, &world(&node));
    press(&mut console, "n", &node);
    console.done(Outcome::Configuration(Default::default()), &world(&node));
    clean(&console, &node);
}

#[track_caller]
fn clean(console: &Console, node: &Overview) {
    for height in [1, LEAST, 100] {
        let world = World {
            height,
            ..world(node)
        };
        for line in screen(console, &world).lines {
            let shown = line.replace("\x1b[30;47m", "").replace("\x1b[0m", "");
            assert!(shown.chars().count() < WIDTH, "{shown:?}");
            assert!(
                shown
                    .chars()
                    .all(|c| c == ' ' || c.is_ascii_graphic() || ('\u{2580}'..='\u{2588}').contains(&c)),
                "{shown:?}"
            );
        }
    }
}

/// Presses keys, of which `\n` is Enter, and gives the last effect.
fn press(console: &mut Console, keys: &str, node: &Overview) -> Option<Effect> {
    let mut last = None;
    for key in keys.chars() {
        let key = if key == '\n' { Key::Enter } else { Key::Char(key) };
        last = console.key(key, &world(node));
    }
    last
}

/// At the form, over the default configuration.
fn at_form(node: &Overview) -> Console {
    let mut console = Console::new();
    press(&mut console, "n", node);
    console.done(Outcome::Configuration(Default::default()), &world(node));
    console
}

#[test]
fn the_form_as_it_opens() {
    let node = node();
    let expected = "\
Management network                                                  node-1a2b3c
-------------------------------------------------------------------------------
  Cards (none chosen: all that no other network uses)
> [ ] enp1s0     up, 1000 Mbit/s  52:54:00:00:00:01  in bond-mgmt
  [ ] enp2s0     NO LINK  52:54:00:00:00:02  in bond-mgmt
  Bond          < active-backup (any switch) >
  VLAN          []
  MTU           [1500]
  IPv4          < DHCP >
  IPv6          < automatic (router advertisements) >
  Name servers  []
  [ Review the changes ]

[Up] [Down] move  [Space] choose  [Ctrl-U] empty  [Enter] next  [Esc] leave
";
    assert_eq!(shown(&at_form(&node), &world(&node)), expected);
}

#[test]
fn mistakes_stand_beside_their_fields_and_the_cursor_at_the_first() {
    let node = node();
    let mut console = at_form(&node);
    // Past the cards and the bond; a VLAN; past the MTU; static IPv4 with an address without prefix; to the end.
    press(&mut console, "\n\n\n5000\n\n \n192.0.2.10\n\n\n\n\n", &node);
    let expected = "\
Management network                                                  node-1a2b3c
-------------------------------------------------------------------------------
  Cards (none chosen: all that no other network uses)
  [ ] enp1s0     up, 1000 Mbit/s  52:54:00:00:00:01  in bond-mgmt
  [ ] enp2s0     NO LINK  52:54:00:00:00:02  in bond-mgmt
  Bond          < active-backup (any switch) >
> VLAN          [5000]
                ! a number from 1 to 4094 is needed
  MTU           [1500]
  IPv4          < static >
    Address     [192.0.2.10]
                ! the address of this machine and the length of its network's
                  prefix are needed, such as 192.168.1.10/24
    Gateway     []
  IPv6          < automatic (router advertisements) >
  Name servers  []
  [ Review the changes ]

[Up] [Down] move  [Space] choose  [Ctrl-U] empty  [Enter] next  [Esc] leave
";
    assert_eq!(shown(&console, &world(&node)), expected);
    assert_eq!(screen(&console, &world(&node)).cursor, Some((6, 21)));
}

#[test]
fn a_form_that_does_not_fit_follows_its_focus() {
    let mut node = node();
    let card = node.nics[0].clone();
    node.nics = (0..40)
        .map(|number| pocketstack_model::node::Nic {
            name: format!("enp{number}s0"),
            ..card.clone()
        })
        .collect();
    let mut console = at_form(&node);
    assert!(shown(&console, &world(&node)).contains("> [ ] enp0s0"));
    console.key(Key::PageDown, &world(&node));
    let end = shown(&console, &world(&node));
    assert!(
        end.contains("> [ Review the changes ]") && !end.contains("enp0s0"),
        "{end}"
    );
    console.key(Key::Up, &world(&node));
    assert!(shown(&console, &world(&node)).contains("> Name servers"));
}

#[test]
fn a_review_says_what_changes() {
    let node = node();
    let mut console = at_form(&node);
    press(
        &mut console,
        " \n\n\n12\n\n \n192.0.2.10/24\n192.0.2.1\n\n\n\n",
        &node,
    );
    let expected = "\
Management network: review                                          node-1a2b3c
-------------------------------------------------------------------------------
These settings will change:

Cards           from     all that no other network uses
                to       enp1s0
VLAN            from     none
                to       12
IPv4            from     DHCP
                to       192.0.2.10/24, gateway 192.0.2.1

They are used at once. If they are not confirmed here with the key C within a
minute, they are taken back and all is as it was before.

[Enter] use these settings  [Esc] back
";
    assert_eq!(shown(&console, &world(&node)), expected);
}

#[test]
fn a_change_counts_down_here_and_on_the_page() {
    let node = node();
    let mut console = Console::new();
    console.done(Outcome::Changed(Ok(Some(CODE.to_owned()))), &world(&node));
    let left = World {
        left: Some(std::time::Duration::from_millis(43_900)),
        ..world(&node)
    };
    let expected = "\
Management network: change                                          node-1a2b3c
-------------------------------------------------------------------------------
The new network settings are in use.

This machine is now at https://192.0.2.10/ https://[2001:db8::10]/

Press C to keep them. Otherwise they are taken back in 43 s.

[C] keep the new network settings  [Esc] back
";
    assert_eq!(shown(&console, &left), expected);

    let mut bare = bare();
    bare.network_change = NetworkChange::Unconfirmed {
        until: OffsetDateTime::UNIX_EPOCH,
    };
    console.key(Key::Escape, &left);
    let here = shown(
        &console,
        &World {
            overview: &bare,
            ..left
        },
    );
    assert!(here.contains("in 43 s.\n"), "{here}");
    assert!(here.ends_with("[C] keep the new network settings  [N] network  [L] log  [P] power\n"));
}

#[test]
fn power_is_asked_once_more() {
    let node = node();
    let mut console = Console::new();
    press(&mut console, "p", &node);
    assert!(shown(&console, &world(&node)).ends_with("[R] restart  [O] switch off  [Esc] back\n"));
    press(&mut console, "o", &node);
    let expected = "\
Power                                                               node-1a2b3c
-------------------------------------------------------------------------------
Switch this machine off now? Everything that runs on it stops.

[Y] yes  [any other key] no
";
    assert_eq!(shown(&console, &world(&node)), expected);
}
