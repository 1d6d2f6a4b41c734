//! The loop: moves output through the mask, passes signals on, and knows when it is over. It waits in one
//! place, for everything at once, and only has a time limit while something is held back or a child that
//! ended left its output open.

use super::process::{Change, End, Place, Process};
use super::pty::{Pty, Terminal};
use super::raw::{self, Fork};
use super::signals::{Came, Signals};
use super::sink::{self, Sink, Wrote};
use crate::mask::sources::socket::Server;
use crate::mask::stream::{Shared, Stream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Bytes that are read at a time.
const CHUNK: usize = 128 << 10;
/// Longest pause between two looks at what is held back; after that it waits for more input.
const LAST_TICK: Duration = Duration::from_secs(2);
/// How long the output of an ended child may be silent before it is left to whoever still holds it.
const SILENCE: Duration = Duration::from_millis(250);
/// How long the output of an ended child is followed at most.
const FOLLOWED: Duration = Duration::from_secs(5);

/// Where output comes from.
pub enum Source {
    /// Our end of a pipe or pseudo-terminal, which does not wait.
    Own(OwnedFd),
    /// A standard stream: read only when there is something.
    Inherited(BorrowedFd<'static>),
    /// Nothing more comes.
    Closed,
}

impl Source {
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Source::Own(own) => Some(own.as_fd()),
            Source::Inherited(stream) => Some(*stream),
            Source::Closed => None,
        }
    }
}

/// One way from a source through the mask to a sink.
pub struct Channel {
    source: Source,
    stream: Stream,
    sink: Sink,
    /// When something came last.
    last: Instant,
    /// The next look at what is held back, counted from `last`.
    tick: Duration,
}

impl Channel {
    /// A channel to one of our standard streams.
    pub fn new(source: Source, stream: Stream, to: BorrowedFd<'static>) -> Channel {
        // More at a time costs less; what is no pipe says no.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Source::Inherited(fd) = &source {
            let _ = rustix::pipe::fcntl_setpipe_size(fd, sink::PIPE);
        }
        Channel { source, stream, sink: Sink::new(to), last: Instant::now(), tick: Duration::ZERO }
    }

    /// The stream, for its report.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    fn open(&self) -> bool {
        !matches!(self.source, Source::Closed)
    }

    fn done(&self) -> bool {
        !self.open() && self.sink.is_empty()
    }
}

/// What is there besides output while a command runs.
pub struct Run {
    /// The child.
    pub process: Process,
    /// Our signals.
    pub signals: Signals,
    /// Its pseudo-terminal.
    pub pty: Option<Pty>,
    /// Our terminal.
    pub terminal: Option<Terminal>,
    /// Keys on their way to the pseudo-terminal.
    pub typed: Zeroizing<Vec<u8>>,
    /// A stop was asked for and passed on.
    pub stopping: bool,
}

/// Everything in motion.
pub struct Pump {
    /// What the streams share.
    pub shared: Shared,
    /// Standard output, and standard error where that is another stream.
    pub channels: Vec<Channel>,
    /// The command.
    pub run: Option<Run>,
    /// Takes secrets while it runs.
    pub server: Option<Server>,
    /// How long input may pause before held bytes are looked at.
    pub idle: Duration,
    /// Stay until nobody holds the output of the command any more.
    pub wait_daemons: bool,
}

/// How it went.
#[derive(Default)]
pub struct Over {
    /// How the child ended.
    pub end: Option<End>,
    /// Our own failure: what could not be read or written.
    pub failure: Option<io::Error>,
    /// The reader of standard output went away.
    pub closed: bool,
    /// The child ended, and somebody still holds its output.
    pub lingers: bool,
    ended_at: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Tag {
    Signals,
    Monitor,
    Channel(usize),
    Keys,
    Typed,
    Server,
}

impl Pump {
    /// Move until it is over.
    pub fn go(&mut self) -> Over {
        let mut over = Over::default();
        let mut buffer = Zeroizing::new(vec![0; CHUNK]);
        loop {
            self.changes(&mut over);
            if self.finished(&mut over) {
                return over;
            }
            let ready = self.wait(&over);
            for tag in ready {
                match tag {
                    Tag::Signals => self.signals(&mut over),
                    Tag::Channel(index) => self.channel(index, &mut buffer, &mut over),
                    Tag::Keys => self.keys(),
                    Tag::Typed => self.type_on(),
                    Tag::Server => self.serve(),
                    // Looked at with the next turn.
                    Tag::Monitor => {}
                }
            }
            self.tick(&mut over);
        }
    }

    /// Hand what is still open over to a process of its own, which masks on until nobody holds it any more.
    /// False where that cannot be: then the caller has to stay.
    pub fn hand_over(&mut self) -> bool {
        match raw::fork() {
            Err(_) => false,
            Ok(Fork::Parent(_)) => {
                self.channels.iter_mut().for_each(|channel| channel.source = Source::Closed);
                true
            }
            Ok(Fork::Child) => {
                let _ = rustix::process::setsid();
                // The socket is the parent's to remove.
                std::mem::forget(self.server.take());
                self.wait_daemons = true;
                self.go();
                signal_hook::low_level::exit(0)
            }
        }
    }

