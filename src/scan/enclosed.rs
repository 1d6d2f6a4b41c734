//! Containers that stand encoded in a text: kept until they are opened, and what is found in them told at the
//! bytes that say so, `secret.yaml:4:9`, with the way from there.

use super::places::{masked, take};
use super::{Cut, Hit, Lines, Scan, not_decoded};
use crate::engine::decoded::{Enclosed, Limit};
use crate::error::Skipped;
use crate::finding::Occurrence;
use crate::origin::Origin;
use crate::policy::comment::Pragma;
use crate::secret::Secret;
use crate::text::{Position, Span};
use std::cmp::Reverse;
use std::collections::HashMap;
use zeroize::Zeroizing;

/// Bytes of containers that are kept of one text: more of it are not opened.
const KEPT: usize = 256 << 20;

/// Bytes of a text that say a container.
struct Run {
    occurrence: Occurrence,
    written: Option<Secret>,
    comments: Vec<Pragma>,
    marks: Vec<Vec<u32>>,
}

impl Run {
    fn span(&self) -> Span {
        let start = self.occurrence.offset as usize;
        Span::new(start, start + self.occurrence.length as usize)
    }

    /// The origin that its members have while they are looked at: after `before` others at the same place.
    fn origin(&self, before: usize) -> Origin {
        let Occurrence { origin, start, decoded, .. } = &self.occurrence;
        let number = if before > 0 { format!(", number {}", before + 1) } else { String::new() };
        let name = format!("{}:{} ({}{number})", start.line, start.column, decoded.join(" > "));
        Origin::member(origin.bare().clone(), name.into())
    }
}

/// The containers that stand encoded in an input.
#[derive(Default)]
pub(super) struct Runs {
    /// Those that are to be opened.
    waiting: Vec<(Run, Zeroizing<Vec<u8>>)>,
    kept: usize,
    /// Those that are being opened, by the origin of their members.
    open: HashMap<Origin, Run>,
}

impl Runs {
    /// An input is looked at: what was open of others is done.
    pub(super) fn begin(&mut self, origin: &Origin) {
        if !self.open.is_empty() {
            self.open.retain(|open, _| open.root() == origin.root());
        }
    }

    /// True where something is to be opened.
    pub(super) fn wait(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Keep containers that stand encoded in a text, for whoever opens them.
    pub(super) fn keep(
        &mut self,
        cut: &Cut<'_>,
        lines: &mut Lines<'_>,
        found: Vec<Enclosed>,
        skipped: &mut Vec<Skipped>,
    ) {
        let path = cut.scan.place_of(cut.origin);
        for Enclosed { span, chain, bytes, .. } in found {
            if self.kept + bytes.len() > KEPT {
                skipped.push(not_decoded(cut.origin, Limit::Size));
                continue;
            }
            self.kept += bytes.len();
            let preview = cut.preview(span, String::new());
            let run = Run {
                occurrence: cut.occurrence(lines, span, &chain, preview),
                written: cut.written(span),
                comments: cut.comments(span),
                marks: cut.marks(path.as_deref(), span),
            };
            self.waiting.push((run, bytes));
        }
    }

    /// The places of those that are to be opened.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Occurrence> {
        self.waiting.iter_mut().map(|(run, _)| &mut run.occurrence)
    }

    /// What is to be opened, in the order of its places. Of two that overlap the larger one: the other is a part
    /// of it, as it looks where some sign in it is not undone. Of two that are the same the one with fewer
    /// encodings. The same bytes may say several, compressed.
    pub(super) fn opened(&mut self) -> Vec<(Origin, Zeroizing<Vec<u8>>)> {
        self.kept = 0;
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|(run, bytes)| {
            (run.span().start, Reverse(bytes.len()), run.occurrence.decoded.len())
        });
        let mut opened: Vec<(Origin, Zeroizing<Vec<u8>>)> = Vec::with_capacity(waiting.len());
        let (mut last, mut first) = (Span::new(0, 0), 0);
        for (run, bytes) in waiting {
            let span = run.span();
            if span != last {
                if span.start < last.end {
                    continue;
                }
                (last, first) = (span, opened.len());
            }
            if opened[first..].iter().any(|(_, other)| *other == bytes) {
                continue;
            }
            let origin = run.origin(opened.len() - first);
            self.open.insert(origin.clone(), run);
            opened.push((origin, bytes));
        }
        opened
    }

    /// The container around a place that stands encoded in a text, and the way from there.
    fn around(&self, origin: &Origin) -> Option<(&Run, String)> {
        let mut outer = Some(origin);
        while let Some(place) = outer {
            if let Some(run) = self.open.get(place.bare()) {
                let way = origin.way()[place.way().len()..].trim_start_matches("!/").to_owned();
                return Some((run, way));
            }
            outer = place.outer();
        }
        None
    }

    /// Tell what was found in such containers, from hit `first` on, where the text says it. What a container
    /// says as it stands was found when the text was looked at.
    pub(super) fn place(&self, scan: &Scan, hits: &mut Vec<Hit>, first: usize) {
        if self.open.is_empty() {
            return;
        }
        let mut found = hits.split_off(first);
        found.retain_mut(|hit| {
            while let Some((run, way)) = self.around(&hit.occurrence.origin) {
                if way.is_empty() {
                    return false;
                }
                hit.place(scan, run, &way);
            }
            true
        });
        hits.append(&mut found);
    }
}

impl Hit {
    /// Move to the bytes of a text that say the container at whose member `way` this was found.
    fn place(&mut self, scan: &Scan, run: &Run, way: &str) {
        let Position { line, column } = self.occurrence.start;
        let notes: Vec<String> = self.occurrence.origin.notes().into_iter().map(str::to_owned).collect();
        let mut told = run.occurrence.clone();
        for note in notes.into_iter().rev() {
            take(&mut told.origin, |origin| origin.noted(note));
        }
        let note = masked(scan, &format!("{way}:{line}:{column}"));
        take(&mut told.origin, |origin| origin.noted(note));
        told.decoded.append(&mut self.occurrence.decoded);
        told.preview.masked = std::mem::take(&mut self.occurrence.preview.masked);
        self.occurrence = told;
        self.enclosed = true;
        self.written.clone_from(&run.written);
        self.comments.extend(run.comments.iter().cloned());
        self.marks.clone_from(&run.marks);
    }
}
