//! A time server on the network: SNTP as RFC 4330, section 6, has it, with the clock of the testing machine.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

/// Port of NTP.
pub(super) const PORT: u16 = 123;
/// Length of a packet without extensions.
const PACKET: usize = 48;
/// From the epoch of NTP, 1900, to that of Unix.
const SINCE_1900: u64 = 2_208_988_800;
/// How long it takes at most until a server that was dropped has gone.
const LOOK_UP: Duration = Duration::from_millis(100);

/// The server; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct TimeServer {
    gone: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TimeServer {
    /// Answers on all addresses of this namespace at this port.
    ///
    /// # Errors
    /// Somebody else has the port, or this process may not have it.
    pub(super) fn start(port: u16) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))
            .with_context(|| format!("no time server can be started on port {port}"))?;
        Self::over(socket)
    }

    fn over(socket: UdpSocket) -> Result<Self> {
        socket.set_read_timeout(Some(LOOK_UP))?;
        let gone = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&gone);
        let thread = thread::spawn(move || {
            let mut packet = [0; PACKET];
            while !done.load(Ordering::Relaxed) {
                // An error is the end of the wait, or a client that has gone; neither is an end of the service.
                let Ok((length, client)) = socket.recv_from(&mut packet) else {
                    continue;
                };
                if let Some(answer) = answer(&packet[..length], SystemTime::now()) {
                    let _sent = socket.send_to(&answer, client);
                }
            }
        });
        Ok(Self {
            gone,
            thread: Some(thread),
        })
    }
}

impl Drop for TimeServer {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has gone as well.
            let _ended = thread.join();
        }
    }
}

/// The answer to a client's question; `None` if it is none.
fn answer(question: &[u8], now: SystemTime) -> Option<[u8; PACKET]> {
    let version = (question.first()? >> 3) & 0b111;
    let mode = question.first()? & 0b111;
    // Mode 3 is a client.
    if question.len() < PACKET || mode != 3 || version == 0 {
        return None;
    }
    let mut answer = [0; PACKET];
    // No leap second; the client's version; mode 4 is a server.
    answer[0] = version << 3 | 4;
    // Stratum 1: it has a clock of its own. Its precision is a microsecond, 2 to the power of -20.
    answer[1] = 1;
    answer[2] = question[2];
    answer[3] = 0xec;
    answer[12..16].copy_from_slice(b"LOCL");
    let now = timestamp(now);
    // When the clock was set, when the question came, when the answer goes; and what the client knows it by.
    answer[16..24].copy_from_slice(&now);
    answer[24..32].copy_from_slice(&question[40..48]);
    answer[32..40].copy_from_slice(&now);
    answer[40..48].copy_from_slice(&now);
    Some(answer)
}

/// Seconds since 1900, which wrap in 2036, and 2^32ths of a second.
fn timestamp(at: SystemTime) -> [u8; 8] {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = (since.as_secs() + SINCE_1900) << 32;
    let parts = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (seconds | parts).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> [u8; PACKET] {
        let mut question = [0; PACKET];
        question[0] = 4 << 3 | 3;
        question[40..48].copy_from_slice(b"a cookie");
        question
    }

    #[test]
    fn the_answer_has_the_time_and_the_clients_cookie() {
        // RFC 868: 2,629,584,000 seconds after 1900 is 1 May 1983.
        let may = UNIX_EPOCH + Duration::new(420_595_200, 500_000_000);
        let answer = answer(&question(), may).expect("a client asks");
        assert_eq!((answer[0], answer[1]), (0b00_100_100, 1));
        assert_eq!(&answer[24..32], b"a cookie");
        assert_eq!(answer[40..44], 2_629_584_000_u32.to_be_bytes());
        assert_eq!(answer[44..48], [0x80, 0, 0, 0]);
    }

    #[test]
    fn only_clients_are_answered() {
        assert_eq!(answer(&question()[..47], UNIX_EPOCH), None);
        let mut server = question();
        server[0] = 4 << 3 | 4;
        assert_eq!(answer(&server, UNIX_EPOCH), None);
        assert_eq!(answer(&[], UNIX_EPOCH), None);
    }

    #[test]
    fn it_answers_until_it_is_dropped() {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("any port");
        let port = socket.local_addr().expect("bound").port();
        let server = TimeServer::over(socket).expect("started");
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
        client
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("set");
        client.connect((Ipv4Addr::LOCALHOST, port)).expect("a way there");
        client.send(&question()).expect("sent");
        let mut packet = [0; PACKET];
        assert_eq!(client.recv(&mut packet).expect("an answer"), PACKET);
        drop(server);
        assert!(
            UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok(),
            "the port is still taken"
        );
    }
}
