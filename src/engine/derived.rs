//! Scans texts that are made from other texts: what was copied is not looked at again where that
//! cannot change anything.
//!
//! Whether something is a match depends on bytes around its anchor only. For nearly all anchors these are
//! the few before it that tell whether it is one, and the rest of its line. So an anchor is *settled* by a
//! copied piece that holds both; all others are looked at again, in the new text. Where more was looked at
//! (context words, values on other lines, blocks such as private keys, what is encoded), the engine says so,
//! and the anchor is remembered with the bytes that it depends on: it is looked at again where not all of
//! these were copied together.
//!
//! The result is that of a scan of the whole text; `tests/audit` compares the two over real
//! repositories.

mod lines;

use super::trace::Sink;
use super::{Engine, Input, Match, Scratch, context, overlap, retain_from};
use crate::rules::RuleIndex;
use crate::rules::rule::{Anchor, Matcher, Segment, Shape, Token};
use crate::text::{Copied, Span};
pub(super) use lines::Lines;
use regex_syntax::hir::{Class, Hir, HirKind};
use std::ops::Range;

/// How far ahead of its anchor an ordinary match and all that decides about it reaches on its line, in bytes:
/// name, operator, blanks, quotes, value, and what is looked at behind them.
pub(super) const AHEAD: usize = 2048;
/// Longest token of an ordinary rule, so that its context stays within [`AHEAD`].
const TOKEN: usize = AHEAD - context::BEHIND - MARGIN;
/// Bytes behind its line that may decide about an anchor without being told of.
pub(super) const MARGIN: usize = 16;
/// Bytes before the end of a line that may decide about anchors behind it: a row of pairs or numbers, an escape, or
/// what stands before a name on the line before. None of these is longer.
pub(super) const BEFORE: usize = 24;
/// How far behind an anchor of an assignment its name may start, with what is looked at before on its line.
pub(super) const NAME: usize = 368;
/// Settled pieces shorter than this (bytes) are not worth being left out.
const WORTH: usize = 128;
/// A literal, or a scheme before one, is no longer than this (bytes).
pub(super) const LITERAL: usize = 96;
/// What is remembered of a text while texts made from it are scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// All matches, by their anchors.
    matches: Vec<Match>,
    /// The same with those that gave way to others, which may be gone in a text made from this.
    found: Vec<Match>,
    /// Anchors that depend on bytes far away, rising.
    far: Vec<Far>,
}

impl Trace {
    /// All matches in the text, by their anchors.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }
}

/// An anchor and the bytes that decide about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Far {
    anchor: usize,
    from: usize,
    to: usize,
}

/// Takes what is found, and which anchors depend on bytes far away.
struct Watch<'a> {
    text: &'a [u8],
    reaches: &'a [u32],
    matches: Vec<Match>,
    far: Vec<Far>,
}

/// A text and what it was made from.
pub struct Derived<'a> {
    /// What is remembered of the other text.
    pub base: &'a Trace,
    /// Length of the other text in bytes.
    pub base_length: usize,
    /// Pieces that are the same in both, in the order of this text, apart from one another.
    pub copies: &'a [Copied],
}

/// Scans texts and remembers what scanning texts made from them needs.
pub struct Deriver<'e> {
    engine: &'e Engine,
    /// The reach of rules that look far, by rule; 0 for all others.
    reaches: Vec<u32>,
    /// The longest way back from a literal to where its match starts, of ordinary rules.
    back: usize,
    /// Lines in which nothing is are remembered.
    remembers: bool,
}

impl<'e> Deriver<'e> {
    /// For the rules of an engine.
    pub fn new(engine: &'e Engine) -> Deriver<'e> {
        let mut back = 0;
        let reach = |(index, rule): (RuleIndex, &crate::rules::Rule)| match &rule.matcher {
            _ if !engine.active[index.0 as usize] => 0,
            Matcher::Token(token) if token.reach as usize > TOKEN || crosses_lines(token) => token.reach,
            _ => 0,
        };
        let reaches: Vec<u32> = engine.rules.iter().map(reach).collect();
        for (index, rule) in engine.rules.iter() {
            if let Matcher::Token(Token { anchor: Anchor::Contains { .. }, reach, .. }) = &rule.matcher
                && reaches[index.0 as usize] == 0
            {
                back = back.max(*reach as usize);
            }
        }
        Deriver { engine, reaches, back, remembers: false }
    }

    /// Also remember lines in which nothing is.
    pub fn remembering(self) -> Deriver<'e> {
        Deriver { remembers: true, ..self }
    }

