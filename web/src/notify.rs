//! Tells systemd that the server listens (sd_notify(3)).

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Sends a state such as `READY=1` to the socket systemd has named in the environment; does nothing without one.
///
/// # Errors
/// When the socket cannot be reached.
pub fn notify(state: &str) -> io::Result<()> {
    match env::var_os("NOTIFY_SOCKET") {
        Some(socket) => send(&socket, state),
        None => Ok(()),
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes() {
        // A leading "@" means the abstract name space (sd_notify(3), unix(7)).
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
    };
    let sent = UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)?;
    if sent == state.len() {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::WriteZero))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).expect("something was sent");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_state_reaches_a_socket_in_the_file_system() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("it can be bound");
        send(path.as_os_str(), "READY=1").expect("it is sent");
        assert_eq!(received(&socket), "READY=1");
    }

    #[test]
    fn a_state_reaches_an_abstract_socket() {
        let name = format!("pocketstack-web-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a valid name");
        let socket = UnixDatagram::bind_addr(&address).expect("it can be bound");
        send(OsStr::new(&format!("@{name}")), "READY=1").expect("it is sent");
        assert_eq!(received(&socket), "READY=1");
    }

    #[test]
    fn a_socket_that_is_gone_is_an_error() {
        assert!(send(OsStr::new("/nonexistent/notify"), "READY=1").is_err());
    }
}
