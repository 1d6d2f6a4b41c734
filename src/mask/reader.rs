//! Reads the input in all views and finds values in each.
//!
//! A [`Reader`] is one view of the input or of another reader's text. Most of the time it rests: a text
//! without escapes reads the same with and without the view, and was searched already. Where an escape
//! stands, it takes the bytes around it and reads on until nothing that holds the escape can be found
//! any more. So what a view costs depends on the number of escapes.

use super::glance::{CUT, nothing_around};
use super::needles::{Found, Needles};
use super::report::Form;
use super::text::{Source, Text};
use crate::view::spots::{BASE64_RUN, Spots, may_begin};
use crate::view::{Kind, Said, Unit, View, is_base64, is_space, may_begin_dump, sextet};

/// A find in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub start: u64,
    pub form: Form,
    pub known: u32,
    pub end: u64,
}

/// Least number of bytes around an escape that are read.
const MARGIN: usize = 96;
/// Views of views.
const DEPTH: u8 = 2;
/// Bytes before an escape that it is judged by.
const LEAD: usize = 18;
/// Bytes that are read behind an escape before it is judged.
const AROUND: usize = 6;
/// Bytes that are read where escape follows on escape.
const DENSE: usize = 16;
/// Shortest piece of a value before white space inside it, in bytes.
const BEFORE_SPACE: usize = 4;

/// What all readers of an input share.
pub(super) struct Shared<'a> {
    pub needles: &'a Needles,
    pub hits: &'a mut Vec<Hit>,
    pub found: Vec<Found>,
}

impl Shared<'_> {
    fn margin(&self) -> usize {
        margin(self.needles)
    }

    /// Search what is new in a text; what ends before `seam` was found by others.
    fn search(&mut self, source: Source<'_>, from: usize, form: Form, seam: u64) {
        self.found.clear();
        self.needles.find(source.bytes(), from, &mut self.found);
        for found in &self.found {
            let (start, end) = (source.unit(found.start).start, source.unit(found.end - 1).end);
            let form = match (form, found.form) {
                (Form::Literal, own) | (own, Form::Literal) => own,
                (Form::Terminal | Form::Wrapped, own) | (own, Form::Terminal | Form::Wrapped) => own,
                _ => Form::Nested,
            };
            let start = start.max(self.needles.known[found.known as usize].from);
            if start < end && seam < end {
                self.hits.push(Hit { start, end, known: found.known, form });
            }
        }
    }
}

/// Bytes of a source before its new ones that readers may look back at.
pub(super) fn margin(needles: &Needles) -> usize {
    MARGIN.max(needles.context() * 3)
}

/// The readers of one source, one for each kind of view that was needed so far.
pub(super) struct Readers {
    readers: Vec<Reader>,
    spots: Spots,
    form: Form,
    depth: u8,
    /// The source begins where an encoding does, not somewhere in a text.
    alone: bool,
    /// Where the first escape of the source stands in the input.
    seam: u64,
}

impl Readers {
    /// The readers of the input.
    pub(super) fn new() -> Readers {
        Readers::of(Form::Literal, 0, false)
    }

    fn of(form: Form, depth: u8, alone: bool) -> Readers {
        Readers { readers: Vec::new(), spots: Spots::default(), form, depth, alone, seam: 0 }
    }

    /// Read and search what is new in `source`, from `from` on.
    pub(super) fn feed(&mut self, source: Source<'_>, from: usize, shared: &mut Shared<'_>) {
        shared.search(source, from, self.form, self.seam);
        if self.depth >= DEPTH + u8::from(self.form == Form::Terminal) {
            return;
        }
        let whole = self.alone || matches!(source, Source::Input(_, 0));
        self.spots.find(source.bytes(), from, whole);
        for kind in Kind::ALL {
            let at = self.readers.iter().position(|reader| reader.view.kind() == kind);
            let spots = self.spots.of(kind);
            let skipped = kind == Kind::Form && !shared.needles.spaced;
            match at {
                Some(at) if self.readers[at].engaged || !spots.is_empty() && !skipped => {
                    self.readers[at].feed(source, from, spots, shared);
                }
                None if !spots.is_empty() && !skipped => {
                    let mut reader = Reader::new(kind, self.form, self.depth);
                    reader.feed(source, from, spots, shared);
                    self.readers.push(reader);
                }
                _ => {}
            }
        }
    }

