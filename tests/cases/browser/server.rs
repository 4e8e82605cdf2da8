//! A server of HTTPS on loopback, one connection per request, with a certificate of its own making.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a browser asked.
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What it gets.
pub struct Answer {
    pub status: &'static str,
    /// Lines without their end.
    pub headers: Vec<String>,
    pub body: String,
}

type Handler = fn(&Request) -> Answer;

/// Ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    listens: Option<JoinHandle<()>>,
}

/// A browser opens connections ahead and may never use them.
const IDLE: Duration = Duration::from_secs(30);

impl Server {
    /// Listens on a port of its own and answers with `handler`.
    pub fn start(handler: Handler) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on loopback")?;
        let address = listener.local_addr()?;
        let config = Arc::new(tls()?);
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let listens = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), config) = (stream, Arc::clone(&config)) else {
                    continue;
                };
                thread::spawn(move || {
                    // A connection that the browser drops is its own affair; the case sees what the browser makes of it.
                    let _dropped = serve(stream, config, handler);
                });
            }
        });
        Ok(Self {
            address,
            over,
            listens: Some(listens),
        })
    }

    /// Address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener, which then finds that it is over.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(listens) = self.listens.take().filter(|_| woken) {
            let _panicked = listens.join();
        }
    }
}

fn tls() -> Result<ServerConfig> {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key.into())?)
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, handler: Handler) -> Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, stream));
    let request = read(&mut stream)?;
    let answer = handler(&request);
    let stream = stream.get_mut();
    write!(
        stream,
        "HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n",
        answer.status,
        answer.body.len()
    )?;
    for header in &answer.headers {
        write!(stream, "{header}\r\n")?;
    }
    write!(stream, "\r\n{}", answer.body)?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}

fn read(stream: &mut impl BufRead) -> Result<Request> {
    let mut line = || -> Result<String> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = words
        .next()
        .zip(words.next())
        .ok_or_else(|| anyhow!("no request: {first}"))?;
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line()?.split_once(':') {
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(Ok(0), |length| length.parse())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Request {
        method,
        path,
        headers,
        body: String::from_utf8(body)?,
    })
}
