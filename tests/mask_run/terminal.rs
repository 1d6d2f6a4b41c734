//! The wrapper at a terminal: keys, job control, size, and the terminal as it was before.
//!
//! `setsid -c` (util-linux) makes the pseudo-terminal of a test the controlling one.

use crate::{SEKISHO, secret};
use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, Winsize};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a process on it.
struct Terminal {
    master: std::fs::File,
    slave: OwnedFd,
    child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Run a script of bash, in which `$M` is `sekisho mask`.
    fn run(script: &str) -> Terminal {
        let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        rustix::pty::grantpt(&master).unwrap();
        rustix::pty::unlockpt(&master).unwrap();
        let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        rustix::termios::tcsetwinsize(&master, size(24, 80)).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        let mut command = Command::new("setsid");
        command.args(["-c", "-w", "bash", "-c", script]);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("MY_TOKEN", secret());
        command.env("M", format!("{SEKISHO} mask --no-mounts"));
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("setsid and bash");
        let master = std::fs::File::from(master);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, sink) = (master.try_clone().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut some) {
                sink.lock().unwrap().extend_from_slice(&some[..count]);
            }
        });
        Terminal { master, slave, child, shown }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Wait until this is shown.
    #[track_caller]
    fn wait_for(&self, text: &str) -> &Terminal {
        let until = Instant::now() + PATIENCE;
        while !self.shown().contains(text) {
            assert!(Instant::now() < until, "no {text:?} in {:?}", self.shown());
            std::thread::sleep(Duration::from_millis(10));
        }
        self
    }

    fn type_keys(&self, keys: &str) {
        (&self.master).write_all(keys.as_bytes()).unwrap();
    }

    /// Do keys show, and do they come a line at a time?
    fn is_cooked(&self) -> bool {
        let modes = rustix::termios::tcgetattr(&self.slave).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    #[track_caller]
    fn wait_until(&self, what: &str, is: impl Fn(&Terminal) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is(self) {
            assert!(Instant::now() < until, "never {what}: {:?}", self.shown());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn status(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < until, "does not end: {:?}", self.shown());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

#[test]
fn a_prompt_is_shown_at_once_and_what_is_typed_arrives() {
    let mut terminal = Terminal::run(
        "$M -- sh -c 'printf \"Name? \"; read x; echo \"is $x $MY_TOKEN\"; stty size; exit 3'; echo status $?",
    );
    terminal.wait_for("Name? ").type_keys("somebody\r");
    terminal.wait_for("is somebody [MASKED:MY_TOKEN]").wait_for("24 80").wait_for("status 3");
    assert_eq!(terminal.status(), Some(0));
    assert!(!terminal.shown().contains(&secret()));
    assert!(terminal.is_cooked());
}

#[test]
fn interrupt_reaches_the_command_alone() {
    if super::is_ignored(2) {
        return;
    }
    let mut terminal = Terminal::run(
        "$M -- bash -c 'trap \"echo got INT; exit 5\" INT; echo ready; while :; do sleep 0.05; done'; echo status $?",
    );
    terminal.wait_for("ready").type_keys("\x03");
    terminal.wait_for("got INT").wait_for("status 5");
    assert_eq!(terminal.status(), Some(0));
    assert!(terminal.is_cooked());
}

#[test]
fn the_size_follows_the_terminal() {
    let mut terminal = Terminal::run(
        "$M -- bash -c 'trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.05; done'",
    );
    terminal.wait_for("ready");
    rustix::termios::tcsetwinsize(&terminal.master, size(33, 77)).unwrap();
    terminal.wait_for("33 77");
    assert_eq!(terminal.status(), Some(0));
}

#[test]
fn stopping_and_going_on_are_those_of_a_job() {
    let mut terminal = Terminal::run(
        "set -m; $M -- bash -c 'echo ready; read x; echo \"read $x\"; exit 4'; echo stopped $?; \
         stty -a | grep -c -- ' -icanon'; fg >/dev/null; echo status $?",
    );
    terminal.wait_for("ready");
    terminal.wait_until("raw", |terminal| !terminal.is_cooked());
    terminal.type_keys("\x1a");
    // 128 and the number of SIGTSTP or SIGSTOP; meanwhile the terminal is as before.
    terminal.wait_for("stopped 14").wait_for("\n0\r\n");
    terminal.wait_until("raw again", |terminal| !terminal.is_cooked());
    terminal.type_keys("more\r");
    terminal.wait_for("read more").wait_for("status 4");
    assert_eq!(terminal.status(), Some(0));
    assert!(terminal.is_cooked());
}

#[test]
fn the_terminal_is_given_back_when_we_are_ended() {
    use rustix::process::{Pid, Signal, kill_process};
    for signal in [Signal::TERM, Signal::HUP, Signal::KILL] {
        // The child holds out a while, and longer than the test where nothing ends it.
        let mut terminal = Terminal::run(
            "(echo mask $BASHPID; exec $M -- bash -c 'trap \"sleep 0.2; exit 0\" TERM HUP; echo ready; \
             for n in {1..600}; do sleep 0.05; done'); echo status $?; stty -a | grep -c -- ' -icanon'; stty sane",
        );
        terminal.wait_for("ready").wait_until("raw", |terminal| !terminal.is_cooked());
        let shown = terminal.shown();
        let number = shown.split("mask ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let mask = Pid::from_raw(number.parse().unwrap()).unwrap();
        kill_process(mask, signal).unwrap();
        terminal.wait_for("status ");
        if signal != Signal::KILL {
            terminal.wait_for("status 0").wait_for("\n0\r\n");
        }
        terminal.status();
    }
}

#[test]
fn no_terminal_for_the_command_in_ci_or_unasked() {
    for (variables, wanted) in [("", "yes"), ("CI=true", "no"), ("GITHUB_ACTIONS=true", "no")] {
        let mut terminal = Terminal::run(&format!(
            "env {variables} $M -- sh -c 'if test -t 1; then echo terminal yes; else echo terminal no; fi'"
        ));
        terminal.wait_for(&format!("terminal {wanted}"));
        assert_eq!(terminal.status(), Some(0));
    }
    let mut terminal = Terminal::run("$M --no-pty -- sh -c 'test -t 1 || echo none'");
    terminal.wait_for("none");
    assert_eq!(terminal.status(), Some(0));
}