    /// Where the first byte of `source` stands that may be part of what is not decided.
    /// After a pause an escape that has only begun is not waited for.
    pub(super) fn hold(&self, source: Source<'_>, needles: &Needles, pause: bool) -> u64 {
        let bytes = source.bytes();
        let mut live = needles.live(bytes);
        if bytes.ends_with(b"_") {
            // It may become an underlined character.
            let before = needles.live(&bytes[..bytes.len() - 1]);
            live = live.max(if before > 0 { before + 1 } else { 0 });
        }
        let own = if live > 0 { source.unit(bytes.len() - live).start } else { u64::MAX };
        self.readers.iter().map(|reader| reader.hold(source, needles, pause)).fold(own, u64::min)
    }

    /// Where a run begins that may become long enough to be decoded.
    pub(super) fn hold_run(&self, source: Source<'_>, needles: &Needles) -> u64 {
        let bytes = source.bytes();
        let run = bytes.iter().rev().take(BASE64_RUN).take_while(|&&byte| is_base64(byte)).count();
        let short = (1..BASE64_RUN).contains(&run)
            && (0..4).any(|skip| reads_as_text(&bytes[bytes.len() - run..], skip));
        let run = if short { run } else { 0 }.max(pairs_begun(bytes, needles));
        let own = if run > 0 { source.unit(bytes.len() - run).start } else { u64::MAX };
        self.readers
            .iter()
            .filter(|reader| reader.active)
            .map(|reader| reader.readers.hold_run(Source::Read(&reader.text), needles))
            .fold(own, u64::min)
    }

    /// The input has ended: read what is left as it stands.
    pub(super) fn finish(&mut self, source: Source<'_>, shared: &mut Shared<'_>) {
        for reader in &mut self.readers {
            reader.finish(source, shared);
        }
    }

    fn reset(&mut self) {
        self.readers.iter_mut().filter(|reader| reader.engaged).for_each(Reader::rest);
    }
}

/// One view of a source.
struct Reader {
    view: View,
    text: Text,
    /// Bytes are being read.
    engaged: bool,
    /// An escape was read, so that the text differs from the source.
    active: bool,
    /// Where reading began, in the input.
    began: u64,
    /// Bytes read since the last escape.
    since: usize,
    /// Bytes of the text that were searched and given to its readers.
    done: usize,
    /// Something may be found around the escapes, so that searching is worth while.
    worth: bool,
    /// The first escape in the text that was not judged.
    first: usize,
    /// Bytes of the text that were judged.
    judged: usize,
    readers: Box<Readers>,
}

/// What to do at a place where something may be read.
enum Start {
    /// Read from here on.
    At(usize),
    /// There is nothing to read before this place.
    Behind(usize),
}

fn form_of(kind: Kind) -> Form {
    match kind {
        Kind::Terminal => Form::Terminal,
        Kind::Percent | Kind::Form => Form::Percent,
        Kind::Backslash => Form::Backslash,
        Kind::Entity => Form::Entity,
        Kind::Doubled | Kind::Joined => Form::Quoting,
        Kind::Printable => Form::QuotedPrintable,
        Kind::Unspaced => Form::Wrapped,
        Kind::Base64(_) => Form::Base64,
        Kind::Base32 => Form::Base32,
        Kind::Pairs => Form::Hex,
        Kind::Dump | Kind::Column => Form::Dump,
    }
}

impl Reader {
    fn new(kind: Kind, outer: Form, depth: u8) -> Reader {
        let own = form_of(kind);
        let form = match (outer, own) {
            (Form::Literal, own) | (Form::Terminal, own) => own,
            (outer, Form::Terminal | Form::Wrapped) => outer,
            _ => Form::Nested,
        };
        Reader {
            view: View::new(kind),
            text: Text::default(),
            engaged: false,
            active: false,
            began: 0,
            since: 0,
            done: 0,
            worth: false,
            first: 0,
            judged: 0,
            readers: Box::new(Readers::of(form, depth + 1, alone(kind))),
        }
    }

    fn kind(&self) -> Kind {
        self.view.kind()
    }

