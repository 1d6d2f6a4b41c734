//! Secrets in a text that is still being written, such as a log.
//!
//! What the rules say of a place may depend on what follows it. Here it depends on the rest of its line
//! alone (of a very long line, on [`HORIZON`] bytes), so a place is decided when its line is complete,
//! and in whatever pieces a text comes, the same is found. Until then [`Live::read`] tells from where on
//! bytes must be held back: where a token began that may still become one, where a value is being
//! written behind a name. Private keys are covered from their begin marker on, line by line.

mod alive;
mod block;
mod late;

use super::anchors::Use;
use super::noise::{FileKind, Form};
use super::{BLOCK, Engine, Input, LOOK_BEHIND, Match, Scratch, assign, candidate, overlap};
use crate::rules::RuleIndex;
use crate::rules::rule::Matcher;
use crate::text::Span;
use alive::Alive;
use block::Open;
use late::Late;
use std::collections::HashSet;
use zeroize::Zeroizing;

/// Bytes behind a place that decide on it where its line has no end.
pub const HORIZON: usize = 4 << 10;
/// Bytes that a live text must keep before those that are new.
pub const KEEP: usize = LOOK_BEHIND + HORIZON;
/// A token that has come so far is taken for one after a pause, in bytes.
const BEGUN: usize = 12;
/// Bytes before the end of a text where a token may have begun that is too short for the candidate pass.
const SHORT: usize = 16;

/// A part of the text that is a secret by some rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Offset of the first byte in the whole text.
    pub start: u64,
    /// Offset behind the last byte.
    pub end: u64,
    /// The rule.
    pub rule: RuleIndex,
}

/// A secret that was seen.
pub struct Learned {
    /// Offset in the whole text where it was decided.
    pub at: u64,
    /// The secret.
    pub value: Zeroizing<Vec<u8>>,
    /// The rule that found it.
    pub rule: RuleIndex,
}

/// What was found in one step.
#[derive(Default)]
pub struct Findings {
    /// Parts that are secrets.
    pub covered: Vec<Covered>,
    /// Their values, in the order in which they were decided.
    pub learned: Vec<Learned>,
}

/// A word that names secrets at the end of a line: its value may stand on the next.
struct Waiting {
    word: (u64, u64),
    purpose: Use,
}

/// The state of one text.
#[derive(Default)]
pub struct Live {
    scratch: Scratch,
    alive: Alive,
    late: Late,
    /// One to three bytes that matches begin with.
    beginnings: HashSet<u32>,
    /// Places before this offset are decided.
    decided: u64,
    /// End of what was read.
    read: u64,
    waiting: Vec<Waiting>,
    block: Option<Open>,
    /// Begin markers before this offset have been looked at.
    begun: u64,
    /// The last find went on up to the end of what was read.
    swallow: Option<RuleIndex>,
    matches: Vec<(usize, Match)>,
    buffer: Vec<Match>,
}

/// One step over the bytes at hand.
struct Step<'a> {
    engine: &'a Engine,
    text: &'a [u8],
    base: u64,
    /// Nothing follows.
    ended: bool,
    /// Places from here on are not decided.
    open: usize,
    /// From here on bytes are held back.
    hold: usize,
    begins: Vec<(usize, usize, RuleIndex)>,
}

impl Step<'_> {
    fn hold_from(&mut self, at: usize) {
        self.hold = self.hold.min(at);
    }

    /// The end of the line that holds `at`, behind its `\n` or `\r`, if it is known.
    fn cut(&self, at: usize) -> Option<usize> {
        let limit = at + HORIZON;
        let line = &self.text[at..self.text.len().min(limit)];
        match memchr::memchr2(b'\n', b'\r', line) {
            Some(end) => Some(at + end + 1),
            None if limit <= self.text.len() => Some(limit),
            None => self.ended.then_some(self.text.len()),
        }
    }
}

impl Live {
    /// The state of a text that begins at this offset.
    pub fn starting_at(offset: u64) -> Live {
        Live { decided: offset, read: offset, begun: offset, ..Live::default() }
    }

