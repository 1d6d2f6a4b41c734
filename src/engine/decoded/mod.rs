//! Finds secrets in what a text says once it is decoded: base64, escapes, compressed streams and the
//! like, one inside the other.
//!
//! `view::sieve` names the places, in the same blocks as the candidate pass, and `view::region` tells
//! what is encoded there. What it says is scanned like any other text, and what is found in it points
//! at the bytes that say so. A match belongs to the place where its outermost region begins.
//!
//! Bounds: encodings are undone [`DEPTH`] deep, and what one region becomes, with all that is in it, is
//! at most [`MOST`] bytes and [`RATIO`] times its own length; for what is beyond that there are [`FREE`]
//! bytes in each text. What was not looked at is told: see
//! [`Scratch::take_limits`](super::Scratch::take_limits).

mod enclosed;
mod squeezed;
mod value;

use super::trace::{AnchorKind, Event, Listener, Look, Sink, Trace, Undone};
use super::{Engine, Input, Match, Scratch, retain_from};
use crate::archive::Kind;
use crate::text::Span;
use crate::utf16;
use crate::view::region::{self, Encoding, Looked, Region};
use crate::view::sieve::{self, Spot};
use std::ops::Range;
use zeroize::{Zeroize, Zeroizing};

pub use enclosed::Enclosed;

/// Encodings inside one another.
pub const DEPTH: u8 = 5;
/// Most bytes that one region of a text becomes, with all that is in it.
pub const MOST: usize = 16 << 20;
/// The same as a multiple of the region's length.
const RATIO: usize = 32;
/// Bytes that all regions of a text together may become beyond that.
const FREE: usize = 16 << 20;
/// How far behind the place where a region begins it may reach, in bytes.
pub(super) const REACH: usize = region::LONGEST + (16 << 10);

/// How the bytes of a match say what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// The encodings, the outermost first.
    pub chain: Vec<&'static str>,
    /// The secret itself.
    pub value: Zeroizing<Vec<u8>>,
}

/// Why something encoded was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Too many encodings inside one another.
    Depth,
    /// It is too long, or becomes too much.
    Size,
    /// A compressed stream that is damaged: what comes before the damage was looked at.
    Damaged,
    /// A compressed stream that ends too early, as where the rest of it is written in a form that is not
    /// read: what is there was looked at. Short beginnings, as in examples, are not told.
    Cut,
}

impl Limit {
    /// What happened, for people.
    pub fn describe(self) -> String {
        match self {
            Limit::Depth => format!("encodings more than {DEPTH} deep were not decoded"),
            Limit::Size => "more encoded text than is decoded: the rest was not looked at".to_owned(),
            Limit::Damaged => "a compressed stream inside of an encoding is damaged".to_owned(),
            Limit::Cut => {
                "a compressed stream inside of an encoding ends too early: where is the rest of it?"
                    .to_owned()
            }
        }
    }
}

/// What decoding needs of a thread's scratch.
#[derive(Default)]
pub(super) struct State {
    spots: Vec<Spot>,
    marks: Vec<u32>,
    last: region::Last,
    /// For what is decoded.
    inner: Option<Box<Scratch>>,
    /// Encodings around the text that is scanned.
    depth: u8,
    /// Bytes that may still be decoded.
    budget: usize,
    /// What is left of [`FREE`].
    free: usize,
    /// What was not looked at, by the place of the text where it stands.
    pub(super) limits: Vec<(usize, Limit)>,
    /// Containers that stand encoded in the text; nothing where nobody opens them.
    pub(super) enclosed: Option<Vec<Enclosed>>,
}

impl State {
    /// A new text begins.
    pub(super) fn start(&mut self) {
        self.last.start();
        self.free = FREE;
    }

    /// Of the containers from `first` on keep those that belong to a part of the text.
    pub(super) fn keep_own(&mut self, first: usize, own: &Range<usize>) {
        if let Some(all) = &mut self.enclosed {
            retain_from(all, first, |found| own.contains(&found.anchor));
        }
    }
}

/// What a region says.
struct Said {
    text: Vec<u8>,
    /// Encodings behind the region's own.
    chain: Vec<&'static str>,
    /// How the text's places are places of what the region says.
    map: Map,
    /// It is no clean text.
    binary: bool,
    /// Something was found in it, and it is JSON.
    json: bool,
}

