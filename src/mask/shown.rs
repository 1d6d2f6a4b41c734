//! The rules read the input as it stands, and where control sequences and characters without width stand
//! in it also as a terminal shows it: a token is a token in whatever colours.
//!
//! Most of the time this rests, since most of a log looks the same both ways. From the lines before a
//! control sequence on the rules read what is shown, until there was none for as long as what they look
//! back at. Where that begins and ends depends on the input alone, not on the pieces that it comes in.

use crate::engine::Engine;
use crate::engine::live::{Covered, Findings, HORIZON, KEEP, Live};
use crate::view::{Kind, Said, Unit, View};
use zeroize::Zeroize;

/// Ends of lines that are gone back over from a control sequence: the name of a value may stand on the line
/// before, and an end may be two bytes.
const ENDS: usize = 4;
/// Bytes of what is shown that are kept before the new ones.
const KEPT: usize = 64 << 10;

/// Bytes of what is shown, and the part of the input that they stand for.
struct Piece {
    shown: u64,
    count: u64,
    start: u64,
    /// Behind `count` bytes, or behind all that one byte stands for.
    end: u64,
}

/// What the rules are shown.
pub(super) struct Shown {
    view: View,
    /// Offset of the first byte of the input that was not read.
    read: u64,
    /// There while the rules read.
    part: Option<Part>,
}

/// A part of the input with control sequences in it.
struct Part {
    live: Live,
    text: Vec<u8>,
    /// Offset of the first byte of `text` in all that is shown, which counts from an offset of the input on.
    base: u64,
    pieces: Vec<Piece>,
    /// From this offset of the input on the part may end with a line.
    until: u64,
}

/// What is not decided.
pub(super) struct Open {
    /// Offset from which on bytes are held back.
    pub hold: u64,
    /// Offset up to which the input was read: behind it stands what may become a control sequence.
    pub read: u64,
}

impl Shown {
    /// For an input that begins at this offset.
    pub(super) fn starting_at(offset: u64) -> Shown {
        Shown { view: View::new(Kind::Terminal), read: offset, part: None }
    }

    /// Read what is new in `input`, of which the first byte has offset `base`.
    pub(super) fn read(
        &mut self,
        engine: &Engine,
        input: &[u8],
        base: u64,
        ended: bool,
        findings: &mut Findings,
    ) -> Open {
        let end = base + input.len() as u64;
        while self.read < end {
            let at = (self.read - base) as usize;
            match self.plain(input, at) {
                0 => self.step(engine, input, base, at, findings),
                count => self.pass(engine, input, base, at..at + count, findings),
            }
        }
        let pending = self.view.pending();
        if ended {
            self.finish();
        }
        let read = if ended { end } else { pending.unwrap_or(end) };
        let hold = match (&mut self.part, pending) {
            (Some(part), _) => part.read(engine, ended, findings),
            // It may become a control sequence: what is before it goes on behind it then.
            (None, Some(pending)) if !ended => {
                let mut part = Part::before(input, base, pending);
                part.read(engine, false, &mut Findings::default())
            }
            _ => u64::MAX,
        };
        Open { hold, read }
    }

    /// After a pause: what is at hand is looked at as if it were all.
    pub(super) fn pause(&mut self, engine: &Engine, findings: &mut Findings) {
        let Some(part) = &mut self.part else { return };
        let mut own = Findings::default();
        part.live.pause(engine, &part.text, part.base, &mut own);
        part.map(own, findings);
    }

    /// How many bytes from `at` on stand for themselves.
    fn plain(&self, input: &[u8], at: usize) -> usize {
        if self.view.pending().is_some() {
            return 0;
        }
        let rest = &input[at..];
        let count = first_hot(rest);
        let next = rest.get(count);
        // An underlined character may begin with the byte before, and at the end nobody knows yet.
        let underlined = count > 0 && rest[count - 1] == b'_' && next.is_none_or(|&byte| byte == 8);
        count - usize::from(underlined)
    }

