//! HTTPS byte by byte, for what no browser and no curl(1) would send: hostile hosts, half a request, far too much.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::node::Node;

/// A TLS connection to a node.
#[derive(Debug)]
pub struct Wire {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    host: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

impl Heard {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Wire {
    /// Connects, and has shaken hands then. Whatever is said or heard later may take as long as `limit` each.
    ///
    /// # Errors
    /// Nothing listens, or it speaks no TLS.
    pub fn open(node: &Node, limit: Duration) -> Result<Self> {
        let address = node.address();
        let mut tcp = TcpStream::connect_timeout(&address, limit)?;
        tcp.set_read_timeout(Some(limit))?;
        tcp.set_write_timeout(Some(limit))?;
        let name = ServerName::IpAddress(address.ip().into());
        let mut connection = ClientConnection::new(Arc::new(config()?), name)?;
        connection.complete_io(&mut tcp).context("no TLS connection")?;
        Ok(Self {
            stream: BufReader::new(StreamOwned::new(connection, tcp)),
            host: node.url("").trim_start_matches("https://").to_owned(),
        })
    }

    /// Says just these bytes.
    ///
    /// # Errors
    /// The other end does not take them.
    pub fn say(&mut self, bytes: &[u8]) -> Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()?;
        Ok(())
    }

    /// The answer to what was said.
    ///
    /// # Errors
    /// None comes, or it is not HTTP.
    pub fn hear(&mut self) -> Result<Heard> {
        read(&mut self.stream)
    }

    /// Asks for a path with these lines as headers; the right `Host` is added if there is none. The connection can be
    /// used again.
    ///
    /// # Errors
    /// Those of [`Wire::say`] and [`Wire::hear`].
    pub fn get(&mut self, path: &str, headers: &[&str]) -> Result<Heard> {
        let head = self.head("GET", path, headers);
        self.say(format!("{head}\r\n").as_bytes())?;
        self.hear()
    }

    /// Sends a body of this type.
    ///
    /// # Errors
    /// No answer comes. That the other end stops reading is none: it may have answered before.
    pub fn post(&mut self, path: &str, kind: &str, body: &str) -> Result<Heard> {
        let (kind, length) = (
            format!("Content-Type: {kind}"),
            format!("Content-Length: {}", body.len()),
        );
        let head = self.head("POST", path, &[&kind, &length]);
        let sent = self.say(format!("{head}\r\n{body}").as_bytes());
        self.hear()
            .map_err(|error| sent.err().map_or(error, |why| why.context("it was not taken")))
    }

    /// The start of a request, without the empty line that ends its headers.
    pub fn head(&self, method: &str, path: &str, headers: &[&str]) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|line| line.starts_with("Host:")) {
            head += &format!("Host: {}\r\n", self.host);
        }
        for line in headers {
            head += line;
            head += "\r\n";
        }
        head
    }
}

fn read(stream: &mut impl BufRead) -> Result<Heard> {
    let mut line = || -> Result<String> {
        let mut line = String::new();
        let count = stream.read_line(&mut line)?;
        ensure!(count > 0, "the connection was ended without an answer");
        Ok(line.trim_end().to_owned())
    };
    let first = line()?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("this is not HTTP: {first}"))?;
    let mut headers = Vec::new();
    while let Some((name, value)) = line()?.split_once(':') {
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut heard = Heard {
        status,
        headers,
        body: String::new(),
    };
    if heard.header("transfer-encoding") == Some("chunked") {
        heard.body = chunks(stream)?;
        return Ok(heard);
    }
    // Streams of events are the only answers of a node without a length, and nobody listens to them here.
    let length = heard.header("content-length").unwrap_or("0").parse()?;
    heard.body = text(&exactly(stream, length)?);
    Ok(heard)
}

/// Files to keep are archives; of those nobody reads the body here.
fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

fn exactly(stream: &mut impl BufRead, length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 == length, "the answer is cut off");
    Ok(bytes)
}

/// A body in chunks, without trailers (RFC 9112 section 7.1).
fn chunks(stream: &mut impl BufRead) -> Result<String> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        stream.read_line(&mut size)?;
        let digits = size.trim_end().split(';').next().unwrap_or_default();
        let length =
            u64::from_str_radix(digits, 16).with_context(|| format!("\"{digits}\" is no size of a chunk"))?;
        body.extend(exactly(stream, length)?);
        let end = exactly(stream, 2)?;
        ensure!(end == b"\r\n", "a chunk does not end after its size");
        if length == 0 {
            return Ok(text(&body));
        }
    }
}

fn config() -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth())
}

/// Takes anybody's certificate; that its key is the one that signs is checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        let mut said: &[u8] =
            b"HTTP/1.1 303 See Other\r\nLocation: /sign-in\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200";
        let heard = read(&mut said).expect("an answer");
        assert_eq!((heard.status, heard.body.as_str()), (303, "ok"));
        assert_eq!(heard.header("location"), Some("/sign-in"));
        assert_eq!(said, b"HTTP/1.1 200");
        for wrong in [
            "",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n",
        ] {
            assert!(read(&mut wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn chunks_are_put_together() {
        let mut said: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\nca\xc3\r\nB;x=y\r\n\xa30123456789\r\n0\r\n\r\nHTTP";
        assert_eq!(read(&mut said).expect("an answer").body, "ca\u{e3}0123456789");
        assert_eq!(said, b"HTTP");
    }
}
