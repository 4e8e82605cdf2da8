//! A text terminal: opened, made to give single keys, and put back as it was.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::termios::{self, ControlFlags, SetArg, Termios};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::render::LEAST;

/// A terminal to draw on, and to read keys from if it has any.
pub struct Terminal {
    screen: Arc<File>,
    keys: Option<AsyncFd<Raw>>,
}

impl Terminal {
    /// Opens what is at this path. Must be called inside a runtime.
    ///
    /// # Errors
    /// In words: why nothing can be drawn there. A terminal that gives no keys is no error.
    pub fn open(path: &Path) -> Result<Self, String> {
        // A serial port that only exists as a name is told by its terminal settings, which cannot be read.
        let screen = open(path, File::options().write(true), OFlag::empty())?;
        if !screen.is_terminal() && path.starts_with("/dev") {
            return Err("there is no working terminal".to_owned());
        }
        let keys = if screen.is_terminal() {
            raw(path)
                .inspect_err(|why| tracing::warn!("{} gives no keys: {why}", path.display()))
                .ok()
        } else {
            None
        };
        Ok(Self {
            screen: Arc::new(screen),
            keys,
        })
    }

    /// The part that is drawn on. Writing to it may take long.
    pub fn screen(&self) -> Arc<File> {
        self.screen.clone()
    }

    /// Lines it has, as far as it tells: a serial line does not.
    pub fn height(&self) -> usize {
        let mut size = libc::winsize {
            ws_row: 0,
            ws_col: 0,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        // SAFETY: the descriptor is open as long as `self`, and TIOCGWINSZ writes one winsize (ioctl_tty(2)).
        let told = unsafe { ioctl::window_size(self.screen.as_raw_fd(), &raw mut size) };
        match told {
            Ok(_) if size.ws_row > 0 => usize::from(size.ws_row),
            _ => LEAST,
        }
    }

    /// The next bytes of keys; waits for ever where there are none to come. Nothing is lost if the wait is given up.
    ///
    /// # Errors
    /// No more will come.
    pub async fn read(&self) -> io::Result<Vec<u8>> {
        let Some(keys) = &self.keys else {
            return std::future::pending().await;
        };
        let mut bytes = [0; 256];
        let read = keys
            .async_io(Interest::READABLE, |keys| (&keys.file).read(&mut bytes))
            .await?;
        if read == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it was hung up"));
        }
        Ok(bytes[..read].to_vec())
    }
}

mod ioctl {
    nix::ioctl_read_bad!(window_size, nix::libc::TIOCGWINSZ, nix::libc::winsize);
}

fn open(path: &Path, how: &mut std::fs::OpenOptions, flags: OFlag) -> Result<File, String> {
    how.custom_flags((OFlag::O_NOCTTY | flags).bits())
        .open(path)
        .map_err(|error| error.to_string())
}

/// Keys from a descriptor of their own, as reading waits for nobody and writing does.
fn raw(path: &Path) -> Result<AsyncFd<Raw>, String> {
    let file = open(path, File::options().read(true), OFlag::O_NONBLOCK)?;
    let keys = Raw::switch(file).map_err(|error| error.to_string())?;
    // SAFETY: the file stays open, and its descriptor the same, as long as `Raw` lives, which `AsyncFd` now owns.
    let keys = unsafe { AsyncFd::register_with_interest(keys, Interest::READABLE) };
    keys.map_err(|error| error.to_string())
}

/// A terminal that gives each key at once and shows none by itself, until this is dropped.
struct Raw {
    file: File,
    before: libc::termios,
}

impl Raw {
    fn switch(file: File) -> nix::Result<Self> {
        let mut settings = termios::tcgetattr(&file)?;
        let before = settings.clone().into();
        termios::cfmakeraw(&mut settings);
        // A cable of three wires tells nothing of the other end.
        settings.control_flags |= ControlFlags::CLOCAL | ControlFlags::CREAD;
        termios::tcsetattr(&file, SetArg::TCSANOW, &settings)?;
        Ok(Self { file, before })
    }
}

impl AsRawFd for Raw {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // What is still being drawn is not waited for. A terminal that is gone needs nothing.
        let _ = termios::tcsetattr(&self.file, SetArg::TCSANOW, &Termios::from(self.before));
    }
}
