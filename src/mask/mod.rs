//! Masks secrets in a stream of bytes: known values in any spelling, and unknown ones by the rules of
//! the engine. No input or output happens here.
//!
//! What a [`Masker`] promises, and `tests/mask_core` tests:
//! - In whatever pieces a text comes, the same comes out (as long as there are no pauses).
//! - No byte that can be part of a secret leaves before that is decided. What is held back is the shortest
//!   end of the input from which a secret could still come about: of a known value at most fifteen bytes
//!   as they are read (or all but one of a plain value), and whatever escapes stand between them; of an
//!   unknown one a word that is being written, a value behind a name, a line of a private key. All else
//!   leaves in the same call.
//! - After a pause everything leaves but known values that have begun, of which at most four bytes (and at
//!   most a fifth) are shown. What follows is still masked.
//! - A text without secrets passes byte for byte. Line ends and control sequences inside what is masked
//!   stay, so that lines keep their numbers and colours end.
//! - Memory does not grow with the input.
//!
//! How: `reader` reads the input in all views (escapes undone, terminal sequences gone, encodings
//! decoded) and `needles` finds pieces of values in each; [`crate::engine::live`] asks the rules;
//! `emit` writes.
//!
//! Around the core: [`derive`] makes the spellings of a known secret and says how surely each can be told
//! from ordinary text, [`known`] keeps what is known, [`sources`] are the places where secrets are learned
//! from, [`stream`] is a masker with the host's commands, and [`child`] runs a command with its output
//! behind the mask.

pub mod child;
pub mod derive;
mod emit;
mod forms;
mod glance;
pub mod known;
mod learn;
mod needles;
mod reader;
mod report;
mod shown;
pub mod sources;
pub mod stream;
mod text;
mod words;

use crate::engine::Engine;
use crate::engine::live::{Covered, Findings, Learned, Live};
use crate::rules::RuleIndex;
use emit::{Cover, Emitter, Label, Writer};
use needles::Needles;
use reader::{Hit, Readers, Shared};
use shown::{Open, Shown};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use text::Source;
use zeroize::{Zeroize, Zeroizing};

pub use report::{Form, Late, Masked, PLACES, Report};

/// How well a value can be told from ordinary text. Weaker values than these must not be given to a
/// masker: they would make holes in every log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// So random that any ten bytes of it, in upper or lower case, can only be it.
    Strong,
    /// Masked only where all of it stands.
    Plain,
}

/// A value to be masked, in one spelling.
#[derive(Clone)]
pub struct Needle {
    /// What the value is called in tokens and reports: the variable's name, never the value.
    pub name: String,
    /// The value.
    pub value: Zeroizing<Vec<u8>>,
    /// How it is sought.
    pub strength: Strength,
}

/// What is written in the place of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenStyle {
    /// `[MASKED:name]`, with the needle's name or the rule's id.
    Named,
    /// The same text everywhere.
    Fixed(String),
}

impl TokenStyle {
    /// What stands for a secret of this name.
    pub fn text(&self, name: &str) -> Vec<u8> {
        match self {
            TokenStyle::Fixed(text) => text.clone().into_bytes(),
            TokenStyle::Named => [b"[MASKED:", name.as_bytes(), b"]"].concat(),
        }
    }
}

/// How a masker behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is written in the place of a secret.
    pub token: TokenStyle,
    /// Secrets that were not registered are masked by the engine's rules.
    pub unknown: bool,
}

/// Bytes that have left and are kept: a value that is registered too late is looked for in them.
const HISTORY: usize = 64 << 10;
/// Most bytes that are taken in one step.
const STEP: usize = 128 << 10;
/// Shortest beginning of a value that is masked at the end of the input, in bytes.
const FRAGMENT: u64 = 8;
/// Most bytes that are held back because a piece of a value stands before them.
const HELD: u64 = 64 << 10;
/// Most bytes that are held back because they may be the beginning of an encoding.
const RUN: u64 = 4 << 10;
/// Most values that rules teach.
const LEARNED: usize = 10_000;
/// After such a pause part of what is held may leave.
pub const IDLE: Duration = Duration::from_millis(20);

/// Masks one stream. Bytes go in by [`Masker::push`] and come out of it as soon as it is decided that
/// they are no part of a secret.
pub struct Masker {
    engine: Option<Arc<Engine>>,
    options: Options,
    report: Report,
    needles: Needles,
    readers: Readers,
    /// The newest bytes of the input, with those that have left and are kept.
    input: Vec<u8>,
    /// Offset of the first of them.
    base: u64,
    /// Offset of the first byte that the readers have not read.
    read: u64,
    hits: Vec<Hit>,
    covers: Vec<Cover>,
    emitter: Emitter,
    live: Live,
    shown: Shown,
    /// Hashes of the values that are known.
    learned: HashSet<u64>,
    hasher: RandomState,
}

