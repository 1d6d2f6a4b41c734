//! Masks the output of a command, or standard input.

use super::args::{Child, Mask};
use super::report::{self, Files, Input};
use super::tell;
use crate::error::Error;
use crate::mask::child::process::{self, End, NotRun, Process, Program};
use crate::mask::child::pty::{self, Pty, Streams, Terminal};
use crate::mask::child::pump::{Channel, Over, Pump, Run, Source};
use crate::mask::child::signals::{self, Signals};
use crate::mask::child::{FAILED, NOT_EXECUTABLE, NOT_FOUND, sink};
use crate::mask::sources::socket::{self, Server};
use crate::mask::stream::{Shared, Stream};
use rustix::process::Rlimit;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long input may pause before held bytes are looked at: for logs, and where a person waits.
const IDLE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(10));

/// Variables that CI systems set.
const CI: [&str; 10] = [
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "TF_BUILD",
    "JENKINS_URL",
    "BUILDKITE",
    "CIRCLECI",
    "TEAMCITY_VERSION",
    "BITBUCKET_BUILD_NUMBER",
    "CODEBUILD_BUILD_ID",
];

/// Mask, and return the status to exit with.
///
/// # Errors
/// What keeps masking from beginning.
pub fn run(args: Mask, shared: Shared, reports: Files) -> Result<u8, Error> {
    let core = process::without_core_dumps();
    let server = server(&args.child, !args.command.is_empty())?;
    let idle = if rustix::termios::isatty(rustix::stdio::stdout()) { IDLE.1 } else { IDLE.0 };
    let mut pump =
        Pump { channels: Vec::new(), run: None, server, idle, wait_daemons: args.child.wait_daemons, shared };
    let over = if args.command.is_empty() {
        let stream = Stream::new(&pump.shared);
        let source = Source::Inherited(rustix::stdio::stdin());
        pump.channels.push(Channel::new(source, stream, rustix::stdio::stdout()));
        process::close_memory();
        pump.go()
    } else {
        if let Err(status) = start(&args, &core, &mut pump) {
            return Ok(status);
        }
        process::close_memory();
        let mut over = pump.go();
        if over.lingers && pump.run.as_ref().is_some_and(|run| run.pty.is_none()) && !pump.hand_over() {
            pump.wait_daemons = true;
            let end = over.end;
            over = pump.go();
            over.end = end;
        }
        over
    };
    Ok(end(&args, pump, over, reports))
}

/// Everything is over: give back the terminal, tell what there is to tell, end as the child did.
fn end(args: &Mask, mut pump: Pump, over: Over, reports: Files) -> u8 {
    pump.run = None; // the terminal is ours again
    pump.server = None;
    for (name, reason) in std::mem::take(&mut pump.shared.weak) {
        if !args.output.quiet {
            tell(&format!("warning: {}", super::secrets::weak_note(&name, reason)));
        }
    }
    let names: &[&str] = match (args.command.is_empty(), pump.channels.len()) {
        (true, _) => &["standard input"],
        (false, 1) => &["output"],
        _ => &["standard output", "standard error"],
    };
    let inputs: Vec<Input> = names
        .iter()
        .zip(&pump.channels)
        .map(|(name, channel)| Input::new(name, channel.stream().report()))
        .collect();
    let mut failure = over.failure.map(|error| format!("output cannot be masked any more: {error}"));
    let leaked = report::leaked(&inputs);
    if args.output.summary {
        report::summary(&inputs, over.lingers).lines().for_each(tell);
    }
    if let Err(error) = reports.write(&inputs) {
        failure.get_or_insert(error.to_string());
    }
    if let Some(failure) = failure {
        tell(&format!("error: {failure}"));
        return FAILED;
    }
    match over.end {
        None if over.closed => {
            signals::die_by(libc::SIGPIPE);
            128 + libc::SIGPIPE as u8
        }
        None | Some(End::Exited(0)) => args.output.fail_on_leak.filter(|_| leaked).unwrap_or(0),
        Some(End::Exited(status)) => status as u8,
        Some(End::Signaled(signal)) => {
            signals::die_by(signal);
            128u8.wrapping_add(signal as u8)
        }
        Some(End::Lost) => {
            tell("error: the process between us and the command was killed; its status is not known");
            FAILED
        }
    }
}