    /// Is a private key being written?
    pub fn in_key(&self) -> bool {
        self.block.is_some()
    }

    /// Read `text`, of which the first byte has offset `base` in the whole text; at least [`KEEP`] bytes
    /// before the new ones must be there, as far as there are any. Tells from which offset on bytes are
    /// not decided.
    pub fn read(
        &mut self,
        engine: &Engine,
        text: &[u8],
        base: u64,
        ended: bool,
        findings: &mut Findings,
    ) -> u64 {
        self.go_on(text, base, findings);
        let own = (self.decided - base) as usize;
        let line = memchr::memrchr2(b'\n', b'\r', &text[own..]).map_or(own, |end| own + end + 1);
        let open = if ended { text.len() } else { line.max(text.len().saturating_sub(HORIZON)).max(own) };
        let mut step = Step { engine, text, base, ended, open, hold: text.len(), begins: Vec::new() };
        self.scratch.assigned.start();
        self.wait(&mut step);
        self.candidates(&mut step, own);
        self.settle(&step, findings);
        self.blocks(&mut step, findings);
        if !ended {
            if self.beginnings.is_empty() {
                self.beginnings = engine
                    .anchors
                    .grams()
                    .flat_map(|gram| (1..4).map(move |length| beginning(gram, length)))
                    .collect();
            }
            tail(&mut step, &self.beginnings);
            if let Some(held) = self.late.hold(engine, text, base, (line.max(own), open)) {
                step.hold_from(held);
            }
        }
        self.decided = base + open as u64;
        self.read = base + text.len() as u64;
        base + step.hold as u64
    }

    /// After a pause: what is at hand is looked at as if it were all. Nothing is decided by this, but
    /// what it finds is covered.
    pub fn pause(&mut self, engine: &Engine, text: &[u8], base: u64, findings: &mut Findings) {
        let own = (self.decided - base) as usize;
        let mut step =
            Step { engine, text, base, ended: true, open: text.len(), hold: text.len(), begins: Vec::new() };
        self.scratch.assigned.start();
        let waiting = std::mem::take(&mut self.waiting);
        self.candidates(&mut step, own);
        self.waiting = waiting;
        self.settle(&step, findings);
        findings.learned.clear();
        for at in
            (own..text.len().saturating_sub(BEGUN - 1)).filter(|&at| candidate::is_token_start(text, at))
        {
            if let Some(rule) = self.alive.at(engine, text, at) {
                findings.covered.push(Covered {
                    start: base + at as u64,
                    end: base + text.len() as u64,
                    rule,
                });
                self.swallow = Some(rule);
                break;
            }
        }
        if let Some(block) = &self.block {
            findings.covered.extend(block.pause(text, base));
        }
    }

    /// Cover what goes on from the last step.
    fn go_on(&mut self, text: &[u8], base: u64, findings: &mut Findings) {
        let Some(rule) = self.swallow.take() else { return };
        let from = (self.read - base) as usize;
        let end = word_end(text, from);
        if end > from {
            findings.covered.push(Covered { start: self.read, end: base + end as u64, rule });
        }
        if end == text.len() {
            self.swallow = Some(rule);
        }
    }

    /// Look at the names whose values were to stand on the next line.
    fn wait(&mut self, step: &mut Step<'_>) {
        for waiting in std::mem::take(&mut self.waiting) {
            let word =
                Span::new((waiting.word.0 - step.base) as usize, (waiting.word.1 - step.base) as usize);
            self.name(step, word, waiting.purpose);
        }
    }

    /// Look at all candidates from `own` on.
    fn candidates(&mut self, step: &mut Step<'_>, own: usize) {
        let anchors = &step.engine.anchors;
        let mut candidates = std::mem::take(&mut self.scratch.candidates);
        let mut at = own;
        while at < step.text.len() {
            let end = step.text.len().min(at + BLOCK);
            anchors.tables.find(step.text, at..end, &mut candidates);
            for &place in &candidates.starts {
                self.start(step, place as usize);
            }
            for &place in &candidates.literals {
                let place = place as usize;
                anchors.literals_at(step.text, place, |start, end, purpose| {
                    self.literal(step, place, Span::new(start, end), purpose);
                });
            }
            at = end;
        }
        self.scratch.candidates = candidates;
    }