impl Masker {
    /// A masker that knows no value yet. Without an engine only known values are masked.
    pub fn new(engine: Option<Arc<Engine>>, options: Options) -> Masker {
        Masker {
            engine,
            options,
            report: Report::default(),
            needles: Needles::new(),
            readers: Readers::new(),
            input: Vec::new(),
            base: 0,
            read: 0,
            hits: Vec::new(),
            covers: Vec::new(),
            emitter: Emitter::new(),
            live: Live::default(),
            shown: Shown::starting_at(0),
            learned: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Mask these values from now on, also in bytes that were taken and have not left. Tells which of
    /// them stand in the last 64 KiB that have already left.
    pub fn add(&mut self, needles: Vec<Needle>) -> Vec<Late> {
        let late = self.late(&needles);
        self.learned.extend(needles.iter().map(|needle| self.hasher.hash_one(&*needle.value)));
        self.needles.add(needles, self.emitter.at);
        // Read again what is at hand; of what is found only that counts which has not left.
        let end = self.read;
        self.readers = Readers::new();
        self.read = self.base;
        self.read_to(end);
        self.report.late.extend(late.iter().cloned());
        late
    }

    /// Which of these values have left already.
    fn late(&self, needles: &[Needle]) -> Vec<Late> {
        let end = self.index(self.emitter.at);
        if end == 0 {
            return Vec::new();
        }
        let mut sought = Needles::new();
        sought.add(needles.to_vec(), 0);
        let (mut readers, mut hits) = (Readers::new(), Vec::new());
        let mut shared = Shared { needles: &sought, hits: &mut hits, found: Vec::new() };
        readers.feed(Source::Input(&self.input[..end], self.base), 0, &mut shared);
        hits.sort_unstable();
        let mut late: Vec<Late> = Vec::new();
        for hit in hits {
            let name = &sought.known[hit.known as usize].name;
            if !late.iter().any(|held| held.name == *name) {
                let behind = &self.input[self.index(hit.start)..end];
                let line = self.emitter.line - memchr::memchr_iter(b'\n', behind).count() as u64;
                late.push(Late { name: name.clone(), offset: hit.start, line });
            }
        }
        late
    }

    /// Take input and append to `out` what may leave.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        for part in input.chunks(STEP) {
            self.take(part);
            let to = self.read_on();
            self.emit(to, out);
        }
    }

    /// There was no input for `idle`: append to `out` what may leave after such a pause. Of what may
    /// become a known value at most a few bytes are shown, and what follows is still masked.
    pub fn tick(&mut self, idle: Duration, out: &mut Vec<u8>) {
        if idle < IDLE || self.emitter.at == self.end() {
            return;
        }
        if let (true, Some(engine)) = (self.options.unknown, &self.engine) {
            let mut findings = Findings::default();
            self.live.pause(engine, &self.input, self.base, &mut findings);
            self.shown.pause(engine, &mut findings);
            self.cover(findings.covered);
            self.read_to(self.end());
        }
        let mut to = self.end();
        let hold = self.readers.hold(Source::Input(&self.input, self.base), &self.needles, true);
        // The words of a prompt may be those that a plain value begins with.
        let hold = match hold < to && Needles::only_words(&self.input[self.index(hold)..]) {
            true => to - self.needles.live_strong(&self.input) as u64,
            false => hold,
        };
        if hold < to {
            let shown = if self.emitter.at <= hold { self.needles.shown() as u64 } else { 0 };
            to = to.min(hold + shown);
            // Never half a character.
            while to > hold && self.input.get(self.index(to)).is_some_and(|byte| byte & 0xc0 == 0x80) {
                to -= 1;
            }
        }
        self.emit(to, out);
    }

