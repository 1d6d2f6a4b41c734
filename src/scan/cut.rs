//! Makes hits of matches: the text around them is cut once, here.

use super::{Hit, ReadAs, SHOWN, Scan, WRITTEN};
use crate::engine::{Match, Unshown};
use crate::error::{SkipReason, Skipped};
use crate::finding::{Occurrence, Preview};
use crate::origin::Origin;
use crate::secret::Secret;
use crate::text::{LineIndex, Position, Reading, Span, hide};
use std::cell::{OnceCell, RefCell};
use std::path::Path;
use std::sync::atomic::Ordering;

/// Lines of a window of an input.
pub(super) struct Lines<'t> {
    index: LineIndex<'t>,
    first: u64,
    /// Bytes on the first line before the window.
    before: u64,
}

impl<'t> Lines<'t> {
    /// Those of `text`, before which there are `lines` lines and `column` bytes of its first.
    pub(super) fn new(text: &'t [u8], lines: u64, column: u64) -> Lines<'t> {
        Lines { index: LineIndex::new(text, lines + 1), first: lines + 1, before: column }
    }

    fn position(&mut self, offset: usize) -> Position {
        let Position { line, column } = self.index.position(offset);
        let before = if line == self.first { self.before } else { 0 };
        Position { line, column: column + before }
    }
}

/// Cuts text for the matches of one window.
pub(super) struct Cut<'a> {
    pub(super) scan: &'a Scan,
    pub(super) origin: &'a Origin,
    pub(super) text: &'a [u8],
    pub(super) matches: &'a [Match],
    pub(super) original: &'a dyn Fn(usize) -> usize,
    /// The text is a reading of another one, which lines and offsets are those of.
    pub(super) reading: Option<&'a Reading>,
    /// What rules say is made for tests is set aside here.
    pub(super) aside: bool,
    /// How `text` was made from the input.
    pub(super) read: ReadAs,
    /// What is known of secrets around places of the text.
    pub(super) around: Around,
}

/// See [`Cut::around`].
#[derive(Default)]
pub(super) struct Around {
    unshown: RefCell<Unshown>,
    /// The secrets of the matches in order, and the length of the longest (bytes).
    matched: OnceCell<(Vec<Span>, usize)>,
}

impl<'a> Cut<'a> {
    /// A whole text that is read as it stands, before anything is known of it.
    pub(super) fn of(scan: &'a Scan, origin: &'a Origin, text: &'a [u8]) -> Cut<'a> {
        let (reading, aside, read) = (None, false, ReadAs::Text);
        let around = Around::default();
        Cut { scan, origin, text, matches: &[], original: &|offset| offset, reading, aside, read, around }
    }
}

impl Cut<'_> {
    /// Add a hit for each match.
    pub(super) fn hits(&self, lines: &mut Lines<'_>, (hits, skipped): (&mut Vec<Hit>, &mut Vec<Skipped>)) {
        let rules = self.scan.engine.rules();
        let path = self.scan.place_of(self.origin);
        for found in self.matches {
            let rule = rules.get(found.rule);
            if self.aside && !rule.fixtures {
                let detail = "`--severity info` reports it".to_owned();
                skipped.push(Skipped { origin: self.origin.clone(), reason: SkipReason::TestKey, detail });
                continue;
            }
            let secret = Secret::new(found.value(self.text));
            let preview = self.preview(found.secret, secret.mask());
            let occurrence = self.occurrence(lines, found.secret, found.chain(), preview);
            self.scan.progress.found.fetch_add(1, Ordering::Relaxed);
            hits.push(Hit {
                rule: found.rule,
                also: found.also.clone(),
                certainty: found.certainty,
                secret,
                written: found.decoded.as_ref().and_then(|_| self.written(found.secret)),
                pair: self.pair(found),
                comments: self.comments(found.secret),
                marks: self.marks(path.as_deref(), found.secret),
                occurrence,
                enclosed: false,
            });
        }
    }