fn server(child: &Child, command: bool) -> Result<Option<Server>, Error> {
    let server = match &child.socket {
        Some(path) => Server::at(path).map_err(|error| Error::Input {
            what: format!("--socket {}", path.display()),
            reason: error.to_string(),
            remedy: "make a directory of your own for it: mktemp -d".to_owned(),
        })?,
        None if !command => return Ok(None),
        // A file system without room for a socket is no reason not to mask.
        None => match Server::new() {
            Ok(server) => server,
            Err(error) => {
                tell(&format!("warning: `sekisho mask add` will not work: no socket: {error}"));
                return Ok(None);
            }
        },
    };
    Ok(Some(server))
}

/// Start the command; the error is the status to exit with.
fn start(args: &Mask, core: &Rlimit, pump: &mut Pump) -> Result<(), u8> {
    let own = |error: io::Error| {
        tell(&format!("error: the command was not run: {error}"));
        FAILED
    };
    let mut variables = Vec::new();
    if let Some(server) = &pump.server {
        variables.push((socket::VARIABLE.into(), server.path().into()));
    }
    let program = Program { words: args.command.clone(), variables };
    let (out, err) = (rustix::stdio::stdout(), rustix::stdio::stderr());
    let together = same_file(out, err);
    // Before the child is there, so that no signal is lost and none is left to its default.
    let signals = Signals::new().map_err(own)?;
    let on_pty = wants_pty(&args.child);
    let apart = !(together || on_pty && rustix::termios::isatty(err));
    let mut error_end = None;
    if apart {
        let (read, write) = pipe().map_err(own)?;
        error_end = Some((read, write));
    }
    let (error_read, error_write) = error_end.map_or((None, None), |(read, write)| (Some(read), Some(write)));
    let started = if on_pty {
        let streams = Streams { input: rustix::termios::isatty(rustix::stdio::stdin()), error: !apart };
        pty::spawn(&program, core, streams, error_write).and_then(|(process, pty)| {
            let source = pty.master.try_clone().map_err(NotRun::Own)?;
            let terminal = streams.input.then(Terminal::take);
            Ok((process, source, Some(pty), terminal))
        })
    } else {
        pipe().map_err(NotRun::Own).and_then(|(read, write)| {
            Process::spawn(&program, core, write, error_write).map(|process| (process, read, None, None))
        })
    };
    let (process, source, pty, terminal): (Process, OwnedFd, Option<Pty>, Option<Terminal>) = match started {
        Ok(started) => started,
        Err(NotRun::Own(error)) => return Err(own(error)),
        Err(NotRun::Command(error)) => return Err(not_run(&args.command[0].to_string_lossy(), &error)),
    };
    pump.channels.push(Channel::new(Source::Own(source), Stream::new(&pump.shared), out));
    if let Some(read) = error_read {
        pump.channels.push(Channel::new(Source::Own(read), Stream::new(&pump.shared), err));
    }
    let typed = Zeroizing::default();
    pump.run = Some(Run { process, signals, pty, terminal, typed, stopping: false });
    Ok(())
}

fn not_run(command: &str, error: &io::Error) -> u8 {
    match error.kind() {
        ErrorKind::NotFound => {
            tell(&format!("error: {command}: command not found"));
            NOT_FOUND
        }
        _ => {
            tell(&format!("error: {command}: cannot be executed: {error}"));
            NOT_EXECUTABLE
        }
    }
}

/// A pipe of which our end, the first, does not wait.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = io::pipe()?;
    let (read, write) = (OwnedFd::from(read), OwnedFd::from(write));
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::pipe::fcntl_setpipe_size(&read, sink::PIPE);
    rustix::io::ioctl_fionbio(&read, true)?;
    Ok((read, write))
}

/// Do two descriptors lead to the same file, pipe or terminal? Then the child gets one pipe for both, which
/// keeps the order of what it writes.
fn same_file(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    let about =
        |fd: BorrowedFd<'_>| rustix::fs::fstat(fd.as_fd()).ok().map(|about| (about.st_dev, about.st_ino));
    about(one).is_some() && about(one) == about(other)
}

/// A terminal for the child: as asked for, or where a person looks at the output. Never in CI, where a
/// terminal changes what tools print.
fn wants_pty(child: &Child) -> bool {
    if child.pty || child.no_pty {
        return child.pty;
    }
    let in_ci = CI.iter().any(|name| {
        std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
    });
    !in_ci && rustix::termios::isatty(rustix::stdio::stdout())
}
