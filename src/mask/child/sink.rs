//! Where masked output goes: one of our own standard streams, written to without ever waiting for its
//! reader, so that signals are served meanwhile.

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What a pipe takes without waiting once it is writable (PIPE_BUF on Linux).
const CAREFUL: usize = 4096;
/// Bytes that the pipe behind us may hold, where the system lets us ask.
pub const PIPE: usize = 1 << 20;

/// How a stream can be written to without waiting.
enum Way {
    /// Files and devices take everything at once.
    AtOnce,
    /// A description of our own, which does not wait. The flag on the inherited one would be seen by all who
    /// share it.
    Own(OwnedFd),
    /// A socket.
    Socket,
    /// Small pieces, each after a look whether it fits.
    Pieces,
}

/// A stream to write to.
pub struct Sink {
    stream: BorrowedFd<'static>,
    way: Way,
    /// What waits to be written.
    pub buffer: Vec<u8>,
    written: usize,
}

/// How a write went.
pub enum Wrote {
    /// Everything is out.
    All,
    /// The reader has to make room first.
    Waits,
    /// Nobody reads any more.
    Closed,
    /// It cannot be written.
    Failed(io::Error),
}

impl Sink {
    /// A sink for one of the standard streams.
    pub fn new(stream: BorrowedFd<'static>) -> Sink {
        let kind = rustix::fs::fstat(stream).map(|about| FileType::from_raw_mode(about.st_mode));
        let way = match kind {
            Ok(FileType::Fifo) => {
                #[cfg(any(target_os = "linux", target_os = "android"))]
                let _ = rustix::pipe::fcntl_setpipe_size(stream, PIPE);
                reopened(stream).map_or(Way::Pieces, Way::Own)
            }
            Ok(FileType::Socket) => Way::Socket,
            Ok(FileType::CharacterDevice) if rustix::termios::isatty(stream) => {
                reopened(stream).map_or(Way::Pieces, Way::Own)
            }
            _ => Way::AtOnce,
        };
        Sink { stream, way, buffer: Vec::new(), written: 0 }
    }

    /// Is there nothing to write?
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The stream, to wait until it is writable.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.way {
            Way::Own(own) => own.as_fd(),
            _ => self.stream,
        }
    }

    /// Write what waits.
    pub fn write(&mut self) -> Wrote {
        while self.written < self.buffer.len() {
            let rest = &self.buffer[self.written..];
            let wrote = match &self.way {
                Way::AtOnce => rustix::io::write(self.stream, rest),
                Way::Own(own) => rustix::io::write(own, rest),
                Way::Socket => {
                    rustix::net::send(self.stream, rest, rustix::net::SendFlags::DONTWAIT | no_signal())
                }
                Way::Pieces if !self.writable() => Err(Errno::AGAIN),
                Way::Pieces => rustix::io::write(self.stream, &rest[..rest.len().min(CAREFUL)]),
            };
            match wrote {
                Ok(count) => self.written += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Wrote::Waits,
                // A terminal that is gone answers EIO.
                Err(Errno::PIPE | Errno::CONNRESET) => return Wrote::Closed,
                Err(Errno::IO) if rustix::termios::isatty(self.stream) => return Wrote::Closed,
                Err(error) => return Wrote::Failed(error.into()),
            }
        }
        self.buffer.clear();
        self.written = 0;
        Wrote::All
    }

    fn writable(&self) -> bool {
        let mut poll = [rustix::event::PollFd::new(&self.stream, rustix::event::PollFlags::OUT)];
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        rustix::event::poll(&mut poll, Some(&now)).is_ok_and(|ready| ready > 0)
    }
}

fn no_signal() -> rustix::net::SendFlags {
    #[cfg(not(any(target_vendor = "apple", windows)))]
    return rustix::net::SendFlags::NOSIGNAL;
    #[cfg(any(target_vendor = "apple", windows))]
    rustix::net::SendFlags::empty()
}

/// Open the pipe or terminal behind a descriptor anew, so that not waiting is a property of ours alone.
fn reopened(stream: BorrowedFd<'_>) -> Option<OwnedFd> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&stream));
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}
