//! The fetcher against a small server on loopback that answers as mirrors do on good and bad days.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::mirror::Archive;

/// What the server does with the n-th request.
type Behaviour = Arc<dyn Fn(usize, Option<u64>) -> Reply + Send + Sync>;

enum Reply {
    /// Status line and headers as they are, then the body, then the end of the connection.
    Send(&'static str, Vec<u8>),
    /// A promise of `.0` bytes and only `.1` of them.
    Short(usize, Vec<u8>),
}

struct Server {
    base: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}/debian", listener.local_addr().expect("bound"));
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let (mut line, mut range) = (String::new(), None);
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    if let Some(from) = line.to_lowercase().trim().strip_prefix("range: bytes=") {
                        range = from.trim_end_matches('-').parse().ok();
                    }
                    line.clear();
                }
                let (head, length, body) = match behaviour(count.fetch_add(1, Ordering::SeqCst), range) {
                    Reply::Send(status, body) => (status, body.len(), body),
                    Reply::Short(promised, body) => ("200 OK", promised, body),
                };
                let head =
                    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                let mut stream = reader.into_inner();
                // A client that went away is no concern of the server's.
                let _gone = stream
                    .write_all(head.as_bytes())
                    .and_then(|()| stream.write_all(&body));
            }
        });
        Self { base, requests }
    }

    fn mirrors(&self) -> Mirrors {
        Mirrors::find(std::slice::from_ref(&self.base)).expect("given")
    }
}

const CONTENT: &[u8] = b"what the package holds";

fn package() -> Package {
    Package {
        name: "dbus".to_owned(),
        version: "1.16".to_owned(),
        arch: "amd64".to_owned(),
        sha256: hash::of_bytes(CONTENT),
        size: CONTENT.len() as u64,
        archive: Archive::Debian,
        path: "pool/main/d/dbus.deb".to_owned(),
    }
}

fn fetched(server: &Server, objects: &Path) -> Result<()> {
    fetch(objects, &[&package()], &server.mirrors())
}

#[test]
fn a_package_is_fetched_once() {
    let cache = tempfile::tempdir().expect("a folder");
    let server = Server::start(Arc::new(|_, _| Reply::Send("200 OK", CONTENT.to_vec())));
    fetched(&server, cache.path()).expect("first");
    fetched(&server, cache.path()).expect("second");
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
    assert_eq!(
        fs::read(object(cache.path(), &package())).expect("there"),
        CONTENT
    );
}

#[test]
fn a_download_that_breaks_off_is_taken_up_where_it_stopped() {
    let cache = tempfile::tempdir().expect("a folder");
    let server = Server::start(Arc::new(|request, range| match (request, range) {
        (0, None) => Reply::Short(CONTENT.len(), CONTENT[..9].to_vec()),
        (1, Some(9)) => Reply::Send("206 Partial Content", CONTENT[9..].to_vec()),
        other => panic!("unexpected request {other:?}"),
    }));
    fetched(&server, cache.path()).expect("resumed");
    assert_eq!(
        fs::read(object(cache.path(), &package())).expect("there"),
        CONTENT
    );
}

#[test]
fn a_download_that_never_gets_whole_is_told_and_kept_for_later() {
    let cache = tempfile::tempdir().expect("a folder");
    let server = Server::start(Arc::new(|_, range| {
        if range.is_some() {
            Reply::Send("503 Busy", Vec::new())
        } else {
            Reply::Short(CONTENT.len(), CONTENT[..9].to_vec())
        }
    }));
    let error = fetched(&server, cache.path()).expect_err("never whole");
    assert!(error.to_string().contains("name another mirror"), "{error}");
    assert!(!object(cache.path(), &package()).exists());
    let kept = fs::read(cache.path().join(format!("{}.part", package().sha256))).expect("kept");
    assert_eq!(kept, &CONTENT[..9]);
}

#[test]
fn a_wrong_hash_is_told_and_leaves_nothing_behind() {
    let cache = tempfile::tempdir().expect("a folder");
    let server = Server::start(Arc::new(|_, _| Reply::Send("200 OK", vec![b'x'; CONTENT.len()])));
    let error = fetched(&server, cache.path()).expect_err("wrong");
    assert!(error.to_string().contains("tampered"), "{error}");
    assert_eq!(fs::read_dir(cache.path()).expect("a folder").count(), 0);
}

#[test]
fn a_vanished_package_is_an_error_of_its_own() {
    let cache = tempfile::tempdir().expect("a folder");
    let server = Server::start(Arc::new(|_, _| Reply::Send("404 Not Found", Vec::new())));
    let error = fetched(&server, cache.path()).expect_err("gone");
    let Some(Error::Gone(names)) = error.downcast_ref::<Error>() else {
        panic!("{error}")
    };
    assert_eq!(names, &["dbus 1.16"]);
    assert!(error.to_string().contains("./just lock"), "{error}");
}

#[test]
fn no_mirror_at_all_says_so() {
    let cache = tempfile::tempdir().expect("a folder");
    // Bound and closed again: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let mirrors = Mirrors::find(&[format!("http://127.0.0.1:{port}/debian")]).expect("given");
    let error = fetch(cache.path(), &[&package()], &mirrors).expect_err("nobody there");
    assert!(
        matches!(error.downcast_ref(), Some(Error::Unreachable { .. })),
        "{error}"
    );
}

#[test]
fn a_cache_that_cannot_be_written_says_so() {
    let cache = tempfile::tempdir().expect("a folder");
    // A folder where the file should go: the write fails for root as well.
    fs::create_dir(cache.path().join(format!("{}.part", package().sha256))).expect("a folder");
    let server = Server::start(Arc::new(|_, _| Reply::Send("200 OK", CONTENT.to_vec())));
    let error = fetched(&server, cache.path()).expect_err("not writable");
    assert!(error.to_string().contains("POCKETSTACK_CACHE"), "{error}");
}
