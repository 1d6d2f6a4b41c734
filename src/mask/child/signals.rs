//! Signals that this process gets: which there are, where they came from, and how it ends by one.

use rustix::process::Signal;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;
use std::io;
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;

use super::raw;

/// Signals that are passed on to the child.
const PASSED: [Signal; 10] = [
    Signal::INT,
    Signal::TERM,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::TSTP,
    Signal::CONT,
    Signal::WINCH,
];

/// A signal that came.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// Which.
    pub signal: Signal,
    /// A process sent it; otherwise the kernel did, for instance because of a key at the terminal.
    pub sent: bool,
}

/// Signals of this process as something that can be waited for.
pub struct Signals {
    delivery: SignalDelivery<UnixStream, WithOrigin>,
}

impl Signals {
    /// Catch all signals that are passed on, and the end of children. Signals that are ignored stay so: the
    /// child inherits that. To be called before the child is made.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Signals> {
        let (read, write) = UnixStream::pair()?;
        let caught = PASSED.into_iter().map(Signal::as_raw).filter(|&signal| !raw::ignored(signal));
        let caught: Vec<i32> = caught.chain([Signal::CHILD.as_raw()]).collect();
        let delivery = SignalDelivery::with_pipe(read, write, WithOrigin::default(), &caught)?;
        Ok(Signals { delivery })
    }

    /// To wait on.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }

    /// All that came since the last look.
    pub fn came(&mut self) -> Vec<Came> {
        self.delivery
            .pending()
            .filter_map(|origin| {
                let signal = Signal::from_named_raw(origin.signal)?;
                // Where the system does not say, guess by what keys and terminals give.
                let sent = match origin.cause {
                    Cause::Sent(_) => true,
                    Cause::Unknown => matches!(signal, Signal::TERM | Signal::USR1 | Signal::USR2),
                    _ => false,
                };
                Some(Came { signal, sent })
            })
            .collect()
    }
}

/// End by a signal as the child did, so that our parent sees the same. Comes back where that is not
/// possible.
pub fn die_by(signal: i32) {
    // The kernel keeps signals without a handler from the first process.
    if !rustix::process::getpid().is_init() {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
}
