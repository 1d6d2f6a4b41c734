//! The child process: made, signalled, waited for.

use super::pty::Monitor;
use super::raw;
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions, WaitStatus};
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// What to run.
pub struct Program {
    /// The command and its arguments; at least one.
    pub words: Vec<OsString>,
    /// Variables that the child gets besides ours.
    pub variables: Vec<(OsString, OsString)>,
}

impl Program {
    /// The command, with the limit on core dumps that we had ourselves.
    pub fn command(&self, core: &Rlimit) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).envs(self.variables.iter().map(|(name, value)| (name, value)));
        raw::before_exec(&mut command, *core);
        command
    }
}

/// Why a command could not be run.
pub enum NotRun {
    /// There is no such command, or it cannot be executed.
    Command(io::Error),
    /// Our own means failed.
    Own(io::Error),
}

/// Whom signals are passed on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The child's own process group: there is no terminal.
    Group,
    /// The child alone: it shares our group, and what the terminal sends reaches it by itself.
    Shared,
    /// The group on the pseudo-terminal: what our terminal sends reaches only us.
    Pty,
}

/// A child that runs.
pub struct Process {
    pid: Pid,
    place: Place,
    monitor: Option<Monitor>,
}

/// What became of a child.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// It ended.
    Ended(End),
    /// It was stopped.
    Stopped,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this status.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// Nobody knows: the process between it and us was killed.
    Lost,
}

impl Process {
    /// Start a command with these output streams.
    ///
    /// # Errors
    /// No such command, or one that cannot be executed.
    pub fn spawn(
        program: &Program,
        core: &Rlimit,
        out: OwnedFd,
        err: Option<OwnedFd>,
    ) -> Result<Process, NotRun> {
        let mut command = program.command(core);
        let err = match err {
            Some(err) => err,
            None => out.try_clone().map_err(NotRun::Own)?,
        };
        command.stdout(Stdio::from(out)).stderr(Stdio::from(err));
        let place = if has_terminal() { Place::Shared } else { Place::Group };
        if place == Place::Group {
            command.process_group(0);
        }
        let child = command.spawn().map_err(NotRun::Command)?;
        Ok(Process { pid: Pid::from_child(&child), place, monitor: None })
    }

    /// A child on a pseudo-terminal.
    pub fn monitored(pid: Pid, monitor: Monitor) -> Process {
        Process { pid, place: Place::Pty, monitor: Some(monitor) }
    }

    /// Whom signals are passed on to.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Something to wait on besides signals.
    pub fn monitor(&self) -> Option<&Monitor> {
        self.monitor.as_ref()
    }

    /// Send a signal.
    pub fn signal(&self, signal: Signal) {
        // One that ended meanwhile is no error.
        let _ = match self.place {
            Place::Shared => rustix::process::kill_process(self.pid, signal),
            Place::Group | Place::Pty => rustix::process::kill_process_group(self.pid, signal),
        };
    }

    /// What became of the child since the last look.
    pub fn change(&mut self) -> Option<Change> {
        if rustix::process::getpid().is_init() {
            return self.change_among_orphans();
        }
        match &mut self.monitor {
            Some(monitor) => monitor.change(),
            None => waited(self.pid, WaitOptions::NOHANG),
        }
    }

    /// As the first process of a container we inherit orphans, which nobody else waits for.
    fn change_among_orphans(&mut self) -> Option<Change> {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG | WaitOptions::UNTRACED)
        {
            if pid == self.pid && self.monitor.is_none() {
                return change_of(status);
            }
        }
        self.monitor.as_mut().and_then(Monitor::change)
    }
}

/// Wait for a child.
pub fn waited(pid: Pid, options: WaitOptions) -> Option<Change> {
    match rustix::process::waitpid(Some(pid), options | WaitOptions::UNTRACED) {
        Ok(Some((_, status))) => change_of(status),
        Ok(None) | Err(rustix::io::Errno::INTR) => None,
        Err(_) => Some(Change::Ended(End::Lost)),
    }
}

fn change_of(status: WaitStatus) -> Option<Change> {
    if status.stopped() {
        return Some(Change::Stopped);
    }
    let exited = status.exit_status().map(End::Exited);
    exited.or_else(|| status.terminating_signal().map(End::Signaled)).map(Change::Ended)
}

fn has_terminal() -> bool {
    std::fs::OpenOptions::new().read(true).open("/dev/tty").is_ok()
}

/// Core dumps of this process would hold the secrets. Returns the limit that it had.
pub fn without_core_dumps() -> Rlimit {
    let limit = rustix::process::getrlimit(Resource::Core);
    let none = Rlimit { current: Some(0), maximum: limit.maximum };
    let _ = rustix::process::setrlimit(Resource::Core, none);
    limit
}

/// Nobody may read the memory of this process any more, and it leaves no core even through a handler that
/// disregards the limit. From here on `/proc/self` is closed to us as well.
pub fn close_memory() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
