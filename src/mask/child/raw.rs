//! The few system calls that have no safe wrapper. Each is a leaf: what it needs is checked here.
#![allow(unsafe_code, reason = "fork, dispositions of signals and hooks before exec have no safe form")]

use rustix::process::{Resource, Rlimit};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Is a signal ignored? Children inherit that, so such a signal must not get a handler.
pub fn ignored(signal: i32) -> bool {
    // SAFETY: an all-zero `sigaction` is a valid value, and the call only writes to it: a null new action
    // changes nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

/// Take over a file descriptor that was open when the program started. `None` where it is not open, or is a
/// standard stream.
pub fn take_descriptor(number: i32) -> Option<OwnedFd> {
    // SAFETY: F_GETFD on any number is harmless.
    if number <= 2 || unsafe { libc::fcntl(number, libc::F_GETFD) } < 0 {
        return None;
    }
    // SAFETY: the number is open, as just asked, and above the standard streams. It is called first thing,
    // before this program opens files that it keeps, so nothing else here owns the number.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Which side of a fork this is.
pub enum Fork {
    /// The new process.
    Child,
    /// The old one, with the id of the new.
    Parent(rustix::process::Pid),
}

/// Make a copy of this process. Only to be called while it has one thread.
///
/// # Errors
/// What the system says.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: the mask starts no thread on Unix, so no lock can be held by a thread that the new process
    // lacks, and all of the library is usable in it.
    let result = unsafe { libc::fork() };
    match result {
        0 => Ok(Fork::Child),
        pid => rustix::process::Pid::from_raw(pid)
            .filter(|_| pid > 0)
            .map(Fork::Parent)
            .ok_or_else(io::Error::last_os_error),
    }
}

/// Give a command the limit on core dumps that this process had, and let it die with this process, as it
/// would if it stood in its place.
pub fn before_exec(command: &mut Command, core: Rlimit) {
    // SAFETY: the hook runs between fork and exec and makes two plain system calls; it allocates nothing and
    // takes no lock.
    unsafe {
        command.pre_exec(move || {
            let _ = rustix::process::setrlimit(Resource::Core, core);
            #[cfg(any(target_os = "linux", target_os = "android"))]
            let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
            Ok(())
        });
    }
}

/// Put a command in the foreground of a terminal, in a group of its own.
pub fn into_foreground(command: &mut Command, terminal: OwnedFd) {
    // SAFETY: the hook runs between fork and exec and makes plain system calls; it allocates nothing and takes
    // no lock. SIGTTOU must be ignored while a group that is not in the foreground makes itself that, and must
    // have its default again for the program.
    unsafe {
        command.pre_exec(move || {
            let own = rustix::process::getpid();
            rustix::process::setpgid(None, None)?;
            libc::signal(libc::SIGTTOU, libc::SIG_IGN);
            let done = rustix::termios::tcsetpgrp(&terminal, own);
            libc::signal(libc::SIGTTOU, libc::SIG_DFL);
            done.map_err(io::Error::from)
        });
    }
}

/// Stop this process, or its whole group, as Ctrl-Z does. Comes back when it goes on; at once where nobody is
/// there who could make it go on: the kernel then disregards the signal.
pub fn stop(group: bool) {
    // SAFETY: all-zero is a valid `sigaction` and means the default; the old action, of which the kernel gave
    // us a copy, is put back as it was.
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        let mut before: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGTSTP, &raw const default, &raw mut before);
        libc::kill(if group { 0 } else { libc::getpid() }, libc::SIGTSTP);
        libc::sigaction(libc::SIGTSTP, &raw const before, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispositions_and_descriptors() {
        // The Rust runtime ignores it.
        assert!(ignored(libc::SIGPIPE));
        assert!(!ignored(libc::SIGUSR1));
        assert!(!ignored(-1));
        assert!(
            take_descriptor(2).is_none()
                && take_descriptor(999_983).is_none()
                && take_descriptor(-1).is_none()
        );
    }
}
