//! SSH: on while somebody has given a key, and off otherwise.
//!
//! How sshd is set up does not depend on the configuration and is in the image (`/etc/ssh/sshd_config.d`); it looks
//! for keys at each sign-in, so it never has to be restarted.

use pocketstack_model::access::SshKey;

/// Systemd's unit of sshd.
pub const UNIT: &str = "ssh.service";
/// The account to sign in with. Who does so administers the node, which takes root.
pub const ACCOUNT: &str = "root";
/// The keys that may sign in as [`ACCOUNT`] (`AuthorizedKeysFile` in the image).
pub const KEYS_FILE: &str = "/etc/ssh/pocketstack/root";

/// Whether sshd runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// It does not, whatever the reason.
    Stopped,
    /// On its way up or down.
    Changing,
    /// It does.
    Running,
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whether the node has a host key of its own that can be used.
    pub host_key: bool,
    /// Text of [`KEYS_FILE`].
    pub keys: Option<String>,
    /// The server.
    pub server: Server,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Remove [`KEYS_FILE`].
    RemoveKeys,
    /// Stop [`UNIT`].
    Stop,
    /// Make a host key.
    MakeHostKey,
    /// Give [`KEYS_FILE`] this text.
    WriteKeys(String),
    /// Start [`UNIT`].
    Start,
}

/// The steps from what is there to what is wanted: sshd for these keys, or none for none.
pub fn plan(keys: &[SshKey], seen: &Seen) -> Vec<Action> {
    let mut actions = Vec::new();
    if keys.is_empty() {
        // The keys first: should stopping fail, still nobody comes in.
        if seen.keys.is_some() {
            actions.push(Action::RemoveKeys);
        }
        // What is on its way up is stopped as well; stopping what stops does no harm.
        if seen.server != Server::Stopped {
            actions.push(Action::Stop);
        }
        return actions;
    }
    let text = keys_file(keys);
    if !seen.host_key {
        actions.push(Action::MakeHostKey);
    }
    if seen.keys.as_deref() != Some(text.as_str()) {
        actions.push(Action::WriteKeys(text));
    }
    if seen.server == Server::Stopped {
        actions.push(Action::Start);
    }
    actions
}

/// One key a line (sshd(8), AUTHORIZED_KEYS FILE FORMAT). [`SshKey`] is always one line, without options.
fn keys_file(keys: &[SshKey]) -> String {
    let mut text =
        "# Made by pocketstackd from the configuration of this node, at each start and change.\n".to_owned();
    for key in keys {
        text.push_str(&format!("{key}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@home";

    fn keys() -> Vec<SshKey> {
        vec![KEY.parse().expect("a key")]
    }

    fn nothing() -> Seen {
        Seen {
            host_key: false,
            keys: None,
            server: Server::Stopped,
        }
    }

    /// What the steps lead to.
    fn done(mut seen: Seen, actions: &[Action]) -> Seen {
        for action in actions {
            match action {
                Action::RemoveKeys => seen.keys = None,
                Action::Stop => seen.server = Server::Stopped,
                Action::MakeHostKey => seen.host_key = true,
                Action::WriteKeys(text) => seen.keys = Some(text.clone()),
                Action::Start => seen.server = Server::Running,
            }
        }
        seen
    }

    #[test]
    fn a_first_key_turns_it_on_and_the_last_one_gone_turns_it_off() {
        let actions = plan(&keys(), &nothing());
        let [Action::MakeHostKey, Action::WriteKeys(text), Action::Start] = actions.as_slice() else {
            panic!("{actions:?}")
        };
        assert!(text.ends_with(&format!("\n{KEY}\n")), "{text}");
        let on = done(nothing(), &actions);
        assert_eq!(plan(&keys(), &on), []);

        let off = plan(&[], &on);
        assert_eq!(off, [Action::RemoveKeys, Action::Stop]);
        let off = done(on, &off);
        assert_eq!(plan(&[], &off), []);
        // The host key stays: who knows this node recognises it the next time.
        assert!(!plan(&keys(), &off).contains(&Action::MakeHostKey));
    }

    #[test]
    fn a_changed_file_is_written_anew_without_a_restart() {
        let mut seen = done(nothing(), &plan(&keys(), &nothing()));
        seen.keys = Some(format!("{KEY}\nssh-rsa somebody elses\n"));
        let actions = plan(&keys(), &seen);
        assert!(
            matches!(actions.as_slice(), [Action::WriteKeys(_)]),
            "{actions:?}"
        );
    }

    #[test]
    fn every_pass_gets_there_wherever_the_last_one_was_cut_short() {
        for wanted in [keys(), Vec::new()] {
            for host_key in [false, true] {
                for text in [None, Some("old".to_owned()), Some(keys_file(&keys()))] {
                    for server in [Server::Stopped, Server::Changing, Server::Running] {
                        let (keys, seen) = (
                            text.clone(),
                            Seen {
                                host_key,
                                keys: text.clone(),
                                server,
                            },
                        );
                        let all = plan(&wanted, &seen);
                        for cut in 0..=all.len() {
                            let after = done(seen.clone(), &all[..cut]);
                            let after = done(after.clone(), &plan(&wanted, &after));
                            let rest = plan(&wanted, &after);
                            assert_eq!(rest, [], "{wanted:?} {seen:?} {keys:?}");
                        }
                        // Never a server that runs with keys it should not have.
                        let end = done(seen.clone(), &all);
                        assert_eq!(end.keys.is_none(), wanted.is_empty());
                    }
                }
            }
        }
    }
}