    /// Read what is new in `source`, from `from` on.
    fn feed(&mut self, source: Source<'_>, from: usize, spots: &[u32], shared: &mut Shared<'_>) {
        let end = source.bytes().len();
        let mut spots = spots.iter().map(|&spot| spot as usize).peekable();
        let mut at = from;
        while at < end {
            if !self.engaged {
                while spots.next_if(|&spot| spot < at).is_some() {}
                let Some(spot) = spots.next() else { break };
                let start = match self.start(source, spot, shared) {
                    Start::At(start) => start,
                    Start::Behind(end) => {
                        at = end;
                        continue;
                    }
                };
                self.engaged = true;
                self.began = source.unit(start).start;
                for at in start..spot {
                    self.step(source, at, shared);
                }
                at = spot;
            }
            let plain = self.pass(source, at, shared);
            if plain == 0 {
                self.step(source, at, shared);
            }
            at += plain.max(1);
        }
        if self.engaged {
            self.settle(shared);
        }
    }

    /// Take bytes that stand for themselves all at once; tells how many.
    fn pass(&mut self, source: Source<'_>, at: usize, shared: &mut Shared<'_>) -> usize {
        let kind = self.kind();
        if !self.active || alone(kind) || kind == Kind::Unspaced || self.view.pending().is_some() {
            return 0;
        }
        let limit = if self.worth { shared.margin() } else { AROUND };
        let most = limit.saturating_sub(self.since);
        let rest = source.bytes()[at..].iter().take(most);
        let plain = rest.take_while(|&&byte| !kind.begins(byte) && byte != b'_').count();
        self.text.extend(source, at..at + plain);
        self.since += plain;
        if plain > 0 {
            self.judge(source, shared);
        }
        plain
    }

    /// After some bytes behind an escape: can a value be around it? Where none of the bytes beside it
    /// stand in any value, and no other escape is near, it is read no further. Where enough was read
    /// behind the last escape, reading ends.
    fn judge(&mut self, source: Source<'_>, shared: &mut Shared<'_>) {
        if !self.active || self.view.pending().is_some() {
            return;
        }
        if self.worth {
            if self.since >= shared.margin() {
                self.settle(shared);
                self.rest();
            }
            return;
        }
        // What was looked at with the bytes before is not looked at again.
        let from = |before: usize, again: usize| {
            self.first.saturating_sub(before).max(self.judged.saturating_sub(again))
        };
        let near = &self.text.bytes[from(4, 3)..];
        let wide = &self.text.bytes[from(CUT, 0)..];
        self.worth = near.windows(4).any(|part| shared.needles.has_gram(part))
            || (0..wide.len()).any(|at| may_begin(wide[at], wide.get(at + 1).copied()))
            || shared.needles.spaced && wide.contains(&b'+');
        self.judged = self.text.len();
        if self.worth {
            self.lead_on(source, shared.margin());
            return;
        }
        let apart = self.since >= AROUND;
        if !apart && self.text.len() < self.first + DENSE {
            return;
        }
        if !self.worth && apart {
            self.rest();
        } else if !self.worth {
            self.first = self.text.len().saturating_sub(AROUND);
        }
    }

    /// Put all that readers look back at in front of the text.
    fn lead_on(&mut self, source: Source<'_>, margin: usize) {
        let Some(first) = (self.text.len() > 0).then(|| Source::Read(&self.text).unit(0).start) else {
            return;
        };
        let there = self.first.min(LEAD);
        lead(&mut self.text, source, first, margin - there);
    }

    /// Where reading begins for something at `spot`, if there is anything to read.
    fn start(&self, source: Source<'_>, spot: usize, shared: &Shared<'_>) -> Start {
        let bytes = source.bytes();
        let worth = match self.kind() {
            Kind::Terminal if bytes[spot] == 8 && spot > 0 && bytes[spot - 1] == b'_' => {
                return Start::At(spot - 1);
            }
            Kind::Unspaced => live_before(&bytes[..spot], shared),
            Kind::Base64(skip) => {
                let start = spot + 1 - BASE64_RUN;
                if reads_as_text(&bytes[start..=spot], skip) {
                    return Start::At(start);
                }
                false
            }
            Kind::Pairs => return Start::At(crate::view::spots::pairs_start(bytes, spot)),
            Kind::Dump | Kind::Column => may_begin_dump(&bytes[spot..]),
            Kind::Form => true,
            kind => match nothing_around(kind, bytes, spot, shared.needles) {
                Some(end) => return Start::Behind(end),
                None => true,
            },
        };
        if worth { Start::At(spot) } else { Start::Behind(spot + 1) }
    }

