use pocketstack_model::config::names::{CardName, VlanId};
use pocketstack_model::config::network::{BondPolicy, Ipv4Settings, Ipv6Settings};
use pocketstack_model::node::Overview;
use time::OffsetDateTime;

use super::*;
use crate::console::render::LEAST;
use crate::console::testing::{CODE, disks, node};

/// A console with a node, and keys as a text: `\n` Enter, `\x1b` Escape, `\x7f` Backspace, `\x15` empties a field.
pub struct Stage {
    pub console: Console,
    node: Overview,
    pub setup_code: Option<SetupCode>,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            console: Console::new(),
            node: node(),
            setup_code: None,
        }
    }

    pub fn key(&mut self, key: Key) -> Option<Effect> {
        let world = World {
            overview: &self.node,
            fingerprint: None,
            setup_code: self.setup_code,
            left: None,
            height: LEAST,
        };
        self.console.key(key, &world)
    }

    /// All effects of these keys.
    pub fn keys(&mut self, text: &str) -> Vec<Effect> {
        let keys = text.chars().map(|c| match c {
            '\n' => Key::Enter,
            '\x1b' => Key::Escape,
            '\x7f' => Key::Backspace,
            '\x15' => Key::Clear,
            c => Key::Char(c),
        });
        keys.filter_map(|key| self.key(key)).collect()
    }

    pub fn done(&mut self, outcome: Outcome) {
        let world = World {
            overview: &self.node,
            fingerprint: None,
            setup_code: self.setup_code,
            left: None,
            height: LEAST,
        };
        self.console.done(outcome, &world);
    }

    fn tell(&mut self, change: NetworkChange) {
        self.node.network_change = change;
        self.console.heard(&self.node);
    }

    /// At the form over this configuration.
    fn form(configuration: Configuration) -> Self {
        let mut stage = Self::new();
        assert_eq!(stage.keys("n"), [Effect::Configuration]);
        stage.done(Outcome::Configuration(Box::new(configuration)));
        stage
    }

    /// At the form's end, then through the review: what is to be used.
    fn submit(&mut self) -> Vec<Effect> {
        self.key(Key::PageDown);
        self.keys("\n\n")
    }

    fn form_error(&self, field: form::Field) -> Option<&str> {
        match &self.console.view {
            View::Form(form) => form.error(field),
            other => panic!("no form: {other:?}"),
        }
    }

    fn ended(&self) -> Option<&str> {
        match &self.console.view {
            View::Change(Change::Ended(words)) => Some(words),
            _ => None,
        }
    }
}

fn unconfirmed() -> NetworkChange {
    NetworkChange::Unconfirmed {
        until: OffsetDateTime::UNIX_EPOCH,
    }
}

fn reverted(why: &str) -> NetworkChange {
    NetworkChange::Reverted {
        at: OffsetDateTime::UNIX_EPOCH,
        why: why.into(),
    }
}

fn configured(management: RoleNetwork) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.network.management = management;
    configuration
}

fn card(name: &str) -> CardName {
    name.parse().expect("a card")
}

#[test]
fn a_form_that_nobody_changes_changes_nothing() {
    let networks = [
        RoleNetwork::default(),
        RoleNetwork {
            // A card by its address, one that is not there, and in another order than the screen's.
            cards: vec![card("enp2s0"), card("52:54:00:00:00:01"), card("enp9s0")],
            bond: BondPolicy::Lacp,
            vlan: VlanId::try_from(12).ok(),
            mtu: 9000.try_into().expect("in range"),
            ipv4: Ipv4Settings::Static {
                address: "192.0.2.10/24".parse().expect("an address"),
                gateway: Some([192, 0, 2, 1].into()),
            },
            ipv6: Ipv6Settings::Static {
                address: "2001:db8::10/64".parse().expect("an address"),
                gateway: None,
            },
            dns: vec![
                "192.0.2.53".parse().expect("an address"),
                "2001:db8::53".parse().expect("an address"),
            ],
        },
        RoleNetwork {
            ipv4: Ipv4Settings::Off,
            ..RoleNetwork::default()
        },
    ];
    for management in networks {
        let mut stage = Stage::form(configured(management.clone()));
        assert_eq!(stage.submit(), []);
        match &stage.console.view {
            View::Review(review) => {
                assert_eq!(review.new, management);
                assert_eq!(review.changes(), []);
            }
            other => panic!("no review: {other:?}"),
        }
    }
}