    /// Take bytes that stand for themselves.
    fn pass(
        &mut self,
        engine: &Engine,
        input: &[u8],
        base: u64,
        range: std::ops::Range<usize>,
        findings: &mut Findings,
    ) {
        let offset = |at: usize| base + at as u64;
        self.read = offset(range.end);
        let mut from = range.start;
        while let Some(part) = &mut self.part {
            // The part may end with a line of these.
            let first = from.max(part.until.saturating_sub(base) as usize);
            let line = input.get(first..range.end).and_then(|rest| memchr::memchr(b'\n', rest));
            let Some(end) = line.map(|end| first + end + 1) else { break };
            part.extend(&input[from..end], offset(from));
            from = end;
            self.line_ends(engine, offset(end), findings);
        }
        if let Some(part) = &mut self.part {
            part.extend(&input[from..range.end], offset(from));
        }
    }

    /// A line ends with which the part may: not in the middle of a key.
    fn line_ends(&mut self, engine: &Engine, end: u64, findings: &mut Findings) {
        let Some(part) = &mut self.part else { return };
        part.read(engine, false, findings);
        part.until = end + HORIZON as u64;
        if !part.live.in_key() {
            self.part = None;
        }
    }

    /// Take one byte that may belong to a control sequence.
    fn step(&mut self, engine: &Engine, input: &[u8], base: u64, at: usize, findings: &mut Findings) {
        let start = base + at as u64;
        self.read = start + 1;
        let Shown { view, part, .. } = self;
        let began = view.pending().unwrap_or(start);
        let last = match part {
            Some(part) => part.text.last().copied(),
            None => (began > base).then(|| input[(began - base) as usize - 1]),
        };
        let mut line_ends = None;
        view.step(Unit { byte: input[at], start, end: start + 1 }, last, &mut |said| {
            if part.is_none() && !matches!(said, Said::Plain(_)) {
                *part = Some(Part::before(input, base, began));
            }
            if let Some(part) = part {
                part.take(said, start + 1);
                if let Said::Plain(Unit { byte: b'\n', start, end }) = said
                    && start >= part.until
                {
                    line_ends = Some(end);
                }
            }
        });
        if let Some(end) = line_ends {
            self.line_ends(engine, end, findings);
        }
    }

    /// The input has ended: what may have become a control sequence is text.
    fn finish(&mut self) {
        let Shown { view, part, read } = self;
        let end = *read;
        view.finish(&mut |said| {
            if let Some(part) = part {
                part.take(said, end);
            }
        });
    }
}

impl Part {
    /// The lines before an offset at which something is shown otherwise.
    fn before(input: &[u8], base: u64, offset: u64) -> Part {
        let at = (offset - base) as usize;
        let near = &input[at.saturating_sub(2 * HORIZON)..at];
        let line = memchr::memrchr2_iter(b'\n', b'\r', near).nth(ENDS - 1).map_or(0, |end| end + 1);
        let start = at - near.len() + line;
        let first = start.saturating_sub(KEEP);
        let base = base + first as u64;
        let live = Live::starting_at(base + (start - first) as u64);
        let mut part = Part { live, text: Vec::new(), base, pieces: Vec::new(), until: u64::MAX };
        part.extend(&input[first..at], base);
        part
    }

    /// Bytes that are shown as they stand at this offset.
    fn extend(&mut self, bytes: &[u8], start: u64) {
        if bytes.is_empty() {
            return;
        }
        let count = bytes.len() as u64;
        match self.pieces.last_mut() {
            Some(piece) if piece.end == start && piece.end - piece.start == piece.count => {
                piece.count += count;
                piece.end += count;
            }
            _ => {
                let shown = self.base + self.text.len() as u64;
                self.pieces.push(Piece { shown, count, start, end: start + count });
            }
        }
        self.make_room(bytes.len());
        self.text.extend_from_slice(bytes);
    }

    /// What the view says; the input was read up to `end`.
    fn take(&mut self, said: Said, end: u64) {
        match said {
            Said::Plain(unit) => return self.extend(&[unit.byte], unit.start),
            Said::Decoded(unit) => {
                let shown = self.base + self.text.len() as u64;
                self.pieces.push(Piece { shown, count: 1, start: unit.start, end: unit.end });
                self.make_room(1);
                self.text.push(unit.byte);
            }
            Said::Again { end } => self.stretch(end),
            Said::Nothing { .. } | Said::Break => {}
        }
        self.until = end + KEEP as u64;
    }