    /// Read one byte.
    fn step(&mut self, source: Source<'_>, at: usize, shared: &mut Shared<'_>) {
        let unit = source.unit(at);
        let kind = self.kind();
        let unspaced = kind == Kind::Unspaced;
        if unspaced
            && self.active
            && is_space(unit.byte)
            && self.view.pending().is_none()
            && !live_before(&self.text.bytes, shared)
        {
            self.settle(shared);
            self.rest();
            return;
        }
        let last = self.text.last().or_else(|| {
            let began = source.index(self.began);
            began.checked_sub(1).map(|before| source.bytes()[before])
        });
        let margin = shared.margin();
        let alone = alone(kind);
        let mut broken = false;
        let Reader { view, text, active, began, since, done, readers, worth, first, .. } = self;
        view.step(unit, last, &mut |said| {
            if !*active && !matches!(said, Said::Plain(_) | Said::Break) {
                *active = true;
                *done = 0;
                if !alone {
                    lead(text, source, *began, if unspaced { margin } else { LEAD });
                    readers.seam = *began;
                }
                *worth = alone || unspaced;
                *first = text.len();
            }
            match said {
                Said::Plain(unit) => {
                    text.push(unit);
                    *since += 1;
                }
                Said::Decoded(unit) => {
                    text.push(unit);
                    *since = 0;
                }
                Said::Nothing { .. } => *since = 0,
                Said::Again { end } => {
                    text.stretch(end);
                    *done = (*done).min(text.len().saturating_sub(1));
                    *since = 0;
                }
                Said::Break => broken = true,
            }
        });
        let idle = !alone && self.view.pending().is_none() && !self.active;
        if !broken && !idle && !alone && self.active {
            self.judge(source, shared);
            return;
        }
        if broken || idle {
            if self.active {
                self.settle(shared);
            }
            self.rest();
        } else if let Some(pending) = self.view.pending().filter(|_| !self.active && !alone) {
            // What was read as it stands can be had from the source again.
            self.began = pending;
            self.text.clear();
        }
    }

    /// Search what was read since the last time.
    fn settle(&mut self, shared: &mut Shared<'_>) {
        if !self.active || !self.worth {
            return;
        }
        if self.done < self.text.len() {
            self.readers.feed(Source::Read(&self.text), self.done, shared);
            self.done = self.text.len();
        }
        let keep = 2 * shared.margin();
        if self.text.len() > 8 * keep {
            self.text.trim(keep);
            self.done = self.text.len();
        }
    }

    /// Read no more until the next escape.
    fn rest(&mut self) {
        self.view.reset();
        self.text.clear();
        self.readers.reset();
        self.engaged = false;
        self.active = false;
        self.since = 0;
        self.done = 0;
        self.worth = false;
        self.first = 0;
        self.judged = 0;
    }

    fn hold(&self, source: Source<'_>, needles: &Needles, pause: bool) -> u64 {
        if !self.engaged {
            return u64::MAX;
        }
        let pending = self.view.pending().filter(|_| !pause).unwrap_or(u64::MAX);
        if self.active && !self.worth {
            // Nothing was searched yet, so its readers know nothing. A value is not begun before the text
            // either: of its bytes one of the last four would have told.
            let begun = if pause { 0 } else { escape_begun(&self.text.bytes) };
            let before = self.text.len() - begun;
            let live = needles.live(&self.text.bytes[..before]);
            let from = Source::Read(&self.text);
            return if live == 0 && begun == 0 {
                pending
            } else {
                pending.min(from.unit(before - live).start)
            };
        }
        if self.active {
            return pending.min(self.readers.hold(Source::Read(&self.text), needles, pause));
        }
        // What stands before the escape may go on behind it, and so may another escape.
        let began = source.index(self.began);
        let began = if pause { began } else { began - escape_begun(&source.bytes()[..began]) };
        let pending = match source.bytes().len() {
            length if !pause && began < length => pending.min(source.unit(began).start),
            _ => pending,
        };
        let live = needles.live(&source.bytes()[..began]);
        if live > 0 { pending.min(source.unit(began - live).start) } else { pending }
    }