    /// The input has ended: append to `out` all the rest, masked.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let open = self.rules(true);
        self.read_to(open.read);
        let source = Source::Input(&self.input, self.base);
        let live = self.needles.live(&self.input) as u64;
        let mut shared = Shared { needles: &self.needles, hits: &mut self.hits, found: Vec::new() };
        self.readers.finish(source, &mut shared);
        self.cover_hits();
        let end = self.end();
        if live >= FRAGMENT {
            let known = self.needles.owner(&self.input[self.index(end - live)..]);
            self.covers.push(Cover {
                start: end - live,
                form: Form::Literal,
                label: Label::Known(known),
                end,
            });
        }
        self.emit(end, out);
    }

    /// Decide everything that is held, then let `raw` pass as it is: a command that the host reads from
    /// the log. Nothing before it and nothing behind it is one with it, and what it holds was not printed
    /// by mistake: a value that is registered later is not sought in it.
    pub fn pass(&mut self, raw: &[u8], out: &mut Vec<u8>) {
        self.finish(out);
        out.extend_from_slice(raw);
        self.report.bytes += raw.len() as u64;
        self.emitter.pass(raw);
        self.input.zeroize();
        self.covers.clear();
        self.base = self.emitter.at;
        self.read = self.base;
        self.readers = Readers::new();
        self.live = Live::starting_at(self.base);
        self.shown = Shown::starting_at(self.base);
    }

    /// Is anything held back?
    pub fn holding(&self) -> bool {
        self.emitter.at < self.end()
    }

    /// What was masked so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    fn take(&mut self, part: &[u8]) {
        let gone = self.index(self.emitter.at).saturating_sub(HISTORY);
        if gone >= HISTORY {
            self.input.drain(..gone);
            self.base += gone as u64;
        }
        if self.input.capacity() - self.input.len() < part.len() {
            let mut larger = Vec::with_capacity((self.input.len() + part.len()) * 2);
            larger.extend_from_slice(&self.input);
            self.input.zeroize();
            self.input = larger;
        }
        self.input.extend_from_slice(part);
        self.report.bytes += part.len() as u64;
    }

    /// Read what is new; tells up to where it may leave.
    fn read_on(&mut self) -> u64 {
        let open = self.rules(false);
        self.read_to(open.read);
        let hold = match self.needles.is_empty() {
            true => u64::MAX,
            false => {
                let source = Source::Input(&self.input[..self.index(open.read)], self.base);
                let hold = self.readers.hold(source, &self.needles, false);
                let run = self.readers.hold_run(source, &self.needles);
                let end = self.end();
                if end.saturating_sub(hold) > HELD {
                    // So much around a piece of a value can only be there to hide it.
                    let known = Label::Known(0);
                    self.covers.push(Cover { start: hold, form: Form::Nested, label: known, end });
                    end
                } else {
                    hold.min(run.max(end.saturating_sub(RUN)))
                }
            }
        };
        hold.min(open.hold).min(open.read)
    }

    /// Let the rules look at what is new, and the readers up to where that taught new values. Tells up
    /// to where the rules have decided.
    fn rules(&mut self, ended: bool) -> Open {
        let (true, Some(engine)) = (self.options.unknown, &self.engine) else {
            return Open { hold: u64::MAX, read: self.end() };
        };
        let mut findings = Findings::default();
        let hold = self.live.read(engine, &self.input, self.base, ended, &mut findings);
        let mut open = self.shown.read(engine, &self.input, self.base, ended, &mut findings);
        open.hold = open.hold.min(hold);
        let engine = Arc::clone(engine);
        self.cover(findings.covered);
        findings.learned.sort_by_key(|learned| learned.at);
        for Learned { at, value, rule } in findings.learned {
            let Some(strength) = learn::strength(&value) else { continue };
            if self.learned.len() >= LEARNED || !self.learned.insert(self.hasher.hash_one(&*value)) {
                continue;
            }
            self.read_to(at);
            let name = engine.rules().get(rule).id.to_string();
            self.needles.add(vec![Needle { name, value, strength }], at);
        }
        open
    }

    /// Let the readers read up to offset `to`.
    fn read_to(&mut self, to: u64) {
        if to <= self.read {
            return;
        }
        if !self.needles.is_empty() {
            let (from, end) = (self.index(self.read), self.index(to));
            let source = Source::Input(&self.input[..end], self.base);
            let mut shared = Shared { needles: &self.needles, hits: &mut self.hits, found: Vec::new() };
            self.readers.feed(source, from, &mut shared);
            self.cover_hits();
        }
        self.read = to;
    }

    fn cover(&mut self, covered: Vec<Covered>) {
        let at = self.emitter.at;
        for Covered { start, end, rule } in covered.into_iter().filter(|covered| covered.end > at) {
            self.covers.push(Cover { start, form: Form::Rule, label: Label::Rule(rule.0), end });
        }
    }

    fn cover_hits(&mut self) {
        let at = self.emitter.at;
        for hit in self.hits.drain(..).filter(|hit| hit.end > at) {
            let Hit { start, form, known, end } = hit;
            self.covers.push(Cover { start, form, label: Label::Known(known), end });
        }
    }

    /// Write everything up to offset `to`.
    fn emit(&mut self, to: u64, out: &mut Vec<u8>) {
        if to <= self.emitter.at {
            return;
        }
        self.covers.sort_unstable();
        self.covers.dedup();
        let at = self.index(self.emitter.at);
        let (needles, engine) = (&self.needles, &self.engine);
        let name = |label: Label| match label {
            Label::Known(known) => needles.known[known as usize].name.clone(),
            Label::Rule(rule) => match engine {
                Some(engine) => engine.rules().get(RuleIndex(rule)).id.to_string(),
                None => String::new(),
            },
        };
        let mut writer = Writer { out, style: &self.options.token, report: &mut self.report, name: &name };
        self.emitter.write(&self.input[at..], to, &mut self.covers, &mut writer);
    }

    fn index(&self, offset: u64) -> usize {
        (offset - self.base) as usize
    }

    fn end(&self) -> u64 {
        self.base + self.input.len() as u64
    }
}

impl Drop for Masker {
    fn drop(&mut self) {
        self.input.zeroize();
    }
}