enum Map {
    Same,
    Wide(utf16::Decoded),
    /// All of it stands for all of the region.
    Squeezed,
}

impl Drop for Said {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl Engine {
    /// Look at what is encoded in `range`.
    pub(super) fn decode<S: Sink>(
        &self,
        scratch: &mut Scratch,
        input: &Input<'_>,
        range: Range<usize>,
        out: &mut S,
    ) {
        let mut spots = std::mem::take(&mut scratch.decoded.spots);
        sieve::find(input.text, range, &mut scratch.decoded.marks, &mut spots);
        for &spot in &spots {
            let looked = region::look(input.text, spot, &mut scratch.decoded.last);
            let Some((anchor, Looked { span, region })) = looked else { continue };
            out.depends(anchor, span);
            if let Some(region) = region {
                self.in_region(scratch, input, (&region, anchor), out);
            }
        }
        scratch.decoded.spots = spots;
    }

    fn in_region<S: Sink>(
        &self,
        scratch: &mut Scratch,
        input: &Input<'_>,
        (region, anchor): (&Region, usize),
        out: &mut S,
    ) {
        let state = &mut scratch.decoded;
        if state.depth >= DEPTH {
            // Escapes stand in patterns and tests in all kinds at once: that deep they say no more.
            if region.alone() {
                state.limits.push((anchor, Limit::Depth));
            }
            return;
        }
        let told = state.limits.len();
        let length = region.span().len();
        let allowed = MOST.min(state.free + length * RATIO);
        if state.depth == 0 {
            state.budget = allowed;
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        let whole = region.read(input.text, state.budget, &mut bytes);
        if !whole {
            state.limits.push((anchor, Limit::Size));
        }
        state.budget -= bytes.len().min(state.budget);
        let mut said = match region.alone() {
            true => match unwrap(std::mem::take(&mut *bytes), whole, anchor, state) {
                Some(said) => said,
                None => return,
            },
            false => {
                let text = std::mem::take(&mut *bytes);
                Said { text, chain: Vec::new(), map: Map::Same, binary: input.binary, json: false }
            }
        };
        let kind = if region.alone() { super::FileKind::UNKNOWN } else { input.kind };
        let mut inner = state.inner.take().unwrap_or_default();
        inner.decoded.depth = state.depth + 1 + said.chain.len() as u8;
        inner.decoded.budget = state.budget;
        inner.decoded.enclosed = state.enclosed.is_some().then(Vec::new);
        let whole = 0..said.text.len();
        let inside = Input { text: &said.text, own: whole.clone(), kind, binary: said.binary };
        let trace = match S::LISTENS {
            true => {
                let mut listener = Listener::of_all(&said.text);
                self.look_settled(&mut inner, &inside, whole, &mut listener);
                listener.told()
            }
            false => {
                let mut matches = Vec::new();
                self.look_settled(&mut inner, &inside, whole, &mut matches);
                Trace { matches, ..Trace::default() }
            }
        };
        let state = &mut scratch.decoded;
        state.budget = inner.decoded.budget;
        state.limits.extend(inner.decoded.limits.drain(..).map(|(_, limit)| (anchor, limit)));
        let enclosed = inner.decoded.enclosed.take();
        state.inner = Some(inner);
        if state.depth == 0 {
            let used = allowed.saturating_sub(state.budget);
            state.free -= used.saturating_sub(length * RATIO).min(state.free);
        }
        said.name_json(region, &trace.matches);
        let place = Place { text: input.text, region, said: &said, anchor };
        out.matches().extend(trace.matches.iter().cloned().filter_map(|found| place.of(found)));
        if let (Some(all), Some(inner)) = (&mut state.enclosed, enclosed) {
            match place.container() {
                // Who opens it finds what stands encoded in it.
                Some(container) => all.push(container),
                None => all.extend(inner.into_iter().filter_map(|found| place.enclosing(found))),
            }
        }
        let limits = state.limits[told.min(state.limits.len())..].iter().map(|(_, limit)| *limit).collect();
        out.note(|| Event {
            anchor: region.span(),
            kind: AnchorKind::Encoded,
            look: Look::Decoded(Box::new(Undone {
                region: region.span(),
                chain: place.chain(),
                container: place.kind().map(Kind::name),
                said: Zeroizing::new(said.text.clone()),
                trace,
                limits,
            })),
        });
    }
}

impl Said {
    /// What is found in a JSON text may stand there with escapes or without: that it is one is told in any
    /// case, once.
    fn name_json(&mut self, region: &Region, found: &[Match]) {
        let unnamed = |found: &Match| found.chain().first() != Some(&Encoding::Json.name());
        if region.alone() && found.iter().any(unnamed) && is_json(&self.text) {
            self.json = true;
        }
    }
}

/// Is it one object or list of JSON?
fn is_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// Where matches in what a region says stand in the text.
struct Place<'a> {
    text: &'a [u8],
    region: &'a Region,
    said: &'a Said,
    anchor: usize,
}

impl Place<'_> {
    /// The encodings of the region, the outermost first.
    fn chain(&self) -> Vec<&'static str> {
        let mut chain = vec![self.region.encoding.name()];
        chain.extend(&self.said.chain);
        chain
    }

    /// The match in the text; none where nothing about it is written otherwise there.
    fn of(&self, found: Match) -> Option<Match> {
        let (secret, secret_other) = self.locate(found.secret);
        let (whole, whole_other) = self.locate(found.whole);
        let alone = self.region.alone();
        // A name or an operator that is written otherwise shows no new value where it is the same value.
        if !alone && !whole_other && !secret_other {
            return None;
        }
        let mut chain = self.chain();
        let inner = found.chain();
        if self.said.json && inner.first() != Some(&Encoding::Json.name()) {
            chain.push(Encoding::Json.name());
        }
        chain.extend(inner);
        let value = Zeroizing::new(found.value(&self.said.text).to_vec());
        let decoded = Some(Box::new(Decoding { chain, value }));
        let whole = Span::new(whole.start.min(secret.start), whole.end.max(secret.end));
        Some(Match { whole, secret, anchor: self.anchor, decoded, ..found })
    }

    fn locate(&self, span: Span) -> (Span, bool) {
        match &self.said.map {
            Map::Same => self.region.locate(self.text, span),
            Map::Wide(decoded) => {
                let inner = Span::new(decoded.original(span.start), decoded.original(span.end));
                self.region.locate(self.text, inner)
            }
            Map::Squeezed => (self.region.span(), true),
        }
    }
}