    /// A place, with the encodings that are undone there.
    pub(super) fn occurrence(
        &self,
        lines: &mut Lines<'_>,
        place: Span,
        chain: &[&'static str],
        preview: Preview,
    ) -> Occurrence {
        let span = self.reading.map_or(place, |reading| reading.original(place));
        let offset = (self.original)(span.start) as u64;
        Occurrence {
            origin: self.origin.clone(),
            start: lines.position(span.start),
            end: lines.position(span.end),
            offset,
            length: ((self.original)(span.end) as u64).saturating_sub(offset),
            decoded: self.chain(chain),
            preview,
        }
    }

    /// What [`Scan::marks`] says of the line of a place.
    pub(super) fn marks(&self, path: Option<&Path>, place: Span) -> Vec<Vec<u32>> {
        self.scan.marks(path, &self.text[self.line(place.start).range()])
    }

    /// The bytes that say a secret which does not stand there in clear, where they can be told.
    pub(super) fn written(&self, place: Span) -> Option<Secret> {
        let told = !matches!(self.read, ReadAs::Wide(_)) && self.reading.is_none();
        (told && place.len() <= WRITTEN).then(|| Secret::new(&self.text[place.range()]))
    }

    /// The encodings around a place, the outermost first.
    fn chain(&self, inner: &[&'static str]) -> Vec<&'static str> {
        let wide = match self.read {
            ReadAs::Wide(encoding) => Some(encoding.name()),
            _ => None,
        };
        wide.into_iter().chain(inner.iter().copied()).collect()
    }

    /// The line that byte `at` stands on, at most a kilobyte of it to each side.
    pub(super) fn line(&self, at: usize) -> Span {
        let from = at.saturating_sub(1024);
        let to = self.text.len().min(at + 1024);
        let start = memchr::memrchr(b'\n', &self.text[from..at]).map_or(from, |found| from + found + 1);
        let end = memchr::memchr(b'\n', &self.text[at..to]).map_or(to, |found| at + found);
        Span::new(start, end)
    }

    /// Every secret around a piece of the text.
    pub(super) fn hidden(&self, piece: Span) -> Vec<Span> {
        let mut hidden = self.scan.engine.unshown(self.text, piece, &mut self.around.unshown.borrow_mut());
        let (matched, longest) = self.around.matched.get_or_init(|| {
            let mut all: Vec<Span> = self.matches.iter().map(|found| found.secret).collect();
            all.sort();
            let longest = all.iter().map(|secret| secret.len()).max().unwrap_or_default();
            (all, longest)
        });
        let from = matched.partition_point(|secret| secret.start + longest < piece.start);
        let near = matched[from..].iter().take_while(|secret| secret.start < piece.end);
        hidden.extend(near);
        hidden
    }

    /// The companion that the rule asks for, if it stands close enough.
    fn pair(&self, found: &Match) -> Option<Secret> {
        let rules = self.scan.engine.rules();
        let pair = rules.get(found.rule).pair.as_ref()?;
        let near = |other: &&Match| {
            let gap = other.secret.start.saturating_sub(found.secret.end)
                + found.secret.start.saturating_sub(other.secret.end);
            rules.get(other.rule).id == pair.rule && gap <= pair.within as usize
        };
        let companion = self.matches.iter().find(near)?;
        Some(Secret::new(companion.value(self.text)))
    }

    /// The line around a place, for which `masked` stands.
    pub(super) fn preview(&self, place: Span, masked: String) -> Preview {
        let first = self.line(place.start);
        let last = self.line(place.end);
        let shown = Span::new(first.start, last.end.max(place.end));
        let hidden = self.hidden(shown);
        let shown_of = |piece| hide(self.text, piece, &hidden, |_| "…".to_owned());
        let before = shown_of(Span::new(shown.start, place.start));
        let behind = shown_of(Span::new(place.end, shown.end));
        let before = before.trim_start();
        let count = before.chars().count();
        let before = match count > SHOWN.0 {
            true => format!("…{}", before.chars().skip(count - SHOWN.0).collect::<String>()),
            false => before.to_owned(),
        };
        let behind = behind.trim_end();
        let after = match behind.chars().count() > SHOWN.1 {
            true => format!("{}…", behind.chars().take(SHOWN.1).collect::<String>()),
            false => behind.to_owned(),
        };
        Preview { before, masked, after }
    }
}
