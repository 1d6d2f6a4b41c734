//! A pseudo-terminal for the child, so that it behaves as at a terminal although its output goes through the
//! mask; and our own terminal meanwhile.
//!
//! Between us and the child stands a *monitor*: the leader of the session on the pseudo-terminal. It does
//! nothing but wait for the child and tell us. Without it the child would lead its session, its process group
//! would count as orphaned, and nothing could be stopped with Ctrl-Z.

use super::process::{self, Change, End, NotRun, Process, Program};
use super::raw::{self, Fork};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Rlimit, WaitOptions};
use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, OptionalActions, OutputModes, Termios, Winsize};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::Mutex;

/// The size of a terminal where we have none: wide, so that tools do not wrap lines.
const SIZE: Winsize = Winsize { ws_row: 100, ws_col: 160, ws_xpixel: 0, ws_ypixel: 0 };

/// How our terminal was before we changed it; for whoever ends the process.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Which of the child's streams are on the pseudo-terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// Standard input is; otherwise it is inherited.
    pub input: bool,
    /// Standard error is; otherwise it is a pipe.
    pub error: bool,
}

/// Our side of a pseudo-terminal.
pub struct Pty {
    /// What is read is the child's output, what is written its input.
    pub master: OwnedFd,
}

/// The process that waits for the child.
pub struct Monitor {
    reports: UnixStream,
    pid: Pid,
    ended: bool,
}

/// What the monitor tells: a kind and a number.
const NOT_RUN: u8 = 0;
const STARTED: u8 = 1;
const STOPPED: u8 = 2;
const EXITED: u8 = 3;
const SIGNALED: u8 = 4;
/// Length of a report, in bytes.
const REPORT: usize = 5;

/// Start a command on a pseudo-terminal. `err` is the pipe for standard error where that is not on it.
///
/// # Errors
/// No such command, one that cannot be executed, no pseudo-terminal to be had.
pub fn spawn(
    program: &Program,
    core: &Rlimit,
    streams: Streams,
    err: Option<OwnedFd>,
) -> Result<(Process, Pty), NotRun> {
    let (master, slave) = open(streams.input).map_err(NotRun::Own)?;
    let (mut ours, theirs) = UnixStream::pair().map_err(NotRun::Own)?;
    match raw::fork().map_err(NotRun::Own)? {
        Fork::Child => {
            drop((master, ours));
            monitor(program, core, streams, slave, err, theirs)
        }
        Fork::Parent(pid) => {
            drop((slave, err, theirs));
            let mut first = [0; REPORT];
            ours.read_exact(&mut first).map_err(NotRun::Own)?;
            let number = i32::from_le_bytes([first[1], first[2], first[3], first[4]]);
            match (first[0], Pid::from_raw(number)) {
                (STARTED, Some(child)) => {
                    ours.set_nonblocking(true).map_err(NotRun::Own)?;
                    let monitor = Monitor { reports: ours, pid, ended: false };
                    Ok((Process::monitored(child, monitor), Pty { master }))
                }
                _ => Err(NotRun::Command(io::Error::from_raw_os_error(number))),
            }
        }
    }
}

/// A pseudo-terminal with the settings and size of our terminal.
fn open(input: bool) -> io::Result<(OwnedFd, OwnedFd)> {
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let name = rustix::pty::ptsname(&master, Vec::new())?;
    let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let raw = input && in_foreground();
    let settings = Terminal::of_ours().and_then(|terminal| rustix::termios::tcgetattr(terminal).ok());
    if let Ok(mut own) = rustix::termios::tcgetattr(&slave) {
        if let Some(settings) = settings {
            own = settings;
        }
        // Where our terminal turns line feeds into CR LF itself, or no terminal wants it, this one must not.
        if !raw {
            own.output_modes -= OutputModes::OPOST;
        }
        // Nobody types: echoing would only show what the program sent to itself.
        if !input {
            own.local_modes -= LocalModes::ECHO;
        }
        rustix::termios::tcsetattr(&slave, OptionalActions::Now, &own)?;
    }
    rustix::termios::tcsetwinsize(&master, size())?;
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((master, slave))
}

/// The size of our terminal.
fn size() -> Winsize {
    Terminal::of_ours()
        .and_then(|terminal| rustix::termios::tcgetwinsize(terminal).ok())
        .filter(|size| size.ws_col > 0)
        .unwrap_or(SIZE)
}

impl Pty {
    /// Our terminal's size changed.
    pub fn resize(&self) {
        let _ = rustix::termios::tcsetwinsize(&self.master, size());
    }
}