    /// Scan a text, with what it was made from where that is known.
    pub fn scan(&self, scratch: &mut Scratch, input: &Input<'_>, derived: Option<Derived<'_>>) -> Trace {
        let mut watch =
            Watch { text: input.text, reaches: &self.reaches, matches: Vec::new(), far: Vec::new() };
        let whole = 0..input.text.len();
        let plan = derived.and_then(|derived| self.plan(input.text, &derived));
        let ranges = match plan {
            Some(plan) => {
                watch.matches = plan.matches;
                watch.far = plan.far;
                plan.again
            }
            None => vec![whole],
        };
        let carried = watch.far.len();
        let again = match self.remembers {
            true => scratch.lines.unknown(input, ranges),
            false => ranges,
        };
        for range in again {
            self.look(scratch, input, range, &mut watch);
        }
        let Watch { matches: mut found, mut far, .. } = watch;
        found.sort_by_key(|found| (found.anchor, found.rule, found.secret.start, found.secret.end));
        let mut matches = found.clone();
        overlap::settle(&self.engine.rules, &mut matches, 0);
        matches.sort_by_key(|found| (found.anchor, found.rule));
        // What was brought over is in order: two rows are merged.
        far[carried..].sort_unstable();
        far.sort();
        far.dedup();
        if self.remembers {
            scratch.lines.remember(&found, &far);
        }
        Trace { matches, found, far }
    }

    /// Look at the anchors in `range`.
    fn look(&self, scratch: &mut Scratch, input: &Input<'_>, range: Range<usize>, watch: &mut Watch<'_>) {
        let (first, first_far) = (watch.matches.len(), watch.far.len());
        // What an anchor is found by may stand behind it.
        let wide = range.start..input.text.len().min(range.end + LITERAL);
        self.engine.look(scratch, input, wide.clone(), watch);
        if wide == range {
            return;
        }
        retain_from(&mut watch.matches, first, |found| range.contains(&found.anchor));
        retain_from(&mut watch.far, first_far, |far| range.contains(&far.anchor));
    }

    /// What is settled by copied pieces, and what is to be looked at again; `None` for everything.
    fn plan(&self, text: &[u8], derived: &Derived<'_>) -> Option<Plan> {
        let mut plan = Plan::default();
        let mut at = 0;
        let mut left = 0;
        for copied in derived.copies {
            let zone = self.settled(text, copied, derived.base_length);
            if zone.len() < WORTH {
                continue;
            }
            if at < zone.start {
                plan.again.push(at..zone.start);
                left += zone.start - at;
            }
            at = zone.end;
            plan.carry(text.len(), copied, zone, derived);
        }
        if at < text.len() {
            plan.again.push(at..text.len());
            left += text.len() - at;
        }
        if left > text.len() / 8 * 7 {
            return None;
        }
        plan.settle();
        Some(plan)
    }

    /// The anchors in a copied piece that nothing outside of the piece decides about.
    fn settled(&self, text: &[u8], copied: &Copied, base_length: usize) -> Span {
        let place = copied.in_target();
        let at_start = copied.target == 0 && copied.source == 0;
        let at_end = place.end == text.len() && copied.source + copied.length == base_length;
        let start = if at_start { 0 } else { self.start(text, place) };
        let end = if at_end { place.end } else { end(text, place) };
        Span::new(start.min(end), end)
    }

    /// The first anchor that nothing before a piece decides about, but what was told of.
    fn start(&self, text: &[u8], piece: Span) -> usize {
        let from = piece.start + BEFORE;
        let far = piece.start + NAME.max(BEFORE + self.back);
        let line = text.get(from - 1..far.min(piece.end)).and_then(|rest| memchr::memchr(b'\n', rest));
        line.map_or(far, |at| from + at).min(piece.end)
    }
}

/// Behind the last anchor that nothing behind a piece decides about, but what was told of.
fn end(text: &[u8], piece: Span) -> usize {
    let floor = piece.start.max(piece.end.saturating_sub(AHEAD));
    let to = piece.end.saturating_sub(MARGIN).max(floor);
    memchr::memrchr(b'\n', &text[floor..to]).map_or(floor, |at| floor + at + 1)
}

/// What a copied piece brings, and what is left to look at.
#[derive(Default)]
struct Plan {
    matches: Vec<Match>,
    far: Vec<Far>,
    /// Parts of the text to look at, apart from one another and rising once settled.
    again: Vec<Range<usize>>,
}

impl Plan {
    /// Bring what stands in the base over to the zone of a copied piece in which all is settled.
    fn carry(&mut self, length: usize, copied: &Copied, zone: Span, derived: &Derived<'_>) {
        let to_text = |at: usize| at - copied.source + copied.target;
        let to_base = |at: usize| at - copied.target + copied.source;
        let source = copied.in_source();
        let from_start = source.start == 0 && copied.target == 0;
        let to_end = source.end == derived.base_length && copied.in_target().end == length;
        let (low, high) = (to_base(zone.start), to_base(zone.end));
        let base = derived.base;
        let first = base.far.partition_point(|far| far.anchor < low);
        let mut broken: Vec<usize> = Vec::new();
        for far in base.far[first..].iter().take_while(|far| far.anchor < high) {
            let whole = (far.from >= source.start || from_start) && (far.to <= source.end || to_end);
            if whole {
                let shift = |at: usize| (at + copied.target).saturating_sub(copied.source);
                self.far.push(Far { anchor: to_text(far.anchor), from: shift(far.from), to: shift(far.to) });
            } else {
                let anchor = to_text(far.anchor);
                self.again.push(anchor..anchor + 1);
                broken.push(far.anchor);
            }
        }
        let first = base.found.partition_point(|found| found.anchor < low);
        for found in base.found[first..].iter().take_while(|found| found.anchor < high) {
            if !broken.contains(&found.anchor) {
                let shift = |span: Span| Span::new(to_text(span.start), to_text(span.end));
                self.matches.push(Match {
                    anchor: to_text(found.anchor),
                    whole: shift(found.whole),
                    secret: shift(found.secret),
                    ..found.clone()
                });
            }
        }
    }

