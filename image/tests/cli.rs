//! The builder as a person meets it on a bad day: exit status and message of the real program.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use pocketstack_exec::{Cmd, Error, Stdio, run, spawn};

const BUILDER: &str = env!("CARGO_BIN_EXE_pocketstack-image");

/// A checkout with the real package list and lock, and a cache of its own.
fn checkout() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("image")).expect("a folder");
    for name in ["packages.toml", "packages.lock"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        std::fs::copy(from, dir.path().join("image").join(name)).expect("copied");
    }
    dir
}

fn builder(dir: &Path, args: &[&str]) -> Cmd {
    Cmd::new(BUILDER)
        .args(args)
        .dir(dir)
        .env("POCKETSTACK_CACHE", dir.join("cache"))
}

fn failure(cmd: Cmd) -> (Option<i32>, String) {
    match run(cmd).expect_err("it must fail") {
        Error::Failed { status, stderr, .. } => (status.code(), stderr),
        other => panic!("{other}"),
    }
}

/// A mirror that gives every request the same answer, or none at all.
fn mirror(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/debian", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let Some(answer) = answer else {
                held.push(stream);
                continue;
            };
            // The request is read first: closing with unread data resets the connection.
            let mut request = [0_u8; 4096];
            let _len = stream.read(&mut request);
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_stale_lock_has_a_status_of_its_own_and_names_the_packages_and_the_cure() {
    let dir = checkout();
    let gone = mirror(Some(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ));
    let (code, said) = failure(builder(dir.path(), &["--mirror", &gone, "fetch"]));
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("mmdebstrap") || said.contains("systemd 257"),
        "{said}"
    );
    assert!(said.contains("./just lock"), "{said}");
}

#[test]
fn an_old_lock_is_told_from_a_damaged_one() {
    let dir = checkout();
    std::fs::write(dir.path().join("image/packages.lock"), "format = 0\n").expect("written");
    let (code, said) = failure(builder(dir.path(), &["fetch"]));
    assert_eq!(code, Some(1));
    assert!(
        said.contains("format is 0") && said.contains("./just lock"),
        "{said}"
    );
}

#[test]
fn a_changed_package_list_asks_for_a_new_lock() {
    let dir = checkout();
    let list = dir.path().join("image/packages.toml");
    let text = std::fs::read_to_string(&list).expect("there");
    std::fs::write(&list, text.replace("\"dmsetup\",", "")).expect("written");
    let (code, said) = failure(builder(dir.path(), &["fetch"]));
    assert_eq!(code, Some(1));
    assert!(
        said.contains("packages.toml was changed") && said.contains("./just lock"),
        "{said}"
    );
}

#[test]
fn outside_a_checkout_it_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let (code, said) = failure(builder(dir.path(), &["inspect"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("is not inside a checkout"), "{said}");
}

#[test]
fn an_interruption_ends_it_at_once_and_keeps_nothing_half_made() {
    let dir = checkout();
    let silent = mirror(None);
    let log = std::fs::File::create(dir.path().join("log")).expect("a file");
    let cmd = builder(dir.path(), &["--mirror", &silent, "fetch"]).stderr(Stdio::File(log));
    let mut running = spawn(cmd).expect("started");
    let said = || std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !said().contains("Fetching") {
        assert!(Instant::now() < deadline, "it never began: {}", said());
        std::thread::yield_now();
    }
    kill(Pid::from_raw(running.id().cast_signed()), Signal::SIGINT).expect("sent");
    let status = running
        .wait_until(Some(deadline))
        .expect("waited")
        .expect("it ended in time");
    assert_eq!((status.code(), status.signal()), (Some(130), None), "{}", said());
    assert!(said().contains("run the same command again"), "{}", said());
    let whole = std::fs::read_dir(dir.path().join("cache/objects"))
        .expect("a folder")
        .flatten()
        .filter(|entry| entry.path().extension().is_none())
        .count();
    assert_eq!(whole, 0, "nothing was ever received");
}

#[test]
fn without_the_right_to_namespaces_it_says_what_to_change() {
    if !geteuid().is_root() {
        eprintln!("skipped: only root can give up the right that is tried here");
        return;
    }
    let dir = checkout();
    let cmd = Cmd::new("setpriv")
        .args([
            "--bounding-set=-sys_admin",
            "--inh-caps=-sys_admin",
            BUILDER,
            "build",
        ])
        .dir(dir.path())
        .env("POCKETSTACK_CACHE", dir.path().join("cache"));
    let (code, said) = failure(cmd);
    assert_eq!(code, Some(1));
    assert!(said.contains("the kernel refuses a mount namespace"), "{said}");
}
