//! Somebody at a serial line who types.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};

/// Keys as a terminal sends them.
pub mod keys {
    /// To the next field, or what the button does.
    pub const ENTER: &str = "\r";
    /// To the end of a form.
    pub const PAGE_DOWN: &str = "\x1b[6~";
    /// Ctrl-U: empties a field.
    pub const CLEAR: &str = "\x15";
    /// Ctrl-L: draws the screen anew.
    pub const REDRAW: &str = "\x0c";
}

/// The first serial line of a machine, to type on; what the machine writes is in its log ([`crate::serial`]).
#[derive(Debug)]
pub struct Keyboard {
    line: UnixStream,
}

impl Keyboard {
    /// Connects to QEMU's socket for the port.
    ///
    /// # Errors
    /// Nobody listens, or somebody types there already and the line is taken.
    pub fn connect(socket: &Path) -> Result<Self> {
        let line = UnixStream::connect(socket).with_context(|| format!("{}", socket.display()))?;
        let heard = line.try_clone()?;
        // QEMU holds the machine's writing up for who is connected and does not read.
        thread::spawn(move || drain(heard));
        Ok(Self { line })
    }

    /// Types this. It comes in order, but is read when the machine gets to it.
    ///
    /// # Errors
    /// The machine is gone.
    pub fn types(&mut self, text: &str) -> Result<()> {
        self.line
            .write_all(text.as_bytes())
            .context("nobody listens at the serial line any more")
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // Ends the reading too. A line that is gone already needs no end.
        let _ = self.line.shutdown(Shutdown::Both);
    }
}

fn drain(mut line: UnixStream) {
    let mut chunk = [0; 4096];
    loop {
        match line.read(&mut chunk) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_the_machine_writes_never_waits_for_the_one_who_types() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("ttyS0");
        let machine = UnixListener::bind(&socket).expect("a socket");
        let mut keyboard = Keyboard::connect(&socket).expect("connected");
        let (mut machine, _) = machine.accept().expect("somebody");
        // Far more than a socket holds.
        machine.write_all(&vec![b'x'; 4 << 20]).expect("all is read");
        keyboard.types("s").expect("typed");
        keyboard.types(keys::PAGE_DOWN).expect("typed");
        let mut typed = [0; 5];
        machine.read_exact(&mut typed).expect("it comes");
        assert_eq!(&typed, b"s\x1b[6~");
        drop(keyboard);
        assert_eq!(machine.read(&mut typed).expect("the end"), 0);
    }
}
