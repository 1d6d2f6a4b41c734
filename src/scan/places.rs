//! What more is known of a place: the cell of a notebook, the step of a log, the layer of an image. And
//! which of several places of one secret is told.

use super::{Cut, Hit, Lines, Scan, Scanner};
use crate::engine::noise::FileKind;
use crate::engine::{Input, Unshown};
use crate::origin::Origin;
use crate::text::{Reading, Span, hide};
use crate::unpack::Known;
use std::collections::{HashMap, HashSet};

/// What was found in a document as it stands and in one of its parts is told by the part. So is what was found in
/// the bytes of a container that stands encoded in a text, and in one of its members.
pub(super) fn nearest(hits: &mut Vec<Hit>) {
    let mut runs: HashMap<Origin, Vec<Span>> = HashMap::new();
    for hit in hits.iter().filter(|hit| hit.enclosed) {
        runs.entry(hit.occurrence.origin.bare().clone()).or_default().push(span(hit));
    }
    if !runs.is_empty() {
        let runs: HashMap<Origin, Spans> =
            runs.into_iter().map(|(origin, spans)| (origin, Spans::of(spans.into_iter()))).collect();
        hits.retain(|hit| {
            let inside = |runs: &Spans| runs.touch(span(hit));
            hit.enclosed || !runs.get(hit.occurrence.origin.bare()).is_some_and(inside)
        });
    }
    let mut outer = HashSet::new();
    for hit in &*hits {
        let mut origin = &hit.occurrence.origin;
        while let Some(container) = origin.outer() {
            outer.insert(container.bare().clone());
            origin = container;
        }
    }
    if !outer.is_empty() {
        hits.retain(|hit| !outer.contains(hit.occurrence.origin.bare()));
    }
}

/// Note of each place in an image what is known of it. What stands in a layer that is there twice is told
/// once.
pub(super) fn in_images(scan: &Scan, known: &Known, hits: &mut Vec<Hit>) {
    if known.is_empty() {
        return;
    }
    hits.sort_by(|one, other| one.occurrence.cmp(&other.occurrence));
    let mut told = HashSet::new();
    hits.retain(|hit| match known.same(&hit.occurrence.origin) {
        Some(place) => told.insert((place, hit.occurrence.offset, hit.rule)),
        None => true,
    });
    for hit in hits {
        let mut notes = known.notes(&hit.occurrence.origin);
        while let Some(note) = notes.pop() {
            let note = masked(scan, &note);
            take(&mut hit.occurrence.origin, |origin| origin.noted(note));
        }
    }
}

pub(super) fn take(origin: &mut Origin, change: impl FnOnce(Origin) -> Origin) {
    *origin = change(std::mem::replace(origin, Origin::Stdin));
}

/// Words of an input, which may hold secrets, as they may be shown.
pub(super) fn masked(scan: &Scan, words: &str) -> String {
    let whole = Span::new(0, words.len());
    let hidden = scan.engine.unshown(words.as_bytes(), whole, &mut Unshown::default());
    hide(words.as_bytes(), whole, &hidden, |_| "…".to_owned())
}

impl Scanner<'_> {
    /// Look at another reading of an input, whose own hits are those from `first` on: where both found
    /// something, the reading is right. All get the names of the sections that they stand in.
    pub(super) fn read_again(
        &mut self,
        origin: &Origin,
        bytes: &[u8],
        reading: &Reading,
        kind: FileKind,
        first: usize,
    ) {
        let mut own = self.hits.split_off(first);
        self.matches.clear();
        let text = reading.text();
        let part = reading.part(bytes.len());
        let input = Input { text, own: reading.own(), kind, binary: false };
        self.scan.engine.scan(&mut self.scratch, &input, &mut self.matches);
        self.matched |= !self.matches.is_empty();
        let enclosed = self.scratch.take_enclosed();
        if !self.matches.is_empty() || !enclosed.is_empty() {
            let (scan, matches, aside) = (self.scan, &self.matches, self.scan.sets_aside(kind));
            let original = &|offset| part.offset as usize + offset;
            let cut = Cut { matches, original, reading: Some(reading), aside, ..Cut::of(scan, origin, text) };
            let mut lines = Lines::new(bytes, part.lines, part.column);
            cut.hits(&mut lines, (&mut self.hits, &mut self.skipped));
            self.runs.keep(&cut, &mut lines, enclosed, &mut self.skipped);
        }
        // What was not looked at is not known to be clean.
        self.matched |= !self.limits(origin);
        let better = Spans::of(self.hits[first..].iter().map(span));
        own.retain(|hit| !better.touch(span(hit)));
        self.hits.append(&mut own);
        let mut names: Vec<(&str, String)> = Vec::new();
        let places = self.hits[first..].iter_mut().map(|hit| &mut hit.occurrence);
        for place in places.chain(self.runs.places()) {
            let at = (place.offset - part.offset) as usize;
            let Some(name) = reading.section_at(at) else { continue };
            let known = names.iter().find(|(other, _)| *other == name).map(|(_, shown)| shown.clone());
            let shown = known.unwrap_or_else(|| {
                let shown = masked(self.scan, name);
                names.push((name, shown.clone()));
                shown
            });
            take(&mut place.origin, |origin| origin.noted(shown));
        }
    }
}

fn span(hit: &Hit) -> Span {
    let start = hit.occurrence.offset as usize;
    Span::new(start, start + hit.occurrence.length as usize)
}

/// Spans in the order of their beginnings, each with the furthest end so far.
struct Spans(Vec<(usize, usize)>);

impl Spans {
    fn of(spans: impl Iterator<Item = Span>) -> Spans {
        let mut spans: Vec<(usize, usize)> = spans.map(|span| (span.start, span.end)).collect();
        spans.sort_unstable();
        let mut furthest = 0;
        for (_, end) in &mut spans {
            furthest = furthest.max(*end);
            *end = furthest;
        }
        Spans(spans)
    }

    /// Does one of them share a byte with `span`?
    fn touch(&self, span: Span) -> bool {
        let before = self.0.partition_point(|(start, _)| *start < span.end);
        before.checked_sub(1).is_some_and(|last| self.0[last].1 > span.start)
    }
}