#[test]
fn everything_can_be_set() {
    let mut stage = Stage::form(Configuration::default());
    // Both cards; LACP; VLAN 12 after a slip; MTU; IPv4 static; IPv6 static; name servers.
    stage.keys(" \n \n \n13\x7f2\n\x159000\n \n192.0.2.10/24\n192.0.2.1\n \n2001:db8::10/64\nfe80::1\n");
    stage.keys("192.0.2.53, 2001:db8::53\n");
    let expected = RoleNetwork {
        cards: vec![card("enp1s0"), card("enp2s0")],
        bond: BondPolicy::Lacp,
        vlan: VlanId::try_from(12).ok(),
        mtu: 9000.try_into().expect("in range"),
        ipv4: Ipv4Settings::Static {
            address: "192.0.2.10/24".parse().expect("an address"),
            gateway: Some([192, 0, 2, 1].into()),
        },
        ipv6: Ipv6Settings::Static {
            address: "2001:db8::10/64".parse().expect("an address"),
            gateway: "fe80::1".parse().ok(),
        },
        dns: vec![
            "192.0.2.53".parse().expect("an address"),
            "2001:db8::53".parse().expect("an address"),
        ],
    };
    assert_eq!(stage.submit(), [Effect::Change(Box::new(expected))]);
}

#[test]
fn choices_go_round_both_ways_and_keep_what_was_typed() {
    let mut stage = Stage::form(Configuration::default());
    let ipv4 = |stage: &mut Stage, key| {
        stage.key(key);
        match &stage.console.view {
            View::Form(form) => form.shown(form::Field::Ipv4) == form::Shown::Choice("static"),
            other => panic!("no form: {other:?}"),
        }
    };
    stage.keys("\n\n\n\n\n");
    let seen = [Key::Right, Key::Right, Key::Right, Key::Left, Key::Left].map(|key| ipv4(&mut stage, key));
    assert_eq!(seen, [true, false, false, false, true]);
    stage.keys("\n192.0.2.10/24");
    stage.key(Key::Up);
    stage.keys("   ");
    let Effect::Change(new) = stage.submit().remove(0) else {
        panic!("no change");
    };
    assert!(matches!(new.ipv4, Ipv4Settings::Static { .. }));
}

#[test]
fn mistakes_are_told_when_going_on_and_while_they_are_mended() {
    use form::Field;
    let mut stage = Stage::form(Configuration::default());
    // A gateway elsewhere.
    stage.keys("\n\n\n\n\n \n192.0.2.10/24\n10.0.0.1");
    assert_eq!(stage.form_error(Field::Ipv4Gateway), None);
    stage.key(Key::PageDown);
    assert_eq!(stage.keys("\n"), []);
    let why = stage.form_error(Field::Ipv4Gateway).expect("it is told");
    assert!(
        why.contains("10.0.0.1 is no router that 192.0.2.10/24 can reach"),
        "{why}"
    );
    // The focus is there already.
    stage.keys("\x15192.0.2.1");
    assert_eq!(stage.form_error(Field::Ipv4Gateway), None);
    stage.keys("x");
    assert!(stage.form_error(Field::Ipv4Gateway).is_some());
    stage.keys("\x7f");
    assert_eq!(stage.submit().len(), 1);
}

#[test]
fn what_no_field_is_to_blame_for_is_told_too() {
    use form::Field;
    let mut other = Configuration::default();
    other.network.management.cards = vec![card("enp1s0")];
    other.network.external = Some(RoleNetwork {
        cards: vec![card("enp2s0")],
        ..RoleNetwork::default()
    });
    let mut stage = Stage::form(other);
    // Also the card of the external network.
    stage.keys("\n ");
    assert_eq!(stage.submit(), []);
    let why = stage.form_error(Field::Card(0)).expect("it is told");
    assert!(why.starts_with("for the external network: "), "{why}");

    let mut stage = Stage::form(Configuration::default());
    stage.keys("\n\n\n\n\n  \n  ");
    assert_eq!(stage.submit(), []);
    let why = stage.form_error(Field::Ipv4).expect("it is told");
    assert!(why.contains("both off"), "{why}");
}