/// Undo what bytes are wrapped in beside their encoding: compression, and text in wide units. `None`
/// where they are no text. `whole` says that these are all bytes that are encoded.
fn unwrap(bytes: Vec<u8>, mut whole: bool, anchor: usize, state: &mut State) -> Option<Said> {
    let mut said = Said { text: bytes, chain: Vec::new(), map: Map::Same, binary: false, json: false };
    while let Some(kind) = squeezed::detect(&said.text) {
        if state.depth + 1 + said.chain.len() as u8 >= DEPTH {
            state.limits.push((anchor, Limit::Depth));
            return None;
        }
        let Some((text, limit)) = squeezed::undo(kind, &said.text, state.budget) else { break };
        // What we cut off ourselves is told already.
        if let Some(limit) = limit.filter(|limit| whole || *limit != Limit::Cut) {
            state.limits.push((anchor, limit));
        }
        whole &= limit.is_none();
        state.budget -= text.len().min(state.budget);
        said.text.zeroize();
        said.text = text;
        said.chain.push(kind.name());
        said.map = Map::Squeezed;
    }
    if let Some(encoding) = utf16::detect(&said.text[..said.text.len().min(8 << 10)]) {
        let decoded = utf16::decode(&said.text, encoding);
        said.text.zeroize();
        // The map counts by the text.
        said.text = decoded.text.clone();
        said.chain.push(encoding.name());
        if matches!(said.map, Map::Same) {
            said.map = Map::Wide(decoded);
        }
    }
    said.binary = !clean(&said.text);
    (!said.text.is_empty()).then_some(said)
}

/// Is it text that a person could read, as far as bytes tell?
fn clean(text: &[u8]) -> bool {
    let strange = text
        .iter()
        .filter(|&&byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
        .count();
    let high = text.iter().filter(|&&byte| byte >= 0x7f).count();
    strange == 0 && (high == 0 || std::str::from_utf8(text).is_ok())
}

/// The name of base64 in a chain.
fn base64() -> &'static str {
    Encoding::Base64.name()
}

#[cfg(test)]
pub(super) mod tests;
