//! Writes the input with tokens in the place of what is to be masked.

use super::TokenStyle;
use super::report::{Form, Report};

/// A part of the input to be masked, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cover {
    pub start: u64,
    pub form: Form,
    /// Known values before rules, in the order of their registration.
    pub label: Label,
    pub end: u64,
}

/// What is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    /// A registered value, by its number.
    Known(u32),
    /// What a rule found, by the rule's number.
    Rule(u32),
}

/// Longest control sequence that is kept inside what is masked, in bytes.
const SEQUENCE: usize = 32;

/// What was written so far.
#[derive(Default)]
pub(super) struct Emitter {
    /// Offset of the first byte of the input that was not decided yet.
    pub at: u64,
    /// Where the last masked part ended.
    masked: u64,
    /// A control sequence inside what is masked, as far as it has come.
    sequence: Vec<u8>,
    /// The last masked byte was a carriage return.
    returned: bool,
    /// Line of `at`, 1-based.
    pub line: u64,
}

impl Emitter {
    pub(super) fn new() -> Emitter {
        Emitter { line: 1, ..Emitter::default() }
    }

    /// Write the input up to offset `to`. `input` begins at `self.at`. `covers` is sorted; what lies
    /// wholly before `to` is removed from it.
    pub(super) fn write(&mut self, input: &[u8], to: u64, covers: &mut Vec<Cover>, writer: &mut Writer<'_>) {
        let base = self.at;
        let part = |from: u64, to: u64| &input[(from - base) as usize..(to - base) as usize];
        let mut next = 0;
        while self.at < to {
            while covers.get(next).is_some_and(|cover| cover.end <= self.at) {
                next += 1;
            }
            let start = covers.get(next).map_or(to, |cover| cover.start.max(self.at)).min(to);
            let plain = part(self.at, start);
            writer.out.extend_from_slice(plain);
            self.pass(plain);
            if start == to {
                break;
            }
            let cover = &covers[next];
            if self.masked != start || start == 0 {
                writer.token(cover, start, self.line);
                self.sequence.clear();
                self.returned = false;
            }
            let mut end = cover.end;
            let mut following = next + 1;
            while covers.get(following).is_some_and(|cover| cover.start <= end) {
                end = end.max(covers[following].end);
                following += 1;
            }
            let end = end.min(to);
            let hidden = part(start, end);
            self.keep(hidden, writer.out);
            self.pass(hidden);
            self.masked = end;
        }
        covers.retain(|cover| cover.end > to);
    }

    /// Count bytes that were written.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        self.at += bytes.len() as u64;
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Write those bytes of a masked part that are no part of the secret: line ends, and control
    /// sequences, without which colours would stay on.
    fn keep(&mut self, hidden: &[u8], out: &mut Vec<u8>) {
        for &byte in hidden {
            if !self.sequence.is_empty() {
                self.sequence.push(byte);
                let goes_on = match self.sequence.len() {
                    2 => byte == b'[',
                    length => length < SEQUENCE && (byte.is_ascii_digit() || b";:?<=>".contains(&byte)),
                };
                if !goes_on {
                    if self.sequence.len() > 2 && matches!(byte, 0x40..=0x7e) {
                        out.append(&mut self.sequence);
                    }
                    self.sequence.clear();
                }
                continue;
            }
            match byte {
                0x1b => self.sequence.push(byte),
                b'\n' if self.returned => out.extend_from_slice(b"\r\n"),
                b'\n' => out.push(b'\n'),
                _ => {}
            }
            self.returned = byte == b'\r';
        }
    }
}

/// Where and how is written.
pub(super) struct Writer<'a> {
    pub out: &'a mut Vec<u8>,
    pub style: &'a TokenStyle,
    pub report: &'a mut Report,
    /// The name for a label.
    pub name: &'a dyn Fn(Label) -> String,
}

impl Writer<'_> {
    fn token(&mut self, cover: &Cover, offset: u64, line: u64) {
        let name = (self.name)(cover.label);
        self.out.append(&mut self.style.text(&name));
        self.report.count(&name, cover.form, offset, line);
    }
}