/// A change in use, to be confirmed.
fn counting() -> Stage {
    let mut stage = Stage::form(Configuration::default());
    stage.keys(" ");
    assert_eq!(stage.submit().len(), 1);
    stage.done(Outcome::Changed(Ok(Some(CODE.to_owned()))));
    stage
}

#[test]
fn a_change_is_kept_with_c() {
    let mut stage = counting();
    stage.tell(unconfirmed());
    assert_eq!(stage.keys("xC"), [Effect::Confirm(CODE.to_owned())]);
    assert_eq!(stage.keys("c"), [], "one at a time");
    stage.done(Outcome::Confirmed(Ok(())));
    assert_eq!(stage.ended(), Some("The new network settings are kept."));
    assert!(!stage.console.pending());
    stage.keys("x");
    assert!(matches!(stage.console.view, View::Status));
    assert_eq!(stage.keys("c"), []);
}

#[test]
fn a_change_that_was_left_can_be_kept_from_the_page() {
    let mut stage = counting();
    stage.tell(unconfirmed());
    stage.keys("\x1b");
    assert!(matches!(stage.console.view, View::Status));
    assert_eq!(stage.keys("c"), [Effect::Confirm(CODE.to_owned())]);
}

#[test]
fn the_end_of_a_change_elsewhere_is_told() {
    for (change, words) in [
        (NetworkChange::None, "are kept"),
        (
            reverted("nobody confirmed it"),
            "as they were before: nobody confirmed it",
        ),
    ] {
        let mut stage = counting();
        // An older change must not be taken for the end of this one.
        stage.tell(reverted("long ago"));
        assert_eq!(stage.ended(), None);
        assert!(stage.console.pending());
        stage.tell(unconfirmed());
        stage.tell(change);
        assert!(stage.ended().is_some_and(|told| told.contains(words)), "{words}");
        assert!(!stage.console.pending());
    }
}

#[test]
fn the_node_may_tell_of_a_change_before_its_answer_is_here() {
    let mut stage = Stage::form(Configuration::default());
    stage.keys(" ");
    stage.submit();
    stage.tell(unconfirmed());
    stage.done(Outcome::Changed(Ok(Some(CODE.to_owned()))));
    stage.tell(reverted("nobody confirmed it"));
    assert!(stage.ended().is_some());
}

#[test]
fn what_cannot_be_confirmed_now_can_be_tried_again_while_it_waits() {
    let mut stage = counting();
    stage.tell(unconfirmed());
    stage.keys("c");
    stage.done(Outcome::Confirmed(Err("the disk is full".to_owned())));
    assert_eq!(
        stage.console.view_change(),
        Some(&Change::Counting {
            trouble: Some("the disk is full".to_owned())
        })
    );
    assert_eq!(stage.keys("c").len(), 1);

    let mut stage = counting();
    stage.keys("c");
    stage.done(Outcome::Confirmed(Err("nothing waits".to_owned())));
    assert_eq!(stage.ended(), Some("nothing waits"));
    assert!(!stage.console.pending());
}

impl Console {
    fn view_change(&self) -> Option<&Change> {
        match &self.view {
            View::Change(change) => Some(change),
            _ => None,
        }
    }
}

#[test]
fn a_refused_change_leads_back_to_the_review_and_its_form() {
    let mut stage = Stage::form(Configuration::default());
    stage.keys(" ");
    stage.submit();
    stage.done(Outcome::Changed(Err("another change waits".to_owned())));
    match &stage.console.view {
        View::Review(review) => assert_eq!(review.trouble(), Some("another change waits")),
        other => panic!("no review: {other:?}"),
    }
    stage.keys("\x1b");
    match &stage.console.view {
        View::Form(form) => assert!(matches!(
            form.shown(form::Field::Card(0)),
            form::Shown::Card { chosen: true, .. }
        )),
        other => panic!("no form: {other:?}"),
    }
    stage.keys("\x1b");
    assert!(matches!(stage.console.view, View::Status));
}