/// The monitor's life.
fn monitor(
    program: &Program,
    core: &Rlimit,
    streams: Streams,
    slave: OwnedFd,
    err: Option<OwnedFd>,
    mut reports: UnixStream,
) -> ! {
    let started = start(program, core, streams, slave, err);
    let mut tell = |kind: u8, number: i32| {
        let [a, b, c, d] = number.to_le_bytes();
        reports.write_all(&[kind, a, b, c, d]).is_ok()
    };
    match started {
        Err(error) => _ = tell(NOT_RUN, error.raw_os_error().unwrap_or(libc::EIO)),
        Ok(child) => {
            tell(STARTED, child.as_raw_nonzero().get());
            let _ = loop {
                match process::waited(child, WaitOptions::empty()) {
                    Some(Change::Stopped) => _ = tell(STOPPED, 0),
                    Some(Change::Ended(End::Exited(status))) => break tell(EXITED, status),
                    Some(Change::Ended(End::Signaled(signal))) => break tell(SIGNALED, signal),
                    Some(Change::Ended(End::Lost)) => break false,
                    None => {}
                }
            };
            // When the leader of a session ends, what is left of it is hung up. That is to happen with the
            // terminal's end, not before everything was read from it.
            let _ = reports.read(&mut [0]);
        }
    }
    signal_hook::low_level::exit(0)
}

fn start(
    program: &Program,
    core: &Rlimit,
    streams: Streams,
    slave: OwnedFd,
    err: Option<OwnedFd>,
) -> io::Result<Pid> {
    rustix::process::setsid()?;
    rustix::process::ioctl_tiocsctty(&slave)?;
    let mut command = program.command(core);
    raw::into_foreground(&mut command, slave.try_clone()?);
    if streams.input {
        command.stdin(Stdio::from(slave.try_clone()?));
    }
    command.stderr(match err {
        Some(err) if !streams.error => Stdio::from(err),
        _ => Stdio::from(slave.try_clone()?),
    });
    command.stdout(Stdio::from(slave));
    command.spawn().map(|child| Pid::from_child(&child))
}

impl Monitor {
    /// To wait on.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.reports.as_fd()
    }

    /// Is there nothing more to wait for?
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// What it told since the last look.
    pub fn change(&mut self) -> Option<Change> {
        if self.ended {
            return None;
        }
        let mut report = [0; REPORT];
        let change = match self.reports.read_exact(&mut report) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(_) => Change::Ended(End::Lost),
            Ok(()) => {
                let number = i32::from_le_bytes([report[1], report[2], report[3], report[4]]);
                match report[0] {
                    STOPPED => Change::Stopped,
                    EXITED => Change::Ended(End::Exited(number)),
                    SIGNALED => Change::Ended(End::Signaled(number)),
                    _ => Change::Ended(End::Lost),
                }
            }
        };
        self.ended = matches!(change, Change::Ended(_));
        Some(change)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.reports.shutdown(std::net::Shutdown::Both);
        let _ = rustix::process::waitpid(Some(self.pid), WaitOptions::empty());
    }
}

/// Our own terminal while the child is on another one: keys are passed on as they are typed.
pub struct Terminal {
    raw: bool,
}

impl Terminal {
    /// The standard stream that is our terminal.
    pub fn of_ours() -> Option<BorrowedFd<'static>> {
        [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()]
            .into_iter()
            .find(|stream| rustix::termios::isatty(stream))
    }

    /// Take the terminal over, where it is ours to take.
    pub fn take() -> Terminal {
        let mut terminal = Terminal { raw: false };
        terminal.resume();
        terminal
    }

    /// Are keys to be read?
    pub fn raw(&self) -> bool {
        self.raw
    }

    /// We are (again) in the foreground, perhaps.
    pub fn resume(&mut self) {
        let input = rustix::stdio::stdin();
        if self.raw || !in_foreground() {
            return;
        }
        let Ok(before) = rustix::termios::tcgetattr(input) else { return };
        let mut settings = before.clone();
        settings.make_raw();
        if let Ok(mut kept) = BEFORE.lock() {
            *kept = Some(before);
        }
        self.raw = rustix::termios::tcsetattr(input, OptionalActions::Drain, &settings).is_ok();
    }

    /// Give the terminal back as it was.
    pub fn restore(&mut self) {
        if std::mem::take(&mut self.raw) {
            restore();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Give our terminal back as it was, if it was changed. For the end of the process in any way.
pub fn restore() {
    if let Ok(mut before) = BEFORE.try_lock()
        && let Some(before) = before.take()
    {
        let _ = rustix::termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &before);
    }
}

/// Is standard input a terminal of which we have the foreground?
fn in_foreground() -> bool {
    rustix::termios::tcgetpgrp(rustix::stdio::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}