    /// Put what is to be looked at in order, and leave out what was brought over from there.
    fn settle(&mut self) {
        self.again.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(self.again.len());
        self.again.drain(..).for_each(|range| add(&mut merged, range));
        let again = |at: usize| {
            let after = merged.partition_point(|range| range.start <= at);
            after > 0 && merged[after - 1].contains(&at)
        };
        self.matches.retain(|found| !again(found.anchor));
        self.far.retain(|far| !again(far.anchor));
        self.again = merged;
    }
}

/// Add a part that is to be looked at to those before it: close ones become one, as each is looked at with a little
/// behind it.
fn add(parts: &mut Vec<Range<usize>>, part: Range<usize>) {
    match parts.last_mut() {
        Some(last) if part.start <= last.end + LITERAL => last.end = last.end.max(part.end),
        _ => parts.push(part),
    }
}

impl Sink for Watch<'_> {
    const LISTENS: bool = false;

    #[inline]
    fn matches(&mut self) -> &mut Vec<Match> {
        &mut self.matches
    }

    fn depends(&mut self, anchor: usize, on: Span) {
        if !is_near(self.text, anchor, on) {
            self.far.push(Far { anchor, from: on.start, to: on.end });
        }
    }

    #[inline]
    fn tries(&mut self, rule: RuleIndex, token: &Token, text: &[u8], place: Span) {
        let reach = self.reaches[rule.0 as usize] as usize;
        if reach == 0 {
            return;
        }
        if !place.is_empty() {
            let all = Span::new(place.start.saturating_sub(reach), place.end + reach);
            return self.depends(place.start, context::around(all));
        }
        let at = place.start;
        let furthest = token.shapes.iter().map(|shape| furthest(shape, text, at)).max();
        let end = furthest.unwrap_or(text.len().min(at + reach));
        if end - at > TOKEN || furthest.is_none() || memchr::memchr(b'\n', &text[at..end]).is_some() {
            self.depends(at, context::around(Span::new(at, end)));
        }
    }
}

/// Do these bytes stand on the line of the anchor, or so close to it that they are copied together with it wherever
/// it is settled? What would go beyond the text does not.
fn is_near(text: &[u8], anchor: usize, on: Span) -> bool {
    if on.start + NAME < anchor || anchor + AHEAD < on.end {
        return false;
    }
    let before = memchr::memrchr(b'\n', &text[on.start.min(anchor)..anchor]).map_or(0, |at| at + 1);
    let rest = &text[anchor..on.end.clamp(anchor, text.len())];
    let behind = memchr::memchr(b'\n', rest).map_or(0, |at| on.end - anchor - at - 1);
    before < BEFORE && behind <= MARGIN
}

/// Behind the last byte that decides whether a shape matches at `at`.
fn furthest(shape: &Shape, text: &[u8], at: usize) -> usize {
    let mut here = at;
    for segment in shape.segments.iter() {
        match segment {
            Segment::Bytes(bytes) => {
                let same = bytes.iter().zip(&text[here..]).take_while(|(one, other)| one == other).count();
                here += same;
                if same < bytes.len() {
                    break;
                }
            }
            Segment::Class { class, min, max } => {
                let run =
                    text[here..].iter().take(usize::from(*max)).take_while(|&&byte| class.has(byte)).count();
                here += run;
                if run < usize::from(*min) {
                    break;
                }
            }
        }
    }
    text.len().min(here + 1)
}

/// Can a match of this rule hold the end of a line?
fn crosses_lines(token: &Token) -> bool {
    if !token.shapes.is_empty() {
        return token.shapes.iter().flat_map(|shape| shape.segments.iter()).any(|segment| match segment {
            Segment::Bytes(bytes) => bytes.contains(&b'\n'),
            Segment::Class { class, .. } => class.has(b'\n'),
        });
    }
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
    parser.parse(&token.regex).map_or(true, |pattern| holds_line_end(&pattern))
}

fn holds_line_end(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b'\n'))
        }
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&'\n'))
        }
        HirKind::Repetition(repetition) => holds_line_end(&repetition.sub),
        HirKind::Capture(capture) => holds_line_end(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(holds_line_end),
    }
}

#[cfg(test)]
mod tests;