    fn finish(&mut self, source: Source<'_>, shared: &mut Shared<'_>) {
        if !self.engaged {
            return;
        }
        let Reader { view, text, .. } = self;
        view.finish(&mut |said| {
            if let Said::Plain(unit) = said {
                text.push(unit);
            }
        });
        if self.active && !std::mem::replace(&mut self.worth, true) {
            self.lead_on(source, shared.margin());
        }
        self.settle(shared);
        if self.active {
            let text = std::mem::take(&mut self.text);
            self.readers.finish(Source::Read(&text), shared);
        }
        self.rest();
    }
}

/// Views that read an encoding by itself: what stands before it says nothing in them.
fn alone(kind: Kind) -> bool {
    matches!(kind, Kind::Base64(_) | Kind::Base32 | Kind::Pairs | Kind::Dump | Kind::Column)
}

/// Put the bytes of the source before `began` in front of a text.
fn lead(text: &mut Text, source: Source<'_>, began: u64, margin: usize) {
    let began = source.index(began);
    let range = began.saturating_sub(margin)..began;
    match text.len() {
        // It keeps its memory.
        0 => text.extend(source, range),
        _ => text.lead(source, range),
    }
}

/// Does a text end in the first bytes of a value, enough of them to look for more behind white space?
fn live_before(text: &[u8], shared: &Shared<'_>) -> bool {
    text.len() >= BEFORE_SPACE
        && shared.needles.has_gram(&text[text.len() - BEFORE_SPACE..])
        && shared.needles.live(text) >= BEFORE_SPACE
}

/// Are the bytes that a run of base64 encodes, from one of its characters on, those of a text?
fn reads_as_text(run: &[u8], skip: u8) -> bool {
    let mut bits = 0u32;
    run.iter().skip(usize::from(skip)).enumerate().all(|(at, &byte)| {
        bits = bits << 6 | u32::from(sextet(byte).unwrap_or(0));
        let decoded = match at % 4 {
            0 => return true,
            1 => bits >> 4,
            2 => bits >> 2,
            _ => bits,
        } as u8;
        matches!(decoded, 0 | b'\t' | b'\n' | b'\r' | b' '..=b'~')
    })
}

/// Length of the end of a text that is the beginning of an escape of some kind.
fn escape_begun(text: &[u8]) -> usize {
    let tail = &text[text.len().saturating_sub(CUT)..];
    let begun = |kind: Kind, at: usize| {
        let mut view = View::new(kind);
        for (at, &byte) in tail[at..].iter().enumerate() {
            view.step(Unit { byte, start: at as u64, end: at as u64 + 1 }, None, &mut |_| {});
        }
        view.pending() == Some(0)
    };
    let spaced = |kind: Kind| matches!(kind, Kind::Unspaced | Kind::Terminal);
    (0..tail.len())
        .find(|&at| Kind::ALL.iter().any(|&kind| !spaced(kind) && kind.begins(tail[at]) && begun(kind, at)))
        .map_or(0, |at| tail.len() - at)
}

/// Longest row of pairs that is not read yet, in bytes.
const ROW: usize = 16;

/// Length of the end of a text that may become a row of hexadecimal pairs with a value in it.
fn pairs_begun(text: &[u8], needles: &Needles) -> usize {
    let Some(last) = text.last() else { return 0 };
    if !last.is_ascii_hexdigit() && !b" :-,;.x".contains(last) {
        return 0;
    }
    let tail = &text[text.len().saturating_sub(ROW)..];
    let begins = |&at: &usize| {
        let row = &tail[at..];
        if !row[0].is_ascii_hexdigit() || at > 0 && tail[at - 1].is_ascii_hexdigit() {
            return false;
        }
        let mut view = View::new(Kind::Pairs);
        let mut read = zeroize::Zeroizing::new(Vec::with_capacity(ROW));
        let mut broken = false;
        for (at, &byte) in row.iter().enumerate() {
            let unit = Unit { byte, start: at as u64, end: at as u64 + 1 };
            view.step(unit, None, &mut |said| match said {
                Said::Decoded(unit) => read.push(unit.byte),
                _ => broken = true,
            });
        }
        !broken && needles.live(&read) == read.len()
    };
    (0..tail.len()).find(begins).map_or(0, |at| tail.len() - at)
}
