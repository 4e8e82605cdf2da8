//! The built program against a node over TLS.

mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pocketstack_exec::{Cmd, Error, Output, run};
use pocketstack_pinned::Fingerprint;
use serde_json::{Value, json};
use tempfile::TempDir;

use server::{CODE, Node, PASSWORD};

/// Somebody with a folder of their own, and a node.
struct Desk {
    home: TempDir,
    node: Node,
}

impl Desk {
    fn new() -> Self {
        Self {
            home: TempDir::new().expect("a temporary folder"),
            node: Node::start(),
        }
    }

    fn logged_in() -> Self {
        let desk = Self::new();
        desk.login().expect("logged in");
        desk
    }

    fn cmd(&self, args: &[&str]) -> Cmd {
        Cmd::new(env!("CARGO_BIN_EXE_pocketctl"))
            .clear_env()
            .env("HOME", self.home.path())
            .args(args)
    }

    fn run(&self, args: &[&str]) -> Result<Output, Error> {
        run(self.cmd(args))
    }

    fn said(&self, args: &[&str]) -> String {
        self.run(args)
            .unwrap_or_else(|error| panic!("{args:?}: {error}"))
            .text()
    }

    fn json(&self, args: &[&str]) -> Value {
        let text = self.said(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn refused(&self, args: &[&str]) -> String {
        let error = self.run(args).expect_err("it is refused");
        assert_eq!(error.code(), Some(1), "{error}");
        error.to_string()
    }

    fn login(&self) -> Result<Output, Error> {
        let fingerprint = self.node.fingerprint.to_string();
        let address = self.node.address();
        run(self
            .cmd(&[
                "login",
                &address,
                "--fingerprint",
                &fingerprint,
                "--name",
                "my desk",
            ])
            .input(format!("{PASSWORD}\n")))
    }

    fn file(&self, text: &str) -> String {
        let file = self.home.path().join("file");
        fs::write(&file, text).expect("written");
        file.to_string_lossy().into_owned()
    }

    fn contexts(&self) -> PathBuf {
        self.home.path().join(".config/pocketstack/contexts.toml")
    }
}

#[test]
fn a_login_keeps_a_token_that_others_cannot_read_and_a_logout_revokes_it() {
    let desk = Desk::new();
    assert!(desk.refused(&["disks"]).contains("pocketctl login ADDRESS"));
    let said = desk.login().expect("logged in");
    assert!(
        said.text().starts_with("Logged in at https://127.0.0.1:"),
        "{said:?}"
    );
    assert!(!said.text().contains("pst_"));
    let kept = fs::read_to_string(desk.contexts()).expect("it is kept");
    assert!(kept.contains("pst_1") && !kept.contains(PASSWORD), "{kept}");
    let mode = fs::metadata(desk.contexts())
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(desk.said(&["tokens", "list"]).contains("my desk"));

    desk.login().expect("once more: the old token is replaced");
    assert_eq!(
        desk.node.state().tokens.get("my desk").map(String::as_str),
        Some("pst_2")
    );
    assert!(desk.said(&["logout"]).starts_with("Logged out of "));
    assert!(desk.node.state().tokens.is_empty());
    assert!(desk.refused(&["disks"]).contains("pocketctl login ADDRESS"));
}

#[test]
fn without_the_right_password_or_fingerprint_there_is_no_login() {
    let desk = Desk::new();
    let address = desk.node.address();
    let login = |fingerprint: &str, password: &str| {
        let cmd = desk.cmd(&["login", &address, "--fingerprint", fingerprint]);
        run(cmd.input(password)).expect_err("no login").to_string()
    };
    let right = desk.node.fingerprint.in_pairs();
    assert!(login(&right, "wrong\n").contains("The password is wrong"));
    assert!(login(&right, "").contains("no password was given"));
    let other = Fingerprint::of(b"another").to_string();
    let said = login(&other, &format!("{PASSWORD}\n"));
    assert!(
        said.contains("cannot be reached") && said.contains(&other),
        "{said}"
    );
    assert!(!desk.contexts().exists() && desk.node.state().tokens.is_empty());
    let error = desk.refused(&["login", &address]);
    assert!(error.contains("give its --fingerprint"), "{error}");
    let cmd = desk.cmd(&["login", &address, "--fingerprint", "5D:1F"]);
    assert_eq!(run(cmd).expect_err("no fingerprint").code(), Some(2));
}

#[test]
fn a_token_can_come_from_the_environment() {
    let desk = Desk::new();
    desk.node
        .state()
        .tokens
        .insert("ci".to_owned(), "pst_ci".to_owned());
    let (address, fingerprint) = (desk.node.address(), desk.node.fingerprint.to_string());
    let args = ["--node", &address, "--fingerprint", &fingerprint, "disks"];
    let said = desk.refused(&args);
    assert!(said.contains("There is no token"), "{said}");
    let said = run(desk.cmd(&args).env("POCKETSTACK_TOKEN", "pst_ci")).expect("it is known");
    assert!(said.text().contains("nvme0n1"));
    let wrong = run(desk.cmd(&args).env("POCKETSTACK_TOKEN", "pst_old")).expect_err("it is not");
    assert!(wrong.to_string().contains("does not know the token"), "{wrong}");
    let said = desk.refused(&["--node", &address, "disks"]);
    assert!(said.contains("give --fingerprint"), "{said}");
}

#[test]
fn lists_are_tables_for_people_and_json_for_programs() {
    let desk = Desk::logged_in();
    assert_eq!(
        desk.said(&["disks"]),
        "NAME     SIZE      MODEL  SERIAL  CONTENT  NOT OFFERED BECAUSE\n\
         nvme0n1  932 GiB   Fast   S5      empty    -\n\
         sda      15.0 GiB  -      -       ext4     this machine runs from it\n"
    );
    assert_eq!(desk.json(&["disks"])[1]["name"], "sda");
    assert_eq!(
        desk.said(&["audit", "--limit", "5"]),
        "AT (UTC)          WHO       FROM       WHAT       ON  RESULT\n\
         2026-11-21 16:07  token ci  192.0.2.1  power-off  -   refused: an installation runs\n"
    );
    assert!(desk.refused(&["node"]).contains("There is nothing at node."));
}

#[test]
fn the_configuration_goes_through_a_file_and_networks_are_confirmed() {
    let desk = Desk::logged_in();
    let shown = desk.said(&["configuration", "show"]);
    assert!(shown.contains("name = \"lab-one\""), "{shown}");
    let file = desk.file(&shown.replace("lab-one", "lab-two"));
    let said = desk.said(&["configuration", "set", &file]);
    assert_eq!(said, "The configuration is in use.\n");
    assert_eq!(desk.node.state().configuration["node"]["name"], "lab-two");

    let network = desk.said(&["network", "show"]);
    let file = desk.file(&network.replace("dns = []", "dns = [\"192.0.2.53\"]"));
    let said = desk.said(&["network", "set", &file]);
    assert!(
        said.contains(&format!("pocketctl network confirm {CODE}")),
        "{said}"
    );
    let now = desk.node.state().configuration.clone();
    assert_eq!(now["network"]["management"]["dns"], json!(["192.0.2.53"]));
    assert_eq!(now["node"]["name"], "lab-two", "the rest stays");
    assert!(
        desk.refused(&["network", "confirm", "WRNG2345"])
            .contains("The code is wrong.")
    );
    assert_eq!(desk.json(&["network", "confirm", CODE]), json!({"done": true}));
}

#[test]
fn passwords_keys_tokens_and_power() {
    let desk = Desk::logged_in();
    let cmd = desk.cmd(&["access", "password"]);
    run(cmd.input(format!("{PASSWORD}\na horse of mine\n"))).expect("changed");
    assert_eq!(
        desk.node.state().password,
        Some(json!({"current": PASSWORD, "new": "a horse of mine"}))
    );

    let file = desk.file("# mine\n\nssh-ed25519 AAAA me\n");
    desk.said(&["access", "keys", "--set", &file]);
    assert_eq!(desk.said(&["access", "keys"]), "ssh-ed25519 AAAA me\n");

    let cmd = desk.cmd(&["tokens", "create", "for ci"]);
    let made = run(cmd.input(format!("{PASSWORD}\n"))).expect("made").text();
    assert_eq!(made, "pst_2\n");
    desk.said(&["tokens", "revoke", "for ci"]);
    assert!(
        desk.refused(&["tokens", "revoke", "for ci"])
            .contains("no token of this name")
    );

    desk.said(&["power", "restart"]);
    assert_eq!(desk.node.state().power, Some(json!({"how": "restart"})));
}

#[test]
fn units_are_shown_and_told_what_to_do() {
    let desk = Desk::logged_in();
    assert_eq!(
        desk.said(&["units"]),
        "NAME              STATE   IN DETAIL  SINCE             WITH THE MACHINE  WHAT IT IS\n\
         libvirtd.service  active  running    2026-11-21 16:07  if needed         Virtualization\n"
    );
    let said = desk.said(&["unit", "restart", "libvirtd.service"]);
    assert_eq!(said, "libvirtd.service was restarted.\n");
    let told = [("libvirtd.service".to_owned(), "restart".to_owned())];
    assert_eq!(desk.node.state().told, told);
}

#[test]
fn the_journal_is_asked_for_and_followed_from_entry_to_entry() {
    let desk = Desk::logged_in();
    let said = desk.said(&["logs", "--unit", "a b", "--priority", "warning", "--lines", "5"]);
    assert_eq!(
        said,
        "2026-11-21 16:07:10 warning   libvirtd.service: entry 1\\u{1b}\n"
    );
    assert_eq!(
        desk.node.state().asked,
        ["journal?lines=5&unit=a%20b&priority=warning"]
    );
    desk.node.state().asked.clear();
    let said = desk.refused(&["logs", "--follow"]);
    assert!(said.contains("not running"), "{said}");
    assert_eq!(
        desk.node.state().asked,
        [
            "journal?lines=100",
            "journal?lines=500&after=s%3D0%3Bi%3D1",
            "journal?lines=500&after=s%3D0%3Bi%3D2",
            "journal?lines=500&after=s%3D0%3Bi%3D3",
        ]
    );
}

#[test]
fn a_shell_learns_the_commands() {
    let desk = Desk::new();
    let script = desk.said(&["completion", "bash"]);
    assert!(script.contains("_pocketctl") && script.contains("configuration"));
}