    /// Is there nothing more to do?
    fn finished(&mut self, over: &mut Over) -> bool {
        let child_runs = self.run.is_some() && over.end.is_none();
        if self.channels.iter().all(Channel::done) {
            return !child_runs;
        }
        let Some(ended_at) = over.ended_at.filter(|_| !self.wait_daemons) else { return false };
        let last = self.channels.iter().map(|channel| channel.last).max().unwrap_or(ended_at);
        let silent = last.max(ended_at).elapsed() >= SILENCE || ended_at.elapsed() >= FOLLOWED;
        // What cannot be written yet is ours to write, however long the reader takes.
        over.lingers = silent && self.channels.iter().all(|channel| channel.sink.is_empty());
        over.lingers
    }

    /// Wait until something can be done.
    fn wait(&self, over: &Over) -> Vec<Tag> {
        let mut fds = Vec::with_capacity(8);
        let mut tags = Vec::with_capacity(8);
        let mut signals = None;
        let mut typed = None;
        if let Some(run) = &self.run {
            signals = Some(run.signals.as_fd());
            if let Some(monitor) = run.process.monitor().filter(|monitor| !monitor.ended()) {
                fds.push(PollFd::from_borrowed_fd(monitor.as_fd(), PollFlags::IN));
                tags.push(Tag::Monitor);
            }
            if let Some(pty) = &run.pty {
                let keys = run.terminal.as_ref().is_some_and(Terminal::raw) && over.end.is_none();
                if !run.typed.is_empty() {
                    typed = Some(pty.master.as_fd());
                } else if keys {
                    fds.push(PollFd::from_borrowed_fd(rustix::stdio::stdin(), PollFlags::IN));
                    tags.push(Tag::Keys);
                }
            }
        }
        for (fd, flags, tag) in [(signals, PollFlags::IN, Tag::Signals), (typed, PollFlags::OUT, Tag::Typed)]
        {
            if let Some(fd) = fd {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
                tags.push(tag);
            }
        }
        for (index, channel) in self.channels.iter().enumerate() {
            if !channel.sink.is_empty() {
                fds.push(PollFd::from_borrowed_fd(channel.sink.as_fd(), PollFlags::OUT));
            } else if let Some(source) = channel.source.as_fd() {
                fds.push(PollFd::from_borrowed_fd(source, PollFlags::IN));
            } else {
                continue;
            }
            tags.push(Tag::Channel(index));
        }
        let own = fds.len();
        if let Some(server) = &self.server {
            server.watch(&mut fds);
        }
        let timeout = self
            .timeout(over)
            .map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() });
        // An interrupted wait has nothing ready; so has one with a bad descriptor, which then shows in the
        // read or write itself.
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return Vec::new();
        }
        let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let mut ready: Vec<Tag> =
            fds.iter().zip(&tags).filter(|(fd, _)| is_ready(fd)).map(|(_, tag)| *tag).collect();
        if fds[own..].iter().any(is_ready) {
            // First: what is registered now is masked in what is read next.
            ready.insert(0, Tag::Server);
        }
        ready
    }

    /// How long to wait at most; for ever where nothing is due.
    fn timeout(&self, over: &Over) -> Option<Duration> {
        let ticks = self
            .channels
            .iter()
            .filter(|channel| channel.due())
            .map(|channel| channel.tick.max(self.idle).saturating_sub(channel.last.elapsed()));
        let ended = over.ended_at.filter(|_| !self.wait_daemons).map(|ended_at| {
            let last = self.channels.iter().map(|channel| channel.last).max().unwrap_or(ended_at);
            let silence = SILENCE.saturating_sub(last.max(ended_at).elapsed());
            silence.min(FOLLOWED.saturating_sub(ended_at.elapsed()))
        });
        // Where the reader of our output is slow there is no hurry.
        let ended = ended.filter(|_| self.channels.iter().all(|channel| channel.sink.is_empty()));
        ticks.chain(ended).min()
    }

    fn channel(&mut self, index: usize, buffer: &mut [u8], over: &mut Over) {
        let channel = &mut self.channels[index];
        if channel.sink.is_empty() {
            let Some(source) = channel.source.as_fd() else { return };
            match rustix::io::read(source, &mut *buffer) {
                Ok(0) => channel.end(&mut self.shared),
                Ok(count) => {
                    channel.stream.push(&mut self.shared, &buffer[..count], &mut channel.sink.buffer);
                    channel.last = Instant::now();
                    channel.tick = Duration::ZERO;
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                // So ends a pseudo-terminal that nobody holds any more.
                Err(Errno::IO) if self.run.as_ref().is_some_and(|run| run.pty.is_some()) => {
                    channel.end(&mut self.shared);
                }
                Err(error) => {
                    channel.source = Source::Closed;
                    over.failure.get_or_insert(error.into());
                }
            }
        }
        self.write(index, over);
    }

    fn write(&mut self, index: usize, over: &mut Over) {
        let channel = &mut self.channels[index];
        match channel.sink.write() {
            Wrote::All | Wrote::Waits => return,
            Wrote::Closed => over.closed |= index == 0,
            Wrote::Failed(error) => {
                over.failure.get_or_insert(error);
            }
        }
        // The child gets to know by its own broken pipe.
        channel.source = Source::Closed;
        channel.sink.buffer.clear();
        if over.failure.is_some() {
            self.channels.iter_mut().for_each(|channel| channel.source = Source::Closed);
        }
        if let Some(run) = self.run.as_mut().filter(|_| self.channels.iter().all(|channel| !channel.open())) {
            run.pty = None;
        }
    }

    fn tick(&mut self, over: &mut Over) {
        for index in 0..self.channels.len() {
            let channel = &mut self.channels[index];
            let paused = channel.last.elapsed();
            if channel.due() && paused >= channel.tick.max(self.idle) {
                channel.stream.tick(&mut self.shared, paused, &mut channel.sink.buffer);
                channel.tick = (paused * 2).max(self.idle);
                self.write(index, over);
            }
        }
    }

    fn serve(&mut self) {
        let Shared { known, engine, .. } = &mut self.shared;
        if let Some(server) = &mut self.server {
            server.serve(&mut |name, value| known.learn(engine.as_deref(), name, value));
        }
    }

    fn keys(&mut self) {
        let Some(run) = &mut self.run else { return };
        let mut keys = Zeroizing::new([0u8; 4096]);
        match rustix::io::read(rustix::stdio::stdin(), &mut keys[..]) {
            Ok(count) if count > 0 => run.typed.extend_from_slice(&keys[..count]),
            Err(Errno::AGAIN | Errno::INTR) => {}
            // The terminal is gone.
            _ => run.terminal = None,
        }
        self.type_on();
    }

    fn type_on(&mut self) {
        let Some(Run { pty: Some(pty), typed, .. }) = &mut self.run else { return };
        match rustix::io::write(&pty.master, typed) {
            Ok(count) => drop(typed.drain(..count)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => typed.clear(),
        }
    }

    fn signals(&mut self, over: &mut Over) {
        let Some(run) = &mut self.run else { return };
        for Came { signal, sent } in run.signals.came() {
            if signal == Signal::CHILD {
                continue;
            }
            if over.end.is_some() {
                // The child is gone: the signal is for us, who only follow what it left behind.
                if matches!(signal, Signal::INT | Signal::TERM | Signal::HUP | Signal::QUIT) {
                    let open = self.channels.iter_mut().filter(|channel| channel.open());
                    open.for_each(|channel| channel.end(&mut self.shared));
                    return;
                }
                continue;
            }
            if signal == Signal::WINCH
                && let Some(pty) = &run.pty
            {
                pty.resize();
                continue;
            }
            if signal == Signal::CONT
                && let Some(terminal) = &mut run.terminal
            {
                terminal.resume();
            }
            // What the kernel sends because of the terminal reaches a child of our group by itself.
            if sent || run.process.place() != Place::Shared {
                run.process.signal(signal);
            }
            run.stopping |= signal == Signal::TSTP;
        }
    }

    /// What became of the child.
    fn changes(&mut self, over: &mut Over) {
        let Some(run) = self.run.as_mut().filter(|_| over.end.is_none()) else { return };
        while let Some(change) = run.process.change() {
            match change {
                Change::Stopped => run.stopped(),
                Change::Ended(end) => {
                    over.end = Some(end);
                    over.ended_at = Some(Instant::now());
                    return;
                }
            }
        }
    }
}

impl Channel {
    /// Is it time to look at what is held back, some time?
    fn due(&self) -> bool {
        self.open() && self.sink.is_empty() && self.stream.holding() && self.tick < LAST_TICK
    }

    /// Nothing more comes.
    fn end(&mut self, shared: &mut Shared) {
        self.source = Source::Closed;
        self.stream.finish(shared, &mut self.sink.buffer);
    }
}

impl Run {
    /// The child was stopped: so are we, where somebody is there who can make us go on.
    fn stopped(&mut self) {
        let place = self.process.place();
        if place == Place::Group && !std::mem::take(&mut self.stopping) {
            return;
        }
        if let Some(terminal) = &mut self.terminal {
            terminal.restore();
        }
        raw::stop(place == Place::Pty);
        if let Some(terminal) = &mut self.terminal {
            terminal.resume();
        }
        if let Some(pty) = &self.pty {
            pty.resize();
        }
        if place != Place::Shared {
            self.process.signal(Signal::CONT);
        }
    }
}