    /// The last byte that is shown also stands for what follows up to `end`.
    fn stretch(&mut self, end: u64) {
        let Some(piece) = self.pieces.last_mut() else { return };
        if piece.count > 1 {
            piece.count -= 1;
            piece.end -= 1;
            let (shown, start) = (piece.shown + piece.count, piece.end);
            self.pieces.push(Piece { shown, count: 1, start, end });
        } else {
            piece.end = end;
        }
    }

    /// Make room by hand, so that what is left behind can be wiped, and forget what nobody looks back at.
    fn make_room(&mut self, more: usize) {
        if self.text.capacity() - self.text.len() >= more {
            return;
        }
        let gone = self.text.len().saturating_sub(2 * KEPT);
        if gone < more {
            let mut larger = Vec::with_capacity(2 * (self.text.len() + more));
            larger.extend_from_slice(&self.text);
            self.text.zeroize();
            self.text = larger;
            return;
        }
        self.text.drain(..gone);
        self.base += gone as u64;
        let before = self.pieces.partition_point(|piece| piece.shown + piece.count <= self.base);
        self.pieces.drain(..before);
    }

    /// Let the rules read; tells from where on the input is not decided.
    fn read(&mut self, engine: &Engine, ended: bool, findings: &mut Findings) -> u64 {
        let mut own = Findings::default();
        let hold = self.live.read(engine, &self.text, self.base, ended, &mut own);
        self.map(own, findings);
        if hold < self.base + self.text.len() as u64 { self.place(hold).0 } else { u64::MAX }
    }

    /// Tell what was found by where it stands in the input.
    fn map(&self, own: Findings, findings: &mut Findings) {
        findings.covered.extend(own.covered.into_iter().filter(|covered| covered.start < covered.end).map(
            |covered| {
                let (start, end) = (self.place(covered.start).0, self.place(covered.end - 1).1);
                Covered { start, end, rule: covered.rule }
            },
        ));
        findings.learned.extend(own.learned.into_iter().map(|mut learned| {
            learned.at = self.place(learned.at.saturating_sub(1)).1;
            learned
        }));
    }

    /// The part of the input that a byte stands for.
    fn place(&self, shown: u64) -> (u64, u64) {
        let index = self.pieces.partition_point(|piece| piece.shown <= shown).saturating_sub(1);
        let Some(piece) = self.pieces.get(index) else { return (shown, shown + 1) };
        let start = piece.start + (shown - piece.shown);
        if piece.count == 1 { (piece.start, piece.end) } else { (start, start + 1) }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

/// The first byte that may belong to what is shown otherwise.
fn first_hot(bytes: &[u8]) -> usize {
    let one = memchr::memchr3(0, 8, 0x1b, bytes).unwrap_or(bytes.len());
    let near = &bytes[..one];
    memchr::memchr3_iter(0xc2, 0xe2, 0xef, near).find(|&at| hidden(&bytes[at..])).unwrap_or(one)
}

/// Is it a character without width, as far as it has come?
fn hidden(bytes: &[u8]) -> bool {
    let may_be = |second: Option<&u8>, third: Option<&u8>| match (bytes[0], second) {
        (_, None) => true,
        (0xc2, Some(second)) => *second == 0xad,
        (0xe2, Some(0x80)) => third.is_none_or(|third| matches!(third, 0x8b..=0x8f | 0xaa..=0xae)),
        (0xe2, Some(0x81)) => third.is_none_or(|third| matches!(third, 0xa0..=0xaf)),
        (0xef, Some(0xbb)) => third.is_none_or(|&third| third == 0xbf),
        (0xef, Some(0xb8)) => third.is_none_or(|third| matches!(third, 0x80..=0x8f)),
        _ => false,
    };
    may_be(bytes.get(1), bytes.get(2))
}