#[test]
fn a_code_is_not_lost_by_looking_away() {
    let mut stage = Stage::form(Configuration::default());
    stage.keys(" ");
    stage.submit();
    stage.keys("\x1bl");
    stage.done(Outcome::Changed(Ok(Some(CODE.to_owned()))));
    assert_eq!(stage.keys("c"), [Effect::Confirm(CODE.to_owned())]);
}

#[test]
fn power_takes_three_right_keys_in_a_row() {
    assert_eq!(Stage::new().keys("pry"), [Effect::Power(Power::Restart)]);
    assert_eq!(Stage::new().keys("POY"), [Effect::Power(Power::Off)]);
    for wrong in ["pr\n", "prn", "pyy", "p\x1bry", "ry", "prxy"] {
        assert_eq!(Stage::new().keys(wrong), [], "{wrong:?}");
    }
    // What a console draws begins with a sequence: two that are wired to each other come to nothing.
    let mut stage = Stage::new();
    for key in [Key::Char('p'), Key::Char('r'), Key::Other, Key::Char('y')] {
        assert_eq!(stage.key(key), None);
    }
    let mut stage = Stage::new();
    stage.keys("pry");
    stage.done(Outcome::Power(Err("an installation runs".to_owned())));
    assert!(matches!(&stage.console.view, View::Power(Ask::Failed(why)) if why == "an installation runs"));
}

#[test]
fn the_log_is_read_filtered_and_left() {
    let mut stage = Stage::new();
    assert_eq!(stage.keys("l"), [Effect::Log(Filter::Daemon)]);
    assert_eq!(stage.keys("f"), [Effect::Log(Filter::All)]);
    // The answer to the first question comes late.
    stage.done(Outcome::Log(Filter::Daemon, Ok(vec!["old".to_owned()])));
    assert!(matches!(&stage.console.view, View::Log(log) if log.page(LEAST).is_none()));
    stage.done(Outcome::Log(Filter::All, Ok(vec!["new".to_owned()])));
    match &stage.console.view {
        View::Log(log) => assert_eq!(log.page(LEAST), Some(Ok(&["new".to_owned()][..]))),
        other => panic!("no log: {other:?}"),
    }
    assert_eq!(stage.keys("r"), [Effect::Log(Filter::All)]);
    stage.keys("\x1b");
    assert!(matches!(stage.console.view, View::Status));
    stage.done(Outcome::Log(Filter::All, Ok(Vec::new())));
    assert!(matches!(stage.console.view, View::Status));
}

#[test]
fn any_keys_at_all_do_no_harm() {
    // A linear congruential generator (Numerical Recipes): the same keys in every run.
    let mut seed = 1_u32;
    let mut stage = Stage::new();
    stage.setup_code = Some(SetupCode::EXAMPLE);
    for step in 0..20_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let key = match seed >> 24 {
            byte @ 32..=126 => Key::Char(char::from_u32(byte).expect("ASCII")),
            0..16 => Key::Enter,
            16..24 => Key::Down,
            24..32 => Key::Up,
            127..150 => Key::Escape,
            150..170 => Key::PageDown,
            _ => Key::Right,
        };
        match stage.key(key) {
            Some(Effect::Configuration) => stage.done(Outcome::Configuration(Default::default())),
            Some(Effect::Change(_)) => stage.done(Outcome::Changed(Ok(Some(CODE.to_owned())))),
            Some(Effect::Confirm(_)) => stage.done(Outcome::Confirmed(Ok(()))),
            Some(Effect::Log(filter)) => stage.done(Outcome::Log(filter, Ok(vec!["x".repeat(500); 50]))),
            Some(Effect::Power(_)) => stage.done(Outcome::Power(Ok(()))),
            Some(Effect::Setup) => stage.done(Outcome::Setup(Default::default(), Ok(disks()))),
            // It would take a good password, typed twice.
            Some(effect @ (Effect::Hash(_) | Effect::FinishSetup(_))) => panic!("{effect:?}"),
            None => {}
        }
        // Drawing makes a code each time, which takes long without optimisation.
        if step % 20 > 0 {
            continue;
        }
        let world = World {
            overview: &stage.node,
            fingerprint: None,
            setup_code: stage.setup_code,
            left: None,
            height: 10,
        };
        assert_eq!(
            crate::console::render::screen(&stage.console, &world).lines.len(),
            10
        );
    }
}