    /// A token may begin here.
    fn start(&mut self, step: &mut Step<'_>, at: usize) {
        if at >= step.open {
            self.alive_start(step, at);
        } else if let Some(cut) = step.cut(at) {
            step.engine.at_word_start(&step.text[..cut], at, &mut self.buffer);
            self.take(cut);
        }
    }

    /// Hold back a token that is still being written.
    fn alive_start(&mut self, step: &mut Step<'_>, at: usize) {
        if at < step.hold && self.alive.at(step.engine, step.text, at).is_some() {
            step.hold_from(at);
        }
    }

    fn literal(&mut self, step: &mut Step<'_>, place: usize, literal: Span, purpose: Use) {
        if let Use::Begin(rule) = purpose {
            step.begins.push((literal.start, literal.end, rule));
            return;
        }
        let named = matches!(purpose, Use::Name | Use::RuleName);
        if place < step.open && named {
            self.name(step, literal, purpose);
        } else if place < step.open {
            if let Some(cut) = step.cut(place).filter(|&cut| cut >= literal.end) {
                self.look(step, literal, purpose, cut);
            }
        } else {
            let text = step.text;
            match purpose {
                Use::Start if candidate::is_token_start(text, literal.start) => {
                    self.alive_start(step, literal.start);
                }
                Use::Scheme => {
                    let authority = &text[literal.end..];
                    let ends = memchr::memchr3(b' ', b'/', b'"', authority);
                    if ends.is_none_or(|end| memchr::memchr(b'@', &authority[..end]).is_some()) {
                        step.hold_from(literal.end);
                    }
                }
                Use::Inside(_) => step.hold_from(run_start(text, literal.start)),
                Use::Name | Use::RuleName => {
                    if let Some(value) = assign::value_begins(text, literal) {
                        step.hold_from(value);
                    }
                }
                _ => {}
            }
        }
    }

    /// A word of a name whose line is complete. Where the line ends behind it, the next line counts too.
    fn name(&mut self, step: &mut Step<'_>, word: Span, purpose: Use) {
        let Some(mut cut) = step.cut(word.start).filter(|&cut| cut >= word.end) else { return };
        let ends_line = matches!(step.text[cut - 1], b'\n' | b'\r');
        if ends_line && step.text[word.end..cut].iter().all(|&byte| closes_name(byte)) {
            let next = cut + usize::from(step.text[cut - 1] == b'\r' && step.text.get(cut) == Some(&b'\n'));
            match (next < step.text.len()).then(|| step.cut(next)).flatten() {
                Some(end) => cut = end,
                None if step.ended => {}
                None => {
                    let blanks = step.text[next.min(step.text.len())..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_whitespace());
                    step.hold_from(next + blanks.count());
                    let word = (step.base + word.start as u64, step.base + word.end as u64);
                    self.waiting.push(Waiting { word, purpose });
                    return;
                }
            }
        }
        self.look(step, word, purpose, cut);
    }

    fn look(&mut self, step: &Step<'_>, literal: Span, purpose: Use, cut: usize) {
        let text = &step.text[..cut];
        let input =
            Input { text, own: 0..cut, kind: FileKind { form: Form::Log, fixture: false }, binary: false };
        step.engine.at_literal(&mut self.scratch, &input, literal, purpose, &mut self.buffer);
        self.take(cut);
    }

    fn take(&mut self, cut: usize) {
        self.matches.extend(self.buffer.drain(..).map(|found| (cut, found)));
    }

