use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// A server that answers one connection; gives its port and its certificate's fingerprint.
fn serve(answer: String) -> (u16, Fingerprint, JoinHandle<()>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let der = made.cert.der().clone();
    let fingerprint = Fingerprint::of(&der);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .expect("a certificate and its key");
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("an address").port();
    let config = Arc::new(config);
    let server = thread::spawn(move || {
        let (tcp, _) = listener.accept().expect("a client");
        let tls = ServerConnection::new(config).expect("TLS");
        let mut stream = StreamOwned::new(tls, tcp);
        let mut request = [0; 4096];
        // A client that refuses the certificate sends no request.
        if stream.read(&mut request).is_ok_and(|count| count > 0) {
            stream.write_all(answer.as_bytes()).expect("answered");
            stream.conn.send_close_notify();
            stream.flush().expect("flushed");
        }
    });
    (port, fingerprint, server)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn fetched(answer: String, pinned: Option<Fingerprint>) -> Result<String, String> {
    let (port, fingerprint, server) = serve(answer);
    let url = format!("https://127.0.0.1:{port}/answers.toml");
    let result = fetch(&url, pinned.unwrap_or(fingerprint), 64).map_err(|error| error.to_string());
    server.join().expect("the server ends well");
    result
}

#[test]
fn the_pinned_server_is_believed_and_no_other() {
    assert_eq!(fetched(ok("version = 1\n"), None).as_deref(), Ok("version = 1\n"));
    let other = Fingerprint::of(b"another certificate");
    let said = fetched(ok("version = 1\n"), Some(other)).expect_err("not that server");
    assert!(
        said.contains("the server's certificate has the fingerprint "),
        "{said}"
    );
    assert!(said.contains(&other.to_string()), "{said}");
}

#[test]
fn large_answers_redirections_and_errors_are_refused() {
    for answer in [
        ok(&"#".repeat(65)),
        "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "nonsense".to_owned(),
    ] {
        let said = fetched(answer.clone(), None).expect_err(&answer);
        assert!(said.contains(" cannot be fetched: "), "{said}");
    }
}

#[test]
fn a_certificate_can_be_looked_at_and_then_pinned() {
    let (port, fingerprint, server) = serve(ok("a secret"));
    assert_eq!(
        look(&format!("https://127.0.0.1:{port}/")).ok(),
        Some(fingerprint)
    );
    server.join().expect("the server ends well");
    let closed = look(&format!("https://127.0.0.1:{port}/")).expect_err("nobody listens");
    assert!(closed.to_string().contains(" cannot be fetched: "), "{closed}");
}

#[test]
fn an_answer_of_an_agent_is_an_answer_whatever_its_status() {
    let (port, fingerprint, server) =
        serve("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno".to_owned());
    let agent = agent(fingerprint, LIMIT).expect("TLS");
    let url = format!("https://127.0.0.1:{port}/");
    let mut answer = agent.get(url).call().expect("an answer");
    assert_eq!(answer.status().as_u16(), 404);
    assert_eq!(answer.body_mut().read_to_string().expect("a body"), "no");
    server.join().expect("the server ends well");
}

#[test]
fn plain_http_is_refused() {
    let error = fetch("http://192.0.2.1/answers.toml", Fingerprint::of(b""), 64).expect_err("not HTTPS");
    assert!(matches!(error, Error::NotHttps { .. }), "{error}");
}

#[test]
fn fingerprints_are_read_with_and_without_colons() {
    let fingerprint = Fingerprint::of(b"a certificate");
    let plain = fingerprint.to_string();
    assert_eq!(plain.parse(), Ok(fingerprint));
    let pairs: Vec<&str> = (0..64).step_by(2).map(|at| &plain[at..at + 2]).collect();
    assert_eq!(pairs.join(":").to_uppercase().parse(), Ok(fingerprint));
    assert_eq!(fingerprint.in_pairs(), pairs.join(":").to_uppercase());
    for bad in [
        "",
        "ab",
        &plain[1..],
        &format!("{plain}0"),
        &plain.replace(&plain[..1], "g"),
    ] {
        assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
    }
}