    /// Settle which rule owns what was found in each line, and cover it.
    fn settle(&mut self, step: &Step<'_>, findings: &mut Findings) {
        self.matches.sort_by_key(|found| found.0);
        let mut matches = std::mem::take(&mut self.matches).into_iter().peekable();
        while let Some((cut, first)) = matches.next() {
            let mut line = vec![first];
            while let Some((_, found)) = matches.next_if(|found| found.0 == cut) {
                line.push(found);
            }
            overlap::settle(&step.engine.rules, &mut line, 0);
            for found in line {
                let end = match step.text.get(found.secret.end.wrapping_sub(1)) {
                    Some(&last) if candidate::is_word(last) => word_end(step.text, found.secret.end),
                    _ => found.secret.end,
                };
                if end == step.text.len() && !step.ended {
                    self.swallow = Some(found.rule);
                }
                let (start, to) = (step.base + found.secret.start as u64, step.base + end as u64);
                findings.covered.push(Covered { start, end: to, rule: found.rule });
                findings.learned.push(Learned {
                    at: step.base + cut as u64,
                    value: Zeroizing::new(found.value(step.text).to_vec()),
                    rule: found.rule,
                });
            }
        }
    }

    /// Go on with the private key that is being written, and with those that begin.
    fn blocks(&mut self, step: &mut Step<'_>, findings: &mut Findings) {
        step.begins.sort_unstable_by_key(|begin| begin.0);
        let mut begins = std::mem::take(&mut step.begins).into_iter();
        loop {
            if let Some(block) = &mut self.block {
                let Some(end) = block.advance(step.text, step.base, step.ended, findings) else {
                    return step.hold_from((block.at() - step.base) as usize);
                };
                self.begun = step.base + end as u64;
                self.block = None;
            }
            let offset = |at: usize| step.base + at as u64;
            let Some((start, behind, rule)) = begins.by_ref().find(|begin| offset(begin.0) >= self.begun)
            else {
                return;
            };
            let Matcher::Block(block) = &step.engine.rules.get(rule).matcher else { continue };
            findings.covered.push(Covered { start: offset(start), end: offset(behind), rule });
            self.block = Some(Open::new(rule, block, offset(start), offset(behind)));
        }
    }
}

/// Hold back at the end of the text what is too short to tell: the word that is being written, and the
/// beginning of a marker.
fn tail(step: &mut Step<'_>, beginnings: &HashSet<u32>) {
    let text = step.text;
    step.hold_from(run_start(text, text.len()));
    let end = text.len();
    for at in end.saturating_sub(SHORT).max(step.open)..end.saturating_sub(3) {
        let gram = u32::from_le_bytes([text[at], text[at + 1], text[at + 2], text[at + 3]]);
        let short = text[at..].iter().all(|&byte| byte > b' ');
        if short && candidate::is_token_start(text, at) && step.engine.rules_at(gram).next().is_some() {
            step.hold_from(at);
        }
    }
    for length in 1..4.min(end + 1) {
        let at = end - length;
        let gram = text[at..].iter().rev().fold(0, |gram, &byte| gram << 8 | u32::from(byte));
        if candidate::is_token_start(text, at) && beginnings.contains(&beginning(gram, length as u32)) {
            step.hold_from(at);
        }
    }
    let longest = step.engine.begins.iter().map(|begin| begin.len()).max().unwrap_or(0);
    for length in (1..longest.min(end + 1)).rev() {
        let part = &text[end - length..];
        if step.engine.begins.iter().any(|begin| begin.len() > length && begin.as_bytes().starts_with(part)) {
            step.hold_from(end - length);
            break;
        }
    }
}

/// The first bytes of four, with their number.
fn beginning(gram: u32, length: u32) -> u32 {
    length << 24 | gram & ((1 << (8 * length)) - 1)
}

/// What may stand between a name and the end of its line.
fn closes_name(byte: u8) -> bool {
    byte <= b' ' || b"_-.$\\\"'`]})?!*:=>|,([{+<".contains(&byte)
}

/// The beginning of the unbroken token, at most [`HORIZON`] bytes, that ends at `at`.
fn run_start(text: &[u8], at: usize) -> usize {
    let inside = |byte: &&u8| candidate::is_word(**byte) || b"+/-".contains(byte);
    at - text[..at].iter().rev().take(HORIZON).take_while(inside).count()
}

fn word_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|&byte| !candidate::is_word(byte)).map_or(text.len(), |by| at + by)
}
